"""A hosted connection is one change among the others: journalled without its key, once, read back, undone as a whole."""

import contextlib
import copy
import json
import time

import pytest

from tests.english import TR
from tray_app.app.changes import Carrier
from tray_app.app.doing.hosted import HostedDesk
from tray_app.core.tasks import openai_connections as connections
from tray_app.core.text.errors import next_step
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.errors.service import BadAnswer, ServiceError
from tray_app.core.values.plan import Change, Event
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.endpoint import DemoEndpoint, many
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.server import FaultKind
from tray_app.standins.webui_hosted import told
from tray_app.standins.webui_models import Hosted
from tray_app.storage.journal import Journal

OTHER, OTHER_KEY, SECRET = "http://127.0.0.1:9/v1", "sk-of-somebody-else", "Basic c2VjcmV0"
SMALL, THINKS = "meta-llama/llama-3.2-3b-instruct", "qwen/qwen3-4b"
VERSIONS = ("0.3.35", "0.4.8", "0.5.20", "0.6.18", "0.9.6", "0.12.4")


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


@pytest.fixture(params=VERSIONS)
def webui(request):
    with DemoOpenWebUI(request.param, ollama_url="http://127.0.0.1:9") as server:
        other = Hosted(OTHER, OTHER_KEY)
        if server.version >= (0, 4, 0):
            other.take({"enable": False, "prefix_id": "other", "headers": {"X-Own": SECRET}, "model_ids": ["a"]})
        server.registry.hosted.append(other)
        yield server


@pytest.fixture
def new():
    with DemoOpenWebUI("0.12.4", ollama_url="http://127.0.0.1:9") as server:
        yield server


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


@contextlib.contextmanager
def desk_at(webui, journal):
    http = Http(webui.url, token=Token(webui.session(ADMIN[0]), origin_of(webui.url)), deadline_s=10)
    with contextlib.closing(http):
        carrier = Carrier(
            OpenWebUIClient(http), NoModels(), journal, contextlib.nullcontext, sleep=lambda _: time.sleep(0.15)
        )
        yield HostedDesk(carrier, lambda url, token: Http(url, token=token, deadline_s=10), "http://127.0.0.1:11434")


class NoModels:
    def tags(self):
        return ()


def held(webui):
    """Everything of the list, keys included."""
    rows = [(one.url, one.key, one.told()) for one in webui.registry.hosted]
    return copy.deepcopy((webui.registry.hosted_on, rows))


def add(desk, endpoint, model=SMALL):
    found = desk.find(endpoint.base, endpoint.key)
    wish = desk.wish(found, found.named(model), key=True)
    desk.attempt(found, wish.model, endpoint.key)
    desk.connect(found, wish, endpoint.key, lambda: False)
    slot = Change(Setting.TASK_MODEL, "", wish.listed_as)
    desk.choose(wish, (slot,))
    return wish


def events(journal):
    return [one.event for one in journal.changes().all]


def test_added_chosen_and_taken_back_with_all_else_as_it_was(webui, journal, endpoint):
    before, settings = held(webui), copy.deepcopy(webui.settings)
    with desk_at(webui, journal) as desk:
        wish = add(desk, endpoint)
        now = held(webui)
        assert now[1][:-1] == before[1]
        assert now[1][-1][:2] == (endpoint.base, endpoint.key)
        if webui.version >= (0, 4, 0):
            assert now[1][-1][2]["model_ids"] == [SMALL]
        assert webui.settings["TASK_MODEL"] == wish.listed_as == SMALL
        assert endpoint.key not in journal.path.read_text("utf-8")
        undone = desk.remove(endpoint.base)
    assert [one.setting for one in undone.changes] == [Setting.TASK_MODEL, Setting.OPENAI_CONNECTION]
    assert (held(webui), webui.settings) == (before, settings)
    assert events(journal) == [Event.UNDONE, Event.UNDONE]
    text = journal.path.read_text("utf-8")
    assert not [one for one in (endpoint.key, OTHER_KEY, SECRET) if one in text]


def test_a_choice_that_cannot_be_made_takes_the_connection_back(new, journal, endpoint):
    """Somebody chose another task model after the plan was shown: nothing of ours stays."""
    before, settings = held(new), copy.deepcopy(new.settings)
    with desk_at(new, journal) as desk:
        found = desk.find(endpoint.base, endpoint.key)
        wish = desk.wish(found, found.named(SMALL), key=True)
        with pytest.raises(ChangeError) as caught:
            desk.set_up(found, wish, (Change(Setting.TASK_MODEL, "gemma3:1b", wish.listed_as),), endpoint.key)
    assert caught.value.problem is Problem.DRIFT
    assert (held(new), new.settings) == (before, settings)
    assert journal.changes().all[-1].event is Event.UNDONE


