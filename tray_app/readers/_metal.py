"""Metal's recommendedMaxWorkingSetSize in bytes, for a process of its own: Metal loads the GPU driver (tens of
megabytes) and never gives it back. CoreGraphics comes first: Apple requires it for command-line tools that call
MTLCreateSystemDefaultDevice.
"""

import ctypes
from collections.abc import Callable
from typing import Any

FRAMEWORK = "/System/Library/Frameworks/{0}.framework/{0}"


def working_set_bytes(load: Callable[[str], Any] = ctypes.CDLL) -> int:
    """0 where there is no Metal device. OSError where a framework cannot be loaded."""
    load(FRAMEWORK.format("CoreGraphics"))
    metal = load(FRAMEWORK.format("Metal"))
    runtime = load("/usr/lib/libobjc.A.dylib")
    metal.MTLCreateSystemDefaultDevice.argtypes = ()
    metal.MTLCreateSystemDefaultDevice.restype = ctypes.c_void_p
    runtime.sel_registerName.argtypes = (ctypes.c_char_p,)
    runtime.sel_registerName.restype = ctypes.c_void_p
    # On arm64 a variadic call passes its arguments elsewhere: the message needs its exact signature.
    runtime.objc_msgSend.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    runtime.objc_msgSend.restype = ctypes.c_uint64
    device = metal.MTLCreateSystemDefaultDevice()
    if not device:
        return 0
    return int(runtime.objc_msgSend(device, runtime.sel_registerName(b"recommendedMaxWorkingSetSize")))
