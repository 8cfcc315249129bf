"""Part of a model runs on the CPU."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size
from tray_app.core.values.finding import ModelSpills

SHORT_CONTEXT = 4096
"""Ollama's smallest automatic context, in tokens: below it a shorter one is no advice."""


def sentence(finding: ModelSpills, tr: Translator) -> str:
    context = finding.context_length or 0
    if context > SHORT_CONTEXT:
        text = tr.gettext(
            "{spilled} of {model} does not fit on the GPU and runs on the slow CPU; a context shorter than {context} "
            "tokens would take less."
        )
    else:
        text = tr.gettext("{spilled} of {model} does not fit on the GPU and runs on the slow CPU.")
    spilled = size(finding.spilled_bytes)
    return text.format(spilled=spilled, model=short(finding.model), context=context)


def headline(finding: ModelSpills, tr: Translator) -> str:
    return tr.gettext("{model} runs partly on the CPU").format(model=short(finding.model))


def labels(tr: Translator) -> dict[str, str]:
    return {
        "spilled_share": tr.gettext("Share on the CPU"),
        "context_length": tr.gettext("Context length in tokens"),
    }
