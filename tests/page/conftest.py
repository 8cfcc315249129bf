"""What tests of several pages share: a browser, the servers, the details page open on them."""

import pytest

from tests.page import chromium
from tests.page.opened import Opened
from tests.played import Played
from tests.requirements import require
from tray_app.standins.models import BIG, SMALL


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if chromium.program() is None:
        require("browser", "no Chromium is installed")
    made = chromium.Chromium(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def played(tmp_path, monkeypatch):
    """The stand-ins, with one admin who is signed in."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", installed=(BIG, SMALL)) as made:
        made.home.mkdir(exist_ok=True)
        yield made


@pytest.fixture
def opened(played):
    """The details page of a worker that looks at them."""
    with Opened(played) as made:
        yield made


@pytest.fixture
def guest(opened):
    return opened.guest()
