"""One poll of this machine, read for real: nothing of it is missing without a reason."""

import sys
from types import SimpleNamespace

import pytest
from msgspec import structs

from tray_app.app.containers import ContainerReader
from tray_app.app.poll import Poll
from tray_app.app.rhythm import ollama_within, poll_within
from tray_app.app.servers import OllamaPoll, OpenWebUIPoll, RelayPoll
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Why
from tray_app.core.values.snapshot import OllamaLog
from tray_app.demo.machine import played_machine
from tray_app.readers.machine import this_machine
from tray_app.services.http import Http
from tray_app.services.ollama import OllamaClient
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
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


class Told:
    """Calls in Ollama's log since it was last read, and how often Open WebUI was asked when connections were read."""

    def __init__(self, machine, webui):
        self.questions, self.asked_by_then = 0, []
        self._connections, self._webui = machine.connections, webui
        self.log, self.connections = (
            SimpleNamespace(read=self._log, close=lambda: None),
            SimpleNamespace(read=self._read),
        )

    def _log(self, taken_at, _processes):
        return Known(OllamaLog(questions=self.questions), taken_at)

    def _read(self, *given):
        self.asked_by_then.append(len(self._webui.asked))
        return self._connections.read(*given)


@pytest.fixture
def told(tmp_path):
    """Polls of a played machine, each with so many questions in Ollama's log."""
    with DemoOllama() as ollama, DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as webui:
        machine, http = played_machine(ollama), [Http(ollama.url), Http(webui.url)]
        heard = Told(machine, webui)
        made = Poll(
            structs.replace(machine, log=heard.log, connections=heard.connections),
            OllamaPoll(OllamaClient(http[0]), ollama.url, local=True),
            OpenWebUIPoll(OpenWebUIClient(http[1]), webui.url, connected=False),
            ContainerReader(lambda: False),
            RelayPoll(RelayFile(tmp_path / "relay.json")),
            limits=Limits,
            written=tuple,
        )

        def poll(questions):
            heard.questions = questions
            return made.take().ollama_log.value.questions

        yield poll, heard, ollama
        for one in http:
            one.close()


def test_our_own_questions_are_taken_off_what_ollama_wrote_down(told):
    poll, _, ollama = told
    assert poll(3) == 3
    ours = len(ollama.asked)
    assert ours > 1
    assert poll(ours + 2) == 2
    assert len(ollama.asked) == ours  # nothing was due
    assert poll(1) == 1


def test_connections_are_counted_before_open_webui_is_asked_and_asks_ollama(told):
    poll, heard, _ = told
    poll(0)
    assert heard.asked_by_then == [0]


@pytest.mark.parametrize(
    ("limit_s", "poll_s", "ollama_s"), [(1.0, 4.0, 2.0), (2.0, 4.0, 2.0), (2.5, 25.0, 7.5), (60.0, 600.0, 180.0)]
)
def test_a_slow_server_that_was_given_more_time_gets_it_for_every_answer(limit_s, poll_s, ollama_s):
    assert (poll_within(limit_s), ollama_within(limit_s)) == (poll_s, ollama_s)
