"""JSON from outside, one field at a time. A field of the wrong type is absent; the caller says what it needs."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tray_app.core.values.connections import Price
from tray_app.core.values.errors.service import BadAnswer
from tray_app.core.values.version import Json

_LARGEST = 1 << 53
FIRST_YEAR = 1971


def an_object(value: Json, url: str) -> dict[str, Json]:
    """The object itself; BadAnswer where the answer is something else."""
    if not isinstance(value, dict):
        raise BadAnswer(url, f"{type(value).__name__}: not an object")
    return value


def objects(value: Mapping[str, Json], key: str, url: str) -> Iterator[dict[str, Json]]:
    """The objects of a list; BadAnswer where there is no list. Go servers send null for an empty one."""
    found = value.get(key)
    if found is None and key in value:
        return
    if not isinstance(found, list):
        raise BadAnswer(url, f"{key}: not a list")
    yield from (item for item in found if isinstance(item, dict))


def text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def text_or_none(value: Mapping[str, Any], key: str) -> str | None:
    return text(value, key) or None


def number(value: Mapping[str, Any], key: str) -> int | None:
    """A whole number >= 0 that a float holds exactly; None otherwise."""
    found = value.get(key)
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LARGEST else None


def part(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A nested object, empty where there is none."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def moment(stamp: str) -> float | None:
    """Unix seconds of Go's RFC 3339 time; None where there is none, or the zero time that Go writes for unknown."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return when.timestamp() if when.tzinfo is not None and when.year >= FIRST_YEAR else None


def texts(value: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    """A list of words; None where there is no list."""
    found = value.get(key)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else None


def price_of(model: Mapping[str, Any]) -> Price | None:
    """Dollars per token, as OpenRouter's list has them: digits in quotes. A router that chooses later says -1."""
    told = part(model, "pricing")
    read, written = _usd(told.get("prompt")), _usd(told.get("completion"))
    return None if read is None or written is None else Price(read, written, _usd(told.get("request")) or 0.0)


def _usd(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        told = float(value)
    except ValueError:
        return None
    return told if 0 <= told < math.inf else None