def test_one_undo_takes_back_what_was_set_up(new, journal, endpoint):
    before, settings = held(new), copy.deepcopy(new.settings)
    with desk_at(new, journal) as desk:
        found = desk.find(endpoint.base, endpoint.key)
        wish = desk.wish(found, found.named(SMALL), key=True)
        done = desk.set_up(found, wish, (Change(Setting.TASK_MODEL, "", wish.listed_as),), endpoint.key)
        assert [one.setting for one in done.changes] == [Setting.OPENAI_CONNECTION, Setting.TASK_MODEL]
        desk.carrier.undo(done.change_id)
    assert (held(new), new.settings) == (before, settings)


def test_a_list_that_was_off_goes_on_and_off_again(webui, journal, endpoint):
    webui.registry.hosted_on = False
    before = held(webui)
    with desk_at(webui, journal) as desk:
        add(desk, endpoint)
        assert webui.registry.hosted_on is True
        desk.remove(endpoint.base)
    assert held(webui) == before


def test_the_list_stays_on_for_a_connection_that_somebody_added_since(new, journal, endpoint):
    new.registry.hosted_on = False
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        new.registry.hosted.insert(0, Hosted(OTHER, OTHER_KEY))
        desk.remove(endpoint.base)
    assert held(new) == (True, [(OTHER, OTHER_KEY, None)])


def test_a_choice_goes_before_its_connection_also_by_its_own_undo(new, journal, endpoint):
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        connection = desk.added(endpoint.base)
        desk.carrier.undo(connection.id)
    assert (new.settings["TASK_MODEL"], new.registry.hosted) == ("", [])
    assert events(journal) == [Event.UNDONE, Event.UNDONE]


def test_a_model_that_somebody_chose_since_stays_chosen(new, journal, endpoint):
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        new.settings["TASK_MODEL"] = "gemma3:1b"
        desk.remove(endpoint.base)
    assert (new.settings["TASK_MODEL"], new.registry.hosted) == ("gemma3:1b", [])


def test_another_key_is_no_drift_and_other_models_are(new, journal, endpoint):
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        new.registry.hosted[0].key = "sk-renewed"
        new.registry.hosted[0].config["model_ids"].append("openai/gpt-5")
        with pytest.raises(ChangeError) as caught:
            desk.remove(endpoint.base)
        assert caught.value.problem is Problem.DRIFT
        assert len(new.registry.hosted) == 1
        new.registry.hosted[0].config["model_ids"].pop()
        desk.remove(endpoint.base)
    assert new.registry.hosted == []


def test_later_connections_move_up_with_their_keys_and_settings(new, journal, endpoint):
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        late = Hosted(OTHER, OTHER_KEY)
        late.take({"enable": True, "prefix_id": "late", "model_ids": ["a"]})
        new.registry.hosted.append(late)
        desk.remove(endpoint.base)
    assert held(new)[1] == [(OTHER, OTHER_KEY, {"enable": True, "prefix_id": "late", "model_ids": ["a"]})]


def test_before_0_4_a_key_never_stands_beside_another_address(journal, endpoint):
    """There the addresses and the keys are two writes: what stands before others is left to the admin."""
    with DemoOpenWebUI("0.3.35", ollama_url="http://127.0.0.1:9") as webui, desk_at(webui, journal) as desk:
        add(desk, endpoint)
        webui.registry.hosted.append(Hosted(OTHER, OTHER_KEY))
        with pytest.raises(ChangeError) as caught:
            desk.remove(endpoint.base)
        assert caught.value.problem is Problem.DRIFT
        assert [one.key for one in webui.registry.hosted] == [endpoint.key, OTHER_KEY]


def test_one_more_model_of_a_connection_needs_no_key_and_goes_back_alone(new, journal, endpoint):
    with desk_at(new, journal) as desk:
        add(desk, endpoint)
        found = desk.find(endpoint.base)
        assert found.there
        wish = desk.wish(found, found.named(THINKS), key=False)
        desk.connect(found, wish, "", lambda: False)
        assert new.registry.hosted[0].config["model_ids"] == [SMALL, THINKS]
        newest = desk.carrier.undoable()[0]
        desk.carrier.undo(newest.id)
        assert new.registry.hosted[0].config["model_ids"] == [SMALL]
        assert new.registry.hosted[0].key == endpoint.key


def test_a_name_that_is_there_already_gets_a_prefix(new, journal, endpoint):
    with DemoEndpoint(key="sk-first") as first, desk_at(new, journal) as desk:
        add(desk, first)
        wish = add_second(desk, endpoint)
    assert wish.listed_as == f"127-0-0-1.{SMALL}"
    assert new.registry.hosted[1].config["prefix_id"] == "127-0-0-1"


