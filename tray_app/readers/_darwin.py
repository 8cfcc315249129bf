"""The three calls into libSystem that memory and GPU need. No subprocess, no root.

Not psutil: up to 7.2.2 its virtual_memory() and swap_memory() fail on macOS 27, whose struct outgrew their buffer.
"""

import ctypes
from typing import Any

from tray_app.core.values.reading import Unknown, Why
from tray_app.readers._raw import Source, failed

LIBRARY = "/usr/lib/libSystem.B.dylib"
HOST_VM_INFO64 = 4
MIG_ARRAY_TOO_LARGE = -307
"""The buffer is too small for this kernel's struct; the count it needs is written back."""
FIRST_COUNT = 38
"""32-bit words of vm_statistics64 that every version has."""
MAX_COUNT = 1024
MAX_TEXT = 256


class VmStatistics64(ctypes.Structure):
    """The part of vm_statistics64 that no version changed (152 bytes). Counts are pages; the 64-bit ones since boot."""

    _fields_ = (
        ("free_count", ctypes.c_uint32),  # speculative pages included
        ("active_count", ctypes.c_uint32),
        ("inactive_count", ctypes.c_uint32),
        ("wire_count", ctypes.c_uint32),
        ("zero_fill_count", ctypes.c_uint64),
        ("reactivations", ctypes.c_uint64),
        ("pageins", ctypes.c_uint64),
        ("pageouts", ctypes.c_uint64),
        ("faults", ctypes.c_uint64),
        ("cow_faults", ctypes.c_uint64),
        ("lookups", ctypes.c_uint64),
        ("hits", ctypes.c_uint64),
        ("purges", ctypes.c_uint64),
        ("purgeable_count", ctypes.c_uint32),
        ("speculative_count", ctypes.c_uint32),
        ("decompressions", ctypes.c_uint64),
        ("compressions", ctypes.c_uint64),
        ("swapins", ctypes.c_uint64),
        ("swapouts", ctypes.c_uint64),
        ("compressor_page_count", ctypes.c_uint32),  # pages the compressor occupies
        ("throttled_count", ctypes.c_uint32),
        ("external_page_count", ctypes.c_uint32),  # file-backed, not wired
        ("internal_page_count", ctypes.c_uint32),
        ("total_uncompressed_pages_in_compressor", ctypes.c_uint64),
    )


class SwapUsage(ctypes.Structure):
    """struct xsw_usage of <sys/sysctl.h>, in bytes."""

    _fields_ = (
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("used", ctypes.c_uint64),
        ("page_size", ctypes.c_uint32),
        ("encrypted", ctypes.c_int32),
    )


class Kernel:
    """`library` takes libSystem's place in tests."""

    def __init__(self, library: Any = None) -> None:
        self._library: Any = library or ctypes.CDLL(LIBRARY, use_errno=True)
        size = ctypes.POINTER(ctypes.c_size_t)
        self._library.sysctlbyname.argtypes = (ctypes.c_char_p, ctypes.c_void_p, size, ctypes.c_void_p, ctypes.c_size_t)
        self._library.sysctlbyname.restype = ctypes.c_int
        count = ctypes.POINTER(ctypes.c_uint32)
        self._library.host_statistics64.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p, count)
        self._library.host_statistics64.restype = ctypes.c_int
        self._library.mach_host_self.argtypes = ()
        self._library.mach_host_self.restype = ctypes.c_uint32
        self._host: int | None = None
        self._count = FIRST_COUNT
        self._buffer = (ctypes.c_int32 * MAX_COUNT)()

    def sysctl(self, name: str, size: int) -> Source:
        """The value as `size` bytes; a kernel that answers with another size is not the one we know."""
        buffer, length = ctypes.create_string_buffer(size), ctypes.c_size_t(size)
        ctypes.set_errno(0)
        if self._library.sysctlbyname(name.encode(), buffer, ctypes.byref(length), None, 0) != 0:
            return failed(OSError(ctypes.get_errno(), ""), name)
        if length.value != size:
            return Unknown(Why.BAD_ANSWER, f"{name}: {length.value} bytes")
        return buffer.raw

    def sysctl_text(self, name: str) -> Source:
        """A string without its end mark."""
        buffer, length = ctypes.create_string_buffer(MAX_TEXT), ctypes.c_size_t(MAX_TEXT)
        ctypes.set_errno(0)
        if self._library.sysctlbyname(name.encode(), buffer, ctypes.byref(length), None, 0) != 0:
            return failed(OSError(ctypes.get_errno(), ""), name)
        return buffer.value

    def vm_statistics(self) -> Source:
        """host_statistics64(HOST_VM_INFO64): at least sizeof(VmStatistics64) bytes.

        The struct has 38 words up to macOS 15, then 40, 62 (26) and 104 (27). A count that is too small is refused with
        -307 and the right one; one that is too large makes macOS 26 write to the kernel log. So it starts at 38 and
        grows only when told.
        """
        if self._host is None:
            # Once: each call adds a reference to the port.
            self._host = self._library.mach_host_self()
        code, count = self._host_statistics()
        if code == MIG_ARRAY_TOO_LARGE and FIRST_COUNT < count <= MAX_COUNT:
            self._count = count
            code, count = self._host_statistics()
        if code != 0:
            return Unknown(Why.BAD_ANSWER, f"host_statistics64: {code}")
        if not FIRST_COUNT <= count <= MAX_COUNT:
            return Unknown(Why.BAD_ANSWER, f"host_statistics64: {count} words")
        return bytes(self._buffer)[: 4 * count]

    def _host_statistics(self) -> tuple[int, int]:
        count = ctypes.c_uint32(self._count)
        code: int = self._library.host_statistics64(
            self._host, HOST_VM_INFO64, ctypes.byref(self._buffer), ctypes.byref(count)
        )
        return code, count.value


def integer(source: Source) -> int | None:
    """A sysctl value of 4 or 8 bytes, signed, in the byte order of every Mac."""
    return int.from_bytes(source, "little", signed=True) if isinstance(source, bytes) else None
