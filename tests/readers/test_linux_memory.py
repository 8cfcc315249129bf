"""Linux memory: what /proc and cgroups say, on golden trees, on broken ones, and here against other tools."""

import ctypes
import errno
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import MissingInput
from tray_app.core.values.units import GIB, KIB, MIB
from tray_app.readers import _linux
from tray_app.readers._counters import Counters
from tray_app.readers._linux import Collector, Raw, decode
from tray_app.readers._raw import failed, number, read_file, sources

GOLDEN = Path(__file__).parents[1] / "golden/linux"
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks this machine's /proc")


def golden(name):
    raw = Collector(GOLDEN / name, clock=lambda: 7.0).collect()
    return replace(raw, page_size=4096)


def test_a_host_without_limit():
    counters = decode(golden("host"))
    assert isinstance(counters, Counters)
    assert counters.total_bytes == 24684096 * KIB
    assert 0.9 < counters.available_bytes / counters.total_bytes < 1
    assert counters.limit_bytes is None
    assert counters.swap_total_bytes == counters.swap_used_bytes == 0
    assert dict(counters.gauges)["psi-some-avg10"] == 0.0
    assert counters.missing == ()


def test_a_desktop_that_swaps():
    counters = decode(golden("desktop-short"))
    assert counters.available_bytes == 1511220 * KIB
    assert counters.swap_used_bytes == 5242880 * KIB
    assert counters.swapped_in_bytes == 5120000 * 4096
    assert counters.swapped_out_bytes == 9437184 * 4096
    gauges = dict(counters.gauges)
    assert gauges["psi-some-avg10"] == 21.55
    assert gauges["psi-full-avg10"] == 12.07
    assert gauges["available"] == pytest.approx(4.63, abs=0.01)


def test_a_container_has_the_room_of_its_limit_and_its_own_stalls():
    counters = decode(golden("container-v2"))
    assert counters.limit_bytes == 4 * GIB
    assert counters.available_bytes == 1.5 * GIB, "the limit less use, inactive file pages given back"
    assert dict(counters.gauges)["available"] == 37.5
    assert dict(counters.gauges)["psi-some-avg10"] == 12.5, "the container stalls while the host does not"


def test_the_first_version_of_cgroups_counts_the_whole_tree():
    counters = decode(golden("container-v1"))
    assert counters.limit_bytes == 2 * GIB
    assert counters.available_bytes == 2147483648 - 2040109465 + 53687091


@pytest.mark.parametrize("limit", [b"max\n", b"9223372036854771712\n", b"99999999999999\n", b"", b"-1\n"])
def test_no_limit_or_one_above_the_machine_is_no_limit(limit):
    counters = decode(replace(golden("container-v2"), limit=limit))
    assert counters.limit_bytes is None
    assert counters.available_bytes > 20 * GIB


@pytest.mark.parametrize("usage", [b"99999999999\n", b"5368709120\n"])
def test_a_container_over_its_limit_has_no_room_but_not_less(usage):
    counters = decode(replace(golden("container-v2"), usage=usage, stat=b""))
    assert counters.available_bytes == 0


@pytest.mark.parametrize(
    ("pressure", "missing"),
    [
        (failed(OSError(errno.ENOENT, ""), "memory"), (Why.MISSING, "psi-absent")),
        (failed(OSError(errno.EOPNOTSUPP, ""), "memory"), (Why.UNSUPPORTED, "psi-off")),
        (failed(OSError(errno.EACCES, ""), "memory"), (Why.DENIED, "psi-denied")),
        (b"", (Why.BAD_ANSWER, "pressure/memory")),
        (b"some avg10=nan avg60=0.00 avg300=0.00 total=0\n", (Why.BAD_ANSWER, "pressure/memory")),
        (b"some avg10=1.00", (Why.BAD_ANSWER, "pressure/memory")),
    ],
)
def test_no_stall_information_says_why_and_is_never_zero(pressure, missing):
    counters = decode(replace(golden("host"), pressure=pressure))
    assert counters.missing == (MissingInput("psi-some-avg10", *missing),)
    assert "psi-some-avg10" not in dict(counters.gauges)
    assert "available" in dict(counters.gauges)


def test_a_kernel_without_stall_information_on_disk():
    raw = golden("no-psi")
    assert isinstance(raw.pressure, Unknown)
    assert raw.pressure.why is Why.MISSING
    assert decode(raw).missing[0].detail == "psi-absent"


def test_without_vmstat_swapping_is_unknown():
    counters = decode(replace(golden("host"), vmstat=Unknown(Why.DENIED, "vmstat: EACCES")))
    assert counters.swapped_out_bytes is None
    assert counters.missing == (MissingInput("swap-io", Why.DENIED, "vmstat: EACCES"),)


MEMINFO = b"MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 400 kB\n"


