"""Memory over time: rates between polls, sleep, counters that begin anew, and a model that loads."""

import sys
import time

import pytest
from msgspec.structs import replace

from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import MissingInput, Pressure
from tray_app.core.values.units import GIB
from tray_app.readers._counters import Counters
from tray_app.readers._raw import sources
from tray_app.readers.host import host
from tray_app.readers.memory import MemoryReader

GAUGES = {
    "linux": (("psi-some-avg10", 0.0), ("available", 50.0)),
    "darwin": (("kernel-level", 1.0), ("kernel-ratio", 0.9)),
    "win32": (("available", 50.0), ("commit", 40.0)),
}


class Machine:
    """A computer whose clocks and counters the test moves; polled by a real reader."""

    def __init__(self, platform="linux"):
        self.now, self.wall = 1000.0, 1_700_000_000.0
        self.counters = Counters(
            counted_at=self.now,
            total_bytes=32 * GIB,
            available_bytes=16 * GIB,
            gauges=GAUGES[platform],
            swapped_in_bytes=0,
            swapped_out_bytes=0,
            pages_read=0 if platform == "win32" else None,
        )
        self.stuck = False
        self.reader = MemoryReader(collector=self, decode=lambda raw: raw, platform=platform, clock=lambda: self.now)

    def collect(self):
        return self.counters

    def pass_time(self, seconds, asleep=0.0):
        """`asleep` moves only the wall clock."""
        self.now += seconds
        self.wall += seconds + asleep
        if not self.stuck and isinstance(self.counters, Counters):
            self.counters = replace(self.counters, counted_at=self.now)

    def grow(self, **counters):
        grown = {name: (getattr(self.counters, name) or 0) + value for name, value in counters.items()}
        self.counters = replace(self.counters, **grown)

    def read(self, **options):
        reading = self.reader.read(self.wall, **options)
        assert isinstance(reading, Known)
        assert reading.taken_at == self.wall
        return reading.value

    def poll(self, seconds=5.0, *, asleep=0.0, options=None, **grown):
        self.pass_time(seconds, asleep)
        self.grow(**grown)
        return self.read(**(options or {}))


def named(memory):
    return {item.name: item.value for item in memory.inputs}


def test_the_first_poll_has_no_rates_and_says_so():
    memory = Machine().read()
    assert memory.pressure is Pressure.NORMAL
    assert memory.swap_out_bytes_per_s is None
    assert memory.missing == (MissingInput("swap-io", Why.NOT_YET),)


def test_rates_are_bytes_per_second_between_polls():
    machine = Machine()
    machine.read()
    memory = machine.poll(4.0, swapped_in_bytes=8_000_000, swapped_out_bytes=4_000_000)
    assert (memory.swap_in_bytes_per_s, memory.swap_out_bytes_per_s) == (2_000_000, 1_000_000)
    assert named(memory)["swap-io"] == 3_000_000
    assert memory.missing == ()


def test_a_counter_that_went_backwards_is_a_new_beginning():
    machine = Machine()
    machine.read()
    machine.poll(swapped_out_bytes=10_000_000)
    memory = machine.poll(swapped_out_bytes=-9_000_000)
    assert memory.swap_out_bytes_per_s is None
    assert "swap-io" not in named(memory)
    assert machine.poll(swapped_out_bytes=5_000_000).swap_out_bytes_per_s == 1_000_000


@pytest.mark.parametrize(
    ("seconds", "asleep"),
    [(5.0, 3600.0), (5.0, 86400.0 * 30), (60.0, 0.0), (5.0, -7200.0), (5.0, 8.0)],
    ids=["an hour's sleep", "a month's", "a long pause", "clock set back", "a short sleep"],
)
def test_over_sleep_and_set_clocks_there_are_no_rates(seconds, asleep):
    machine = Machine()
    machine.read()
    machine.poll()
    memory = machine.poll(seconds, asleep=asleep, swapped_out_bytes=50_000_000_000)
    assert memory.swap_out_bytes_per_s is None
    assert MissingInput("swap-io", Why.NOT_YET) in memory.missing
    assert memory.pressure is Pressure.NORMAL
    assert machine.poll(swapped_out_bytes=5_000_000).swap_out_bytes_per_s == 1_000_000


