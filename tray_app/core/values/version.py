"""JSON documents and version numbers, as servers tell them."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
else:  # msgspec reads the hints when the program runs, and knows no type that holds itself
    Json = None | bool | int | float | str | list[Any] | dict[str, Any]

Document = dict[str, Json]

Version = tuple[int, int, int]


@lru_cache(maxsize=256)
def parse_version(text: str) -> Version | None:
    """`0.6.36`, `v0.10.0-dev` and the like; None where it is no version."""
    match = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", text.strip())
    if match is None:
        return None
    major, minor, patch = match.groups(default="0")
    return int(major), int(minor), int(patch)
