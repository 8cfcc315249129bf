"""A few of the kills of bench/kills.py, which does a thousand: nothing lost, nothing silent, no token left."""

import contextlib
import os
import random

import pytest

TRIALS = 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks the commands that it kills")
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_kill_at_any_instant_loses_nothing(tmp_path, own_code):
    from bench.kills import Bench

    chance = random.Random(7)
    with contextlib.closing(Bench(tmp_path)) as bench:
        trials = [bench.trial(chance) for _ in range(TRIALS)]
    assert sum(trial.killed for trial in trials) >= TRIALS // 4
