"""Where servers are found that nobody named: the usual ports, then where processes listen, then what was seen in use."""

import json

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app import wiring
from tray_app.app.connect import sign_in
from tray_app.app.wiring import App, Overrides
from tray_app.cli import main as cli
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Container, Processes, ProcessRole, WatchedProcess
from tray_app.page.connect_page import Filled
from tray_app.readers.listening import Listening
from tray_app.readers.servers_here import MOST, ports_of
from tray_app.services.address import port_of, seen_from_here
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI

SERVER, WEBUI = ProcessRole.OLLAMA_SERVER, ProcessRole.OPEN_WEBUI
NOBODY = "http://127.0.0.1:9"
HIDDEN = Unknown(Why.DENIED)


@pytest.fixture(autouse=True)
def _nobody_at_the_usual_ports(monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.services.address.OLLAMA_PORT", 9)
    monkeypatch.setattr(wiring, "USUAL_OPEN_WEBUI", (NOBODY,))
    # A machine that is busy with other tests is no slow server.
    monkeypatch.setattr(wiring, "FIND_WITHIN_S", 60.0)


@pytest.fixture
def app(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("request_limit_s = 60\n")
    with App(Overrides(home=tmp_path / "home")) as made:
        yield made


@pytest.fixture
def listen(monkeypatch):
    """The ports on which programs of a role listen."""
    ports = dict.fromkeys((SERVER, WEBUI), ())
    monkeypatch.setattr(App, "_ports", lambda _app, role: ports[role])
    return ports


@pytest.fixture
def ollama():
    with DemoOllama() as made:
        yield made


@pytest.fixture
def webui(ollama):
    with DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as made:
        yield made


def test_an_ollama_on_another_port_is_found_by_its_process(app, listen, ollama):
    listen[SERVER] = (1, port_of(ollama.url))
    assert app.ollama_url == f"http://127.0.0.1:{port_of(ollama.url)}"
    assert app.tried == (NOBODY, "http://127.0.0.1:1", app.ollama_url)


def test_the_usual_port_stays_where_nothing_else_answers(app, listen):
    listen[SERVER] = (1,)
    assert app.ollama_url == NOBODY


def test_nobody_is_asked_where_the_usual_port_is_an_ollama_s(app, listen, ollama):
    listen[SERVER] = (9, port_of(ollama.url))
    assert app.ollama_url == NOBODY
    assert (ollama.asked, app.tried) == ([], ())


def test_a_named_ollama_is_the_one(app, listen, ollama, monkeypatch):
    listen[SERVER] = (port_of(ollama.url),)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:7")
    assert app.ollama_url == "http://127.0.0.1:7"
    assert ollama.asked == []


def test_once_connected_open_webui_s_own_ollama_is_known(tmp_path, listen, ollama, webui):
    home = tmp_path / "home"
    with App(Overrides(home=home)) as app:
        sign_in(app, Filled(webui.url, api_key=webui.session(), keep_in_file=True))
        assert app.state.read().ollama_urls == (ollama.url,)
    with App(Overrides(home=home)) as later:
        assert later.ollama_url == ollama.url
    assert listen == {SERVER: (), WEBUI: ()}


def test_an_open_webui_on_another_port_is_found_and_gets_no_token(app, listen, webui, ollama, monkeypatch):
    """A key of the environment goes only to a server that somebody named."""
    monkeypatch.setenv("ELBOWROOM_API_KEY", "sk-0123456789abcdef0123456789abcdef")
    listen[WEBUI] = (port_of(ollama.url), port_of(webui.url))
    assert app.open_webui_url == f"http://127.0.0.1:{port_of(webui.url)}"
    client, connected = app._watched()
    assert (client.version(), connected) == ("0.12.4", False)
    assert not [one for one in [*webui.asked, *ollama.asked] if "authorization" in one.headers]


def test_what_was_tried_is_told_with_the_options_that_name_another(tmp_path, listen, capsys, monkeypatch):
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    listen[SERVER] = (1,)
    assert cli.run(["--home", str(tmp_path), "--lang", "en", "status"]) == 0
    told = capsys.readouterr().out
    assert "Looked for at http://127.0.0.1:9, http://127.0.0.1:1. Name another place with --open-webui URL" in told


def test_the_usual_places_are_told_where_nobody_was_found(tmp_path, listen, capsys, monkeypatch):
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    monkeypatch.setattr(wiring, "USUAL_OPEN_WEBUI", ("http://127.0.0.1:1",))
    assert cli.run(["--home", str(tmp_path), "--lang", "en", "status"]) == 0
    places = capsys.readouterr().out.partition("Looked for at ")[2].partition(". ")[0]
    assert set(places.split(", ")) == {NOBODY, "http://127.0.0.1:1"}


def test_an_ollama_that_answers_is_not_among_the_places_where_none_was_found(
    tmp_path, listen, ollama, capsys, monkeypatch
):
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    listen[SERVER] = (port_of(ollama.url),)
    assert cli.run(["--home", str(tmp_path), "--lang", "en", "status"]) == 0
    told = capsys.readouterr().out.partition("Looked for at ")[2]
    assert NOBODY in told
    assert ollama.url not in told


def test_a_played_machine_has_no_processes_of_this_one(tmp_path):
    with Played(tmp_path / "home") as played, App(replace(played.overrides, ollama="")) as app:
        assert app._ports(SERVER) == ()


def process(role, **changes):
    return WatchedProcess(501, 1.0, role, "x", **changes)


@pytest.mark.parametrize(
    ("watched", "found"),
    [
        ((process(SERVER, ports=(11500, 22)),), (11500,)),
        ((process(SERVER, ports=(11500,), apart=True),), ()),  # inside a container: no port of this machine
        ((process(SERVER),), (4000, 5000)),  # not asked yet
        ((process(SERVER, ports=()),), ()),
        ((process(WEBUI, ports=(8123,)),), ()),
        ((process(SERVER, ports=tuple(range(3000, 3100))),), tuple(range(3000, 3000 + MOST))),
    ],
)
def test_ports_of_a_role(watched, found):
    told = {501: Listening((5000, 4000, 1023))}
    assert ports_of(Known(Processes(watched), 0.0), HIDDEN, SERVER, told.__getitem__) == found


def test_published_ports_of_containers_count_where_docker_was_asked():
    containers = Known((Container("o", SERVER, ports=(7869,)), Container("w", WEBUI, ports=(3001,))), 0.0)
    inside = Known(Processes((process(SERVER, ports=(11500,), apart=True),)), 0.0)
    assert ports_of(inside, containers, SERVER) == (7869,)
    assert ports_of(inside, containers, WEBUI) == (3001,)


def test_a_command_that_finds_no_server_says_where_it_looked(tmp_path, listen, capsys):
    listen[WEBUI] = (1,)
    assert cli.run(["--home", str(tmp_path), "--lang", "en", "settings"]) == 1
    told = capsys.readouterr().err
    assert "Looked for at http://127.0.0.1:9, http://127.0.0.1:1. Name another place with --open-webui URL" in told


def test_a_list_of_processes_that_is_hidden_names_no_port():
    assert ports_of(HIDDEN, HIDDEN, SERVER) == ()


@pytest.mark.parametrize(
    ("url", "server", "seen"),
    [
        ("http://localhost:11434", "http://127.0.0.1:3000", "http://127.0.0.1:11434"),
        ("http://host.docker.internal:11434/", "http://localhost:3000", "http://127.0.0.1:11434"),
        ("http://localhost:11434", "https://nas.lan", "http://nas.lan:11434"),
        ("http://0.0.0.0:1", "http://[fd00::1]:3000", "http://[fd00::1]:1"),
        ("https://gpu.lan/ollama/", "http://127.0.0.1:3000", "https://gpu.lan:443/ollama"),
        ("http://10.0.0.5:11434", "http://127.0.0.1:3000", "http://10.0.0.5:11434"),
        ("http://ollama:11434", "http://127.0.0.1:3000", ""),  # a name of a container network
        ("http://[bad", "http://127.0.0.1:3000", ""),
    ],
)
def test_an_address_of_open_webui_s_own_as_it_is_reached_from_here(url, server, seen):
    assert seen_from_here(url, server) == seen


def test_what_is_remembered_of_it_is_addresses_only(tmp_path):
    file = tmp_path / "state.json"
    for value in (["nonsense"], [7], "http://127.0.0.1:1"):
        file.write_text(json.dumps({"version": 1, "ollama_urls": value}))
        with App(Overrides(home=tmp_path)) as app:
            assert app.state.read().ollama_urls == ()
