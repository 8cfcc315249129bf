"""One scale of pressure: when it rises, what holds it up, when it falls, and what is never taken for normal."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.diagnosis.pressure import PressureState, gauges, step
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import Pressure

NORMAL, WARNING, CRITICAL, UNKNOWN = Pressure.NORMAL, Pressure.WARNING, Pressure.CRITICAL, Pressure.UNKNOWN
SCALES = {system: gauges(system, Limits()) for system in ("linux", "darwin", "win32")}
CALM = {
    "linux": {"psi-some-avg10": 0.0, "psi-full-avg10": 0.0, "available": 60.0, "swap-io": 0.0},
    "darwin": {"kernel-level": 1.0, "kernel-ratio": 0.9, "swap-out": 0.0},
    "win32": {"available": 60.0, "commit": 40.0, "page-reads": 0.0, "gpu-spill": 0.0},
}


class Machine:
    """Polls every 5 s."""

    def __init__(self, system):
        self.scale = SCALES[system]
        self.calm = CALM[system]
        self.state = PressureState()
        self.now = 100.0

    def poll(self, seconds=0, *, after_gap=False, only=None, without=(), **values):
        """The pressure after polls for `seconds` more (at least one) with these values beside calm ones."""
        named = {name.replace("_", "-"): value for name, value in values.items()}
        seen = named if only else {**self.calm, **named}
        for _ in range(max(int(seconds // 5), 1)):
            self.now += 5
            judged = step(
                self.state,
                self.scale,
                {name: value for name, value in seen.items() if name not in without},
                self.now,
                after_gap=after_gap,
            )
            self.state = judged.state
            after_gap = False
        self.inputs = {item.name: item.pressure for item in judged.inputs}
        return judged.pressure


@pytest.mark.parametrize("system", SCALES)
def test_a_calm_machine_is_normal_at_once(system):
    assert Machine(system).poll() is NORMAL


@pytest.mark.parametrize(
    ("system", "values", "pressure"),
    [
        ("linux", {"psi_some_avg10": 10.0}, WARNING),
        ("linux", {"psi_some_avg10": 9.9}, NORMAL),
        ("linux", {"psi_some_avg10": 40.0}, CRITICAL),
        ("linux", {"psi_full_avg10": 10.0}, CRITICAL),
        ("linux", {"available": 9.9}, WARNING),
        ("linux", {"available": 4.9}, CRITICAL),
        ("darwin", {"kernel_level": 2.0}, WARNING),
        ("darwin", {"kernel_level": 4.0}, CRITICAL),
        ("darwin", {"kernel_ratio": 0.49}, WARNING),
        ("darwin", {"kernel_ratio": 0.50}, NORMAL),
        ("darwin", {"kernel_ratio": 0.34}, CRITICAL),
        ("win32", {"available": 9.9}, WARNING),
        ("win32", {"commit": 90.0}, WARNING),
        ("win32", {"commit": 95.0}, CRITICAL),
        ("win32", {"gpu_spill": 6e8}, WARNING),
    ],
)
def test_two_samples_raise_it(system, values, pressure):
    machine = Machine(system)
    machine.poll()
    machine.poll(5, **values)
    assert machine.poll(5, **values) is pressure


@pytest.mark.parametrize("system", ["linux", "win32"])
def test_one_sample_does_not(system):
    machine = Machine(system)
    machine.poll()
    assert machine.poll(available=8.0) is NORMAL
    assert machine.inputs["available"] is WARNING, "the input says what it is, the pressure waits"
    assert machine.poll() is NORMAL


def test_the_kernels_own_level_needs_no_second_sample():
    machine = Machine("darwin")
    machine.poll()
    assert machine.poll(kernel_level=4.0) is CRITICAL


def test_from_warning_one_critical_sample_is_enough():
    machine = Machine("linux")
    machine.poll()
    assert machine.poll(10, available=8.0) is WARNING
    assert machine.poll(5, available=3.0) is CRITICAL


@pytest.mark.parametrize(
    ("system", "name", "rate", "seconds", "pressure"),
    [
        ("linux", "swap_io", 2e6, 25, NORMAL),
        ("linux", "swap_io", 2e6, 40, WARNING),
        ("linux", "swap_io", 9e8, 60, WARNING),  # on Linux swapping alone never says critical
        ("darwin", "swap_out", 2e6, 25, NORMAL),
        ("darwin", "swap_out", 2e6, 40, WARNING),
        ("darwin", "swap_out", 3e7, 10, NORMAL),
        ("darwin", "swap_out", 3e7, 25, CRITICAL),
        ("win32", "page_reads", 600.0, 25, NORMAL),
        ("win32", "page_reads", 600.0, 40, WARNING),
        ("win32", "page_reads", 3000.0, 25, CRITICAL),
    ],
)
def test_a_rate_must_last(system, name, rate, seconds, pressure):
    machine = Machine(system)
    machine.poll(20)
    assert machine.poll(seconds, **{name: rate}) is pressure


def test_bursts_of_swapping_with_pauses_are_not_pressure():
    machine = Machine("darwin")
    machine.poll()
    for rate in [5e6, 5e6, 0.0] * 20:
        assert machine.poll(swap_out=rate) is NORMAL


def test_warning_ends_a_minute_below_the_recovery_line():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, available=8.0)
    assert machine.poll(60, available=16.0) is WARNING
    assert machine.poll(5, available=16.0) is NORMAL


def test_between_the_lines_warning_stays_for_ever():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, available=8.0)
    assert machine.poll(3600, available=12.0) is WARNING


def test_a_relapse_begins_the_minute_anew():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, psi_some_avg10=15.0)
    machine.poll(50)
    machine.poll(5, psi_some_avg10=7.0)
    assert machine.poll(55) is WARNING
    assert machine.poll(10) is NORMAL


def test_critical_falls_to_warning_after_half_a_minute_and_to_normal_after_a_whole_one():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, available=3.0)
    assert machine.poll(25) is CRITICAL
    assert machine.poll(10) is WARNING
    assert machine.poll(20) is WARNING
    assert machine.poll(10) is NORMAL


def test_on_macos_critical_is_left_only_above_0_40():
    machine = Machine("darwin")
    machine.poll()
    machine.poll(10, kernel_ratio=0.33)
    assert machine.poll(300, kernel_ratio=0.38) is CRITICAL
    assert machine.poll(35, kernel_ratio=0.45) is WARNING
    assert machine.poll(300, kernel_ratio=0.55) is WARNING
    assert machine.poll(65, kernel_ratio=0.61) is NORMAL


def test_on_macos_swapping_out_holds_a_warning_up():
    machine = Machine("darwin")
    machine.poll()
    machine.poll(10, kernel_level=2.0)
    assert machine.poll(300, swap_out=1.0) is WARNING
    assert machine.poll(65) is NORMAL


@pytest.mark.parametrize("system", SCALES)
def test_nothing_known_is_unknown_and_so_are_calm_rates_alone(system):
    rates = {gauge.name.replace("-", "_"): 0.0 for gauge in SCALES[system] if gauge.is_rate}
    assert Machine(system).poll(only=True) is UNKNOWN
    assert Machine(system).poll(300, only=True, **rates) is UNKNOWN


def test_one_known_input_is_enough_and_the_worst_one_counts():
    machine = Machine("linux")
    assert machine.poll(only=True, available=50.0) is NORMAL
    assert machine.poll(10, only=True, available=50.0, psi_some_avg10=50.0) is CRITICAL


def test_a_silent_input_is_not_a_recovery_until_it_has_been_silent_for_five_minutes():
    machine = Machine("win32")
    machine.poll()
    machine.poll(10, gpu_spill=2e9)
    assert machine.poll(240, without=("gpu-spill",)) is WARNING
    assert machine.poll(130, without=("gpu-spill",)) is NORMAL


def test_all_inputs_silent_is_unknown_and_then_the_old_pressure_again():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, available=3.0)
    assert machine.poll(only=True) is UNKNOWN
    assert machine.poll(available=12.0) is CRITICAL


def test_the_first_sample_is_taken_as_it_is():
    assert Machine("linux").poll(available=3.0) is CRITICAL
    assert Machine("darwin").poll(kernel_ratio=0.45) is WARNING


def test_after_sleep_samples_in_a_row_and_lasting_rates_begin_anew():
    machine = Machine("linux")
    machine.poll()
    machine.poll(swap_io=5e6, psi_some_avg10=20.0)
    assert machine.poll(after_gap=True, swap_io=5e6, psi_some_avg10=20.0) is NORMAL
    assert machine.poll(5, swap_io=5e6) is NORMAL
    assert machine.poll(15, swap_io=5e6) is NORMAL, "30 s count from the wake-up on"
    assert machine.poll(20, swap_io=5e6) is WARNING


@pytest.mark.parametrize(("available", "pressure"), [(8.0, WARNING), (3.0, CRITICAL)])
def test_after_sleep_one_sample_raises_nothing(available, pressure):
    machine = Machine("linux")
    machine.poll()
    machine.poll(available=available)
    assert machine.poll(after_gap=True, available=available) is NORMAL
    assert machine.poll(available=available) is pressure


def test_after_sleep_the_minute_of_recovery_begins_anew():
    machine = Machine("linux")
    machine.poll()
    machine.poll(10, available=8.0)
    machine.poll(55)
    assert machine.poll(after_gap=True) is WARNING
    assert machine.poll(50) is WARNING
    assert machine.poll(15) is NORMAL


VALUES = {
    "psi-some-avg10": st.floats(0, 100),
    "psi-full-avg10": st.floats(0, 100),
    "available": st.floats(0, 100),
    "swap-io": st.floats(0, 1e9),
    "kernel-level": st.sampled_from([1.0, 2.0, 4.0]),
    "kernel-ratio": st.floats(0, 1),
    "swap-out": st.floats(0, 1e9),
    "commit": st.floats(0, 100),
    "page-reads": st.floats(0, 1e6),
    "gpu-spill": st.floats(0, 1e11),
}
RANK = [NORMAL, WARNING, CRITICAL]


@given(system=st.sampled_from(sorted(SCALES)), data=st.data())
def test_whatever_comes_it_falls_one_step_at_a_time_and_never_below_a_lasting_input(system, data):
    scale, state, now = SCALES[system], PressureState(), 0.0
    samples = data.draw(
        st.lists(st.fixed_dictionaries({}, optional={gauge.name: VALUES[gauge.name] for gauge in scale}), max_size=40)
    )
    shown = []
    for values in samples:
        now += data.draw(st.sampled_from([1.0, 2.0, 5.0, 15.0]))
        judged = step(state, scale, values, now)
        state = judged.state
        shown.append((judged.pressure, max((RANK.index(item.pressure) for item in judged.inputs), default=0)))
        assert {item.name for item in judged.inputs} == set(values)
    for (before, _), (after, _) in itertools.pairwise(shown):
        if UNKNOWN not in {before, after}:
            assert RANK.index(after) >= RANK.index(before) - 1
    for (_, worst_before), (pressure, worst) in itertools.pairwise(shown):
        if pressure is not UNKNOWN:
            assert RANK.index(pressure) >= min(worst, worst_before)
