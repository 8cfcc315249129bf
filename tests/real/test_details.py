"""The details page before a real Open WebUI: a switch and its undo, as the server then has them."""

import threading

import httpx
import pytest

from tests.page.opened import Guest
from tests.page.test_way_in import secret_in
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
from tray_app.storage.secret import KeptIn

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
VERSION = "0.12.4"


def test_a_switch_and_back(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with DemoOllama(installed=(BIG, SMALL)) as ollama:
        server = RealServer(VERSION, tmp_path / "open-webui", ollama_url=ollama.url)
        try:
            server.start()
        except CannotInstall as error:
            require("real", str(error))
        try:
            _through(server.url, ollama, tmp_path / "home")
        finally:
            server.stop()


def _through(url, ollama, home):
    token = session(url, ADMIN)
    overrides = Overrides(home=home, ollama=ollama.url, open_webui=url, machine=played_machine(ollama), language="en")
    with App(overrides) as app:
        app.secrets.store(Token(token, origin_of(url)), KeptIn.FILE)
    ways = []
    here = Session(overrides)
    worker = Worker(here, NoTray(), open_browser=lambda way: ways.append(way) or True)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        worker.send(OpenDetails())
        assert wait_until(lambda: ways)
        guest = Guest(secret_in(ways[0]))
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as http:
            held = lambda: http.get("/api/v1/tasks/config").json()  # noqa: E731 - what the server holds now
            before = held()
            document = guest.until(lambda one: one["tasks"]["switches"])
            tags = next(one for one in document["tasks"]["switches"] if one["key"] == "task:tags")
            assert tags["on"] is before["ENABLE_TAGS_GENERATION"]
            guest.post("/act", {"act": tags["act"]})
            document = guest.until(lambda one: one["journal"]["lines"] and not one["job"])
            assert held() == before | {"ENABLE_TAGS_GENERATION": not before["ENABLE_TAGS_GENERATION"]}
            guest.post("/act", {"act": document["journal"]["lines"][0]["undo"]["act"]})
            guest.until(lambda one: not one["journal"]["lines"][0]["in_force"] and not one["job"])
            assert held() == before
    finally:
        worker.send(Quit())
        thread.join(30)
        here.close()
