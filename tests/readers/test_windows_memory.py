"""Windows memory, performance counters and graphics cards: decoded here, called for real in tests/wine."""

# ruff: noqa: N802 - the fakes have the names of Windows' functions

import ctypes
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, MissingInput
from tray_app.core.values.units import GIB, MIB
from tray_app.readers import _gpu_windows
from tray_app.readers._counters import Counters
from tray_app.readers._dxgi import AdapterDesc1, decode_adapters
from tray_app.readers._gpu_windows import DEDICATED, ENGINES, SHARED
from tray_app.readers._pdh import FORMAT_LARGE, MORE_DATA, CounterItem, Query, RawCounter, decode_raw, decode_table
from tray_app.readers._windows import (
    PAGES_INPUT,
    PAGING_FILE,
    Collector,
    MemoryStatusEx,
    PerformanceInformation,
    Raw,
    decode,
)
from tray_app.readers.memory import MemoryReader

GOLDEN = Path(__file__).parents[1] / "golden/windows"
GONE = Unknown(Why.MISSING, "counter: 0xC0000BB8")
PAGE = 4096


def status(total=16 * GIB, available=6 * GIB, limit=24 * GIB, uncommitted=8 * GIB):
    return MemoryStatusEx(
        length=64,
        memory_load=62,
        total_physical=total,
        available_physical=available,
        total_page_file=limit,
        available_page_file=uncommitted,
    )


def performance(committed=18 * GIB, limit=24 * GIB):
    return PerformanceInformation(
        size=104, commit_total=committed // PAGE, commit_limit=limit // PAGE, page_size=PAGE
    )  # fmt: skip


def raw(**changes):
    whole = Raw(
        counted_at=1.0,
        status=bytes(status()),
        performance=bytes(performance()),
        pages_input=bytes(RawCounter(first=123_456)),
        paging_file=bytes(RawCounter(first=256, second=1024)),
    )
    return replace(whole, **changes)


def test_physical_and_commit_memory():
    counters = decode(raw())
    assert (counters.total_bytes, counters.available_bytes) == (16 * GIB, 6 * GIB)
    assert dict(counters.gauges) == {"available": 37.5, "commit": 75.0}
    assert (counters.swap_total_bytes, counters.swap_used_bytes) == (8 * GIB, 2 * GIB)
    assert counters.pages_read == 123_456
    assert counters.missing == ()


def test_what_wine_says():
    counters = decode(
        raw(
            status=(GOLDEN / "wine-status.bin").read_bytes(),
            performance=(GOLDEN / "wine-performance.bin").read_bytes(),
            pages_input=GONE,
            paging_file=GONE,
        )
    )
    assert 23 * GIB < counters.total_bytes < 24 * GIB
    assert 0 < counters.available_bytes < counters.total_bytes
    assert dict(counters.gauges)["commit"] < 20
    assert counters.swap_used_bytes is None
    assert counters.missing == (MissingInput("page-reads", Why.MISSING, GONE.detail),)


def test_without_performance_information_commit_comes_from_the_first_call():
    gauges = dict(decode(raw(performance=GONE)).gauges)
    assert gauges["commit"] == pytest.approx(100 * 16 / 24)
    nothing = decode(raw(performance=GONE, status=bytes(status(limit=0))))
    assert nothing.missing == (MissingInput("commit", Why.MISSING, GONE.detail),)


@pytest.mark.parametrize("text", [b"", bytes(status())[:63], bytes(64)])
def test_a_status_that_cannot_be_read_is_unknown(text):
    found = decode(raw(status=text))
    assert isinstance(found, Unknown)
    assert found.why is Why.BAD_ANSWER


@pytest.mark.parametrize(
    "text", [b"\0" * 39, bytes(RawCounter(first=5, second=0)), bytes(RawCounter(first=-1, second=9))]
)
def test_a_paging_file_that_makes_no_sense_is_unknown(text):
    assert decode(raw(paging_file=text)).swap_used_bytes is None


maybe = st.one_of(st.binary(max_size=120), st.just(GONE))


@given(status=st.binary(min_size=64, max_size=70), performance=maybe, pages_input=maybe, paging_file=maybe)
def test_whatever_windows_says_the_numbers_are_possible(**sources):
    counters = decode(Raw(counted_at=1.0, **sources))
    if isinstance(counters, Counters):
        assert 0 <= counters.available_bytes <= counters.total_bytes
        assert all(0 <= value <= 100 for _, value in counters.gauges)


