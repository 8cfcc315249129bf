"""Automatic relief: where it stands, its rules in plain words, and what it would have done in the last day."""

from collections.abc import Callable, Sequence

from tray_app.core.report.relief import PlayedRelief, Turn
from tray_app.core.text.lines import Line, Span, Style, clean, line
from tray_app.core.text.tasks import task_words
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.remedy import ALL_TASKS_OFF, ReliefStage, switch_off_id, task_model_named
from tray_app.core.values.task_settings import TASKS
from tray_app.core.values.units import minutes_of


def standing(stage: ReliefStage, tr: Translator) -> str:
    """What it does now that it would otherwise not; empty where the row's own words say it."""
    return {
        ReliefStage.OFF: "",
        ReliefStage.READY: "",
        ReliefStage.IN_FORCE: tr.gettext("In force now; taken back when it is calm again"),
        ReliefStage.LEFT_TO_USER: tr.gettext("You took it back: to have it again, choose Off and then it"),
        ReliefStage.COOLS_DOWN: tr.gettext("Used a short while ago: not again so soon"),
        ReliefStage.NOT_OFFERED: tr.gettext("Not among the fixes for what is found now"),
        ReliefStage.ASKS: tr.gettext("It asks first now: choose it among the fixes"),
        ReliefStage.NOT_ALLOWED: tr.gettext("Open WebUI's settings cannot be changed from here now"),
    }[stage]


def choices(tr: Translator) -> dict[str, str]:
    """The switches that it may be, by the id of their remedy."""
    names = {switch_off_id(task): task_words(task, tr).turn_off for task in TASKS}
    return {**names, ALL_TASKS_OFF: tr.gettext("Turn all background tasks off")}


def choice_name(remedy_id: str, tr: Translator) -> str:
    """What it does; of a task model its own name."""
    known = choices(tr)
    if remedy_id in known:
        return known[remedy_id]
    model = task_model_named(remedy_id)
    return tr.gettext("Use {model} for tasks").format(model=clean(model)) if model else tr.gettext("Off")


def rules(hold_s: float, clear_s: float, cool_down_s: float, tr: Translator) -> tuple[str, ...]:
    """Each a sentence."""
    return (
        tr.ngettext(
            "When overload by models has lasted for {count} second, the chosen change is made, and a notice says so.",
            "When overload by models has lasted for {count} seconds, the chosen change is made, and a notice says so.",
            round(hold_s),
        ).format(count=round(hold_s)),
        tr.ngettext(
            "It is taken back when nothing was overloaded and memory was fine for {count} minute.",
            "It is taken back when nothing was overloaded and memory was fine for {count} minutes.",
            minutes_of(clear_s),
        ).format(count=minutes_of(clear_s)),
        tr.ngettext(
            "Not again within {count} minute, and not at all after you took it back.",
            "Not again within {count} minutes, and not at all after you took it back.",
            minutes_of(cool_down_s),
        ).format(count=minutes_of(cool_down_s)),
        tr.gettext("Only a switch for tasks, or an installed task model that fits; it downloads and unloads nothing."),
    )


def clear_name(seconds: float, tr: Translator) -> str:
    """Of a row: how long the calm must last."""
    count = minutes_of(seconds)
    return tr.ngettext("After {count} minute of calm", "After {count} minutes of calm", count).format(count=count)


def last_day(told: PlayedRelief, remedy_id: str, tr: Translator) -> tuple[str, ...]:
    """How often it would have acted, what that would have spared, and what is not known."""
    if not told.watched_s:
        nothing = tr.gettext("The history knows nothing of the last day: it is written while the tray runs.")
        return (nothing,)
    hours = f"{told.watched_s / 3600:.1f}"
    watched = tr.gettext("{hours} of the last 24 hours were watched.").format(hours=hours)
    name = choice_name(remedy_id, tr)
    if not told.turns:
        return tr.gettext("{remedy}: it would have done nothing.").format(remedy=name), watched
    count = len(told.turns)
    acted = tr.ngettext(
        "{remedy}: it would have acted {count} time.", "{remedy}: it would have acted {count} times.", count
    ).format(remedy=name, count=count)
    spared = _spared(told.turns, tr)
    unsure = sum(not one.sure for one in told.turns)
    doubt = tr.ngettext(
        "{count} of them only if models, not other programs, filled the memory.",
        "{count} of them only if models, not other programs, filled the memory.",
        unsure,
    ).format(count=unsure)
    return (acted, spared, watched, *((doubt,) if unsure else ()))


def _spared(turns: Sequence[Turn], tr: Translator) -> str:
    calls, seconds = sum(one.calls for one in turns), sum(one.busy_s for one in turns)
    told = tr.ngettext(
        "Meanwhile {count} task call or more ({seconds} s of work) would not have run on the chat model.",
        "Meanwhile {count} task calls or more ({seconds} s of work) would not have run on the chat model.",
        calls,
    )
    return told.format(count=calls, seconds=round(seconds))


def turn_lines(turns: Sequence[Turn], clock: Callable[[float], str], tr: Translator) -> list[Line]:
    """One line for each time: from when to when, and how many calls."""
    made = []
    for one in turns:
        until = tr.gettext("still in force") if one.until is None else clock(one.until)
        calls = tr.ngettext("{count} task call", "{count} task calls", one.calls).format(count=one.calls)
        sure = "" if one.sure else tr.gettext("possibly")
        made.append(line(f"  {clock(one.at)} - {until}  {calls}  ", Span(sure, Style.FAINT)))
    return made


def set_to(remedy_id: str, tr: Translator) -> str:
    if not remedy_id:
        return tr.gettext("Automatic relief is off.")
    return tr.gettext("Automatic relief is on: {remedy}.").format(remedy=choice_name(remedy_id, tr))


def name_one(tr: Translator) -> str:
    """The way to try one that is not chosen."""
    return tr.gettext("Name one to try it, nothing is set: {command}").format(
        command=typed(tr, "relief", "follow-ups-off", "--last-day")
    )


def way_on(tr: Translator) -> str:
    """What is typed where it is off, by an example."""
    return tr.gettext("Choose a change and switch it on, for instance: {command}").format(
        command=typed(tr, "relief", "follow-ups-off")
    )


def tray_does_it(tr: Translator) -> str:
    return tr.gettext("The tray does it, while it runs.")


def made_by_it(tr: Translator) -> str:
    """The title of its own changes."""
    return tr.gettext("What it changed, newest first:")


def made_line(when: str, change: str, state: str, receipt: str) -> Line:
    return line(Span(f"  {when}  ", Style.FAINT), change, Span(f"  {state}  {receipt}", Style.FAINT))
