"""A finding as one sentence and as a headline: what is wrong, why, and the numbers it rests on."""

import json
from collections.abc import Callable

from tray_app.core.text.names import short
from tray_app.core.text.plan import value_word
from tray_app.core.text.tasks import setting_name, task_words
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Finding, Kind, Severity
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import format_bytes

SHORT_CONTEXT = 4096
"""Ollama's smallest automatic context, in tokens: below it a shorter one is no advice."""


def sentence(finding: Finding, tr: Translator) -> str:
    """What a good colleague would say."""
    return _SENTENCES[finding.kind](finding, tr)


def headline(finding: Finding, tr: Translator) -> str:
    """A few words for a menu row or a notice's title."""
    return _HEADLINES[finding.kind](finding, tr)


def tasks_named(finding: Finding, tr: Translator) -> str:
    """`titles, tags, follow-ups`; empty where the settings do not tell."""
    given = _text(finding, "tasks").split(",")
    return ", ".join(words.inline for task, words in task_words(tr).items() if task.value in given)


def _number(finding: Finding, name: str) -> float:
    value = finding.value(name)
    return value if isinstance(value, int | float) else 0


def _count(finding: Finding, name: str) -> int:
    return int(_number(finding, name))


def _text(finding: Finding, name: str) -> str:
    return str(finding.value(name) or "")


def _size(finding: Finding, name: str) -> str:
    return format_bytes(_number(finding, name))


def _minutes(finding: Finding) -> int:
    return max(1, round(_number(finding, "window_s") / 60))


def _storm(finding: Finding, tr: Translator) -> str:
    if finding.value("chat_waits") == "yes":
        return _chat_waits(finding, tr)
    if finding.value("spilled_bytes") is not None:
        return _storm_on_cpu(finding, tr)
    model, waiting = short(finding.subject), _count(finding, "waiting")
    size, budget = _size(finding, "model_bytes"), _size(finding, "budget_bytes")
    if not waiting:
        return tr.gettext(
            "{count} requests share {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
            "that models may use, and memory is short."
        ).format(count=_count(finding, "running"), model=model, size=size, budget=budget)
    return tr.ngettext(
        "{count} request waits for {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
        "that models may use, and memory is short.",
        "{count} requests wait for {model}: it runs background tasks besides the chat, takes {size} of the {budget} "
        "that models may use, and memory is short.",
        waiting,
    ).format(count=waiting, model=model, size=size, budget=budget)


def _chat_waits(finding: Finding, tr: Translator) -> str:
    model, waiting = short(finding.subject), _count(finding, "waiting")
    pressed = finding.value("pressure") in ("warning", "critical")
    if not pressed or finding.value("budget_bytes") is None:
        return tr.ngettext(
            "Your chat waits: {model} is busy with background tasks, and {count} request stands in line behind them.",
            "Your chat waits: {model} is busy with background tasks, and {count} requests stand in line behind them.",
            waiting,
        ).format(model=model, count=waiting)
    return tr.ngettext(
        "Your chat waits behind background tasks: {count} request stands in line for {model}, which takes {size} of "
        "the {budget} that models may use, and memory is short.",
        "Your chat waits behind background tasks: {count} requests stand in line for {model}, which takes {size} of "
        "the {budget} that models may use, and memory is short.",
        waiting,
    ).format(count=waiting, model=model, size=_size(finding, "model_bytes"), budget=_size(finding, "budget_bytes"))


def _storm_on_cpu(finding: Finding, tr: Translator) -> str:
    model, waiting = short(finding.subject), _count(finding, "waiting")
    spilled = _size(finding, "spilled_bytes")
    if not waiting:
        return tr.gettext(
            "{count} requests share {model}: it runs background tasks besides the chat, and {spilled} of it do not "
            "fit on the GPU and run on the slow CPU."
        ).format(count=_count(finding, "running"), model=model, spilled=spilled)
    return tr.ngettext(
        "{count} request waits for {model}: it runs background tasks besides the chat, and {spilled} of it do not "
        "fit on the GPU and run on the slow CPU.",
        "{count} requests wait for {model}: it runs background tasks besides the chat, and {spilled} of it do not "
        "fit on the GPU and run on the slow CPU.",
        waiting,
    ).format(count=waiting, model=model, spilled=spilled)


