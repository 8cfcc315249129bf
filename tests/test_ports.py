"""A port that a test was given is nobody else's: not another test run's, and not a client's own end."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import COUNT, FIRST, free_port

ROOT = Path(__file__).parents[1]
ASK = "from tests.ports import free_port; print(*(free_port() for _ in range(50)))"
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_two_runs_at_once_are_given_different_ones():
    runs = [subprocess.Popen([sys.executable, "-c", ASK], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    given = [port for run in runs for port in run.communicate(timeout=60)[0].split()]
    assert len(given) == len(set(given)) == 100


@pytest.mark.skipif(not RANGE.exists(), reason="only Linux tells which ports it chooses itself")
def test_the_system_chooses_none_of_them_itself():
    lowest = int(RANGE.read_text().split()[0])
    assert FIRST <= free_port() < FIRST + COUNT <= lowest
