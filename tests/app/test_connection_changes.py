"""The list of Ollama connections is changed as the task settings are: journalled, once, read back, undone by its keys."""

import contextlib
import copy
import json

import pytest

from tray_app.app.changes import Carrier
from tray_app.core.tasks import ollama_connections as connections
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.service import BadAnswer, ServerFailed, TimedOut, TooOld
from tray_app.core.values.plan import Event
from tray_app.core.values.task_settings import DocumentKind, Setting
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, USER, DemoOpenWebUI
from tray_app.standins.server import FaultKind
from tray_app.standins.webui_accounts import NotAllowed
from tray_app.storage.journal import Journal

KIND = DocumentKind.OLLAMA_CONNECTIONS
OLLAMA, NAS, RELAY = "http://localhost:11434", "http://nas:11434", "http://127.0.0.1:11435"
KEY, SECRET = "sk-key-of-a-connection", "Basic c2VjcmV0OnNlY3JldA=="
CONFIGS = {
    "0": {"enable": True, "key": KEY, "prefix_id": "mac", "tags": [{"name": "home"}], "headers": {"X-Own": SECRET}},
    "1": {"enable": False, "key": KEY, "auth_type": "bearer"},
}
UPDATE = "/ollama/config/update"


@pytest.fixture
def webui():
    with DemoOpenWebUI("0.12.4", ollama_url=OLLAMA) as server:
        server.registry.ollama.urls.append(NAS)
        server.registry.ollama.configs = copy.deepcopy(CONFIGS)
        yield server


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


@contextlib.contextmanager
def connected(server, email=ADMIN[0]):
    http = Http(server.url, token=Token(server.session(email), origin_of(server.url)), deadline_s=10)
    with contextlib.closing(http):
        yield OpenWebUIClient(http)


@pytest.fixture
def carrier(webui, journal):
    with connected(webui) as client:
        yield Carrier(client, None, journal, contextlib.nullcontext, sleep=lambda _: None)


def held(webui):
    return webui.registry.ollama.told()


def to_relay(carrier, *numbers):
    document = carrier.open_webui.read_document(KIND)
    return tuple(connections.led_to(document, number, RELAY) for number in numbers or (0,))


def events(journal):
    return [one.event for one in journal.changes().all]


def writes(webui):
    return [one.path for one in webui.asked].count(UPDATE)


def test_an_address_and_our_headers_and_nothing_else(webui, journal, carrier):
    before = copy.deepcopy(held(webui))
    done = carrier.apply(to_relay(carrier), "chat-first")
    assert (done.others, events(journal), writes(webui)) == ((), [Event.APPLIED], 1)
    expected = copy.deepcopy(before)
    expected["OLLAMA_BASE_URLS"][0] = RELAY
    expected["OLLAMA_API_CONFIGS"]["0"]["headers"] |= connections.HEADERS
    assert held(webui) == expected
    carrier.undo(done.change_id)
    assert held(webui) == before
    assert (events(journal), writes(webui)) == ([Event.UNDONE], 2)


def test_the_journal_knows_no_key_and_no_header_but_ours(webui, journal, carrier):
    webui.registry.ollama.configs["0"]["headers"]["X-Elbowroom-Chat"] = SECRET
    done = carrier.apply(to_relay(carrier, 0, 1), "chat-first")
    carrier.undo(done.change_id)
    written = journal.path.read_text("utf-8")
    assert KEY not in written
    assert SECRET not in written
    (record,) = journal.changes().all
    assert [one.place for one in record.changes] == ["0", "1"]
    assert json.loads(written.splitlines()[0])["changes"][1]["before"] == {"url": NAS, "headers": None}


def test_a_server_that_repeats_what_it_was_sent_does_not_bring_a_key_to_light(webui, carrier, monkeypatch):
    def repeat(body):
        raise NotAllowed(500, json.dumps(body["OLLAMA_API_CONFIGS"])[:190])

    monkeypatch.setattr(webui.registry.ollama, "accept", repeat)
    with pytest.raises(ServerFailed) as caught:
        carrier.apply(to_relay(carrier))
    assert "(hidden)" in caught.value.detail
    assert KEY not in repr(caught.value)
    assert SECRET not in repr(caught.value)


def test_a_task_setting_and_a_connection_are_changes_of_their_own(webui, journal, carrier):
    carrier.apply(to_relay(carrier), "chat-first")
    carrier.apply(carrier.plan({Setting.TAGS: False}).changes, "set")
    assert [one.remedy for one in carrier.undoable()] == ["set", "chat-first"]
    assert [len(one.changes) for one in journal.changes().in_force(webui.url)] == [1, 1]
    for one in carrier.undoable():
        carrier.undo(one.id)
    assert (webui.settings["ENABLE_TAGS_GENERATION"], held(webui)["OLLAMA_BASE_URLS"]) == (True, [OLLAMA, NAS])