def _storm_headline(finding: Finding, tr: Translator) -> str:
    model, waiting = short(finding.subject), _count(finding, "waiting")
    if waiting:
        return _waits(model, waiting, tr)
    running = _count(finding, "running")
    return tr.gettext("{count} requests share {model}").format(count=running, model=model)


def _waits(model: str, waiting: int, tr: Translator) -> str:
    return tr.ngettext("{count} request waits behind {model}", "{count} requests wait behind {model}", waiting).format(
        count=waiting, model=model
    )


def _thrash(finding: Finding, tr: Translator) -> str:
    model, loads, minutes = short(finding.subject), _count(finding, "loads"), _minutes(finding)
    other = short(_text(finding, "other_model"))
    if finding.value("cause") == "context":
        return tr.gettext(
            "{model} is loaded anew for every change between chat and tasks, because they ask for different context "
            "lengths ({contexts} tokens): {loads} loads in the last {minutes} minutes."
        ).format(model=model, contexts=_text(finding, "contexts").replace(",", " / "), loads=loads, minutes=minutes)
    if not other:
        return tr.gettext(
            "{model} was thrown out and loaded again {loads} times in the last {minutes} minutes."
        ).format(model=model, loads=loads, minutes=minutes)
    if finding.value("task_model") is not None:
        return tr.gettext(
            "{model} and the task model {other} push each other out of memory: {loads} loads in the last {minutes} "
            "minutes, and every one keeps the chat waiting."
        ).format(model=model, other=other, loads=loads, minutes=minutes)
    return tr.gettext(
        "{model} and {other} push each other out of memory: {loads} loads in the last {minutes} minutes."
    ).format(model=model, other=other, loads=loads, minutes=minutes)


def _thrash_headline(finding: Finding, tr: Translator) -> str:
    model, other = short(finding.subject), short(_text(finding, "other_model"))
    if not other:
        return tr.gettext("{model} keeps being reloaded").format(model=model)
    return tr.gettext("{model} and {other} push each other out").format(model=model, other=other)


def _backlog(finding: Finding, tr: Translator) -> str:
    model, waiting = short(finding.subject), _count(finding, "waiting")
    refused = _count(finding, "refused")
    if refused:
        return tr.ngettext(
            "Ollama turned {count} request away within a minute: its queue is full.",
            "Ollama turned {count} requests away within a minute: its queue is full.",
            refused,
        ).format(count=refused)
    if finding.severity is Severity.OVERLOADED:
        return tr.ngettext(
            "{count} request waits for {model}, the longest for {seconds} s.",
            "{count} requests wait for {model}, the longest for {seconds} s.",
            waiting,
        ).format(count=waiting, model=model, seconds=_count(finding, "longest_wait_s"))
    if finding.value("confidence") == "lower-bound":
        return tr.ngettext(
            "At least {count} request waits for {model}.", "At least {count} requests wait for {model}.", waiting
        ).format(count=waiting, model=model)
    return tr.ngettext("{count} request waits for {model}.", "{count} requests wait for {model}.", waiting).format(
        count=waiting, model=model
    )


def _backlog_headline(finding: Finding, tr: Translator) -> str:
    if finding.value("refused"):
        return tr.gettext("Ollama turns requests away")
    return _waits(short(finding.subject), _count(finding, "waiting"), tr)


