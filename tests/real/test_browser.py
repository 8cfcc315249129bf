"""Real chats in Open WebUI's own front end, in a real browser, with the relay of chat first between: all is as ever."""

import json

import httpx
import pytest

from tests.page import chromium
from tests.real.install import CannotInstall
from tests.real.relayed import lead, relay, switch_on
from tests.real.servers import ADMIN, RealServer, session
from tests.requirements import require
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.timeout(600)]

VERSION = "0.12.4"
INPUT = "#chat-input"


@pytest.fixture(scope="module")
def ollama():
    with DemoOllama(pace=Pace(token_s=0.01)) as server:
        yield server


@pytest.fixture(scope="module")
def open_webui(ollama, tmp_path_factory):
    """Its address, and what an admin asks it by; chat first is on."""
    if chromium.program() is None:
        require("browser", "no Chromium is installed")
    server = RealServer(VERSION, tmp_path_factory.mktemp("open-webui"), ollama_url=ollama.url)
    try:
        server.start()
    except CannotInstall as error:
        require("real", str(error))
    token = session(server.url, ADMIN)
    head = {"Authorization": f"Bearer {token}"}
    with (
        relay(ollama.url, tmp_path_factory.mktemp("home")) as url,
        httpx.Client(base_url=server.url, headers=head, trust_env=False, timeout=60) as http,
    ):
        lead(http, url)
        switch_on(http, ENABLE_AUTOCOMPLETE_GENERATION=True)
        settings = {"ui": {"promptAutocomplete": True, "richTextInput": True, "version": VERSION}}
        http.post("/api/v1/users/user/settings/update", json=settings).raise_for_status()
        yield server.url, token, http
    server.stop()


@pytest.fixture
def tab(open_webui, tmp_path):
    url, token, _ = open_webui
    browser = chromium.Chromium(tmp_path / "profile")
    try:
        tab = browser.tab()
        tab.look(width=1200, height=900)
        tab.go(f"{url}/auth")
        tab.wait_for("location.pathname.startsWith('/auth') && document.readyState == 'complete'")
        tab.run(f"localStorage.token = {json.dumps(token)}; localStorage.locale = 'en-US'; true")
        tab.go(url)
        appears(tab, f"!!document.querySelector('{INPUT}')")
        yield tab
    finally:
        browser.close()


def appears(tab, script):
    """However long a busy machine takes; the front end alone is 10 MB of scripts."""
    assert wait_until(lambda: bool(tab.run(script)), 90), tab.text()


def press(tab, key, text):
    tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
    tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def write(tab, text):
    tab.run(f"document.querySelector('{INPUT}').focus()")
    for letter in text:
        press(tab, letter, letter)


def enter(tab):
    tab.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    tab.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13)


def has(text):
    return f"document.body.innerText.includes({json.dumps(text)})"


def test_answer_title_tags_follow_ups_and_autocomplete_appear(open_webui, ollama, tab):
    _, _, http = open_webui
    write(tab, "How is the basil")
    appears(tab, f"document.querySelector('{INPUT}').innerHTML.includes('and keep the chat fast')")
    write(tab, "?")
    enter(tab)
    appears(tab, has("every further request has to wait its turn"))
    appears(tab, has("What can I switch off?"))
    appears(tab, "document.title.includes('Memory and Models')")
    chat = tab.run("location.pathname").rpartition("/")[2]
    assert wait_until(lambda: _tags(http, chat) == ["hardware", "technology"], 30)
    assert {request.headers["host"] for request in ollama.asked} == {f"127.0.0.1:{ollama.port}"}
    assert not [name for one in ollama.asked for name in one.headers if name.startswith("x-elbowroom")]


def _tags(http, chat):
    return sorted(one["id"] for one in http.get(f"/api/v1/chats/{chat}/tags").json())


def test_the_stop_button_ends_the_answer_at_ollama(ollama, tab):
    ollama.scheduler.pace.token_s = 1.0
    try:
        write(tab, "Tell me more")
        enter(tab)
        assert wait_until(lambda: ollama.running == 1, 30)
        stop = "document.querySelector('[aria-label=\"Stop\"]')"
        appears(tab, f"!!{stop}")
        tab.run(f"{stop}.click()")
        assert wait_until(lambda: ollama.running == 0, 30)
    finally:
        ollama.scheduler.pace.token_s = 0.01
