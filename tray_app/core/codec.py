"""Frozen dataclasses to JSON values and back, driven by their type hints.

Exact both ways; a field that this version does not know is ignored, a field that is missing takes its default.
A Reading is `{"value": ..., "taken_at": ...}` or `{"unknown": "why", "detail": "..."}`.
"""

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tray_app.core.reading import Known, Unknown, Why
from tray_app.core.task_settings import Json

T = TypeVar("T")
Decode = Callable[[Any, str], Any]

_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


class BadValue(ValueError):
    """`path` names the field (`requests.value.active[0].kind`), `reason` what is wrong with it."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or 'value'}: {reason}")
        self.path = path
        self.reason = reason


def encode(value: object) -> Json:
    """The JSON value of a dataclass, an enum, a tuple or a plain value. TypeError for anything else."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Unknown(why, detail):
            return {"unknown": why.value, "detail": detail}
        case tuple() | list():
            return [encode(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {item.name: encode(getattr(value, item.name)) for item in fields(value)}
        case _:
            raise TypeError(type(value).__name__)


def decode(kind: type[T], value: Json) -> T:
    """The value of that dataclass. Raises BadValue, which names the field."""
    read: Callable[[Json, str], T] = _decoder(cast("Any", kind))
    return read(value, "")


@cache
def _decoder(kind: Any) -> Decode:
    """The function that reads one type; made once per type."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _reading(kind) if Unknown in get_args(kind) else _optional(kind)
    if origin is tuple:
        return _sequence(kind)
    if isinstance(kind, type):
        if issubclass(kind, StrEnum):
            return _word(kind)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if is_dataclass(kind):
            return _record(kind)
    raise TypeError(str(kind))


def _number(value: Any, path: str) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(path, "is not a number")
    try:
        return float(value)
    except OverflowError:
        raise BadValue(path, "is too large") from None


def _whole(value: Any, path: str) -> int:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue(path, "is not a whole number")
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise BadValue(path, "is not a text")
    return value


def _truth(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise BadValue(path, "is not true or false")
    return value


_PLAIN: dict[type, Decode] = {float: _number, int: _whole, str: _text, bool: _truth}


def _word(kind: type[StrEnum]) -> Decode:
    def read(value: Any, path: str) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise BadValue(path, f"is not one of {', '.join(kind)}") from None

    return read


def _optional(kind: Any) -> Decode:
    inner = [part for part in get_args(kind) if part is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(str(kind))
    return lambda value, path: None if value is None else _decoder(inner[0])(value, path)


def _sequence(kind: Any) -> Decode:
    item, _ellipsis = get_args(kind)

    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BadValue(path, "is not a list")
        one = _decoder(item)
        return tuple(one(entry, f"{path}[{index}]") for index, entry in enumerate(value))

    return read


def _reading(kind: Any) -> Decode:
    """`Known[X] | Unknown`."""
    known = next(part for part in get_args(kind) if get_origin(part) is Known)
    (inner,) = get_args(known)

    def read(value: Any, path: str) -> Known[Any] | Unknown:
        if not isinstance(value, Mapping):
            raise BadValue(path, "is not an object")
        if "unknown" in value:
            why = _word(Why)(value["unknown"], f"{path}.unknown")
            return Unknown(cast("Why", why), _text(value.get("detail", ""), f"{path}.detail"))
        if "value" not in value or "taken_at" not in value:
            raise BadValue(path, "has neither value and taken_at nor unknown")
        return Known(_decoder(inner)(value["value"], f"{path}.value"), _number(value["taken_at"], f"{path}.taken_at"))

    return read


def _record(kind: type) -> Decode:
    hints = get_type_hints(kind)
    expected = [(item.name, item.default is MISSING and item.default_factory is MISSING) for item in fields(kind)]

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise BadValue(path, "is not an object")
        given = {}
        for name, required in expected:
            here = f"{path}.{name}" if path else name
            if name in value:
                given[name] = _decoder(hints[name])(value[name], here)
            elif required:
                raise BadValue(here, "is missing")
        return kind(**given)

    return read
