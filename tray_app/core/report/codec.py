"""Structs to JSON values and back, driven by their type hints.

Exact both ways; a field that this version does not know is ignored, a field that is missing takes its default.
A Reading is `{"value": ..., "taken_at": ...}` or `{"unknown": "why", "detail": "..."}`.
"""

import math
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from tray_app.core.report.wrong import Wrong
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.version import Json

T = TypeVar("T")
Decode = Callable[[Any], Any]

_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_LARGEST = 10**100
"""Whole numbers beyond this are no counts of anything, and would overflow when they are divided."""


class BadValue(ValueError):
    """`path` names the field (`requests.value.active[0].kind`); empty for the value as a whole."""

    def __init__(self, wrong: Wrong, path: str = "") -> None:
        super().__init__(wrong.value, path)
        self.path = path
        self.wrong = wrong

    def within(self, outer: str) -> "BadValue":
        """The same, seen from the value that holds the field."""
        if not self.path:
            return BadValue(self.wrong, outer)
        return BadValue(self.wrong, f"{outer}{self.path}" if self.path[0] == "[" else f"{outer}.{self.path}")


def encode(value: object) -> Json:
    """The JSON value of a Struct, an enum, a tuple, a dict or a plain value. TypeError for anything else."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | float() | str():
            return str(value) if isinstance(value, float) and not math.isfinite(value) else value
        case Unknown(why, detail):
            return {"unknown": why.value, "detail": detail}
        case tuple() | list():
            return [encode(item) for item in value]
        case dict():
            return {name: encode(item) for name, item in value.items()}
        case Struct():
            return {name: encode(getattr(value, name)) for name in value.__struct_fields__}
        case _:
            raise TypeError(type(value).__name__)


def decode(kind: type[T], value: Json) -> T:
    """The value of that type. Raises BadValue, which names the field."""
    read: Callable[[Json], T] = _decoder(cast("Any", kind))
    return read(value)


@cache
def _decoder(kind: Any) -> Decode:
    """The function that reads one type; made once per type."""
    origin = get_origin(kind)
    if kind == Json:
        return lambda value: value
    if origin in (Union, types.UnionType):
        return _reading(kind) if Unknown in get_args(kind) else _optional(kind)
    if origin is tuple:
        return _sequence(kind)
    if isinstance(kind, type):
        if issubclass(kind, StrEnum):
            return _word(kind)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if issubclass(kind, Struct):
            return _record(kind)
    raise TypeError(str(kind))


def _at(where: str, read: Decode, value: Any) -> Any:
    try:
        return read(value)
    except BadValue as error:
        raise error.within(where) from None


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(Wrong.NO_NUMBER)
    try:
        return float(value)
    except OverflowError:
        raise BadValue(Wrong.TOO_LARGE) from None


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue(Wrong.NO_WHOLE_NUMBER)
    if abs(value) > _LARGEST:
        raise BadValue(Wrong.TOO_LARGE)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue(Wrong.NO_TEXT)
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadValue(Wrong.NO_TRUTH)
    return value


_PLAIN: dict[type, Decode] = {float: _number, int: _whole, str: _text, bool: _truth}


def _word(kind: type[StrEnum]) -> Decode:
    words = {member.value: member for member in kind}

    def read(value: Any) -> StrEnum:
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            raise BadValue(Wrong.NO_KNOWN_WORD)
        return found

    return read


def _optional(kind: Any) -> Decode:
    inner = [part for part in get_args(kind) if part is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(str(kind))
    read = _decoder(inner[0])
    return lambda value: None if value is None else read(value)


def _sequence(kind: Any) -> Decode:
    item, *others = get_args(kind)
    if others != [Ellipsis]:
        return _places(kind)
    one = _decoder(item)

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BadValue(Wrong.NO_LIST)
        return tuple(_at(f"[{index}]", one, entry) for index, entry in enumerate(value))

    return read


def _places(kind: Any) -> Decode:
    """`tuple[A, B]`: a value of its own type in each place."""
    each = [_decoder(part) for part in get_args(kind)]

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BadValue(Wrong.NO_LIST)
        if len(value) != len(each):
            raise BadValue(Wrong.LIST_LENGTH)
        return tuple(_at(f"[{index}]", one, entry) for index, (one, entry) in enumerate(zip(each, value, strict=True)))

    return read


def _reading(kind: Any) -> Decode:
    """`Known[X] | Unknown`."""
    known = next(part for part in get_args(kind) if get_origin(part) is Known)
    inner = _decoder(get_args(known)[0])
    why = _word(Why)

    def read(value: Any) -> Known[Any] | Unknown:
        if not isinstance(value, Mapping):
            raise BadValue(Wrong.NO_OBJECT)
        if "unknown" in value:
            return Unknown(_at("unknown", why, value["unknown"]), _at("detail", _text, value.get("detail", "")))
        if "value" not in value or "taken_at" not in value:
            raise BadValue(Wrong.NO_READING)
        return Known(_at("value", inner, value["value"]), _at("taken_at", _number, value["taken_at"]))

    return read


def _record(kind: type[Struct]) -> Decode:
    hints = get_type_hints(kind)
    readers = [(item.name, _decoder(hints[item.name]), item.required) for item in structs.fields(kind)]

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise BadValue(Wrong.NO_OBJECT)
        given = {}
        for name, one, required in readers:
            if name in value:
                given[name] = _at(name, one, value[name])
            elif required:
                raise BadValue(Wrong.MISSING, name)
        return kind(**given)

    return read
