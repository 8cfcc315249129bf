"""Our ctypes structures against the platforms' own headers, compiled on any machine by the compiler in ziglang.

Nothing is run: each size and offset is a _Static_assert, so a wrong one does not compile.
"""

import ctypes
import importlib.util
import subprocess
import sys

import pytest

from tests.requirements import require
from tray_app.readers import _darwin, _dxgi, _pdh, _windows

MACOS, WINDOWS = "aarch64-macos", "x86_64-windows-gnu"
HEADERS = {
    MACOS: "#include <stddef.h>\n#include <mach/mach.h>\n#include <sys/sysctl.h>\n",
    WINDOWS: "#define COBJMACROS\n#define CINTERFACE\n#include <stddef.h>\n#include <windows.h>\n#include <psapi.h>\n"
    "#include <pdh.h>\n#include <dxgi.h>\n",
}

# Their field for ours, in order; "" where several of ours stand for one of theirs.
STRUCTURES = [
    (
        MACOS,
        "vm_statistics64_data_t",
        _darwin.VmStatistics64,
        (
            "free_count active_count inactive_count wire_count zero_fill_count reactivations pageins pageouts faults cow_faults"
            " lookups hits purges purgeable_count speculative_count decompressions compressions swapins swapouts"
            " compressor_page_count throttled_count external_page_count internal_page_count"
            " total_uncompressed_pages_in_compressor"
        ),
    ),
    (MACOS, "struct xsw_usage", _darwin.SwapUsage, "xsu_total xsu_avail xsu_used xsu_pagesize xsu_encrypted"),
    (
        WINDOWS,
        "MEMORYSTATUSEX",
        _windows.MemoryStatusEx,
        (
            "dwLength dwMemoryLoad ullTotalPhys ullAvailPhys ullTotalPageFile ullAvailPageFile ullTotalVirtual"
            " ullAvailVirtual ullAvailExtendedVirtual"
        ),
    ),
    (
        WINDOWS,
        "PERFORMANCE_INFORMATION",
        _windows.PerformanceInformation,
        (
            "cb CommitTotal CommitLimit CommitPeak PhysicalTotal PhysicalAvailable SystemCache KernelTotal KernelPaged"
            " KernelNonpaged PageSize HandleCount ProcessCount ThreadCount"
        ),
    ),
    (
        WINDOWS,
        "PDH_RAW_COUNTER",
        _pdh.RawCounter,
        "CStatus TimeStamp.dwLowDateTime TimeStamp.dwHighDateTime FirstValue SecondValue MultiCount",
    ),
    (WINDOWS, "PDH_FMT_COUNTERVALUE_ITEM_W", _pdh.CounterItem, "szName FmtValue.CStatus FmtValue.largeValue"),
    (
        WINDOWS,
        "DXGI_ADAPTER_DESC1",
        _dxgi.AdapterDesc1,
        (
            "Description VendorId DeviceId SubSysId Revision DedicatedVideoMemory DedicatedSystemMemory SharedSystemMemory"
            " AdapterLuid.LowPart AdapterLuid.HighPart Flags"
        ),
    ),
]
# What else our code writes down as numbers.
NUMBERS = [
    (MACOS, "HOST_VM_INFO64", _darwin.HOST_VM_INFO64),
    (MACOS, "MIG_ARRAY_TOO_LARGE", _darwin.MIG_ARRAY_TOO_LARGE),
    (MACOS, "offsetof(vm_statistics64_data_t, total_uncompressed_pages_in_compressor) + 8", 4 * _darwin.FIRST_COUNT),
    (MACOS, "sizeof(natural_t)", 4),
    (MACOS, "sizeof(mach_port_t)", 4),
    (MACOS, "sizeof(vm_statistics64_data_t) <= 4 * 1024", 1),
    (WINDOWS, "PDH_FMT_DOUBLE", _pdh.FORMAT_DOUBLE),
    (WINDOWS, "PDH_FMT_LARGE", _pdh.FORMAT_LARGE),
    (WINDOWS, "PDH_FMT_NOCAP100", _pdh.FORMAT_NO_CAP),
    (WINDOWS, "sizeof(PDH_STATUS)", 4),
    (WINDOWS, "sizeof(PDH_HCOUNTER)", 8),
    (WINDOWS, "DXGI_ADAPTER_FLAG_SOFTWARE", _dxgi.SOFTWARE),
    (WINDOWS, "(unsigned)DXGI_ERROR_NOT_FOUND", _dxgi.NOT_FOUND),
    (WINDOWS, "offsetof(IDXGIFactory1Vtbl, EnumAdapters1)", 8 * _dxgi.ENUM_ADAPTERS1),
    (WINDOWS, "offsetof(IDXGIFactory1Vtbl, Release)", 8 * _dxgi.RELEASE),
    (WINDOWS, "offsetof(IDXGIAdapter1Vtbl, GetDesc1)", 8 * _dxgi.GET_DESC1),
    (WINDOWS, "offsetof(IDXGIAdapter1Vtbl, Release)", 8 * _dxgi.RELEASE),
    (WINDOWS, "LOAD_LIBRARY_SEARCH_SYSTEM32", 0x800),
]


def compiles(tmp_path, target, assertions):
    """The compiler's complaints; empty where every assertion holds."""
    source = tmp_path / "layout.c"
    lines = [f'_Static_assert({claim}, "{claim}");' for claim in assertions]
    source.write_text(HEADERS[target] + "\n".join(lines) + "\n")
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        target,
        "-c",
        "-w",
        str(source),
        "-o",
        str(tmp_path / "layout.o"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    return done.stderr if done.returncode else ""


@pytest.fixture(autouse=True)
def _compiler():
    if importlib.util.find_spec("ziglang") is None:
        require("layouts", "ziglang is not installed")


@pytest.mark.parametrize("target", [MACOS, WINDOWS])
def test_every_field_lies_where_the_headers_put_it(tmp_path, target):
    claims = [f"({expression}) == {value}u" for system, expression, value in NUMBERS if system == target and value >= 0]
    claims += [
        f"({expression}) == ({value})" for system, expression, value in NUMBERS if system == target and value < 0
    ]
    for system, name, ours, theirs in STRUCTURES:
        if system != target:
            continue
        fields = theirs.split()
        assert len(fields) == len(ours._fields_), name
        for (field, *_), other in zip(ours._fields_, fields, strict=True):
            place = getattr(ours, field)
            claims.append(f"offsetof({name}, {other}) == {place.offset}")
            claims.append(f"sizeof((({name} *)0)->{other}) == {place.size}")
        # macOS adds to the end of its struct with every version; the others never grow.
        relation = ">=" if ours is _darwin.VmStatistics64 else "=="
        claims.append(f"sizeof({name}) {relation} {ctypes.sizeof(ours)}")
    assert compiles(tmp_path, target, claims) == ""


@pytest.mark.parametrize("target", [MACOS, WINDOWS])
def test_a_wrong_offset_does_not_compile(tmp_path, target):
    name, field = {MACOS: ("struct xsw_usage", "xsu_used"), WINDOWS: ("MEMORYSTATUSEX", "ullAvailPhys")}[target]
    assert "static assertion failed" in compiles(tmp_path, target, [f"offsetof({name}, {field}) == 4"])
