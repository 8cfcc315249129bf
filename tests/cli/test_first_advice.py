"""A few of the first runs that bench/first_advice.py times: in every one, both fronts say what to do next."""

import sys

import pytest

from bench.first_advice import AIM_ACTIONS, CASES, measure

PLAYED = [case for case in CASES if case.name in {"nothing there", "both, not connected", "no admin any more"}]


@pytest.mark.skipif(sys.platform != "linux", reason="plays the servers as processes of their names")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", PLAYED, ids=lambda case: case.name)
def test_a_first_run_is_told_its_next_step(case):
    """That a step in the terminal is a command of ours is checked where it is found."""
    for advice in measure(case, "en", told=True):
        assert advice.step, advice
        assert advice.actions <= AIM_ACTIONS, advice
