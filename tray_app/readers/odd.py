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
