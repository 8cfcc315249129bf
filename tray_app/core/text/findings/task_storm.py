"""Task calls crowd a big local model."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size, waits_behind
from tray_app.core.values.finding import TaskStorm
from tray_app.core.values.snapshot import Pressure


def sentence(finding: TaskStorm, tr: Translator) -> str:
    if finding.chat_waits:
        return _chat_waits(finding, tr)
    if finding.spilled_bytes is not None:
        return _storm_on_cpu(finding, tr)
    model, waiting = short(finding.model), finding.waiting or 0
    taken, budget = size(finding.model_bytes), size(finding.budget_bytes)
    if not waiting:
        return tr.gettext(
            "{count} requests share {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
            "that models may use, and memory is running low."
        ).format(count=finding.running, model=model, size=taken, budget=budget)
    return tr.ngettext(
        "{count} request waits for {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
        "that models may use, and memory is running low.",
        "{count} requests wait for {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
        "that models may use, and memory is running low.",
        waiting,
    ).format(count=waiting, model=model, size=taken, budget=budget)


def _chat_waits(finding: TaskStorm, tr: Translator) -> str:
    model, waiting = short(finding.model), finding.waiting or 0
    pressed = finding.pressure in (Pressure.WARNING, Pressure.CRITICAL)
    if not pressed or finding.budget_bytes is None:
        return tr.ngettext(
            "Your chat waits: {model} is busy with background tasks, and {count} request is queued behind them.",
            "Your chat waits: {model} is busy with background tasks, and {count} requests are queued behind them.",
            waiting,
        ).format(model=model, count=waiting)
    return tr.ngettext(
        "Your chat waits behind background tasks: {count} request is queued for {model}, which takes {size} of "
        "the {budget} that models may use, and memory is running low.",
        "Your chat waits behind background tasks: {count} requests are queued for {model}, which takes {size} of "
        "the {budget} that models may use, and memory is running low.",
        waiting,
    ).format(count=waiting, model=model, size=size(finding.model_bytes), budget=size(finding.budget_bytes))


def _storm_on_cpu(finding: TaskStorm, tr: Translator) -> str:
    model, waiting = short(finding.model), finding.waiting or 0
    spilled = size(finding.spilled_bytes)
    if not waiting:
        return tr.gettext(
            "{count} requests share {model}: it runs background tasks besides the chat, and {spilled} of it does not "
            "fit on the GPU and runs on the slow CPU."
        ).format(count=finding.running, model=model, spilled=spilled)
    return tr.ngettext(
        "{count} request waits for {model}: it runs background tasks besides the chat, and {spilled} of it does not "
        "fit on the GPU and runs on the slow CPU.",
        "{count} requests wait for {model}: it runs background tasks besides the chat, and {spilled} of it does not "
        "fit on the GPU and runs on the slow CPU.",
        waiting,
    ).format(count=waiting, model=model, spilled=spilled)


def headline(finding: TaskStorm, tr: Translator) -> str:
    model, waiting = short(finding.model), finding.waiting or 0
    if waiting:
        return waits_behind(model, waiting, tr)
    return tr.gettext("{count} requests share {model}").format(count=finding.running, model=model)


def labels(tr: Translator) -> dict[str, str]:
    return {
        "running_tasks": tr.gettext("Running background tasks"),
    }