def test_a_machine_that_just_woke_needs_the_full_time_again():
    machine = Machine()
    machine.read()
    for _ in range(4):
        machine.poll(swapped_out_bytes=50_000_000)
    assert machine.poll(asleep=3600.0, swapped_out_bytes=50_000_000).pressure is Pressure.NORMAL
    for _ in range(5):
        assert machine.poll(swapped_out_bytes=50_000_000).pressure is Pressure.NORMAL
    for _ in range(3):
        memory = machine.poll(swapped_out_bytes=50_000_000)
    assert memory.pressure is Pressure.WARNING


def test_polls_in_a_burst_keep_the_last_rate():
    machine = Machine()
    machine.read()
    machine.poll(swapped_out_bytes=5_000_000)
    assert machine.poll(0.05, swapped_out_bytes=900_000).swap_out_bytes_per_s == 1_000_000


def test_a_cached_answer_keeps_the_rate_it_gave():
    """vm_stat is asked every 5 s at most; the same text again must not read as no swapping."""
    machine = Machine("darwin")
    machine.read()
    machine.poll(swapped_out_bytes=10_000_000)
    machine.stuck = True
    for _ in range(3):
        assert machine.poll(2.0).swap_out_bytes_per_s == 2_000_000
    machine.stuck = False
    assert machine.poll(4.0, swapped_out_bytes=10_000_000).swap_out_bytes_per_s == 1_000_000


def test_while_a_model_loads_reading_from_disk_is_not_pressure():
    windows = Machine("win32")
    windows.read()
    for _ in range(12):
        memory = windows.poll(pages_read=50_000, options={"model_loading": True})
    assert memory.pressure is Pressure.NORMAL
    assert "page-reads" not in named(memory)
    for _ in range(8):
        memory = windows.poll(pages_read=50_000)
    assert memory.pressure is Pressure.CRITICAL

    linux = Machine("linux")
    linux.read()
    memory = linux.poll(swapped_in_bytes=500_000_000, swapped_out_bytes=5_000, options={"model_loading": True})
    assert named(memory)["swap-io"] == 1_000, "writing to swap counts all the same"


def test_spill_of_the_gpu_counts_on_windows_only():
    for platform, pressure in (("win32", Pressure.WARNING), ("linux", Pressure.NORMAL)):
        machine = Machine(platform)
        machine.read()
        machine.poll(options={"spilled_bytes": 2 * GIB})
        assert machine.poll(options={"spilled_bytes": 2 * GIB}).pressure is pressure


def test_no_numbers_is_unknown_and_the_next_poll_goes_on():
    machine = Machine()
    machine.read()
    kept, machine.counters = machine.counters, Unknown(Why.DENIED, "meminfo: EACCES")
    machine.pass_time(5)
    assert machine.reader.read(machine.wall) == Unknown(Why.DENIED, "meminfo: EACCES")
    machine.counters = kept
    assert machine.poll(5, swapped_out_bytes=10_000_000).swap_out_bytes_per_s == 1_000_000


def test_each_reading_goes_by_the_thresholds_of_that_moment():
    machine = Machine()
    machine.counters = replace(machine.counters, gauges=(("available", 45.0),))
    assert machine.read().pressure is Pressure.NORMAL
    strict = Limits(available_warning_percent=50, available_recovered_percent=60)
    machine.pass_time(5)
    machine.read(limits=strict)
    machine.pass_time(5)
    assert machine.read(limits=strict).pressure is Pressure.WARNING


def test_this_machine_answers():
    """The real platform module, twice: every number is possible, and the second poll has rates."""
    reader = MemoryReader()
    taken_at = time.time()
    reader.read(taken_at)
    time.sleep(0.25)
    reading = reader.read(time.time())
    assert isinstance(reading, Known)
    memory = reading.value
    assert 0 < memory.available_bytes <= memory.total_bytes
    assert memory.pressure is not Pressure.UNKNOWN
    assert memory.swap_out_bytes_per_s is not None or sys.platform == "win32"
    assert sources(reader.collect())
    assert host().system in {"linux", "darwin", "win32"}
    assert host().system_version
    assert host().architecture