def add_second(desk, endpoint):
    found = desk.find(endpoint.base, endpoint.key)
    wish = desk.wish(found, found.named(SMALL), key=True)
    desk.connect(found, wish, endpoint.key, lambda: False)
    return wish


def test_settings_by_address_that_a_write_would_lose_stop_it(new, journal, endpoint, monkeypatch):
    new.registry.hosted.append(Hosted(OTHER, OTHER_KEY, prefix="p"))
    monkeypatch.setattr("tray_app.standins.webui_hosted._name", lambda _version, _index, one: one.url)
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        add(desk, endpoint)
    assert caught.value.problem is HostedProblem.BY_ADDRESS


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_is_looked_up_and_never_written_twice(new, journal, endpoint, arrived):
    update = "/openai/config/update"
    new.fail(FaultKind.GARBAGE, update, after=arrived)
    with desk_at(new, journal) as desk:
        if arrived:
            add(desk, endpoint)
        else:
            with pytest.raises((BadAnswer, ChangeError)):
                add(desk, endpoint)
    assert len(new.registry.hosted) == arrived
    assert events(journal)[0] is (Event.APPLIED if arrived else Event.FAILED)
    assert [one.path for one in new.asked].count(update) == 1


def test_half_a_write_of_0_3_stays_open_until_it_is_looked_at_and_can_be_taken_back(journal, endpoint):
    with DemoOpenWebUI("0.3.35", ollama_url="http://127.0.0.1:9") as webui, desk_at(webui, journal) as desk:
        webui.fail(FaultKind.FAILS, "/openai/keys/update")
        with pytest.raises(ChangeError):
            add(desk, endpoint)
        assert (held(webui)[1], events(journal)) == ([(endpoint.base, "", None)], [Event.INTENDED])
        webui.heal()
        desk.carrier.settle()
        assert events(journal) == [Event.APPLIED]
        desk.remove(endpoint.base)
        assert webui.registry.hosted == []


def test_an_error_repeats_no_key(new, journal, endpoint, monkeypatch):
    from tray_app.standins.webui_accounts import NotAllowed

    def repeat(_version, _registry, body):
        raise NotAllowed(500, json.dumps(body)[:190])

    monkeypatch.setattr("tray_app.standins.webui_hosted.accept", repeat)
    with desk_at(new, journal) as desk, pytest.raises(ServiceError) as caught:
        add(desk, endpoint)
    assert endpoint.key not in repr(caught.value)
    assert endpoint.key not in str(caught.value.__dict__)


@pytest.mark.parametrize(
    ("problem", "spoil"),
    [
        (HostedProblem.NO_CREDIT, {"credit": False}),
        (HostedProblem.LIMITED, {"limited": True}),
        (HostedProblem.REFUSES, {"says": (403, "Your country is not supported")}),
        (HostedProblem.REFUSES, {"says": (418, "I am a teapot")}),
        (HostedProblem.FAILS, {"says": (503, "No provider answers")}),
    ],
)
def test_what_the_endpoint_refuses_changes_nothing(new, journal, endpoint, problem, spoil):
    for name, value in spoil.items():
        setattr(endpoint, name, value)
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        add(desk, endpoint)
    assert (caught.value.problem, new.registry.hosted, journal.read().records) == (problem, [], ())
    if "says" in spoil:
        assert caught.value.detail == spoil["says"][1]


def test_a_page_instead_of_a_title_is_no_api(new, journal, endpoint):
    """Its list is right; a portal or a proxy answers the rest."""
    endpoint.fail(FaultKind.HTML, "/api/v1/chat")
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        add(desk, endpoint)
    assert (caught.value.problem, journal.read().records) == (HostedProblem.NO_API, ())


@pytest.mark.parametrize("problem", [HostedProblem.NEEDS_KEY, HostedProblem.NO_TITLE])
def test_a_command_to_type_has_the_whole_address(new, journal, endpoint, problem, monkeypatch):
    monkeypatch.setattr("tray_app.services.hosted.endpoint.ANSWER_TOKENS", 100)
    key = endpoint.key if problem is HostedProblem.NO_TITLE else ""
    with desk_at(new, journal) as desk:
        found = desk.find(endpoint.base, endpoint.key)
        with pytest.raises(HostedError) as caught:
            desk.attempt(found, found.named(THINKS), key)
    assert caught.value.problem is problem
    assert f"hosted add {endpoint.base}" in next_step(caught.value, TR)


def test_a_model_that_is_not_listed_leads_to_the_list_of_that_address(new, journal, endpoint):
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        desk.find(endpoint.base, endpoint.key).named("zzz")
    assert f"hosted add {endpoint.base}" in next_step(caught.value, TR)


