"""JSON documents and version numbers, as servers tell them."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
else:  # msgspec reads the hints when the program runs, and knows no type that holds itself
    Json = None | bool | int | float | str | list[Any] | dict[str, Any]

Document = dict[str, Json]

Version = tuple[int, int, int]


class ReleaseFault(StrEnum):
    """A fault of some releases that people here meet. Values are stable: they appear in the JSON output."""

    CPU_EVICTS = "evicts-without-gpu"
    WEIGHTS_TWICE = "counts-weights-twice"
    TITLE_WITHOUT_LIMIT = "title-without-limit"
    DIRECT_WITHOUT_TASK_MODEL = "direct-connection-without-task-model"
    IMPORT_WIPES = "import-wipes-settings"


class FaultyReleases(Struct, frozen=True):
    """From `since` on, and no more from `fixed` on."""

    since: Version
    fixed: Version


@lru_cache(maxsize=256)
def parse_version(text: str) -> Version | None:
    """`0.6.36`, `v0.10.0-dev` and the like; None where it is no version."""
    match = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text.strip())
    if match is None:
        return None
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)
