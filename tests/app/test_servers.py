"""How often servers are asked, what their errors become, and what an answer that is missing is never taken for."""

import itertools

import pytest
from msgspec.structs import replace

from tray_app.app.rhythm import BACK_OFF_S, PRICES_EVERY_S, SLOW_BACK_OFF_S, Asked, unknown
from tray_app.app.servers import OllamaPoll, OpenWebUIPoll
from tray_app.core.values.connections import Price
from tray_app.core.values.errors.service import (
    BadAnswer,
    NotFound,
    NotThatServer,
    Redirected,
    Refused,
    RefusedBecause,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Access, InstalledModel, Presence
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http
from tray_app.services.ollama import OllamaClient
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.standins.endpoint import DemoEndpoint, HostedEntry
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import USER, DemoOpenWebUI
from tray_app.standins.server import FaultKind
from tray_app.standins.webui_models import Hosted, ModelRecord

URL = "http://127.0.0.1:9"


@pytest.fixture
def ollama():
    with DemoOllama() as server:
        yield server


@pytest.fixture
def webui(ollama):
    with DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as server:
        yield server


@pytest.fixture
def http():
    opened = []

    def make(url, token=None):
        made = Http(url, token=Token(token, origin_of(url)) if token else None, deadline_s=2.0)
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def poll(ollama, http):
    return OllamaPoll(OllamaClient(http(ollama.url)), ollama.url, local=True)


@pytest.fixture
def server(webui, http):
    client = OpenWebUIClient(http(webui.url, webui.session()))
    yield OpenWebUIPoll(client, webui.url, connected=True)
    client.close()


def paths(demo):
    return [request.path for request in demo.asked]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Unreachable(URL), Why.UNREACHABLE),
        (TimedOut(URL, 2.0), Why.TIMED_OUT),
        (Refused(URL, RefusedBecause.EXPIRED), Why.REFUSED),
        (NotFound(URL), Why.UNSUPPORTED),
        (NotThatServer(URL, "html"), Why.BAD_ANSWER),
        (BadAnswer(URL), Why.BAD_ANSWER),
        (Redirected(URL), Why.BAD_ANSWER),
        (ServerFailed(URL, 500), Why.BAD_ANSWER),
    ],
)
def test_every_error_is_a_reason(error, why):
    assert unknown(error).why is why


def test_a_refusal_keeps_its_own_reason():
    assert unknown(Refused(URL, RefusedBecause.KEYS_OFF)).detail == RefusedBecause.KEYS_OFF.value


# --- one question ---------------------------------------------------------------------------


def test_an_answer_is_kept_until_it_is_due():
    asked, answers = Asked(30.0), iter(range(10))
    heard = [asked.ask(lambda: next(answers), at, at) for at in (0.0, 29.9, 30.0, 59.0, 60.0)]
    assert [one.value for one in heard] == [0, 0, 1, 1, 2]
    assert heard[1].taken_at == 0.0


def test_a_dead_server_is_asked_less_and_less_and_at_once_again_when_it_is_back():
    asked, times, dead = Asked(30.0), [], True

    def question(at):
        times.append(at)
        if dead:
            raise Unreachable(URL)
        return "here"

    for at in range(300):
        asked.ask(lambda at=at: question(at), float(at), float(at))
    gaps = tuple(float(later - earlier) for earlier, later in itertools.pairwise(times))
    assert gaps[: len(BACK_OFF_S)] == BACK_OFF_S
    assert set(gaps[len(BACK_OFF_S) :]) <= {60.0}
    dead = False
    assert isinstance(asked.ask(lambda: question(400), 400.0, 400.0), Known)
    dead = True
    asked.ask(lambda: question(430), 430.0, 430.0)
    times.clear()
    asked.ask(lambda: question(435), 435.0, 435.0)
    assert times == [435]


def test_an_expired_answer_is_asked_again():
    asked, answers = Asked(30.0), iter(range(10))
    asked.ask(lambda: next(answers), 0.0, 0.0)
    asked.expire()
    assert asked.ask(lambda: next(answers), 1.0, 1.0) == Known(1, 1.0)


# --- Ollama ---------------------------------------------------------------------------------


def test_an_idle_ollama_sees_at_most_four_requests_a_minute(poll, ollama):
    for at in range(0, 600, 5):
        if at == 60:
            ollama.asked.clear()
        poll.take(float(at), float(at), process_seen=True)
    assert len(ollama.asked) <= 4 * 9


def test_details_of_a_model_are_asked_once(poll, ollama):
    for at in range(0, 600, 5):
        poll.take(float(at), float(at), process_seen=True)
    assert paths(ollama).count("/api/show") == len(ollama.models)


def test_of_models_that_are_gone_nothing_is_kept(poll, ollama):
    """Who tries another model every day must not pay for all of them."""
    first = dict(ollama.models)
    for day in range(12):
        ollama.models = {f"{name}-{day}": replace(one, name=f"{name}-{day}") for name, one in first.items()}
        for at in (0.0, 5.0):
            poll.forget_installed()
            poll.take(day * 86400 + at, day * 86400 + at, process_seen=True)
    assert poll._shown.keys() == {model.digest for model in ollama.models.values()}


