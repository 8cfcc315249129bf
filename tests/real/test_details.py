"""The details page before a real Open WebUI: a switch, the best fix and their undo, as the server then has them."""

import threading

import httpx
import pytest

from tests.page import chromium
from tests.page.opened import Guest
from tests.page.test_way_in import secret_in
from tests.played import ROOMY
from tests.real.install import CannotInstall
from tests.real.servers import ADMIN, RealServer, session
from tests.requirements import require
from tray_app.app.details.headless import NoTray
from tray_app.app.session import Session
from tray_app.app.wiring import App, Overrides
from tray_app.app.worker import Worker
from tray_app.core.values.command import OpenDetails, Quit
from tray_app.core.values.token import Token, origin_of
from tray_app.demo.machine import played_machine
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import wait_until
from tray_app.standins.upstream import Call
from tray_app.storage.secret import KeptIn

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
VERSION = "0.12.4"


@pytest.fixture
def ollama():
    with DemoOllama(installed=(BIG, SMALL), budget_bytes=ROOMY) as made:
        list(Call(made.url, "/api/generate", {"model": BIG, "stream": False}).lines())
        yield made


@pytest.fixture
def server(ollama, tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    made = RealServer(VERSION, tmp_path / "open-webui", ollama_url=ollama.url)
    try:
        made.start()
    except CannotInstall as error:
        require("real", str(error))
    yield made
    made.stop()


@pytest.fixture
def held(server):
    """What the server holds now, asked as its admin."""
    head = {"Authorization": f"Bearer {session(server.url, ADMIN)}"}
    with httpx.Client(base_url=server.url, headers=head, trust_env=False) as http:
        yield lambda: http.get("/api/v1/tasks/config").json()


@pytest.fixture
def way_in(server, ollama, tmp_path):
    """Where the page of a connected app is opened."""
    home = tmp_path / "home"
    machine = played_machine(ollama)
    overrides = Overrides(home=home, ollama=ollama.url, open_webui=server.url, machine=machine, language="en")
    with App(overrides) as app:
        app.secrets.store(Token(session(server.url, ADMIN), origin_of(server.url)), KeptIn.FILE)
    ways = []
    here = Session(overrides)
    worker = Worker(here, NoTray(), open_browser=lambda way: ways.append(way) or True)
    thread = threading.Thread(target=worker.run)
    thread.start()
    worker.send(OpenDetails())
    assert wait_until(lambda: ways)
    yield ways[0]
    worker.send(Quit())
    thread.join(30)
    here.close()


def test_a_switch_and_back(way_in, held):
    guest, before = Guest(secret_in(way_in)), held()
    document = guest.until(lambda one: one["tasks"]["switches"])
    tags = next(one for one in document["tasks"]["switches"] if one["key"] == "task:tags")
    assert tags["on"] is before["ENABLE_TAGS_GENERATION"]
    guest.post("/act", {"act": tags["act"]})
    document = guest.until(lambda one: one["journal"]["lines"] and not one["job"])
    assert held() == before | {"ENABLE_TAGS_GENERATION": not before["ENABLE_TAGS_GENERATION"]}
    guest.post("/act", {"act": document["journal"]["lines"][0]["undo"]["act"]})
    guest.until(lambda one: not one["journal"]["lines"][0]["in_force"] and not one["job"])
    assert held() == before


@pytest.mark.browser
def test_the_best_fix_is_pressed_in_a_browser_and_taken_back(way_in, held, tmp_path):
    """Its plan, its progress, its result and its undo are seen; the server holds what the page says."""
    if chromium.program() is None:
        require("browser", "no Chromium is installed")
    before, browser = held(), chromium.Chromium(tmp_path / "profile")
    try:
        tab = browser.tab()
        tab.look(width=1280, height=900)
        tab.go(way_in)
        tab.wait_for("document.querySelector('#fixes button.main')")
        # What is done takes a moment on a real server: every line of progress is noted as it comes.
        tab.run(
            "window.jobs = []; new MutationObserver(() => { const text = document.querySelector('#job').textContent;"
            "if (text) window.jobs.push(text); }).observe(document.querySelector('#job'), {childList: true})"
        )
        assert tab.text("#fixes button.main").startswith(f"Use {SMALL} for tasks")
        tab.click("#fixes summary")
        assert tab.text("#fixes .plan") == f"Task model: same as chat -> {SMALL}"
        assert held() == before, "a plan that is shown changes nothing"
        tab.click("#fixes button.main")
        tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
        assert held() == before | {"TASK_MODEL": SMALL}
        assert tab.run("window.jobs.length") > 0
        assert SMALL in tab.text("#changes tbody tr")
        assert "in force" in tab.text("#changes tbody tr")
        tab.wait_for(f"document.querySelector('#switches .choices').innerText.includes('{SMALL}')")
        tab.click('[data-key^="undo:"]')
        tab.wait_for("!document.querySelector('[data-key^=\"undo:\"]') && !document.querySelector('#job').textContent")
        assert held() == before
        assert "undone" in tab.text("#changes tbody tr")
    finally:
        browser.close()