def _pressure(finding: Finding, tr: Translator) -> str:
    critical = finding.severity is Severity.OVERLOADED
    name, taken = short(finding.subject), _size(finding, "cause_bytes")
    left, total = _size(finding, "available_bytes"), _size(finding, "total_bytes")
    match _text(finding, "cause"):
        case "program" if critical:
            text = tr.gettext(
                "Memory is nearly used up: {name} takes {taken}, more than the models do, "
                "so fewer tasks would not help."
            )
        case "program":
            text = tr.gettext(
                "Memory is short: {name} takes {taken}, more than the models do, so fewer tasks would not help."
            )
        case "model" if critical:
            text = tr.gettext(
                "Memory is nearly used up: models take {taken} of {total}, most of it {name}, and {left} are left."
            )
        case "model":
            text = tr.gettext(
                "Memory is short: models take {taken} of {total}, most of it {name}, and {left} are left."
            )
        case _ if critical:
            text = tr.gettext("Memory is nearly used up: {left} of {total} are left; what takes it cannot be told.")
        case _:
            text = tr.gettext("Memory is short: {left} of {total} are left; what takes it cannot be told.")
    return text.format(name=name, taken=taken, total=total, left=left)


def _pressure_headline(finding: Finding, tr: Translator) -> str:
    if finding.value("cause") == "program":
        return tr.gettext("{name} takes the memory").format(name=short(finding.subject))
    if finding.severity is Severity.OVERLOADED:
        return tr.gettext("Memory is nearly used up")
    return tr.gettext("Memory is short")


def _spills(finding: Finding, tr: Translator) -> str:
    context = _count(finding, "context_length")
    if context > SHORT_CONTEXT:
        text = tr.gettext(
            "{spilled} of {model} do not fit on the GPU and run on the slow CPU; a context shorter than {context} "
            "tokens would take less."
        )
    else:
        text = tr.gettext("{spilled} of {model} do not fit on the GPU and run on the slow CPU.")
    spilled = _size(finding, "spilled_bytes")
    return text.format(spilled=spilled, model=short(finding.subject), context=context)


def _spills_headline(finding: Finding, tr: Translator) -> str:
    return tr.gettext("{model} runs partly on the CPU").format(model=short(finding.subject))


def _on_big_model(finding: Finding, tr: Translator) -> str:
    tasks, share = tasks_named(finding, tr), round(_number(finding, "budget_share"))
    if share > 100:
        text = tr.gettext("Background tasks also run on {model}, which is larger than the memory for models.")
    elif tasks:
        text = tr.gettext(
            "Background tasks ({tasks}) also run on {model}, which takes {share} % of the memory for models."
        )
    else:
        text = tr.gettext("Background tasks also run on {model}, which takes {share} % of the memory for models.")
    return text.format(tasks=tasks, model=short(finding.subject), share=share)


def _on_big_model_headline(finding: Finding, tr: Translator) -> str:
    return tr.gettext("Tasks run on {model}").format(model=short(finding.subject))


def _autocomplete(finding: Finding, tr: Translator) -> str:
    match _text(finding, "used_by"):
        case "everyone":
            text = tr.gettext("Autocomplete calls {model} at every pause while somebody types.")
        case "own-account":
            text = tr.gettext("Autocomplete is on for your account: it calls {model} at every pause while you type.")
        case _:
            text = tr.gettext("Autocomplete is allowed: it calls {model} for those who switched it on for themselves.")
    return text.format(model=short(finding.subject))


def _autocomplete_headline(finding: Finding, tr: Translator) -> str:
    return tr.gettext("Autocomplete runs on {model}").format(model=short(finding.subject))


def _misfit(finding: Finding, tr: Translator) -> str:
    if finding.value("verdict") == "spills":
        text = tr.gettext(
            "The task model {model} has no room beside {chat} (needs {need}, left {room}): "
            "it would run on the slow CPU."
        )
    else:
        text = tr.gettext(
            "The task model {model} has no room beside {chat} (needs {need}, left {room}): Ollama throws {chat} out "
            "for every task."
        )
    chat = short(_text(finding, "chat_model"))
    need, room = _size(finding, "need_bytes"), _size(finding, "room_bytes")
    return text.format(model=short(finding.subject), chat=chat, need=need, room=room)