class FakePdh:
    """pdh.dll with its own counters: `values` by path, an error code or a list of (instance, value)."""

    def __init__(self, values):
        self.values = values
        self.paths = {}
        self.samples = 0

    def PdhOpenQueryW(self, _source, _data, query):
        query._obj.value = 77
        return 0

    def PdhAddEnglishCounterW(self, query, path, _data, counter):
        assert query.value == 77
        if isinstance(self.values.get(path, 0xC0000BB9), int):
            return ctypes.c_int32(self.values.get(path, 0xC0000BB9)).value
        counter._obj.value = 0x7FF0_0000_0000 + len(self.paths)
        self.paths[counter._obj.value] = path
        return 0

    def PdhCollectQueryData(self, _query):
        self.samples += 1
        return 0

    def PdhGetRawCounterValue(self, counter, _kind, answer):
        code, first = self.values[self.paths[counter.value]]
        answer._obj.status, answer._obj.first = code, first
        return 0

    def PdhGetFormattedCounterArrayW(self, counter, form, size, count, buffer):
        values = self.values[self.paths[counter.value]]
        if isinstance(values, tuple):
            return ctypes.c_int32(values[0]).value
        items = (CounterItem * len(values))()
        for item, (name, value) in zip(items, values, strict=True):
            item.name, item.status = name, 0 if value is not None else 0xC0000BBA
            if form.value & FORMAT_LARGE:
                item.value.large = int(value or 0)
            else:
                item.value.double = value or 0
        if buffer is None:
            size._obj.value, count._obj.value = ctypes.sizeof(items), len(values)
            return ctypes.c_int32(MORE_DATA).value if values else 0
        self.kept = items  # its strings live as long as the buffer is read
        ctypes.memmove(buffer, items, ctypes.sizeof(items))
        return 0


class FakeKernel32:
    """The two calls of kernel32; `committed` can be moved."""

    def __init__(self):
        self.committed = 18 * GIB

    def GlobalMemoryStatusEx(self, answer):
        assert answer._obj.length == 64, "the call fails without its own size in it"
        ctypes.pointer(answer._obj)[0] = status()
        return 1

    def K32GetPerformanceInfo(self, answer, size):
        assert size.value == 104
        ctypes.pointer(answer._obj)[0] = performance(self.committed)
        return 1


def test_pages_read_per_second_come_from_the_raw_counter():
    values = {PAGES_INPUT: (0, 1000), PAGING_FILE: 0xC0000BB8}
    pdh, now = FakePdh(values), [100.0]
    collector = Collector(FakeKernel32(), Query(PAGES_INPUT, PAGING_FILE, library=pdh), lambda: now[0])
    reader = MemoryReader(collector=collector, decode=decode, platform="win32", clock=lambda: now[0])
    first = reader.read(100.0)
    assert MissingInput("page-reads", Why.NOT_YET) in first.value.missing
    now[0], values[PAGES_INPUT] = 105.0, (1, 6000)
    inputs = {one.name: one.value for one in reader.read(105.0).value.inputs}
    assert inputs["page-reads"] == 1000.0
    now[0], values[PAGES_INPUT] = 110.0, (0xC0000BBA, 0)
    reading = reader.read(110.0)
    assert isinstance(reading, Known)
    assert reading.value.missing[0].why is Why.NOT_YET
    assert pdh.samples == 3


def test_counters_that_windows_lacks_say_so():
    query = Query(PAGES_INPUT, library=FakePdh({}))
    query.sample()
    assert query.raw(PAGES_INPUT) == Unknown(Why.MISSING, PAGES_INPUT + ": 0xC0000BB9")
    assert query.table(PAGES_INPUT, FORMAT_LARGE).why is Why.MISSING


def test_without_pdh_nothing_breaks():
    query = Query(PAGES_INPUT)  # this system has no pdh.dll, or has one that answers
    query.sample()
    assert isinstance(query.raw(PAGES_INPUT), bytes | Unknown)


def test_a_query_that_cannot_be_opened_says_why():
    class Closed(FakePdh):
        def PdhOpenQueryW(self, _source, _data, _query):
            return ctypes.c_int32(0xC0000BDB).value

    assert Query(PAGES_INPUT, library=Closed({})).raw(PAGES_INPUT) == Unknown(Why.DENIED, "PdhOpenQuery: 0xC0000BDB")


def test_a_short_raw_counter_is_none():
    assert decode_raw(b"\0" * 39) is None
    assert decode_raw(GONE) is None


def test_a_table_survives_hostile_instance_names():
    assert decode_table(b"a\t1\nb\tx\n\xff\t2\n\t\n") == {"a": 1.0, "�": 2.0}
    query = Query(SHARED, library=FakePdh({SHARED: [("one\ttwo\nthree", 7), (None, 8), ("no value", None)]}))
    assert decode_table(query.table(SHARED, FORMAT_LARGE)) == {"one two three": 7.0, "": 8.0}


# --- graphics cards -------------------------------------------------------------------------


