"""What a source may raise beside typed errors: an odd answer, or a bug of ours."""

import ctypes
import struct
import subprocess

import psutil
from msgspec import MsgspecError

ODD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MsgspecError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    ctypes.ArgumentError,
    psutil.Error,
    struct.error,
    subprocess.SubprocessError,
)
"""What the libraries of readers and services raise, and what code that takes values apart raises."""

NO_ANSWER = (OSError, RuntimeError, psutil.Error)
"""What psutil raises about one process that is gone or hidden; on macOS also a plain RuntimeError, where a call of the
kernel's failed in a way that it does not expect (psutil, arch/osx/proc.c). The other processes are still to be read."""
