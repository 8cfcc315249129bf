"""Something that does not end by itself."""

from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size
from tray_app.core.values.finding import Stuck, StuckBy


def sentence(finding: Stuck, tr: Translator) -> str:
    minutes = max(1, int((finding.for_s or 0) / 60))
    match finding.reason:
        case StuckBy.QUEUE:
            said = tr.ngettext(
                "{count} request waits at Ollama, and nothing has run or loaded for {minutes} min: restart Ollama.",
                "{count} requests wait at Ollama, and nothing has run or loaded for {minutes} min: restart Ollama.",
                finding.waiting or 0,
            )
            return said.format(count=finding.waiting or 0, minutes=minutes)
        case StuckBy.SILENT:
            said = tr.gettext("Ollama runs but has not answered for {minutes} min: restart it.")
            return said.format(minutes=minutes)
        case StuckBy.UNREACHED:
            said = tr.gettext(
                "Open WebUI has listed no model of its Ollama at {url} for {minutes} min: nothing answers there, or it "
                "has none. The address is set in Admin Panel > Settings > Connections."
            )
            return said.format(url=clean(finding.about), minutes=minutes)
        case StuckBy.LEFT_BEHIND:
            held = _held(finding, tr)
            end = tr.gettext("Nothing uses it any more: `{command}` ends it.").format(command=finding.command)
            return in_turn(held, end)


def _held(finding: Stuck, tr: Translator) -> str:
    name = short(finding.about)
    if finding.held_bytes is None:
        return tr.gettext("A runner of {model} was left behind by an Ollama that has ended.").format(model=name)
    said = tr.gettext("A runner of {model} was left behind by an Ollama that has ended and holds {size} of memory.")
    return said.format(model=name, size=size(finding.held_bytes))


def headline(finding: Stuck, tr: Translator) -> str:
    match finding.reason:
        case StuckBy.QUEUE:
            return tr.gettext("Requests wait and nothing runs")
        case StuckBy.SILENT:
            return tr.gettext("Ollama does not answer")
        case StuckBy.UNREACHED:
            return tr.gettext("Open WebUI gets nothing from an Ollama")
        case StuckBy.LEFT_BEHIND:
            return tr.gettext("{model} was left behind in memory").format(model=short(finding.about))


def labels(tr: Translator) -> dict[str, str]:
    return {
        "for_s": tr.gettext("For"),
        "held_bytes": tr.gettext("Memory it holds"),
        "pid": tr.gettext("Process"),
    }
