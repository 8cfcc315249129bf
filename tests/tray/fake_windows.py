# ruff: noqa: N802 - the names are the systems' own
"""user32 and shell32 as far as a tray icon needs them: windows, messages, menus with a life of their own, one tray.

pystray's own win32 code runs on it unchanged. Menus are handles; a destroyed one cannot pop up, and destroying the
one that is open is what kills the icon on Windows, so here it is recorded as broken.
"""

import ctypes
import queue
import sys
import threading
from dataclasses import dataclass, field

from PIL import Image

WM_CLOSE, WM_QUIT = 0x10, 0x12
SM_CXSMICON = 49


@dataclass
class Menu:
    rows: list = field(default_factory=list)
    alive: bool = True


@dataclass
class Row:
    text: str
    number: int
    checked: bool
    radio: bool
    enabled: bool
    default: bool
    separator: bool
    submenu: "Menu | None"


class Function:
    """A DLL's function: ctypes' attributes may be set on it, and a Python function does the work."""

    errcheck = None

    def __init__(self, work):
        self.work = work

    def __call__(self, *args):
        args = [getattr(arg, "_obj", arg) for arg in args]  # what byref() points to
        result = self.work(*args)
        return self.errcheck(result, self, args) if self.errcheck else result


class Library:
    def __init__(self, owner):
        self._owner = owner

    def __getattr__(self, name):
        if name in self._owner.lacks:
            raise AttributeError(name)
        function = Function(getattr(self._owner, name.removesuffix("W")))
        setattr(self, name, function)
        return function


