"""`follow-ups=off task-model=gemma3:1b` to a plan against the document a server holds now."""

import difflib
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tray_app.core.tasks import openai_connections
from tray_app.core.tasks.documents import changed, equal, held, same, taken_back
from tray_app.core.tasks.settings import key_of
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import Change, Event, Plan, Record
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting
from tray_app.core.values.version import Document, Json

ON_OFF = {"on": True, "off": False}


def nearest(given: str, choices: Iterable[str]) -> str:
    """The closest word, or empty where none is close."""
    return next(iter(difflib.get_close_matches(given, list(choices), n=1, cutoff=0.5)), "")


def parse(assignments: Iterable[str]) -> dict[Setting, Json]:
    """Settings and values of the command line. UsageError names the nearest right word."""
    words = tuple(setting.value for setting in (*TASKS, *SLOTS))
    wanted: dict[Setting, Json] = {}
    for text in assignments:
        name, equals, given = text.partition("=")
        if name not in words:
            raise UsageError(Slip.SETTING, name, nearest(name, words), words)
        setting = Setting(name)
        if not equals or (not given and setting in TASKS):
            words = tuple(f"{name}={word}" for word in (ON_OFF if setting in TASKS else ("gemma3:1b",)))
            raise UsageError(Slip.ASSIGNMENT, text, "", words)
        if setting in wanted:
            raise UsageError(Slip.TWICE, name)
        if setting in SLOTS:
            wanted[setting] = given
        elif given.lower() in ON_OFF:
            wanted[setting] = ON_OFF[given.lower()]
        else:
            raise UsageError(Slip.VALUE, given, nearest(given, ON_OFF), tuple(f"{name}={word}" for word in ON_OFF))
    return wanted


def plan(document: Document, wanted: Mapping[Setting, Json]) -> Plan:
    """The changes that are left to make. ChangeError where this version lacks a setting or nothing is left."""
    changes = []
    for setting, value in wanted.items():
        key = key_of(setting, document)
        if key is None:
            raise ChangeError(Problem.UNSUPPORTED, setting.value)
        if not same(setting, document[key], value):
            changes.append(Change(setting, document[key], value))
    if not changes:
        raise ChangeError(Problem.NOTHING_TO_DO)
    return Plan(tuple(changes))


def is_wanting(document: Document, wanted: Mapping[Setting, Json]) -> bool:
    """Does this document lack any of these values?"""
    return any(
        key is not None and not same(setting, document[key], value)
        for setting, value in wanted.items()
        for key in [key_of(setting, document)]
    )


def is_left(document: Document, changes: Iterable[Change]) -> bool:
    """Is any of these changes left to make here?"""
    return any(not is_made(document, one) for one in changes if has_place(document, one))


# --- changes against the document a server holds now ----------------------------------------


def has_place(document: Document, change: Change) -> bool:
    """Whether this version has the setting, and the document the connection."""
    try:
        held(document, change)
    except KeyError:
        return False
    return True


def is_made(document: Document, change: Change) -> bool:
    """Whether the document holds what the change leads to."""
    return has_place(document, change) and same(change.setting, held(document, change), change.after)


def still_to_do(document: Document, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that are left to make, each with the document's own value as `before`, to the letter.

    ChangeError where this version lacks a setting, a `before` is no longer true, or nothing is left.
    """
    left = []
    for change in changes:
        if not has_place(document, change):
            raise ChangeError(Problem.UNSUPPORTED, change.setting.value)
        now = held(document, change)
        if same(change.setting, now, change.after):
            continue
        if not same(change.setting, now, change.before):
            raise ChangeError(Problem.DRIFT, change.setting.value)
        left.append(replace(change, before=now))
    if not left:
        raise ChangeError(Problem.NOTHING_TO_DO)
    return tuple(left)


def back(document: Document, made: Iterable[Change]) -> tuple[tuple[Change, ...], tuple[Setting, ...]]:
    """What of changes that were made is still ours, as changes back, and what somebody changed since."""
    found = [(one.setting, *taken_back(document, one)) for one in made]
    ours = tuple(change for _, change, _ in found if change is not None)
    return ours, tuple(dict.fromkeys(setting for setting, _, drifted in found if drifted))


def resting_on(recorded: Record, records: Iterable[Record]) -> tuple[Record, ...]:
    """Choices of a task model, newest first as they come, that make no sense without the connection that was added."""
    added = [one for one in recorded.changes if one.setting is Setting.OPENAI_CONNECTION and one.before is None]
    models = {name for one in added for name in openai_connections.models_of(one.after)}
    if added:
        models |= {openai_connections.added_for(recorded.remedy)} - {""}
    return tuple(
        one
        for one in records
        if any(change.setting in SLOTS and change.after in models for change in one.changes) and one.at >= recorded.at
    )


def found(document: Document, recorded: Record) -> Event:
    """What became of a change whose result was never recorded."""
    ours, drifted = back(document, recorded.changes)
    undoing = recorded.event is Event.UNDO_INTENDED
    if ours:
        return Event.UNDO_FAILED if undoing else Event.APPLIED
    if drifted:
        return Event.DRIFTED
    return Event.UNDONE if undoing else Event.FAILED


def others(wanted: Document, now: Document, ours: Iterable[Change]) -> tuple[str, ...]:
    """The keys that hold something else than the document that we wrote, our own changes aside. Names, no values."""
    mine = changed(now, ours)
    return tuple(
        key
        for key in sorted(wanted.keys() | mine.keys())
        if key not in wanted or key not in mine or not equal(wanted[key], mine[key])
    )
