"""A hosted task model on real servers: added, chosen, proven, taken back, and everything else to the letter as before.

The endpoint behaves as OpenRouter does. `ELBOWROOM_REAL_VERSIONS` names other releases.
"""

from types import SimpleNamespace

import pytest

from tests.contract.bench import BIG, Bench
from tests.page.opened import Opened
from tests.page.test_hosted_form import at_step, failed, plan, ready
from tests.real.install import CannotInstall, install
from tests.real.servers import chosen
from tests.requirements import require
from tray_app.app import speed
from tray_app.app.doing.hosted import desk_of
from tray_app.app.wiring import App, Overrides
from tray_app.core.tasks import openai_connections as connections
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import DocumentKind, Setting
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.machine import played_machine
from tray_app.standins.endpoint import DemoEndpoint, many
from tray_app.storage.secret import KeptIn

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
SMALL = "meta-llama/llama-3.2-3b-instruct"


@pytest.fixture(params=chosen(), scope="module")
def server(request, tmp_path_factory):
    try:
        install(request.param)
    except CannotInstall as error:
        require("real", str(error))
    bench = Bench(request.param, real=True, folder=tmp_path_factory.mktemp("webui"))
    try:
        bench.start()
        yield bench
    finally:
        bench.close()


@pytest.fixture
def app(server, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text("request_limit_s = 30\n")
    machine = played_machine(server.ollama)
    with App(Overrides(home=home, ollama=server.ollama.url, open_webui=server.url, machine=machine)) as made:
        made.secrets.store(Token(server.token(), origin_of(server.url)), KeptIn.FILE)
        yield made


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


def held(app):
    """Everything of both documents, keys included."""
    client = app.open_webui
    return [
        client.read_document(kind, fresh=True) for kind in (DocumentKind.TASK_SETTINGS, DocumentKind.OPENAI_CONNECTIONS)
    ]


def add(desk, endpoint, model=SMALL):
    found = desk.find(endpoint.base, endpoint.key)
    wish = desk.wish(found, found.named(model), key=True)
    desk.attempt(found, wish.model, endpoint.key)
    desk.connect(found, wish, endpoint.key, lambda: False)
    desk.choose(wish, (Change(Setting.TASK_MODEL, "", wish.listed_as),))


def test_added_chosen_proven_and_taken_back(server, app, endpoint):
    desk, before = desk_of(app), held(app)
    server.ask("GET", "/api/models", token=server.token()).raise_for_status()
    listed_before = {one.id for one in app.open_webui.models()}
    add(desk, endpoint)
    proof = speed.prove(app.carrier, Setting.TASK_MODEL)
    assert (proof.chat, proof.answered, proof.good) == (BIG, SMALL, True)
    assert endpoint.calls()[-1]["model"] == SMALL
    listed = {one.id for one in app.open_webui.models(refresh=True)}
    if server.version >= (0, 4, 0):
        assert listed - listed_before == {SMALL}
    desk.remove(endpoint.base)
    assert held(app) == before
    assert endpoint.key not in app.paths.journal_file.read_text("utf-8")
    assert server.answered_by("title") == BIG


def test_by_the_form_of_the_details_page(server, app, endpoint, tmp_path, monkeypatch):
    """Found, planned, tried, added, proven and taken back, with a wrong key before."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    before, home = held(app), tmp_path / "home"
    overrides = Overrides(
        home=home,
        ollama=server.ollama.url,
        open_webui=server.url,
        machine=played_machine(server.ollama),
        language="en",
    )
    with Opened(SimpleNamespace(overrides=overrides, home=home)) as opened:
        guest = opened.guest()
        guest.until(ready)
        plan(guest, endpoint, key="sk-or-wrong")
        guest.post("/hosted", {"do": "add"})
        shown = guest.until(failed)["hosted"]
        assert (shown["step"], shown["at"], held(app)) == ("place", "key", before)
        plan(guest, endpoint)
        guest.post("/hosted", {"do": "add"})
        document = guest.until(lambda one: at_step("done")(one) and one["hosted"]["undo"] and not one["job"])
        assert document["hosted"]["done"][-1].startswith(f"In effect: {SMALL} answered a real task call")
        assert endpoint.key not in repr(document)
        guest.post("/act", {"act": document["hosted"]["undo"]["act"]})
        guest.until(lambda one: at_step("done")(one) and one["hosted"]["undo"] is None and not one["job"])
    assert held(app) == before
    assert endpoint.key not in (home / "journal.jsonl").read_text("utf-8")


def test_what_goes_wrong_changes_nothing(server, app, endpoint):
    desk, before = desk_of(app), held(app)
    endpoint.credit = False
    with pytest.raises(HostedError) as caught:
        add(desk, endpoint)
    assert caught.value.problem is HostedProblem.NO_CREDIT
    endpoint.credit = True
    if server.version >= (0, 4, 0):
        found = desk.find(endpoint.base, endpoint.key)
        wish = desk.wish(found, found.named(SMALL), key=True)
        endpoint.stop()
        with pytest.raises(HostedError) as unreached:
            desk.connect(found, wish, endpoint.key, lambda: False)
        assert unreached.value.problem is HostedProblem.NOT_REACHED
    assert held(app) == before


def test_five_thousand_models_and_a_connection_of_somebody_else(server, app):
    if server.version < (0, 4, 0):
        pytest.skip("0.3 lists every model of every connection")
    client, base = app.open_webui, server.hosted.base
    document = client.read_document(DocumentKind.OPENAI_CONNECTIONS)
    other = connections.added("http://127.0.0.1:9/v1", ["theirs"], key=True, by=desk_by(server))
    key = Token("sk-theirs", "http://127.0.0.1:9")
    client.write_document(connections.changed(document, [other], key), DocumentKind.OPENAI_CONNECTIONS)
    before, desk = held(app), desk_of(app)
    assert before[1]["OPENAI_API_BASE_URLS"] == [base, "http://127.0.0.1:9/v1"]
    with DemoEndpoint(many(5000)) as endpoint:
        add(desk, endpoint, "maker-7/model-7-8b")
        assert held(app)[1]["OPENAI_API_KEYS"][:2] == before[1]["OPENAI_API_KEYS"]
        desk.remove(endpoint.base)
    assert held(app) == before


def desk_by(server):
    return connections.BY_NUMBER if server.version > (0, 5, 0) else connections.BY_ADDRESS
