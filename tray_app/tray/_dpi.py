"""Display scaling on Windows, screen by screen: asked before the first window, else what we draw blurs."""

import ctypes
from typing import Any

windll: Any = getattr(ctypes, "windll", None)  # there on Windows only

PER_MONITOR_V2 = -4
"""DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2 of windef.h: menus, too, are drawn in the scale of their screen."""
PER_MONITOR = 2
"""PROCESS_PER_MONITOR_DPI_AWARE of shellscalingapi.h."""
SM_CXSMICON = 49
NEAREST_MONITOR, EFFECTIVE_DPI = 2, 0
"""MONITOR_DEFAULTTONEAREST of winuser.h, MDT_EFFECTIVE_DPI of shellscalingapi.h."""
TASK_BAR = "Shell_TrayWnd"


def become_aware() -> None:
    """The best that this Windows has: since 10 (1703), 8.1, Vista. What a manifest chose before us stays as it is."""
    for way in (_per_monitor_v2, _per_monitor, _by_system):
        try:
            if way():
                return
        except (AttributeError, OSError):  # no such function, no such library: an older Windows
            continue


def _per_monitor_v2() -> bool:
    return bool(windll.user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(PER_MONITOR_V2)))


def _per_monitor() -> bool:
    ok = 0  # S_OK
    return bool(windll.shcore.SetProcessDpiAwareness(PER_MONITOR) == ok)


def _by_system() -> bool:
    return bool(windll.user32.SetProcessDPIAware())


def has_task_bar() -> bool:
    """Whether the shell shows one; without a shell (a service, a session over ssh) nothing shows tray icons."""
    return bool(windll.user32.FindWindowW(TASK_BAR, None))


def small_icon_size() -> int:
    """Pixels of an icon in the tray: on the screen of the task bar, whatever the scale of the others is."""
    user32 = windll.user32
    x, y = ctypes.c_uint(), ctypes.c_uint()
    try:
        monitor = user32.MonitorFromWindow(user32.FindWindowW(TASK_BAR, None), NEAREST_MONITOR)
        failed = windll.shcore.GetDpiForMonitor(monitor, EFFECTIVE_DPI, ctypes.byref(x), ctypes.byref(y))
        return int(user32.GetSystemMetricsForDpi(SM_CXSMICON, user32.GetDpiForSystem() if failed else x.value))
    except (AttributeError, OSError):  # before Windows 10 (1607)
        return int(user32.GetSystemMetrics(SM_CXSMICON))
