"""Goes to Wine's Python as sitecustomize.py: answers two questions of psutil that Wine before 9.8 cannot.

psutil asks the kernel for a process's program by SystemProcessIdInformation (name(), exe(), repr()) and for a counter of
the paging file (swap_memory()); Wine 8 has neither. Set WINE_SHIM=0 to see the app without this help.
"""

import ctypes
import importlib.abc
import importlib.machinery
import os
import sys

QUERY_LIMITED_INFORMATION = 0x1000
INVALID_PARAMETER = 87


def patch(module):
    """Replaces two functions of psutil's extension module in psutil._pswindows."""
    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel32.OpenProcess.restype = ctypes.c_void_p
    swap_percent = module.cext.swap_percent

    def proc_exe(pid):
        handle = ctypes.c_void_p(kernel32.OpenProcess(QUERY_LIMITED_INFORMATION, 0, pid))
        if not handle.value:
            code = ctypes.get_last_error()
            raise ProcessLookupError(3, "no such process") if code == INVALID_PARAMETER else ctypes.WinError(code)
        try:
            size = ctypes.c_ulong(32768)
            text = ctypes.create_unicode_buffer(size.value)
            if not kernel32.QueryFullProcessImageNameW(handle, 0, text, ctypes.byref(size)):
                raise ctypes.WinError(ctypes.get_last_error())
            return text.value
        finally:
            kernel32.CloseHandle(handle)

    def swap():
        try:
            return swap_percent()
        except RuntimeError:
            return 0.0

    module.cext.proc_exe, module.cext.swap_percent = proc_exe, swap


class Finder(importlib.abc.MetaPathFinder):
    """Patches psutil._pswindows right after it is loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != "psutil._pswindows":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


if os.environ.get("WINE_SHIM", "1") != "0":
    sys.meta_path.insert(0, Finder())
