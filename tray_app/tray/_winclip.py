"""The Windows clipboard: one text, owned by the system from then on."""

import ctypes
import logging
from typing import Any

log = logging.getLogger(__name__)

# WinUser.h, WinBase.h
CF_UNICODETEXT, GMEM_MOVEABLE = 13, 0x0002


def copy_text(window: int, text: str) -> None:
    """Another program may hold the clipboard open: then nothing is copied, and the log says so."""
    user32, kernel32 = _libraries()
    data = text.encode("utf-16-le") + b"\0\0"
    block = kernel32.GlobalAlloc(GMEM_MOVEABLE, len(data))
    if not block:
        log.warning("nothing copied: no memory")
        return
    ctypes.memmove(kernel32.GlobalLock(block), data, len(data))
    kernel32.GlobalUnlock(block)
    if not user32.OpenClipboard(window):
        kernel32.GlobalFree(block)
        log.warning("nothing copied: the clipboard is in use")
        return
    try:
        user32.EmptyClipboard()
        if not user32.SetClipboardData(CF_UNICODETEXT, block):
            kernel32.GlobalFree(block)
    finally:
        user32.CloseClipboard()


def _libraries() -> tuple[Any, Any]:
    """With the types of what is passed: a handle is wider than the int that ctypes would take it for."""
    windll: Any = ctypes.windll  # type: ignore[attr-defined,unused-ignore]  # there on Windows only
    user32, kernel32 = windll.user32, windll.kernel32
    kernel32.GlobalAlloc.argtypes, kernel32.GlobalAlloc.restype = [ctypes.c_uint, ctypes.c_size_t], ctypes.c_void_p
    for name in ("GlobalLock", "GlobalUnlock", "GlobalFree"):
        getattr(kernel32, name).argtypes = [ctypes.c_void_p]
    kernel32.GlobalLock.restype = ctypes.c_void_p
    user32.OpenClipboard.argtypes = [ctypes.c_void_p]
    user32.SetClipboardData.argtypes, user32.SetClipboardData.restype = (
        [ctypes.c_uint, ctypes.c_void_p],
        ctypes.c_void_p,
    )
    return user32, kernel32