class Windows:
    def __init__(self):
        self.handles, self.next_handle = {}, 1000
        self.messages = queue.Queue()
        self.blocks, self.clipboard, self.clipboard_is_in_use = {}, None, False
        self.procs, self.classes, self.thread_of = {}, {}, {}
        self.tray, self.balloons, self.refuse_adds, self.added = None, [], 0, threading.Event()
        self.open_menu, self.broken, self.person = None, [], lambda _rows: 0
        self.notification_state = 5
        self.scale, self.system_dpi, self.awareness = {"task bar": 96, "other": 96}, 96, []
        self.lacks = set()
        """Functions that this Windows is too old for."""
        self.icons, self.menus_built = {}, 0
        self.user32 = self.shell32 = self.kernel32 = self.shcore = Library(self)

    def _handle(self, value=None):
        self.next_handle += 1
        self.handles[self.next_handle] = value
        return self.next_handle

    # --- windows and messages ---

    def RegisterWindowMessage(self, _name):
        return 0xC123

    def ChangeWindowMessageFilterEx(self, *_):
        return 1

    def GetModuleHandle(self, _name):
        return 1

    def RegisterClassEx(self, definition):
        atom = self._handle()
        self.classes[atom] = definition.lpfnWndProc
        return atom

    def UnregisterClass(self, _atom, _instance):
        return 1

    def CreateWindowEx(self, _ex, atom, *_):
        assert self.awareness, "a window before the scale was asked for"
        window = self._handle()
        self.procs[window] = self.classes[atom]
        self.thread_of[window] = threading.current_thread()
        return window

    def DestroyWindow(self, window):
        if self.procs.pop(window, None) is None:
            raise OSError(window)  # as pystray reports a refused call
        return 1

    def DefWindowProc(self, window, number, _wparam, _lparam):
        if number == WM_CLOSE:
            self.DestroyWindow(window)
        return 0

    def PeekMessage(self, *_):
        return 0

    def PostMessage(self, window, number, wparam, lparam):
        self.messages.put((window, number, wparam, lparam))
        return 1

    def PostQuitMessage(self, _code):
        self.messages.put((0, WM_QUIT, 0, 0))

    def GetMessage(self, message, *_):
        window, number, wparam, lparam = self.messages.get(timeout=10)
        message.hWnd, message.message, message.wParam, message.lParam = window, number, wparam, lparam
        return 0 if number == WM_QUIT else 1

    def TranslateMessage(self, _message):
        return 0

    def DispatchMessage(self, message):
        return self.send(message.hWnd, message.message, message.wParam, message.lParam)

    def send(self, window, number, wparam=0, lparam=0):
        """SendMessage from the window's own thread."""
        if window not in self.procs:
            return 0
        return self.procs[window](window, number, wparam, lparam)

    # --- the clipboard ---

    def GlobalAlloc(self, flags, size):
        assert flags == 0x0002  # GMEM_MOVEABLE, as the clipboard wants it
        block = ctypes.create_string_buffer(size)
        self.blocks[ctypes.addressof(block)] = block
        return ctypes.addressof(block)

    def GlobalLock(self, block):
        return block

    def GlobalUnlock(self, _block):
        return 1

    def GlobalFree(self, block):
        del self.blocks[block]

    def OpenClipboard(self, window):
        assert window in self.procs
        return not self.clipboard_is_in_use

    def EmptyClipboard(self):
        self.clipboard = None
        return 1

    def SetClipboardData(self, kind, block):
        assert kind == 13  # CF_UNICODETEXT
        self.clipboard = self.blocks.pop(block).raw.decode("utf-16-le").rstrip("\0")
        return block

    def CloseClipboard(self):
        return 1

    def SetForegroundWindow(self, _window):
        return 1

    def GetCursorPos(self, _point):
        return 1

    # --- display scaling ---

    def SetProcessDpiAwarenessContext(self, context):
        return self._becomes(context.value - (1 << 64))

    def SetProcessDpiAwareness(self, kind):
        return 0 if self._becomes(kind) else 0x80070005  # E_ACCESSDENIED

    def SetProcessDPIAware(self):
        return self._becomes("of the system")

    def _becomes(self, awareness):
        """Refused where it is chosen already, by a manifest or an earlier call."""
        self.awareness.append(awareness)
        return len(self.awareness) == 1

    def FindWindow(self, name, _title):
        return {"Shell_TrayWnd": "task bar"}[name]

    def MonitorFromWindow(self, window, _otherwise):
        return window

    def GetDpiForMonitor(self, monitor, _kind, x, y):
        x.value = y.value = self.scale[monitor]
        return 0

    def GetDpiForSystem(self):
        return self.system_dpi

    def GetSystemMetricsForDpi(self, index, dpi):
        assert index == SM_CXSMICON
        return dpi * 16 // 96

    def GetSystemMetrics(self, index):
        return self.GetSystemMetricsForDpi(index, self.system_dpi)

    # --- menus ---

    def CreatePopupMenu(self):
        self.menus_built += 1
        return self._handle(Menu())

    def InsertMenuItem(self, menu, index, _by_position, info):
        row = Row(
            text=info.dwTypeData or "",
            number=info.wID,
            checked=bool(info.fState & 0x8),
            radio=bool(info.fType & 0x200),
            enabled=not info.fState & 0x3,
            default=bool(info.fState & 0x1000),
            separator=bool(info.fType & 0x800),
            submenu=self.handles.get(info.hSubMenu),
        )
        self.handles[menu].rows.insert(index, row)
        return 1

    def DestroyMenu(self, menu):
        if self.handles[menu] is self.open_menu:
            self.broken.append("an open menu was destroyed")
        self.handles[menu].alive = False
        return 1

    def TrackPopupMenuEx(self, menu, *_):
        self.open_menu = self.handles[menu]
        assert self.open_menu.alive
        try:
            return self.person(self.open_menu.rows)
        finally:
            self.open_menu = None

    def pump(self):
        """An open menu has a message loop of its own."""
        while not self.messages.empty():
            window, number, wparam, lparam = self.messages.get_nowait()
            self.send(window, number, wparam, lparam)

    # --- icons and the tray ---

    def LoadImage(self, _instance, path, _type, width, height, _flags):
        with Image.open(path) as picture:
            sizes = picture.info["sizes"]
        return self._handle((sizes, (width, height)))

    def DestroyIcon(self, icon):
        self.handles.pop(icon)
        return 1

    def Shell_NotifyIcon(self, code, data):
        if code == 0:  # NIM_ADD
            if self.refuse_adds:
                self.refuse_adds -= 1
                return 0
            self.tray = {}
            self.added.set()
        if code == 2:  # NIM_DELETE
            self.tray = None
            return 1
        if self.tray is None:
            return 0
        if data.uFlags & 0x2:
            self.tray["icon"] = self.handles[data.hIcon]
        if data.uFlags & 0x4:
            self.tray["tip"] = data.szTip
        if data.uFlags & 0x10:
            self.balloons.append((data.szInfoTitle, data.szInfo))
        return 1

    def SHQueryUserNotificationState(self, state):
        state.value = self.notification_state
        return 0


def install(monkeypatch):
    windows = Windows()
    monkeypatch.setattr(ctypes, "windll", windows, raising=False)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: getattr(windows, name), raising=False)
    monkeypatch.setattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE, raising=False)
    monkeypatch.setattr(ctypes, "HRESULT", ctypes.c_long, raising=False)
    monkeypatch.setattr(ctypes, "WinError", OSError, raising=False)
    monkeypatch.setitem(sys.modules, "desktop_notifier", None)  # not installed: the balloon is the way
    return windows
