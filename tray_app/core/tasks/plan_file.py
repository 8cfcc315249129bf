"""A plan file: Open WebUI's task settings as `key = value`, and such a file as what is wanted of a server.

A key that the file does not have stays as it is on the server.
"""

import math
from collections.abc import Mapping
from typing import Any

from tray_app.core.tasks.assignments import nearest
from tray_app.core.tasks.settings import fits_type, key_of
from tray_app.core.values.errors.plan_file import PlanFileError, PlanFileFault
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting
from tray_app.core.values.version import Json

FORMAT = 1
FORMAT_KEY = "format"
LARGEST_BYTES = 100_000
SETTINGS = (*TASKS, *SLOTS, Setting.TASK_MODEL_PARAMS)
_DEEPEST = 20


def held(document: Mapping[str, Json]) -> dict[Setting, Json]:
    """What a server holds of the settings that a plan file has, in its order; None where TOML cannot say it.

    A setting that this version does not have is left out.
    """
    found: dict[Setting, Json] = {}
    for setting in SETTINGS:
        key = key_of(setting, document)
        if key is not None:
            empty: Json = "" if setting in SLOTS else {} if setting is Setting.TASK_MODEL_PARAMS else None
            value = empty if document[key] is None else document[key]
            found[setting] = value if _can_be_said(value) else None
    return found


def _can_be_said(value: object, depth: int = 0) -> bool:
    """TOML has no null, and nothing that is not JSON goes to a server."""
    match value:
        case dict() | list() if depth > _DEEPEST:
            said = False
        case dict():
            said = all(isinstance(key, str) and _can_be_said(one, depth + 1) for key, one in value.items())
        case list():
            said = all(_can_be_said(one, depth + 1) for one in value)
        case str():
            said = not any("\ud800" <= char <= "\udfff" for char in value)
        case float():
            said = math.isfinite(value)
        case int():
            said = abs(value) < 2**63
        case _:
            said = False
    return said


def wanted(parsed: Mapping[str, Any]) -> dict[Setting, Json]:
    """What the file wants. PlanFileError names the first key that cannot be followed."""
    words = tuple(setting.value for setting in SETTINGS)
    number = parsed.get(FORMAT_KEY, FORMAT)
    if type(number) is not int or number < 1:
        raise PlanFileError(PlanFileFault.WRONG_TYPE, FORMAT_KEY)
    if number > FORMAT:
        raise PlanFileError(PlanFileFault.NEWER)
    found: dict[Setting, Json] = {}
    for key, value in parsed.items():
        if key == FORMAT_KEY:
            continue
        if key not in words:
            likely = nearest(key.lower().replace("_", "-"), words)
            raise PlanFileError(PlanFileFault.UNKNOWN_KEY, key, likely, words)
        setting = Setting(key)
        if not fits_type(setting, value) or not _can_be_said(value):
            raise PlanFileError(PlanFileFault.WRONG_TYPE, key, setting=setting)
        found[setting] = value
    if not found:
        raise PlanFileError(PlanFileFault.EMPTY)
    return {setting: found[setting] for setting in SETTINGS if setting in found}


def known(document: Mapping[str, Json], asked: Mapping[Setting, Json]) -> tuple[dict[Setting, Json], list[Setting]]:
    """What this version has of it, and what it does not have."""
    lacking = [setting for setting in asked if key_of(setting, document) is None]
    return {setting: value for setting, value in asked.items() if setting not in lacking}, lacking
