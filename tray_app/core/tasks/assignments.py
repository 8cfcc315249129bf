"""`follow-ups=off task-model=gemma3:1b` to a plan against the document a server holds now."""

import difflib
from collections.abc import Iterable, Mapping

from tray_app.core.tasks.settings import key_of
from tray_app.core.values.errors import ChangeError, Problem, UsageError
from tray_app.core.values.plan import Change, Plan
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
            raise UsageError("setting", name, nearest(name, words), words)
        if not equals:
            raise UsageError("assignment", text, f"{name}=off" if Setting(name) in TASKS else f"{name}=gemma3:1b")
        setting = Setting(name)
        if setting in wanted:
            raise UsageError("twice", name)
        if setting in SLOTS:
            wanted[setting] = given
        elif given.lower() in ON_OFF:
            wanted[setting] = ON_OFF[given.lower()]
        else:
            raise UsageError("value", given, nearest(given, ON_OFF), tuple(f"{name}={word}" for word in ON_OFF))
    return wanted


def equal(left: Json, right: Json) -> bool:
    """Equal as JSON, where true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and left == right


def same(setting: Setting, left: Json, right: Json) -> bool:
    """Equal for the server: in a slot null and "" both mean `same as the chat model`."""
    if setting in SLOTS:
        return (left or "") == (right or "")
    return equal(left, right)


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
