"""Which graphics adapters Windows has and how much memory is theirs: IDXGIFactory1 by its virtual table.

Method numbers and the structure are those of <dxgi.h>. On 64-bit Windows there is one calling convention.
"""

import ctypes
import uuid
from typing import Any

from tray_app.core.values.reading import Unknown, Why
from tray_app.readers._pdh import load
from tray_app.readers._raw import Source

FACTORY1 = uuid.UUID("770aae78-f26f-4dba-a829-253c83d1b387")
RELEASE, ENUM_ADAPTERS1, GET_DESC1 = 2, 12, 10
NOT_FOUND = 0x887A0002
SOFTWARE = 2
MAX_ADAPTERS = 32


class AdapterDesc1(ctypes.Structure):
    """DXGI_ADAPTER_DESC1; memory in bytes. The description is UTF-16."""

    _fields_ = (
        ("description", ctypes.c_uint16 * 128),
        ("vendor_id", ctypes.c_uint32),
        ("device_id", ctypes.c_uint32),
        ("subsystem_id", ctypes.c_uint32),
        ("revision", ctypes.c_uint32),
        ("dedicated_video_memory", ctypes.c_uint64),
        ("dedicated_system_memory", ctypes.c_uint64),
        ("shared_system_memory", ctypes.c_uint64),
        ("luid_low", ctypes.c_uint32),
        ("luid_high", ctypes.c_int32),
        ("flags", ctypes.c_uint32),
    )

    @property
    def name(self) -> str:
        """Up to the end mark, printable characters only."""
        text = bytes(self.description).decode("utf-16-le", "replace").partition("\0")[0]
        return "".join(letter for letter in text if letter.isprintable()).strip()

    @property
    def luid(self) -> str:
        """As performance counters write it in their instance names."""
        return f"luid_0x{self.luid_high & 0xFFFFFFFF:08x}_0x{self.luid_low:08x}"


def adapters(library: Any = None) -> Source:
    """All adapters' DXGI_ADAPTER_DESC1, one after the other. A few milliseconds: asked when adapters changed."""
    try:
        dxgi = library or load("dxgi.dll")
        create = dxgi.CreateDXGIFactory1
    except (OSError, AttributeError):
        return Unknown(Why.MISSING, "dxgi.dll")
    identifier = (ctypes.c_ubyte * 16).from_buffer_copy(FACTORY1.bytes_le)
    factory = ctypes.c_void_p()
    code = create(ctypes.byref(identifier), ctypes.byref(factory)) & 0xFFFFFFFF
    if code != 0 or factory.value is None:
        return Unknown(Why.BAD_ANSWER, f"CreateDXGIFactory1: 0x{code:08X}")
    try:
        return _descriptions(factory)
    finally:
        _call(factory, RELEASE)


def decode_adapters(source: Source) -> tuple[AdapterDesc1, ...]:
    """Hardware adapters, each once; a cut-off last one is left out."""
    if not isinstance(source, bytes):
        return ()
    size = ctypes.sizeof(AdapterDesc1)
    found = [AdapterDesc1.from_buffer_copy(source, offset) for offset in range(0, len(source) - size + 1, size)]
    return tuple({found.luid: found for found in found if not found.flags & SOFTWARE}.values())


def _descriptions(factory: ctypes.c_void_p) -> Source:
    texts = []
    for index in range(MAX_ADAPTERS):
        adapter = ctypes.c_void_p()
        code = _call(factory, ENUM_ADAPTERS1, ctypes.c_uint32(index), ctypes.byref(adapter))
        if code == NOT_FOUND:
            break
        if code != 0 or adapter.value is None:
            return Unknown(Why.BAD_ANSWER, f"EnumAdapters1: 0x{code:08X}")
        try:
            desc = AdapterDesc1()
            if _call(adapter, GET_DESC1, ctypes.byref(desc)) == 0:
                texts.append(bytes(desc))
        finally:
            _call(adapter, RELEASE)
    return b"".join(texts)


def _call(this: ctypes.c_void_p, method: int, *arguments: Any) -> int:
    """Calls a COM method by its number in the object's table; the HRESULT as an unsigned number."""
    table = ctypes.cast(this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
    address = table[method]
    assert address is not None
    return int(ctypes.CFUNCTYPE(ctypes.c_int32)(address)(this, *arguments)) & 0xFFFFFFFF
