"""Models that take each other's place."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import ModelThrash, ThrashCause


def sentence(finding: ModelThrash, tr: Translator) -> str:
    return _sentence(finding, tr).format(
        model=short(finding.model),
        other=_others(finding),
        contexts=" / ".join(map(str, finding.contexts or ())),
        loads=finding.loads,
        minutes=max(1, round(finding.window_s / 60)),
    )


def _sentence(finding: ModelThrash, tr: Translator) -> str:
    match finding.cause:
        case ThrashCause.CONTEXT:
            return tr.gettext(
                "{model} is loaded anew for every change between chat and tasks, because they ask for different "
                "context lengths ({contexts} tokens): {loads} loads in the last {minutes} minutes."
            )
        case ThrashCause.CLIENTS_CONTEXT:
            return tr.gettext(
                "{model} is loaded anew again and again, because its requests ask for different context lengths "
                "({contexts} tokens): {loads} loads in the last {minutes} minutes."
            )
        case ThrashCause.RELOAD:
            return tr.gettext("{model} was loaded anew {loads} times in the last {minutes} minutes.")
        case ThrashCause.EVICTION if not finding.other_model:
            return tr.gettext("{model} was evicted and loaded again {loads} times in the last {minutes} minutes.")
        case ThrashCause.EVICTION if finding.task_model is not None:
            return tr.gettext(
                "{model} and the task model {other} push each other out of memory: {loads} loads in the last {minutes} "
                "minutes, and every one keeps the chat waiting."
            )
        case ThrashCause.EVICTION:
            return tr.gettext(
                "{model} and {other} push each other out of memory: {loads} loads in the last {minutes} minutes."
            )


def _others(finding: ModelThrash) -> str:
    return short(",".join(finding.other_model or ()))


def headline(finding: ModelThrash, tr: Translator) -> str:
    model, other = short(finding.model), _others(finding)
    if not other:
        return tr.gettext("{model} keeps being reloaded").format(model=model)
    return tr.gettext("{model} and {other} push each other out").format(model=model, other=other)


def labels(tr: Translator) -> dict[str, str]:
    return {
        "loads": tr.gettext("Loads"),
        "window_s": tr.gettext("Within"),
        "other_model": tr.gettext("Other model"),
        "contexts": tr.gettext("Context lengths in tokens"),
    }
