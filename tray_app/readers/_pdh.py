"""Performance counters of Windows by their English names, which every language of Windows accepts.

Structures are those of <pdh.h> on 64-bit Windows, with fixed widths: wintypes.DWORD is 8 bytes on 64-bit Linux, where
the same bytes are decoded in tests.
"""

import ctypes
import sys
from typing import Any

from tray_app.core.values.reading import Unknown, Why
from tray_app.readers._raw import Source

MORE_DATA = 0x800007D2
_WHY = {
    0xC0000BB8: Why.MISSING,  # PDH_CSTATUS_NO_OBJECT: counters of this kind are not installed, or are switched off
    0xC0000BB9: Why.MISSING,  # PDH_CSTATUS_NO_COUNTER
    0x800007D1: Why.MISSING,  # PDH_CSTATUS_NO_INSTANCE
    0x800007D0: Why.MISSING,  # PDH_CSTATUS_NO_MACHINE
    0x800007D5: Why.NOT_YET,  # PDH_NO_DATA
    0xC0000BBA: Why.NOT_YET,  # PDH_CSTATUS_INVALID_DATA: a rate that has one sample
    0xC0000BC6: Why.NOT_YET,  # PDH_INVALID_DATA: the same
    0xC0000BDB: Why.DENIED,  # PDH_ACCESS_DENIED
}
FORMAT_DOUBLE = 0x200
FORMAT_LARGE = 0x400
FORMAT_NO_CAP = 0x8000
MAX_ARRAY_BYTES = 8 << 20


class RawCounter(ctypes.Structure):
    """PDH_RAW_COUNTER. For a per-second counter `first` is the count since boot."""

    _fields_ = (
        ("status", ctypes.c_uint32),
        ("time_low", ctypes.c_uint32),
        ("time_high", ctypes.c_uint32),
        ("first", ctypes.c_int64),
        ("second", ctypes.c_int64),
        ("multi_count", ctypes.c_uint32),
    )


class _Value(ctypes.Union):
    _fields_ = (("large", ctypes.c_int64), ("double", ctypes.c_double))


class CounterItem(ctypes.Structure):
    """PDH_FMT_COUNTERVALUE_ITEM_W: an instance's name and its PDH_FMT_COUNTERVALUE."""

    _fields_ = (("name", ctypes.c_wchar_p), ("status", ctypes.c_uint32), ("value", _Value))


def load(name: str) -> Any:
    """A DLL of the system folder and no other. OSError where it is missing, or on another system."""
    if sys.platform == "win32":
        return ctypes.WinDLL(name, use_last_error=True, winmode=0x800)  # LOAD_LIBRARY_SEARCH_SYSTEM32
    else:  # noqa: RET505 - as a branch, the type checker reads it for the other systems only
        raise OSError(name)


class Query:
    """One open query with its counters, kept for the app's life: some counters need the sample before."""

    def __init__(self, *paths: str, library: Any = None) -> None:
        self._counters: dict[str, ctypes.c_void_p | Unknown] = {}
        self._query = ctypes.c_void_p()
        try:
            self._pdh: Any = library or load("pdh.dll")
        except OSError:
            self._counters = dict.fromkeys(paths, Unknown(Why.MISSING, "pdh.dll"))
            return
        code = _code(self._pdh.PdhOpenQueryW(None, None, ctypes.byref(self._query)))
        self._counters = {path: self._add(path) if code == 0 else _unknown(code, "PdhOpenQuery") for path in paths}

    def _add(self, path: str) -> ctypes.c_void_p | Unknown:
        counter = ctypes.c_void_p()
        code = _code(self._pdh.PdhAddEnglishCounterW(self._query, path, None, ctypes.byref(counter)))
        return counter if code == 0 else _unknown(code, path)

    def sample(self) -> None:
        """Take the next sample of all counters. A failure shows where a counter is read."""
        if any(not isinstance(counter, Unknown) for counter in self._counters.values()):
            self._pdh.PdhCollectQueryData(self._query)

    def raw(self, path: str) -> Source:
        """The last sample of one counter as PDH_RAW_COUNTER."""
        counter = self._counters[path]
        if isinstance(counter, Unknown):
            return counter
        kind, value = ctypes.c_uint32(), RawCounter()
        code = _code(self._pdh.PdhGetRawCounterValue(counter, ctypes.byref(kind), ctypes.byref(value)))
        code = code or (value.status if value.status not in {0, 1} else 0)
        return bytes(value) if code == 0 else _unknown(code, path)

    def table(self, path: str, form: int) -> Source:
        """A wildcard counter's instances as lines `name<tab>value`; instances without a valid value are left out."""
        counter = self._counters[path]
        if isinstance(counter, Unknown):
            return counter
        size, count = ctypes.c_uint32(), ctypes.c_uint32()
        arguments = (counter, ctypes.c_uint32(form), ctypes.byref(size), ctypes.byref(count))
        try:
            code = _code(self._pdh.PdhGetFormattedCounterArrayW(*arguments, None))
            if code != MORE_DATA:
                return _unknown(code, path) if code else b""
            if size.value > MAX_ARRAY_BYTES:
                return Unknown(Why.BAD_ANSWER, f"{path}: {size.value} bytes")
            buffer = ctypes.create_string_buffer(size.value)
            code = _code(self._pdh.PdhGetFormattedCounterArrayW(*arguments, buffer))
        except AttributeError:
            return Unknown(Why.UNSUPPORTED, "PdhGetFormattedCounterArrayW")
        if code != 0:
            return _unknown(code, path)
        items = (CounterItem * count.value).from_buffer(buffer)
        return b"".join(_line(item, form) for item in items if item.status in {0, 1})


def decode_table(source: Source) -> dict[str, float]:
    """Name to value of table(); an unreadable source or line gives nothing."""
    found = {}
    for line in source.decode("utf-8", "replace").splitlines() if isinstance(source, bytes) else ():
        name, _, value = line.rpartition("\t")
        try:
            found[name] = float(value)
        except ValueError:
            continue
    return found


def decode_raw(source: Source) -> RawCounter | None:
    """The structure, where there is one."""
    if not isinstance(source, bytes) or len(source) < ctypes.sizeof(RawCounter):
        return None
    return RawCounter.from_buffer_copy(source)


def _line(item: CounterItem, form: int) -> bytes:
    value = item.value.large if form & FORMAT_LARGE else item.value.double
    name = " ".join((item.name or "").split())
    return f"{name}\t{value}\n".encode("utf-8", "replace")


def _code(status: int) -> int:
    """A PDH_STATUS as the unsigned number that the documentation shows."""
    return status & 0xFFFFFFFF


def _unknown(code: int, path: str) -> Unknown:
    return Unknown(_WHY.get(code, Why.BAD_ANSWER), f"{path}: 0x{code:08X}")