def test_no_ollama_is_absent_only_where_no_process_of_it_runs_here(http):
    def look(*, local, process_seen):
        made = OllamaPoll(OllamaClient(http(URL)), URL, local=local)
        return made.take(0.0, 0.0, process_seen=process_seen)

    absent = look(local=True, process_seen=False)
    assert isinstance(absent, Known)
    assert absent.value.presence is Presence.ABSENT
    assert look(local=True, process_seen=True).why is Why.UNREACHABLE
    assert look(local=False, process_seen=False).why is Why.UNREACHABLE


def test_a_hanging_ollama_is_unknown_and_never_absent(poll, ollama):
    ollama.fail(FaultKind.HANG)
    assert poll.take(0.0, 0.0, process_seen=False).why is Why.TIMED_OUT


def test_an_upgrade_is_noticed(poll, ollama):
    poll.take(0.0, 0.0, process_seen=True)
    ollama.version = "0.33.0"
    assert poll.take(59.0, 59.0, process_seen=True).value.version == "0.32.15"
    assert poll.take(60.0, 60.0, process_seen=True).value.version == "0.33.0"


def test_a_server_that_went_away_is_asked_who_it_is_when_it_is_back(poll, ollama):
    poll.take(0.0, 0.0, process_seen=True)
    ollama.fail(FaultKind.HANG_UP)
    poll.look_again()
    ollama.stop()
    assert isinstance(poll.take(5.0, 5.0, process_seen=True), Unknown)
    ollama.heal()
    ollama.start()
    ollama.version = "0.33.0"
    assert poll.take(12.0, 12.0, process_seen=True).value.version == "0.33.0"


def test_installed_models_that_cannot_be_read_are_not_taken_for_none(poll, ollama):
    """Else a model that is there would be offered for download."""
    ollama.fail(FaultKind.FAILS, "/api/tags")
    assert isinstance(poll.take(0.0, 0.0, process_seen=True), Unknown)
    ollama.heal()
    known = poll.take(10.0, 10.0, process_seen=True).value.installed
    ollama.fail(FaultKind.FAILS, "/api/tags")
    assert poll.take(80.0, 80.0, process_seen=True).value.installed == known
    assert all(isinstance(model, InstalledModel) for model in known)


def test_after_a_download_the_list_is_asked_again(poll, ollama):
    poll.take(0.0, 0.0, process_seen=True)
    ollama.models.pop("gemma3:1b")
    poll.forget_installed()
    names = [model.name for model in poll.take(1.0, 1.0, process_seen=True).value.installed]
    assert "gemma3:1b" not in names


# --- Open WebUI -----------------------------------------------------------------------------


def test_settings_are_read_once_a_minute_and_right_after_a_change(server, webui):
    for at in range(0, 120, 5):
        server.take(float(at), float(at), requests_run=False)
    assert paths(webui).count("/api/v1/tasks/config") == 2
    webui.settings["ENABLE_TAGS_GENERATION"] = False
    server.look_again()
    seen = server.take(120.5, 120.5, requests_run=False).value
    assert seen.tasks.value.tags.value == "off"


def test_busy_chats_are_asked_only_while_requests_run_and_every_ten_seconds(server, webui):
    for at in range(0, 60, 2):
        server.take(float(at), float(at), requests_run=False)
    assert paths(webui).count("/api/tasks") == 0
    for at in range(60, 120, 2):
        server.take(float(at), float(at), requests_run=True)
    assert paths(webui).count("/api/tasks") == 6


def test_without_a_token_only_anonymous_questions_are_asked(webui, http):
    client = OpenWebUIClient(http(webui.url))
    poll = OpenWebUIPoll(client, webui.url, connected=False)
    seen = poll.take(0.0, 0.0, requests_run=True).value
    client.close()
    assert seen.version == "0.12.4"
    assert isinstance(seen.tasks, Unknown)
    assert [request for request in webui.asked if "authorization" in request.headers] == []


def test_an_ordinary_account_is_not_asked_for_what_only_admins_see(webui, http):
    client = OpenWebUIClient(http(webui.url, webui.session(USER[0])))
    seen = OpenWebUIPoll(client, webui.url, connected=True).take(0.0, 0.0, requests_run=False).value
    client.close()
    assert seen.access is Access.USER
    assert isinstance(seen.tasks, Known)
    assert (seen.user_count, seen.ollama_urls) == (Unknown(Why.NOT_ASKED), Unknown(Why.NOT_ASKED))


def test_a_revoked_session_is_refused_not_unreachable(server, webui):
    webui.accounts.sessions.clear()
    assert server.take(0.0, 0.0, requests_run=False).value.access is Access.REFUSED


