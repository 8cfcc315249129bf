"""macOS memory through a libSystem that behaves like the real one, its traps included."""

import ctypes
import errno
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.readers.fake_mac import GIB, PAGE, FakeMac, pages
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import MissingInput, Pressure
from tray_app.readers import _macos
from tray_app.readers._counters import Counters
from tray_app.readers._darwin import VmStatistics64
from tray_app.readers._macos import Collector, Kernel, Raw, decode
from tray_app.readers.memory import MemoryReader

GOLDEN = Path(__file__).parents[1] / "golden/macos"


def collector(mac, **options):
    return Collector(Kernel(mac), **options)


@pytest.mark.parametrize("needs", [38, 40, 62, 104])
def test_the_struct_of_every_version_gives_the_same_numbers(needs):
    mac = FakeMac(needs)
    ours = collector(mac)
    for _ in range(3):
        counters = decode(ours.collect())
        assert isinstance(counters, Counters)
        assert counters.total_bytes == 32 * GIB
        assert counters.available_bytes == int(9.5 * GIB), "3 free without speculative, 6 of files, 0.5 purgeable"
        assert counters.wired_bytes == 4 * GIB
        assert counters.compressed_bytes == GIB
        assert dict(counters.gauges)["kernel-ratio"] == pytest.approx(23 / 24), "speculative pages counted once"
        assert (counters.swapped_in_bytes, counters.swapped_out_bytes) == (1000 * PAGE, 2000 * PAGE)
        assert (counters.swap_used_bytes, counters.swap_total_bytes) == (GIB, 2 * GIB)
        assert counters.missing == ()
    assert mac.counts_asked == ([38] * 3 if needs == 38 else [38, needs, needs, needs]), "never more than was asked for"
    assert mac.ports_taken == 1, "each call would keep one more reference to the host port"


def test_an_update_of_macos_in_between_grows_the_struct_again():
    mac = FakeMac(40)
    ours = collector(mac)
    ours.collect()
    mac.needs = 104
    assert isinstance(decode(ours.collect()), Counters)
    assert max(mac.counts_asked) == 104


@pytest.mark.parametrize("needs", [1025, 100_000, 2**31])
def test_a_struct_beyond_reason_falls_back_to_vm_stat(needs):
    text = (GOLDEN / "vm_stat-26.txt").read_bytes()
    raw = collector(FakeMac(needs), vm_stat=lambda: text).collect()
    assert isinstance(raw.vm, Unknown)
    assert isinstance(decode(raw), Counters)


def test_vm_stat_says_the_same_as_the_struct():
    text = (GOLDEN / "vm_stat-26.txt").read_bytes()
    mac = FakeMac()
    direct = decode(collector(mac, clock=lambda: 1.0).collect())
    mac.fails_with = 5
    assert decode(collector(mac, clock=lambda: 1.0, vm_stat=lambda: text).collect()) == direct


def test_vm_stat_is_not_started_more_often_than_every_five_seconds():
    now, started = [100.0], []
    mac = FakeMac()
    mac.fails_with = 5
    text = (GOLDEN / "vm_stat-26.txt").read_bytes()
    ours = collector(mac, clock=lambda: now[0], vm_stat=lambda: started.append(now[0]) or text)
    times = []
    for seconds in (0, 2, 2, 2, 2, 2):
        now[0] += seconds
        times.append(ours.collect().counted_at)
    assert started == [100.0, 106.0]
    assert times == [100.0, 100.0, 100.0, 106.0, 106.0, 106.0], "an old text keeps its time"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"vm_stat: host_statistics failed\n",
        (GOLDEN / "vm_stat-26.txt").read_bytes()[:700],
        (GOLDEN / "vm_stat-26.txt").read_bytes().replace(b"16384", b"x"),
        (GOLDEN / "vm_stat-26.txt").read_bytes().replace(b"Swapouts", b"Swap outs"),
    ],
    ids=["empty", "an error", "cut off", "no page size", "renamed"],
)
def test_a_vm_stat_that_cannot_be_read_is_unknown(text):
    mac = FakeMac()
    mac.fails_with = 5
    result = decode(collector(mac, vm_stat=lambda: text).collect())
    assert isinstance(result, Unknown)
    assert result.why is Why.BAD_ANSWER


def test_a_machine_without_vm_stat_is_unknown(monkeypatch):
    monkeypatch.setattr(_macos, "VM_STAT", "/nonexistent/vm_stat")
    mac = FakeMac()
    mac.fails_with = 5
    assert collector(mac).collect().vm_stat == Unknown(Why.MISSING, "vm_stat: ENOENT")
    assert decode(collector(mac).collect()) == Unknown(Why.BAD_ANSWER, "host_statistics64: 5")


@pytest.mark.parametrize(
    ("script", "why"), [("exit 3", Why.BAD_ANSWER), ("sleep 20", Why.TIMED_OUT)], ids=["fails", "hangs"]
)
def test_a_vm_stat_that_fails_or_hangs_is_unknown(tmp_path, monkeypatch, script, why):
    program = tmp_path / "vm_stat"
    program.write_text(f"#!/bin/sh\n{script.replace('sleep', 'exec sleep')}\n")
    program.chmod(0o755)
    monkeypatch.setattr(_macos, "VM_STAT", str(program))
    monkeypatch.setattr(_macos, "VM_STAT_TIMEOUT_S", 0.3)
    assert _macos.run_vm_stat().why is why