def adapter(name, dedicated, low, *, flags=0, high=0):
    text = name.encode("utf-16-le").ljust(256, b"\0")
    return AdapterDesc1(
        description=(ctypes.c_uint16 * 128).from_buffer_copy(text),
        dedicated_video_memory=dedicated,
        luid_low=low,
        luid_high=high,
        flags=flags,
    )


RTX = adapter("NVIDIA GeForce RTX 4070", 12 * GIB, 0xD2F1)
IRIS = adapter("Intel(R) Iris(R) Xe Graphics", 128 * MIB, 0xC0DE)
BASIC = adapter("Microsoft Basic Render Driver", 0, 0xBEEF, flags=2)
ALL = bytes(RTX) + bytes(IRIS) + bytes(BASIC)
LUID, IRIS_LUID = "luid_0x00000000_0x0000D2F1_phys_0", "luid_0x00000000_0x0000C0DE_phys_0"


def lines(**values):
    return "".join(f"{name}\t{value}\n" for name, value in values.items()).encode()


def gpu_raw(**changes):
    whole = _gpu_windows.Raw(
        adapters=ALL,
        dedicated=lines(**{LUID: 11 * GIB, IRIS_LUID: 50 * MIB}),
        shared=lines(**{LUID: 200 * MIB, IRIS_LUID: 3 * GIB}),
        engines=lines(
            **{
                f"pid_4_{LUID}_eng_0_engtype_3D": 20.5,
                f"pid_9_{LUID}_eng_0_engtype_3D": 70.0,
                f"pid_9_{LUID}_eng_3_engtype_Copy": 5.0,
                f"pid_9_{IRIS_LUID}_eng_0_engtype_3D": 99.0,
            }
        ),
    )
    return replace(whole, **changes)


def test_the_card_with_memory_of_its_own_counts():
    gpu = _gpu_windows.decode(gpu_raw())
    assert (gpu.budget_bytes, gpu.used_bytes, gpu.shared_used_bytes) == (12 * GIB, 11 * GIB, 200 * MIB)
    assert (gpu.name, gpu.basis, gpu.unified) == ("NVIDIA GeForce RTX 4070", BudgetBasis.VRAM, False)
    assert gpu.busy_percent == 90.5, "programs on one engine add up, engines and other cards do not"


@pytest.mark.parametrize("adapters", [bytes(IRIS) + bytes(BASIC), b"", Unknown(Why.MISSING, "dxgi.dll")])
def test_a_processors_graphics_is_no_gpu(adapters):
    assert _gpu_windows.decode(gpu_raw(adapters=adapters)) is None


def test_adapters_that_cannot_be_listed_are_unknown():
    failed = Unknown(Why.BAD_ANSWER, "CreateDXGIFactory1: 0x887A0022")
    assert _gpu_windows.decode(gpu_raw(adapters=failed)) == failed


def test_an_adapter_is_listed_once_and_a_cut_off_one_not_at_all():
    assert len(decode_adapters(bytes(RTX) * 3 + bytes(IRIS)[:300])) == 1


@pytest.mark.parametrize("text", [GONE, b"", b"garbage", lines(**{IRIS_LUID: 5})])
def test_a_card_without_its_counters_has_a_budget_and_unknown_use(text):
    gpu = _gpu_windows.decode(gpu_raw(dedicated=text, shared=text, engines=GONE))
    assert gpu.budget_bytes == 12 * GIB
    assert (gpu.used_bytes, gpu.shared_used_bytes, gpu.busy_percent) == (None, None, None)


def test_a_names_odd_letters_do_not_reach_the_screen():
    odd = adapter("Evil\x1b[2J\nCard", 2 * GIB, 1)
    assert _gpu_windows.decode(gpu_raw(adapters=bytes(odd))).name == "Evil[2JCard"


def test_adapters_are_asked_again_only_when_they_change():
    values = {
        DEDICATED: [(LUID, 4 * GIB)],
        SHARED: [(LUID, 300 * MIB)],
        ENGINES: (0xC0000BC6,),
    }
    asked = []
    query = Query(DEDICATED, SHARED, ENGINES, library=FakePdh(values))
    collector = _gpu_windows.Collector(query, lambda: asked.append(1) or ALL)

    raws = []
    for dedicated, shared in ((4 * GIB, 300 * MIB), (11.8 * GIB, 3 * GIB)):
        values[DEDICATED], values[SHARED] = [(LUID, dedicated)], [(LUID, shared)]
        raws.append(collector.collect())
    assert len(asked) == 1
    assert raws[0].engines == Unknown(Why.NOT_YET, ENGINES + ": 0xC0000BC6")
    gpu = _gpu_windows.decode(raws[1])
    assert (gpu.used_bytes, gpu.shared_used_bytes) == (int(11.8 * GIB), 3 * GIB)
    values[DEDICATED] = [(LUID, GIB), (IRIS_LUID, 0)]
    collector.collect()
    assert len(asked) == 2
