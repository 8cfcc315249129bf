"""libSystem as a Mac's: the two calls answer with real C calling, errno included, and with the kernel's traps."""

import ctypes
import errno
import struct

from tray_app.readers._darwin import FIRST_COUNT, MIG_ARRAY_TOO_LARGE, VmStatistics64

GIB = 1 << 30
PAGE = 16384
SIZE = ctypes.POINTER(ctypes.c_size_t)
COUNT = ctypes.POINTER(ctypes.c_uint32)
HOST_PORT = 0x1203


def pages(gib):
    return int(gib * GIB) // PAGE


CALM = {
    "free_count": pages(4),
    "speculative_count": pages(1),
    "active_count": pages(10),
    "inactive_count": pages(9),
    "wire_count": pages(4),
    "purgeable_count": pages(0.5),
    "external_page_count": pages(6),
    "compressor_page_count": pages(1),
    "swapins": 1000,
    "swapouts": 2000,
}


class FakeMac:
    """`sysctls`: name -> bytes, or an errno. `needs`: words of this macOS' vm_statistics64."""

    def __init__(self, needs=FIRST_COUNT, **statistics):
        self.needs = needs
        self.statistics = {**CALM, **statistics}
        self.sysctls = {
            "kern.memorystatus_vm_pressure_level": struct.pack("<i", 1),
            "hw.memsize": struct.pack("<Q", 32 * GIB),
            "vm.pagesize": struct.pack("<i", PAGE),
            "vm.swapusage": struct.pack("<QQQIi", 2 * GIB, GIB, GIB, PAGE, 1),
            "hw.optional.arm64": struct.pack("<i", 1),
            "iogpu.wired_limit_mb": struct.pack("<i", 0),
            "kern.osproductversion": b"26.1\0",
            "kern.bootsessionuuid": b"5E6FFEBE-0000-4000-8000-000000000001\0",
            "machdep.cpu.brand_string": b"Apple M4\0",
        }
        self.counts_asked = []
        self.ports_taken = 0
        self.fails_with = None
        self.sysctlbyname = ctypes.CFUNCTYPE(
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_void_p,
            SIZE,
            ctypes.c_void_p,
            ctypes.c_size_t,
            use_errno=True,
        )(self._sysctlbyname)
        self.host_statistics64 = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p, COUNT, use_errno=True
        )(self._host_statistics64)
        self.mach_host_self = ctypes.CFUNCTYPE(ctypes.c_uint32)(self._mach_host_self)

    def _mach_host_self(self):
        self.ports_taken += 1
        return HOST_PORT

    def _sysctlbyname(self, name, buffer, length, _new, _new_length):
        value = self.sysctls.get(name.decode(), errno.ENOENT)
        if isinstance(value, bytes) and len(value) > length[0]:
            value = errno.ENOMEM
        if isinstance(value, int):
            ctypes.set_errno(value)
            return -1
        ctypes.memmove(buffer, value, len(value))
        length[0] = len(value)
        return 0

    def _host_statistics64(self, host, flavor, buffer, count):
        assert (host, flavor) == (HOST_PORT, 4)
        self.counts_asked.append(count[0])
        if self.fails_with is not None:
            return self.fails_with
        if count[0] < self.needs:
            count[0] = self.needs
            return MIG_ARRAY_TOO_LARGE
        vm = VmStatistics64(**self.statistics)
        text = bytes(vm) + b"\xee" * (4 * self.needs - len(bytes(vm)))
        ctypes.memmove(buffer, text, 4 * self.needs)
        count[0] = self.needs
        return 0
