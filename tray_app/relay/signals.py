"""Who may ask the process to end: signals, on Windows the console that is closed or the session that ends, and whoever
started it, by being gone.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable


def when_left(end: Callable[[], None]) -> None:
    """Call `end` in the event loop when nobody holds the other end of standard input any more."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        while sys.stdin is not None and os.read(sys.stdin.fileno(), 1):  # no buffer, whose lock would outlive us
            pass
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(end)

    threading.Thread(target=read, name="tie", daemon=True).start()


if sys.platform == "win32":
    import ctypes

    _CLOSES, _LOGS_OFF, _SHUTS_DOWN = 2, 5, 6
    _GRACE_S = 4.0
    """Windows ends the process after five seconds, or as soon as the handler returns."""

    def on_end(end: Callable[[], None], ended: threading.Event) -> object:
        """Call `end` in the event loop. What is returned must be kept for as long as that is to work."""
        loop = asyncio.get_running_loop()

        def from_signal(_number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(end)

        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, from_signal)

        def from_console(event: int) -> int:
            if event not in {_CLOSES, _LOGS_OFF, _SHUTS_DOWN}:
                return 0
            loop.call_soon_threadsafe(end)
            ended.wait(_GRACE_S)
            return 1

        handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(from_console)
        ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, 1)
        return handler

else:

    def on_end(end: Callable[[], None], ended: threading.Event) -> object:
        """Call `end` in the event loop. What is returned must be kept for as long as that is to work."""
        del ended
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end)
        return None
