"""Checks of a settings document against the declared fields; every problem is collected, none ends the check."""

import difflib
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.errors.storage import SettingFault, SettingProblem
from tray_app.core.values.remedy import ALL_TASKS_OFF, TASK_MODEL, switch_off_id, task_model_named
from tray_app.core.values.task_settings import TASKS
from tray_app.core.values.token import origin_of
from tray_app.storage.settings_keys import Declared, Settings, declared

T = TypeVar("T")
S = TypeVar("S", bound=Struct)
_SHOWN_LENGTH = 60
_MODEL_NAME_LENGTH = 300
# What automatic relief may do by itself: task switches, and a task model that it checks for fit when it comes to it.
SWITCH_REMEDIES = (*(switch_off_id(task) for task in TASKS), ALL_TASKS_OFF)


class _Bad(ValueError):
    """A value that does not fit its field."""

    def __init__(self, fault: SettingFault, expected: str = "", given: str | None = None) -> None:
        super().__init__(fault)
        self.fault = fault
        self.expected = expected
        self.given = given


def checked(
    defaults: S, document: Mapping[str, object], prefix: str, lines: Mapping[str, int], folder: Path
) -> tuple[S, list[SettingProblem]]:
    """`defaults` with the good values of the document, and a problem for each of the others."""
    keys = declared(type(defaults))
    problems: list[SettingProblem] = []
    good: dict[str, object] = {}
    for key, given in document.items():
        line = lines.get(prefix + key)
        if key not in keys:
            # The value is not shown: it may be a secret that does not belong here.
            problems.append(SettingProblem(prefix + key, "", _nearest(key, keys), SettingFault.UNKNOWN_KEY, line))
            continue
        try:
            value = _value(keys[key], given, folder)
        except _Bad as bad:
            shown = shorten(given) if bad.given is None else bad.given
            problems.append(SettingProblem(prefix + key, shown, bad.expected, bad.fault, line))
        else:
            if not isinstance(keys[key].default, Struct):
                good[key] = value
    return replace(defaults, **good), problems


def _nearest(key: str, known: Mapping[str, object]) -> str:
    wanted = key.lower().replace("-", "_")
    found = difflib.get_close_matches(wanted, known, 1, 0.6)
    # A key without its unit is the usual slip: hold -> hold_s.
    longer = [name for name in known if name.startswith(wanted + "_")]
    return (found or longer or [""])[0]


def shorten(given: object) -> str:
    """The value as the user would write it, cut to one line."""
    if isinstance(given, bool):
        text = "true" if given else "false"
    else:
        text = given if isinstance(given, str) else str(given)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "..."


def _value(key: Declared, given: object, folder: Path) -> object:
    match key.default:
        case bool():
            return _instance(given, bool, "true-or-false")
        case int() | float():
            return _number(key, given)
        case str():
            return _text(key, _instance(given, str, "text"), folder)
        case tuple():
            return _names(given)
        case _:
            return _instance(given, dict, "table")


def _instance(given: object, wanted: type[T], expected: str) -> T:
    if type(given) is not wanted:
        raise _Bad(SettingFault.WRONG_TYPE, expected)
    return given


def _number(key: Declared, given: object) -> float:
    if type(given) is int:
        given = float(given) if abs(given) < 2**63 else math.inf
    number = _instance(given, float, "number")
    low = -math.inf if key.low is None else key.low
    high = math.inf if key.high is None else key.high
    whole = key.form == "whole"
    if not low <= number <= high or (whole and not number.is_integer()):  # false for nan too
        raise _Bad(SettingFault.OUT_OF_RANGE, f"{low:.10g}..{high:.10g}")
    return int(number) if whole else number


def _text(key: Declared, given: str, folder: Path) -> str:
    if key.choices and given not in key.choices:
        raise _Bad(SettingFault.NOT_A_CHOICE, ", ".join(choice for choice in key.choices if choice))
    match key.form:
        case "url" if given:
            return _url(given)
        case "file" if given:
            return _file(given, folder)
        case "remedy" if given:
            return _remedy(given)
        case "model":
            return _model(given)
    return given