def test_two_connections_are_each_in_force_until_they_are_taken_back(webui, journal, carrier):
    first = carrier.apply(to_relay(carrier, 0), "chat-first")
    second = carrier.apply(to_relay(carrier, 1), "chat-first")
    assert [one.id for one in journal.changes().in_force(webui.url)] == [first.change_id, second.change_id]
    carrier.undo(first.change_id)
    assert held(webui)["OLLAMA_BASE_URLS"] == [OLLAMA, RELAY]


def test_an_admin_who_changed_the_connection_since_is_not_fought(webui, carrier):
    done = carrier.apply(to_relay(carrier), "chat-first")
    webui.registry.ollama.urls[0] = "http://gpu:11434"
    undone = carrier.undo(done.change_id)
    assert undone.drifted == (Setting.OLLAMA_CONNECTION,)
    assert held(webui) == {**held(webui), "OLLAMA_BASE_URLS": ["http://gpu:11434", NAS], "OLLAMA_API_CONFIGS": CONFIGS}


def test_a_connection_that_is_gone_is_left_alone_and_the_change_stays_to_be_seen(webui, journal, carrier):
    done = carrier.apply(to_relay(carrier), "chat-first")
    webui.registry.ollama.urls[:] = []
    with pytest.raises(ChangeError) as caught:
        carrier.undo(done.change_id)
    assert (caught.value.problem, events(journal)) == (Problem.DRIFT, [Event.DRIFTED])


def test_what_another_admin_saved_before_our_read_is_kept(webui, carrier):
    changes = to_relay(carrier)
    webui.registry.ollama.configs["1"]["key"] = "sk-new"
    assert carrier.apply(changes).others == ()
    assert held(webui)["OLLAMA_API_CONFIGS"]["1"]["key"] == "sk-new"


def test_what_another_admin_saves_right_after_our_write_is_named(webui, carrier, monkeypatch):
    real = OpenWebUIClient.write_document

    def write(self, document, kind):
        answer = real(self, document, kind)
        webui.registry.ollama.configs["1"]["key"] = "sk-new"
        return answer

    monkeypatch.setattr(OpenWebUIClient, "write_document", write)
    assert carrier.apply(to_relay(carrier)).others == ("OLLAMA_API_CONFIGS",)
    assert held(webui)["OLLAMA_API_CONFIGS"]["1"]["key"] == "sk-new"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_is_looked_up_and_never_written_twice(webui, journal, carrier, arrived):
    before = copy.deepcopy(held(webui))
    changes = to_relay(carrier)
    webui.fail(FaultKind.GARBAGE, UPDATE, after=arrived)
    if arrived:
        carrier.apply(changes)
    else:
        with pytest.raises((BadAnswer, ChangeError)):
            carrier.apply(changes)
    assert (held(webui) == before, events(journal)) == (not arrived, [Event.APPLIED if arrived else Event.FAILED])
    assert writes(webui) == 1


def test_a_server_that_goes_away_leaves_the_change_open_until_it_is_looked_at(webui, journal, carrier, monkeypatch):
    real = OpenWebUIClient.write_document

    def write(self, document, kind):
        real(self, document, kind)
        webui.fail(FaultKind.HANG_UP)
        raise TimedOut(self.url, 2.0)

    monkeypatch.setattr(OpenWebUIClient, "write_document", write)
    with pytest.raises(ChangeError) as caught:
        carrier.apply(to_relay(carrier), "chat-first")
    assert (caught.value.written, events(journal)) == (Written.UNKNOWN, [Event.INTENDED])
    webui.heal()
    (open_one,) = carrier.settle()
    assert (open_one.event, events(journal)) == (Event.INTENDED, [Event.APPLIED])


def test_an_ordinary_user_changes_nothing(webui, journal):
    changes = (connections.led_to(held(webui), 0, RELAY),)
    with connected(webui, USER[0]) as client, pytest.raises(ChangeError) as caught:
        Carrier(client, None, journal, contextlib.nullcontext, sleep=lambda _: None).apply(changes)
    assert (caught.value.problem, journal.read().records) == (Problem.NO_PERMISSION, ())


@pytest.mark.parametrize(("version", "good"), [("0.5.14", False), ("0.5.15", True), ("0.9.6", True), ("0.14.0", True)])
def test_earlier_releases_would_lose_settings_and_are_left_alone(version, good):
    with DemoOpenWebUI(version, ollama_url=OLLAMA) as webui, connected(webui) as client:
        if good:
            assert client.read_document(KIND)["OLLAMA_BASE_URLS"] == [OLLAMA]
        else:
            with pytest.raises(TooOld):
                client.read_document(KIND)
            with pytest.raises(TooOld):
                client.write_document({}, KIND)
        assert writes(webui) == 0


def test_open_webui_itself_says_whether_it_reaches_an_address(webui):
    with connected(webui) as client, DemoOllama(version="0.32.15") as ollama:
        assert client.verify(ollama.url) == "0.32.15"
        assert client.verify(f"{ollama.url}/no-such") == ""
        assert client.verify("http://127.0.0.1:9") == ""