def _misfit_headline(finding: Finding, tr: Translator) -> str:
    return tr.gettext("{model} does not fit beside the chat model").format(model=short(finding.subject))


def _unusable(finding: Finding, tr: Translator) -> str:
    match _text(finding, "reason"):
        case "private":
            text = tr.gettext(
                "Only some users may use the task model {model}: all background tasks of the others fail."
            )
        case "inactive":
            text = tr.gettext("The task model {model} is switched off in Open WebUI, so tasks run on {chat} instead.")
        case "wrong-slot":
            text = tr.gettext(
                "The task model {model} is set in the slot that {chat} does not use, so tasks run on {chat} itself."
            )
        case _:
            text = tr.gettext("Open WebUI does not list the task model {model}, so tasks run on {chat} instead.")
    return text.format(model=short(finding.subject), chat=short(_text(finding, "falls_back_to")))


def _unusable_headline(finding: Finding, tr: Translator) -> str:
    if finding.value("reason") == "private":
        return tr.gettext("Tasks of other users fail with {model}").format(model=short(finding.subject))
    return tr.gettext("The task model {model} is not used").format(model=short(finding.subject))


def _cache(finding: Finding, tr: Translator) -> str:
    return tr.gettext("Ollama holds {grown} of old prompts in memory for {model}; unloading it frees them.").format(
        grown=_size(finding, "grown_bytes"), model=short(finding.subject)
    )


def _cache_headline(finding: Finding, tr: Translator) -> str:
    return tr.gettext("{grown} of old prompts in memory").format(grown=_size(finding, "grown_bytes"))


def _drift(finding: Finding, tr: Translator) -> str:
    name, written, now = _drifted(finding, tr)
    return tr.gettext("{name} was changed elsewhere: we set {written}, now it is {now}.").format(
        name=name, written=written, now=now
    )


def _drift_headline(finding: Finding, tr: Translator) -> str:
    name, _written, now = _drifted(finding, tr)
    return tr.gettext("{name} was changed elsewhere to {now}").format(name=name, now=now)


def _drifted(finding: Finding, tr: Translator) -> tuple[str, str, str]:
    setting = Setting(finding.subject)
    written, now = (short(value_word(setting, json.loads(_text(finding, name)), tr)) for name in ("written", "now"))
    return setting_name(setting, tr), written, now


_View = Callable[[Finding, Translator], str]
_SENTENCES: dict[Kind, _View] = {
    Kind.TASK_STORM: _storm,
    Kind.MODEL_THRASH: _thrash,
    Kind.QUEUE_BACKLOG: _backlog,
    Kind.MEMORY_PRESSURE: _pressure,
    Kind.MODEL_SPILLS: _spills,
    Kind.TASKS_ON_BIG_MODEL: _on_big_model,
    Kind.AUTOCOMPLETE_ON: _autocomplete,
    Kind.TASK_MODEL_DOES_NOT_FIT: _misfit,
    Kind.TASK_MODEL_UNUSABLE: _unusable,
    Kind.PROMPT_CACHE_GROWTH: _cache,
    Kind.SETTINGS_DRIFT: _drift,
}
_HEADLINES: dict[Kind, _View] = {
    Kind.TASK_STORM: _storm_headline,
    Kind.MODEL_THRASH: _thrash_headline,
    Kind.QUEUE_BACKLOG: _backlog_headline,
    Kind.MEMORY_PRESSURE: _pressure_headline,
    Kind.MODEL_SPILLS: _spills_headline,
    Kind.TASKS_ON_BIG_MODEL: _on_big_model_headline,
    Kind.AUTOCOMPLETE_ON: _autocomplete_headline,
    Kind.TASK_MODEL_DOES_NOT_FIT: _misfit_headline,
    Kind.TASK_MODEL_UNUSABLE: _unusable_headline,
    Kind.PROMPT_CACHE_GROWTH: _cache_headline,
    Kind.SETTINGS_DRIFT: _drift_headline,
}