def test_a_wrong_key_a_thinker_and_a_slow_one_change_nothing(new, journal, endpoint, monkeypatch):
    with desk_at(new, journal) as desk:
        found = desk.find(endpoint.base, "sk-wrong")
        with pytest.raises(HostedError) as wrong:
            desk.attempt(found, found.named(SMALL), "sk-wrong")
        assert wrong.value.problem is HostedProblem.WRONG_KEY
        with pytest.raises(HostedError) as none:
            desk.attempt(found, found.named(SMALL), "")
        assert none.value.problem is HostedProblem.NEEDS_KEY
        monkeypatch.setattr("tray_app.services.hosted.endpoint.ANSWER_TOKENS", 100)
        with pytest.raises(HostedError) as thinks:
            add(desk, endpoint, THINKS)
        assert (thinks.value.problem, thinks.value.detail) == (HostedProblem.NO_TITLE, THINKS)
        endpoint.fail(FaultKind.HANG, "/api/v1/chat")
        monkeypatch.setattr("tray_app.services.hosted.endpoint.CALL_DEADLINE_S", 0.2)
        quick = HostedDesk(desk.carrier, lambda url, token: Http(url, token=token, deadline_s=0.2), desk.ollama_url)
        with pytest.raises(HostedError) as slow:
            quick.attempt(found, found.named(SMALL), endpoint.key)
        assert slow.value.problem is HostedProblem.SLOW
    assert (new.registry.hosted, journal.read().records) == ([], ())


@pytest.mark.parametrize("fault", [FaultKind.HTML, FaultKind.GARBAGE, FaultKind.OTHER_JSON, FaultKind.NOT_FOUND])
def test_an_address_that_is_no_api_is_told_as_that(new, journal, endpoint, fault):
    endpoint.fail(fault)
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        desk.find(endpoint.base, endpoint.key)
    assert caught.value.problem is HostedProblem.NO_API


def test_a_key_is_never_sent_in_clear_text_across_the_internet(new, journal):
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        desk.find("http://endpoint.example.com/v1", "sk-secret")
    assert caught.value.problem is HostedProblem.PLAIN_HTTP


def test_the_own_ollama_is_no_endpoint(new, journal):
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        desk.find("localhost:11434")
    assert caught.value.problem is HostedProblem.OWN_OLLAMA


def test_the_path_is_found_where_none_was_given(new, journal):
    with DemoEndpoint(path="/v1", key="") as local, desk_at(new, journal) as desk:
        assert desk.find(local.url.removeprefix("http://")).url == f"{local.url}/v1"


def test_open_webui_itself_must_reach_it(new, journal, endpoint, monkeypatch):
    def unreachable(_version, _body):
        from tray_app.standins.webui_accounts import NotAllowed

        raise NotAllowed(500, "Open WebUI: Server Connection Error")

    monkeypatch.setattr("tray_app.standins.webui_hosted.verify", unreachable)
    with desk_at(new, journal) as desk, pytest.raises(HostedError) as caught:
        add(desk, endpoint)
    assert (caught.value.problem, new.registry.hosted, events(journal)) == (HostedProblem.NOT_REACHED, [], [])


def test_a_model_that_open_webui_never_lists_takes_the_connection_back(new, journal, endpoint, monkeypatch):
    monkeypatch.setattr(type(new.registry), "_from_hosted", lambda _self: [])
    with desk_at(new, journal) as desk, pytest.raises(ChangeError) as caught:
        add(desk, endpoint)
    assert (caught.value.problem, new.registry.hosted) == (Problem.NOT_LISTED, [])
    assert events(journal) == [Event.UNDONE]


def test_five_thousand_models_are_one_connection_with_one_model(new, journal):
    with DemoEndpoint(many(5000)) as endpoint, desk_at(new, journal) as desk:
        found = desk.find(endpoint.base, endpoint.key)
        assert len(found.offers) == 5000
        wish = desk.wish(found, found.offers[77], key=True)
        desk.connect(found, wish, endpoint.key, lambda: False)
        assert [one.id for one in desk.carrier.open_webui.models() if one.url_index == 0] == [found.offers[77].id]


def test_the_document_as_released_servers_hold_it():
    with DemoOpenWebUI("0.12.4", ollama_url="http://127.0.0.1:9") as webui:
        document = told(webui.version, webui.registry)
    connections.check(document)
    change = connections.added("https://openrouter.ai/api/v1", ["m"], key=True, by=connections.BY_NUMBER)
    made = connections.changed(document, [change], Token("sk-secret", "https://openrouter.ai:443"))
    assert made["OPENAI_API_KEYS"] == ["sk-secret"]
    assert "sk-secret" not in repr(change) + repr(connections.connection(made, "https://openrouter.ai/api/v1"))
    assert connections.changed(made, [change.back()]) == document
    for key in document:
        with pytest.raises(ValueError, match=key):
            connections.check({**document, key: None})
