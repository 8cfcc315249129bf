"""`fix ID` of advice: the steps for how Ollama was started here, and afterwards whether it took effect."""

from collections.abc import Sequence

from tray_app.app.watch import Look
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.ollama_settings import InEffect, in_effect
from tray_app.core.text import ollama_settings as view
from tray_app.core.text.text import Translator
from tray_app.core.values.remedy import Advice, AdviceKind, Remedy


def told(remedy: Remedy, look: Look, terminal: Terminal, tr: Translator) -> int:
    """The steps, what it is now, and how to see whether they helped."""
    for step in view.advice_steps(remedy, look.snapshot.host.system, tr):
        terminal.text(f"  {step}")
    if isinstance(remedy, Advice):
        for more in filter(None, (view.now(remedy, tr), view.afterwards(remedy, tr))):
            terminal.text(more)
    return DONE


def followed(given: str | None, remedies: Sequence[Remedy], look: Look, terminal: Terminal, tr: Translator) -> bool:
    """Advice that is named and not given now: perhaps because it was followed. False where it is neither."""
    kind = next((one for one in AdviceKind if one.value == given), None)
    if kind is None or any(one.id == given for one in remedies):
        return False
    match in_effect(kind, look.facts):
        case InEffect.YES:
            terminal.text(view.took_effect(kind, tr))
        case InEffect.UNSEEN:
            terminal.text(view.not_seen(kind, tr))
        case InEffect.NO:
            return False
    return True
