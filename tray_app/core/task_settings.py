"""Open WebUI's task settings as values: which version has which, and one change to the whole document.

Fields by version were read in 53 released versions and seen on twelve running ones; a document is always
carried whole, with only the target keys changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

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

ALWAYS_ON: dict[Setting, Version] = {
    # The task runs in these versions, but no switch for it exists before the given one.
    Setting.TITLES: (0, 5, 12),
    Setting.TAGS: (0, 4, 0),
}


def key_of(setting: Setting, document: Mapping[str, Json]) -> str | None:
    """The document's key for a setting, or None where this version has no such setting."""
    return next((key for key in _KEYS[setting] if key in document), None)


@dataclass(frozen=True, slots=True)
class TaskSettings:
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
