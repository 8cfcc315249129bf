"""Open WebUI's task settings as values: which version has which, and one change to the whole document.

Fields by version were read in 53 released versions and seen on twelve running ones; a document is always
carried whole, with only the target keys changed.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Document = dict[str, Json]
Version = tuple[int, int, int]

OLDEST: Version = (0, 3, 0)
NEWEST_SEEN: Version = (0, 12, 4)


def parse_version(text: str) -> Version | None:
    """`0.6.36`, `v0.10.0-dev` and the like; None where it is no version."""
    match = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text.strip())
    if match is None:
        return None
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)


class Switch(StrEnum):
    ON = "on"
    OFF = "off"
    UNSUPPORTED = "unsupported"


class Setting(StrEnum):
    """The words of `elbowroom set`; values are stable."""

    TITLES = "titles"
    TAGS = "tags"
    FOLLOW_UPS = "follow-ups"
    AUTOCOMPLETE = "autocomplete"
    SEARCH_QUERIES = "search-queries"
    RETRIEVAL_QUERIES = "retrieval-queries"
    TASK_MODEL = "task-model"
    TASK_MODEL_EXTERNAL = "task-model-external"
    TASK_MODEL_PARAMS = "task-model-params"


TASKS = (
    Setting.TITLES,
    Setting.TAGS,
    Setting.FOLLOW_UPS,
    Setting.AUTOCOMPLETE,
    Setting.SEARCH_QUERIES,
    Setting.RETRIEVAL_QUERIES,
)
SLOTS = (Setting.TASK_MODEL, Setting.TASK_MODEL_EXTERNAL)

_KEYS: dict[Setting, tuple[str, ...]] = {
    Setting.TITLES: ("ENABLE_TITLE_GENERATION",),
    Setting.TAGS: ("ENABLE_TAGS_GENERATION",),
    Setting.FOLLOW_UPS: ("ENABLE_FOLLOW_UP_GENERATION",),
    Setting.AUTOCOMPLETE: ("ENABLE_AUTOCOMPLETE_GENERATION",),
    # 0.3.20-0.3.35 named it ENABLE_SEARCH_QUERY.
    Setting.SEARCH_QUERIES: ("ENABLE_SEARCH_QUERY_GENERATION", "ENABLE_SEARCH_QUERY"),
    Setting.RETRIEVAL_QUERIES: ("ENABLE_RETRIEVAL_QUERY_GENERATION",),
    Setting.TASK_MODEL: ("TASK_MODEL",),
    Setting.TASK_MODEL_EXTERNAL: ("TASK_MODEL_EXTERNAL",),
    Setting.TASK_MODEL_PARAMS: ("TASK_MODEL_PARAMS",),
}


def key_of(setting: Setting, document: Mapping[str, Json]) -> str | None:
    """The document's key for a setting, or None where this version has no such setting."""
    return next((key for key in _KEYS[setting] if key in document), None)


class TaskSettings(Struct, frozen=True):
    """The document as values. `task_model_params` is None where the version has no such field (before 0.11.1)."""

    titles: Switch
    tags: Switch
    follow_ups: Switch
    autocomplete: Switch
    search_queries: Switch
    retrieval_queries: Switch
    task_model: str
    task_model_external: str
    task_model_params: str | None = None
    """Canonical JSON (sorted keys), so that the value stays hashable."""

    def switch(self, task: Setting) -> Switch:
        """The state of one of TASKS."""
        state: Switch = getattr(self, task.value.replace("-", "_"))
        return state

    def model(self, slot: Setting) -> str:
        """The model id in one of SLOTS; empty: same as the chat model."""
        return self.task_model if slot is Setting.TASK_MODEL else self.task_model_external