@pytest.mark.parametrize(
    "meminfo",
    [
        b"",
        b"MemTotal: 1000 kB\nMemFree: 1 kB\n",  # before kernel 3.14
        b"MemTotal: 0 kB\nMemAvailable: 0 kB\n",
        b"MemTotal: -5 kB\nMemAvailable: 5 kB\n",
        b"MemTotal: " + b"9" * 5000 + b" kB\nMemAvailable: 5 kB\n",
        MEMINFO[:30],
        b"\x00\xff\x1b[2J" * 50,
    ],
)
def test_broken_meminfo_is_unknown(meminfo):
    assert decode(replace(golden("host"), meminfo=meminfo)) == Unknown(Why.BAD_ANSWER, "meminfo")


def test_new_lines_and_fields_change_nothing():
    text = b"NewField: 7 kB\nMemTotalHuge 3\n\n:\nx\n" + MEMINFO + b"MemAvailable2: 9 kB\nlast"
    counters = decode(replace(golden("host"), meminfo=text))
    assert (counters.total_bytes, counters.available_bytes) == (1000 * KIB, 400 * KIB)


def test_available_is_never_more_than_total():
    counters = decode(replace(golden("host"), meminfo=MEMINFO.replace(b"400", b"4000")))
    assert counters.available_bytes == counters.total_bytes


texts = st.one_of(
    st.binary(max_size=300), st.sampled_from([MEMINFO, b"1\n", b"some avg10=5.00 x\n", b"inactive_file 9\n"])
)
maybe = st.one_of(texts, st.just(Unknown(Why.DENIED, "x")))


@given(meminfo=maybe, vmstat=maybe, pressure=maybe, limit=maybe, usage=maybe, stat=maybe, group_pressure=maybe)
def test_whatever_the_files_hold_the_numbers_are_possible(**files):
    counters = decode(Raw(counted_at=1.0, page_size=4096, **files))
    if isinstance(counters, Unknown):
        return
    assert 0 <= counters.available_bytes <= counters.total_bytes
    assert all(0 <= value <= 100 for _, value in counters.gauges)


def test_a_file_that_is_gone_denied_or_a_folder_says_so(tmp_path):
    assert read_file(tmp_path / "no") == Unknown(Why.MISSING, "no: ENOENT")
    assert read_file(tmp_path).why is Why.BAD_ANSWER
    (tmp_path / "large").write_bytes(b"x" * (3 << 20))
    assert len(read_file(tmp_path / "large")) == 1 << 20


@pytest.mark.parametrize("text", [b"", b"-1", b"1.5", b"0x10", b"9" * 21, "٣".encode()])
def test_only_plain_whole_numbers_count(text):
    assert number(text) is None


def test_doctor_gets_every_source_by_name():
    named = sources(golden("container-v2"))
    assert set(named) == {"meminfo", "vmstat", "pressure", "limit", "usage", "stat", "group_pressure"}
    assert named["limit"] == b"4294967296\n"


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv", "run/systemd/container"])
def test_a_container_is_known_by_its_mark(tmp_path, monkeypatch, mark):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert not _linux.host(tmp_path).container
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).touch()
    assert _linux.host(tmp_path).container


# --- this machine, against tools that read it in their own way ------------------------------

TOLERANCE = 256 * MIB
"""Between two looks at a busy machine. A wrong unit (kB, pages) would be off by far more."""


@only_linux
def test_totals_agree_with_psutil_and_the_kernels_own_call():
    counters = decode(Collector().collect())
    assert counters.total_bytes == psutil.virtual_memory().total
    libc = ctypes.CDLL(None)
    libc.get_phys_pages.restype = ctypes.c_long
    assert counters.total_bytes == libc.get_phys_pages() * 4096
    assert counters.swap_total_bytes == psutil.swap_memory().total


@only_linux
def test_available_agrees_with_psutil():
    counters = decode(Collector().collect())
    if counters.limit_bytes is None:
        assert abs(counters.available_bytes - psutil.virtual_memory().available) < TOLERANCE


@only_linux
@pytest.mark.skipif(shutil.which("free") is None, reason="free is not installed")
def test_available_and_swap_agree_with_free():
    lines = subprocess.run(
        ["free", "-b"], capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/bin:/usr/bin"}
    )
    words = {line.split()[0]: line.split() for line in lines.stdout.splitlines()[1:]}
    counters = decode(Collector().collect())
    assert counters.total_bytes == int(words["Mem:"][1])
    if counters.limit_bytes is None:
        assert abs(counters.available_bytes - int(words["Mem:"][6])) < TOLERANCE
    assert abs(counters.swap_used_bytes - int(words["Swap:"][2])) < TOLERANCE


@only_linux
def test_swapping_since_boot_agrees_with_psutil():
    before, counters, after = psutil.swap_memory(), decode(Collector().collect()), psutil.swap_memory()
    assert before.sin <= counters.swapped_in_bytes <= after.sin
    assert before.sout <= counters.swapped_out_bytes <= after.sout


@only_linux
def test_memory_that_a_program_takes_is_missed_from_what_is_available():
    collector = Collector()
    before = decode(collector.collect()).available_bytes
    block = bytearray(512 * MIB)
    block[:: 4 * KIB] = b"x" * len(block[:: 4 * KIB])
    taken = before - decode(collector.collect()).available_bytes
    assert abs(taken - len(block)) < TOLERANCE
