"""What Activity Monitor calls Memory: a process's phys_footprint on macOS.

`proc_pid_rusage(pid, RUSAGE_INFO_V0, &info)` of libproc needs no right for processes of the same user
(xnu bsd/sys/resource.h). Resident size would leave out compressed pages, which is where an idle model goes.
"""

import ctypes
import ctypes.util
import os
from typing import Protocol

RUSAGE_INFO_V0 = 0


class RusageInfo(ctypes.Structure):
    """struct rusage_info_v0. Later versions only append."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("user_time", ctypes.c_uint64),
        ("system_time", ctypes.c_uint64),
        ("package_idle_wakeups", ctypes.c_uint64),
        ("interrupt_wakeups", ctypes.c_uint64),
        ("page_ins", ctypes.c_uint64),
        ("wired_size", ctypes.c_uint64),
        ("resident_size", ctypes.c_uint64),
        ("phys_footprint", ctypes.c_uint64),
        ("started_at", ctypes.c_uint64),
        ("exited_at", ctypes.c_uint64),
    )


class Libproc(Protocol):
    """The one call we make; ctypes.CDLL offers it."""

    def proc_pid_rusage(self, pid: int, flavor: int, buffer: object) -> int: ...


def load() -> Libproc:
    """libproc is part of libSystem. OSError where it cannot be loaded."""
    library = ctypes.CDLL(ctypes.util.find_library("proc") or "/usr/lib/libproc.dylib", use_errno=True)
    library.proc_pid_rusage.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    library.proc_pid_rusage.restype = ctypes.c_int
    return library


def footprint_bytes(library: Libproc, pid: int) -> int:
    """Bytes. PermissionError for another user's process, ProcessLookupError when it is gone."""
    info = RusageInfo()
    if library.proc_pid_rusage(pid, RUSAGE_INFO_V0, ctypes.byref(info)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(info.phys_footprint)
