"""This machine, read for real: nothing of it is missing without a reason."""

import sys

import pytest

from tray_app.app.machine import RealMachine
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import NOT_ASKED


@pytest.fixture
def machine(tmp_path):
    made = RealMachine(9, tmp_path, Limits)
    yield made
    made.close()


def test_memory_and_processes_of_this_machine(machine):
    seen = machine.look(100.0)
    assert isinstance(seen.memory, Known)
    assert 0 < seen.memory.value.available_bytes <= seen.memory.value.total_bytes
    assert isinstance(seen.processes, Known)
    assert machine.host.system == sys.platform


def test_requests_are_answered_without_any_server(machine):
    seen = machine.look(100.0)
    found = machine.requests(100.0, 50.0, seen, Unknown(Why.UNREACHABLE), NOT_ASKED)
    assert isinstance(found, Known)
