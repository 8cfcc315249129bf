"""One poll of this machine, read for real: nothing of it is missing without a reason."""

import sys

import pytest

from tray_app.app.containers import ContainerReader
from tray_app.app.poll import Poll
from tray_app.app.rhythm import ollama_within, poll_within
from tray_app.app.servers import OllamaPoll, OpenWebUIPoll, RelayPoll
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Why
from tray_app.readers.machine import this_machine
from tray_app.services.http import Http
from tray_app.services.ollama import OllamaClient
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.storage.relay_file import RelayFile

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def snapshot(tmp_path):
    machine, http = this_machine(tmp_path), Http(NOBODY)
    made = Poll(
        machine,
        OllamaPoll(OllamaClient(http), NOBODY, local=False),
        OpenWebUIPoll(OpenWebUIClient(http), NOBODY, connected=False),
        ContainerReader(lambda: False),
        RelayPoll(RelayFile(tmp_path / "relay.json")),
        limits=Limits,
        written=tuple,
    )
    yield made.take()
    machine.close()
    http.close()


def test_memory_and_processes_of_this_machine(snapshot):
    assert isinstance(snapshot.memory, Known)
    assert 0 < snapshot.memory.value.available_bytes <= snapshot.memory.value.total_bytes
    assert isinstance(snapshot.processes, Known)
    assert snapshot.host.system == sys.platform


def test_requests_are_answered_without_any_server(snapshot):
    assert isinstance(snapshot.requests, Known)
    assert snapshot.ollama.why is Why.UNREACHABLE
    assert snapshot.processes.value.containers.why is Why.NOT_ASKED


@pytest.mark.parametrize(
    ("limit_s", "poll_s", "ollama_s"), [(1.0, 4.0, 2.0), (2.0, 4.0, 2.0), (2.5, 25.0, 7.5), (60.0, 600.0, 180.0)]
)
def test_a_slow_server_that_was_given_more_time_gets_it_for_every_answer(limit_s, poll_s, ollama_s):
    assert (poll_within(limit_s), ollama_within(limit_s)) == (poll_s, ollama_s)