def test_a_server_that_hangs_is_waited_for_once_per_poll(server, webui):
    """Every further question would take its whole deadline too, and the memory readings would wait with it."""
    webui.fail(FaultKind.HANG, "/api/v1/tasks/config")
    webui.fail(FaultKind.HANG, "/api/models")
    seen = server.take(0.0, 0.0, requests_run=True).value
    assert seen.tasks.why is Why.TIMED_OUT
    assert (seen.models, seen.user_count) == (Unknown(Why.NOT_ASKED), Unknown(Why.NOT_ASKED))
    assert "/api/models" not in paths(webui)
    webui.fail(FaultKind.HANG)
    assert server.take(2.0, 2.0, requests_run=True).why is Why.TIMED_OUT
    webui.heal()
    back = server.take(8.0, 8.0, requests_run=True).value
    assert isinstance(back.tasks, Known)
    assert isinstance(back.models, Known)


def test_after_a_restart_the_server_is_asked_who_it_is_before_it_sees_the_token(server, webui):
    server.take(0.0, 0.0, requests_run=False)
    port = webui.port
    webui.stop()
    server.look_again()
    assert server.take(5.0, 5.0, requests_run=False).why is Why.UNREACHABLE
    with DemoOllama(port=port) as impostor:
        for at in range(6, 200, 5):
            seen = server.take(float(at), float(at), requests_run=True)
        assert isinstance(seen, Unknown)
        assert impostor.asked
        assert [request for request in impostor.asked if "authorization" in request.headers] == []


def test_an_upgrade_of_open_webui_is_noticed(server, webui):
    first = server.take(0.0, 0.0, requests_run=False).value
    webui.stop()
    webui.version_text = "0.12.5"
    webui.start()
    again = server.take(61.0, 61.0, requests_run=False).value
    assert (first.version, again.version) == ("0.12.4", "0.12.5")


def test_an_admin_is_told_how_many_accounts_there_are(server):
    seen = server.take(0.0, 0.0, requests_run=False).value
    assert (seen.access, seen.user_count.value) == (Access.ADMIN, 3)


# --- what hosted models cost ----------------------------------------------------------------

CHOSEN = "meta-llama/llama-3.2-3b-instruct"
PLACE = "/openai/models/0"


@pytest.fixture
def endpoint(webui):
    """Connected with one chosen model, as `hosted add` does it."""
    with DemoEndpoint() as made:
        connection = Hosted(made.base, made.key)
        connection.take({"enable": True, "model_ids": [CHOSEN], "prefix_id": ""})
        webui.registry.hosted.append(connection)
        yield made


def price(server, at):
    """Of the chosen model, as a poll at this time knows it."""
    models = server.take(at, at, requests_run=False).value.models.value
    return next(one.served.price for one in models if one.id == CHOSEN)


def test_of_a_connection_with_chosen_models_the_endpoint_is_asked_for_prices_once_an_hour(server, webui, endpoint):
    told = Price(0.00000002, 0.00000002)
    assert [price(server, at) for at in (1.0, 301.0, PRICES_EVERY_S)] == [told] * 3
    assert paths(webui).count(PLACE) == 1
    assert price(server, PRICES_EVERY_S + 1.0) == told
    assert paths(webui).count(PLACE) == 2


def test_of_one_that_lists_all_its_models_nothing_more_is_asked(server, webui, endpoint):
    webui.registry.hosted[0].config["model_ids"] = []
    assert price(server, 1.0) == Price(0.00000002, 0.00000002)
    assert PLACE not in paths(webui)


def test_an_endpoint_that_fails_leaves_the_price_unknown_and_all_else_known(server, webui, endpoint):
    webui.fail(FaultKind.HANG, PLACE)
    assert price(server, 1.0) is None
    seen = server.take(2.0, 2.0, requests_run=False).value
    assert isinstance(seen.connections, Known)
    assert paths(webui).count("/api/version") == 1  # Open WebUI itself was not doubted
    webui.heal()
    assert price(server, SLOW_BACK_OFF_S[0]) is None
    assert price(server, 1.0 + SLOW_BACK_OFF_S[0]) == Price(0.00000002, 0.00000002)


def test_a_price_goes_with_its_connection(server, webui, endpoint):
    """Another endpoint at the same place is asked anew, and tells of its own."""
    assert price(server, 1.0) is not None
    with DemoEndpoint((HostedEntry(CHOSEN), HostedEntry("a/other", prompt="0.1"))) as other:
        webui.registry.hosted[0].url = other.base
        webui.registry.forget()
        server.look_again(models=True)
        assert price(server, 2.0) is None
    assert paths(webui).count(PLACE) == 2


def test_an_ordinary_account_cannot_have_an_endpoint_asked(webui, http, endpoint):
    webui.registry.records[CHOSEN] = ModelRecord(CHOSEN, public=True)
    client = OpenWebUIClient(http(webui.url, webui.session(USER[0])))
    assert price(OpenWebUIPoll(client, webui.url, connected=True), 1.0) is None
    client.close()
    assert PLACE not in paths(webui)
