"""The app, unchanged, beside a thread that says what a person would see: run in Windows, asked over stdin.

Another process cannot read a menu's rows, so this thread looks from inside. Each line of stdin is answered by a line of
JSON: `menus` gives the open ones, outermost last, each a list of rows with their place on the screen; `tips` the texts
of all tooltips and balloons that are shown, whoever shows them; `pid` our process.
"""

import ctypes
import json
import os
import sys
import threading
from ctypes import wintypes

# WinUser.h
MN_GETHMENU, WM_GETTEXT = 0x01E1, 0x000D
MF_GRAYED, MF_DISABLED, MF_CHECKED, MF_POPUP, MF_BYPOSITION, MF_SEPARATOR = 0x01, 0x02, 0x08, 0x10, 0x400, 0x800
SMTO_ABORTIFHUNG = 0x0002
MENU_CLASS, TIP_CLASS = "#32768", "tooltips_class32"
LONGEST = 1024
WITHIN_MS = 2000

user32 = ctypes.WinDLL("user32")
user32.FindWindowExW.argtypes = [wintypes.HWND, wintypes.HWND, wintypes.LPCWSTR, wintypes.LPCWSTR]
user32.FindWindowExW.restype = wintypes.HWND
user32.SendMessageTimeoutW.argtypes = [
    wintypes.HWND,
    wintypes.UINT,
    wintypes.WPARAM,
    ctypes.c_void_p,
    wintypes.UINT,
    wintypes.UINT,
    ctypes.POINTER(ctypes.c_size_t),
]
user32.GetMenuItemCount.argtypes = [wintypes.HMENU]
user32.GetMenuState.argtypes = [wintypes.HMENU, wintypes.UINT, wintypes.UINT]
user32.GetMenuState.restype = wintypes.UINT
user32.GetMenuStringW.argtypes = [wintypes.HMENU, wintypes.UINT, wintypes.LPWSTR, ctypes.c_int, wintypes.UINT]
user32.GetMenuItemRect.argtypes = [wintypes.HWND, wintypes.HMENU, wintypes.UINT, ctypes.POINTER(wintypes.RECT)]


def shown(kind):
    """Visible windows of one class, the topmost first."""
    window = user32.FindWindowExW(None, None, kind, None)
    while window:
        if user32.IsWindowVisible(wintypes.HWND(window)):
            yield window
        window = user32.FindWindowExW(None, window, kind, None)


def ask(window, message, wparam, lparam):
    """A window's answer; 0 where it has none or its program hangs."""
    answer = ctypes.c_size_t()
    user32.SendMessageTimeoutW(window, message, wparam, lparam, SMTO_ABORTIFHUNG, WITHIN_MS, ctypes.byref(answer))
    return answer.value


def row(menu, index):
    state = user32.GetMenuState(menu, index, MF_BYPOSITION)
    text = ctypes.create_unicode_buffer(LONGEST)
    user32.GetMenuStringW(menu, index, text, LONGEST, MF_BYPOSITION)
    place = wintypes.RECT()
    user32.GetMenuItemRect(None, menu, index, ctypes.byref(place))
    opens = bool(state & MF_POPUP)
    return {
        "text": text.value.replace("&&", "&"),
        # A row that opens others carries their number where separators have their mark.
        "separator": not opens and bool(state & MF_SEPARATOR),
        "enabled": not state & (MF_GRAYED | MF_DISABLED),
        "checked": bool(state & MF_CHECKED),
        "opens": opens,
        "x": (place.left + place.right) // 2,
        "y": (place.top + place.bottom) // 2,
    }


def menus():
    handles = [ask(window, MN_GETHMENU, 0, None) for window in shown(MENU_CLASS)]
    return [[row(menu, index) for index in range(user32.GetMenuItemCount(menu))] for menu in handles if menu]


def tips():
    texts = []
    for window in shown(TIP_CLASS):
        text = ctypes.create_unicode_buffer(LONGEST)
        ask(window, WM_GETTEXT, LONGEST, text)
        texts.append(text.value)
    return texts


def answer_questions():
    """Without Python's own stdin: a thread inside it cannot be left behind at exit."""
    answers = {"menus": menus, "tips": tips, "pid": os.getpid}
    asked = b""
    while more := os.read(0, 4096):
        *lines, asked = (asked + more).split(b"\n")
        for line in lines:
            os.write(1, json.dumps(answers[line.decode().strip()]()).encode() + b"\n")


if __name__ == "__main__":
    threading.Thread(target=answer_questions, daemon=True).start()
    from tray_app.__main__ import main

    sys.exit(main())
