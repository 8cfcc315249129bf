"""What a poll hears from the relay: over a real socket, while one runs, and again after another took its place."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from tray_app.app.servers import RelayPoll
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import encode
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.relay import Ending, Finished, Lane, RelayState, Stage, Standing
from tray_app.storage.relay_file import RelayDoor, RelayFile

SECRET = "s" * 43
CHAT = Standing(7, Lane.CHAT, "", "qwen3:32b", Stage.ANSWERING, 100.0, 100.0, 101.0)


class Channel:
    """The relay's private channel: what it keeps, and what it was asked."""

    def __init__(self):
        self.state = RelayState(41, 11435, "http://127.0.0.1:11434", 90.0, 102.0, (CHAT,))
        self.kept = []
        self.asked = []
        self.rules = []
        channel = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urlsplit(self.path)
                good = self.headers["Authorization"] == f"Bearer {SECRET}" and url.path == "/state"
                after = int(parse_qs(url.query)["after"][0])
                channel.asked.append(after)
                told = replace(channel.state, finished=tuple(one for one in channel.kept if one.seq > after))
                body = json.dumps(encode(told)).encode()
                self.send_response(200 if good else 401)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                channel.rules.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def door(self):
        port = self._server.server_address[1]
        return RelayDoor(self.state.pid, 11435, self.state.upstream, port, SECRET, "1.0", 90.0)

    def ended(self, seq):
        self.kept.append(Finished(seq, Lane.CHAT, "", "qwen3:32b", 100.0, 101.0, Ending.SERVED))

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def channel():
    made = Channel()
    yield made
    made.close()


@pytest.fixture
def file(tmp_path):
    return RelayFile(tmp_path / "relay.json")


@pytest.fixture
def poll(file):
    made = RelayPoll(RelayFile(file.path))
    yield made
    made.close()


def test_without_a_relay_nothing_is_asked(poll):
    assert poll.take(1.0) == Unknown(Why.NOT_ASKED)


def test_what_is_open_and_what_ended_since_the_last_poll(poll, file, channel):
    file.write(channel.door)
    channel.ended(1)
    channel.ended(2)
    first, second = poll.take(1.0), poll.take(2.0)
    assert isinstance(first, Known)
    assert first.value.standing == (CHAT,)
    assert [one.seq for one in first.value.finished] == [1, 2]
    channel.ended(3)
    assert second.value.finished == ()
    assert [one.seq for one in poll.take(3.0).value.finished] == [3]
    assert channel.asked == [0, 2, 2]


def test_a_relay_that_ended_is_unreachable_and_one_in_its_place_is_asked_anew(poll, file, channel):
    file.write(channel.door)
    channel.ended(5)
    poll.take(1.0)
    dead = replace(channel.door, control_port=9)
    file.write(dead)
    assert poll.take(2.0).why is Why.UNREACHABLE
    channel.state = replace(channel.state, pid=42)
    channel.kept.clear()
    channel.ended(1)
    file.write(channel.door)
    assert [one.seq for one in poll.take(3.0).value.finished] == [1]
    file.remove()
    assert poll.take(4.0).why is Why.NOT_ASKED


def test_a_wrong_secret_and_another_program_at_its_port_are_told(poll, file, channel):
    file.write(replace(channel.door, secret="other-secret"))
    assert poll.take(1.0).why is Why.REFUSED
    file.write(replace(channel.door, pid=43))
    assert poll.take(2.0).why is Why.BAD_ANSWER


def test_a_relay_is_told_its_rules_once_and_again_where_they_changed_or_another_is_there(poll, file, channel):
    poll.tell(LanesRules())
    assert channel.rules == [], "there is none yet"
    file.write(channel.door)
    poll.take(1.0)
    for rules in (LanesRules(), LanesRules(), LanesRules(max_hold_s=60.0)):
        poll.tell(rules)
    assert [one["max_hold_s"] for one in channel.rules] == [600.0, 60.0]
    file.write(replace(channel.door, started_at=95.0))
    poll.take(2.0)
    poll.tell(LanesRules(max_hold_s=60.0))
    assert len(channel.rules) == 3


def test_a_relay_that_does_not_answer_is_told_next_time(poll, file, channel):
    file.write(replace(channel.door, control_port=9))
    poll.take(1.0)
    poll.tell(LanesRules())
    file.write(channel.door)
    poll.take(2.0)
    poll.tell(LanesRules())
    assert len(channel.rules) == 1