def _url(given: str) -> str:
    """`http://host:port` with an optional path; never a password, which would end up in logs."""
    url = given.strip().rstrip("/")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise _Bad(SettingFault.URL_WITH_LOGIN, given="")
    try:
        origin_of(url)
    except ValueError:
        raise _Bad(SettingFault.NOT_A_URL, "http://127.0.0.1:8080") from None
    if "?" in url or "#" in url or any(sign.isspace() for sign in url):
        raise _Bad(SettingFault.NOT_A_URL, "http://127.0.0.1:8080")
    return url


def _file(given: str, folder: Path) -> str:
    try:
        path = folder / Path(given).expanduser()
    except (RuntimeError, ValueError):  # no home folder
        path = None
    if path is None or not os.path.isfile(path):
        raise _Bad(SettingFault.NO_SUCH_FILE)
    return str(path)


def _remedy(given: str) -> str:
    model = task_model_named(given)
    if given not in SWITCH_REMEDIES and not model.strip():
        raise _Bad(SettingFault.NOT_A_CHOICE, ", ".join((*SWITCH_REMEDIES, TASK_MODEL + "NAME")))
    return given


def _model(given: str) -> str:
    name = given.strip()
    if len(name) > _MODEL_NAME_LENGTH:
        raise _Bad(SettingFault.WRONG_TYPE, "text")
    return name


def _names(given: object) -> tuple[str, ...]:
    names = _instance(given, list, "list-of-texts")
    if not all(isinstance(name, str) and 0 < len(name.strip()) <= _MODEL_NAME_LENGTH for name in names):
        raise _Bad(SettingFault.WRONG_TYPE, "list-of-texts")
    return tuple(dict.fromkeys(name.strip() for name in names))


# Keys that only make sense together: the first may not be above the second.
_ORDERED = (
    ("poll_busy_s", "poll_s"),
    ("poll_s", "poll_idle_s"),
    ("limits.hold_s", "limits.clear_s"),
    ("limits.clear_s", "limits.cool_down_s"),
    ("limits.clear_s", "automatic_relief_clear_s"),
    ("limits.available_critical_percent", "limits.available_warning_percent"),
    ("limits.available_warning_percent", "limits.available_recovered_percent"),
    ("limits.psi_recovered_percent", "limits.psi_warning_percent"),
    ("limits.psi_warning_percent", "limits.psi_critical_percent"),
    ("limits.swap_warning_bytes_per_s", "limits.swap_critical_bytes_per_s"),
    ("limits.commit_recovered_percent", "limits.commit_warning_percent"),
    ("limits.commit_warning_percent", "limits.commit_critical_percent"),
    ("limits.page_reads_warning_per_s", "limits.page_reads_critical_per_s"),
    ("chat_first.quiet_low_s", "chat_first.quiet_high_s"),
    ("chat_first.quiet_high_s", "chat_first.hold_s"),
)


def contradictions(settings: Settings, lines: Mapping[str, int]) -> tuple[Settings, list[SettingProblem]]:
    """Values that fit alone but not together: both fall back to their defaults, which do."""
    problems: list[SettingProblem] = []
    # Falling back may break the next pair, so look again until none is broken; each round restores defaults.
    while (broken := _first_broken(settings)) is not None:
        low, high = broken
        key = low if low in lines else high
        given = f"{_get(settings, low):.10g} > {_get(settings, high):.10g}"
        problems.append(SettingProblem(key, given, f"{low} <= {high}", SettingFault.CONTRADICTION, lines.get(key)))
        settings = _with_default(_with_default(settings, low), high)
    if settings.automatic_relief and not settings.automatic_relief_remedy:
        key, needed = "automatic_relief", "automatic_relief_remedy"
        problems.append(SettingProblem(key, "true", needed, SettingFault.CONTRADICTION, lines.get(key)))
        settings = replace(settings, automatic_relief=False)
    return settings, problems


def _first_broken(settings: Settings) -> tuple[str, str] | None:
    return next(((low, high) for low, high in _ORDERED if _get(settings, low) > _get(settings, high)), None)


def _get(settings: Settings, key: str) -> float:
    table, _, name = key.rpartition(".")
    return float(getattr(getattr(settings, table) if table else settings, name))


def _with_default(settings: Settings, key: str) -> Settings:
    table, _, name = key.rpartition(".")
    if table:
        keys = getattr(settings, table)
        return replace(settings, **{table: replace(keys, **{name: getattr(type(keys)(), name)})})
    return replace(settings, **{name: getattr(type(settings)(), name)})