@pytest.mark.parametrize("level", [1, 2, 4])
def test_the_kernels_level_is_a_gauge(level):
    mac = FakeMac()
    mac.sysctls["kern.memorystatus_vm_pressure_level"] = struct.pack("<i", level)
    assert dict(decode(collector(mac).collect()).gauges)["kernel-level"] == level


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (errno.ENOENT, MissingInput("kernel-level", Why.MISSING, "kern.memorystatus_vm_pressure_level: ENOENT")),
        (errno.EPERM, MissingInput("kernel-level", Why.DENIED, "kern.memorystatus_vm_pressure_level: EPERM")),
        (struct.pack("<i", 7), MissingInput("kernel-level", Why.BAD_ANSWER, "pressure level 7")),
        (
            struct.pack("<h", 1),
            MissingInput("kernel-level", Why.BAD_ANSWER, "kern.memorystatus_vm_pressure_level: 2 bytes"),
        ),
    ],
)
def test_without_the_level_the_ratio_still_speaks(answer, missing):
    mac = FakeMac(compressor_page_count=pages(30))
    mac.sysctls["kern.memorystatus_vm_pressure_level"] = answer
    reading = MemoryReader(collector=collector(mac), decode=decode, platform="darwin").read(1.0)
    assert isinstance(reading, Known)
    assert reading.value.pressure is Pressure.WARNING
    assert missing in reading.value.missing


@pytest.mark.parametrize("name", ["hw.memsize", "vm.pagesize"])
def test_without_sizes_nothing_is_known(name):
    mac = FakeMac()
    mac.sysctls[name] = errno.ENOENT
    assert decode(collector(mac).collect()) == Unknown(Why.MISSING, f"{name}: ENOENT")


def test_without_swap_numbers_only_they_are_unknown():
    mac = FakeMac()
    mac.sysctls["vm.swapusage"] = errno.EPERM
    counters = decode(collector(mac).collect())
    assert counters.swap_used_bytes is None
    assert counters.swapped_out_bytes == 2000 * PAGE


def test_under_rosetta_pages_keep_the_kernels_size():
    """hw.pagesize says 4096 there; the counters are in pages of 16384."""
    mac = FakeMac()
    mac.sysctls["hw.pagesize"] = struct.pack("<q", 4096)
    mac.sysctls["sysctl.proc_translated"] = struct.pack("<i", 1)
    assert decode(collector(mac).collect()).wired_bytes == 4 * GIB
    assert _macos.host(Kernel(mac)).apple_silicon


def test_an_intel_mac_is_told_apart():
    mac = FakeMac()
    mac.sysctls["hw.optional.arm64"] = errno.ENOENT
    found = _macos.host(Kernel(mac))
    assert (found.system, found.system_version, found.apple_silicon) == ("darwin", "26.1", False)


def test_a_model_on_the_gpu_is_wired_and_leaves_the_ratio_alone():
    """32 GiB with 20 GiB of weights wired: warning comes only when the compressor holds half of the rest."""
    mac = FakeMac(
        free_count=pages(0.3), speculative_count=0, active_count=pages(4), inactive_count=pages(3.5),
        wire_count=pages(22), external_page_count=pages(1), purgeable_count=0, compressor_page_count=pages(2),
    )  # fmt: skip
    reader = MemoryReader(collector=collector(mac), decode=decode, platform="darwin")
    reading = reader.read(1.0)
    assert reading.value.pressure is Pressure.NORMAL
    assert reading.value.wired_bytes == pages(22) * PAGE
    mac.statistics["compressor_page_count"] = pages(8)
    assert MemoryReader(collector=collector(mac), decode=decode, platform="darwin").read(1.0).value.pressure is (
        Pressure.WARNING
    )


def raw(**changes):
    return replace(collector(FakeMac()).collect(), **changes)


def test_a_struct_cut_off_is_unknown():
    whole = raw().vm
    assert decode(raw(vm=whole[:151])) == Unknown(Why.BAD_ANSWER, "vm_statistics64: 151 bytes")
    assert isinstance(decode(raw(vm=whole + b"\xff" * 400)), Counters), "what a later version adds is ignored"


words = st.integers(0, 2**32 - 1)
maybe = st.one_of(st.binary(max_size=200), st.just(Unknown(Why.DENIED, "x")))


@given(
    statistics=st.fixed_dictionaries(
        {name: words for name, kind in VmStatistics64._fields_ if kind is ctypes.c_uint32}
    ),
    level=maybe,
    memory_size=st.one_of(maybe, st.integers(1, 2**45).map(lambda size: struct.pack("<Q", size))),
    page_size=st.one_of(maybe, st.just(struct.pack("<i", PAGE))),
    swap=maybe,
    vm_stat=maybe,
    struct_known=st.booleans(),
)
def test_whatever_the_kernel_says_the_numbers_are_possible(statistics, struct_known, **sources):
    vm = bytes(VmStatistics64(**statistics)) if struct_known else Unknown(Why.BAD_ANSWER, "host_statistics64: 5")
    counters = decode(Raw(counted_at=1.0, vm=vm, **sources))
    if isinstance(counters, Unknown):
        return
    assert 0 <= counters.available_bytes <= counters.total_bytes
    assert 0 <= dict(counters.gauges).get("kernel-ratio", 0) <= 1