SINCE: dict[Setting, Version] = {
    Setting.TITLES: (0, 5, 12),
    Setting.TAGS: (0, 4, 0),
    Setting.FOLLOW_UPS: (0, 6, 14),
    Setting.AUTOCOMPLETE: (0, 4, 7),
    Setting.SEARCH_QUERIES: (0, 3, 20),
    Setting.RETRIEVAL_QUERIES: (0, 4, 0),
    Setting.TASK_MODEL: (0, 3, 0),
    Setting.TASK_MODEL_EXTERNAL: (0, 3, 0),
    Setting.TASK_MODEL_PARAMS: (0, 11, 1),
}
"""First release whose `TaskConfigForm` has the field (Open WebUI main.py to 0.4.8, routers/tasks.py from 0.5.0).

The search query switch came between 0.3.0 and 0.3.20; 0.3.20 is the oldest release that was seen to have it.
"""

RUNS_SINCE: dict[Setting, Version] = {
    Setting.TITLES: (0, 3, 0),
    Setting.TAGS: (0, 3, 33),
    Setting.FOLLOW_UPS: (0, 6, 14),
    Setting.AUTOCOMPLETE: (0, 4, 7),
    Setting.SEARCH_QUERIES: (0, 3, 0),
    Setting.RETRIEVAL_QUERIES: (0, 4, 0),
}
"""First release that has the task at all; some ran for a while before there was a switch."""

_FIELDS: dict[Setting, str] = {task: task.value.replace("-", "_") for task in TASKS}


def support(version: Version, setting: Setting) -> bool:
    """Whether a release has this setting. The document itself decides where one was read (`key_of`)."""
    return version >= SINCE[setting]


def runs(version: Version, task: Setting) -> bool:
    """Whether a release has this task, with or without a switch."""
    return version >= RUNS_SINCE[task]


def value(document: Mapping[str, Json], setting: Setting) -> Json:
    """What the document holds. KeyError where this version has no such setting."""
    key = key_of(setting, document)
    if key is None:
        raise KeyError(setting.value)
    return document[key]


def fits_type(setting: Setting, given: Json) -> bool:
    """Whether Open WebUI's form takes this value: bool, str or null, object or null."""
    if setting in SLOTS:
        return given is None or isinstance(given, str)
    if setting is Setting.TASK_MODEL_PARAMS:
        return given is None or isinstance(given, dict)
    return isinstance(given, bool)


def decode(document: Mapping[str, Json]) -> TaskSettings:
    """The document as values. ValueError names the key that is missing or of another type.

    Both slots have been there since 0.3.0: an answer without them is no task settings. A null switch is what
    old databases can hold: the server itself refuses to take it back, so it is not read as off.
    """
    for setting in Setting:
        key = key_of(setting, document)
        if key is None and setting in SLOTS:
            raise ValueError(f"{_KEYS[setting][0]} is missing")
        if key is not None and not fits_type(setting, document[key]):
            raise ValueError(f"{key} is {type(document[key]).__name__}")
    params = None
    if key_of(Setting.TASK_MODEL_PARAMS, document):
        params = json.dumps(document["TASK_MODEL_PARAMS"] or {}, sort_keys=True, ensure_ascii=False)
    return TaskSettings(
        **{field: _switch(document, task) for task, field in _FIELDS.items()},
        task_model=str(document["TASK_MODEL"] or ""),
        task_model_external=str(document["TASK_MODEL_EXTERNAL"] or ""),
        task_model_params=params,
    )


def _switch(document: Mapping[str, Json], task: Setting) -> Switch:
    key = key_of(task, document)
    if key is None:
        return Switch.UNSUPPORTED
    return Switch.ON if document[key] else Switch.OFF


def changed(document: Mapping[str, Json], values: Mapping[Setting, Json]) -> Document:
    """The whole document with only these settings changed. KeyError: no such setting; ValueError: wrong type.

    Everything else is carried as it came: from 0.11.1 a field that is left out is reset by the server
    (TASK_MODEL_PARAMS), before that the server refuses the whole document.
    """
    target = dict(document)
    for setting, new in values.items():
        key = key_of(setting, document)
        if key is None:
            raise KeyError(setting.value)
        if not fits_type(setting, new):
            raise ValueError(f"{key} cannot be {type(new).__name__}")
        target[key] = new
    return target
