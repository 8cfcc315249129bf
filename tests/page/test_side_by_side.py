"""Several Ollamas on the details page: the facts of `status`, whatever one of them does, and asked of nobody in vain."""

import contextlib
import socket

import pytest

from tests.english import TR
from tests.page.chromium import THEMES, axe
from tests.page.opened import SETTINGS, Opened
from tests.page.test_details_seen import tab_on
from tray_app.app.watch import Observer
from tray_app.cli.browser import details
from tray_app.core.menu.details.hosts import HostSeen, hosts_view
from tray_app.standins.models import SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import wait_until
from tray_app.standins.upstream import Call
from tray_app.storage.lock import SingleInstance

NOWHERE = "http://127.0.0.1:9"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def far():
    """An Ollama with a model in memory."""
    with DemoOllama(installed=(SMALL,)) as made:
        for _line in Call(made.url, "/api/generate", {"model": SMALL, "stream": False}).lines():
            pass
        yield made


@pytest.fixture
def silent():
    """It takes every connection and never answers."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as held:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(autouse=True)
def impatient(played):
    (played.home / "settings.toml").write_text(SETTINGS + "request_limit_s = 1\n")


def looked_at(document):
    return document["hosts"] is not None and all(row["models"] != "Looking..." for row in document["hosts"]["rows"])


def test_a_row_each_with_what_status_tells_of_it(played, far, silent, capsys):
    urls = [played.ollama.url, far.url, NOWHERE, silent]
    with Opened(played, beside=urls[1:]) as opened:
        hosts = opened.guest().until(looked_at)["hosts"]
    played.run("status", *(word for url in urls[1:] for word in ("--ollama", url)))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    rows = [
        " ".join(filter(None, map(row.get, ("url", "level_word", "running", "waiting", "models"))))
        for row in hosts["rows"]
    ]
    assert lines[1:5] == rows
    assert hosts["rows"][1]["models"].startswith(f"{SMALL} ")
    assert hosts["rows"][2]["models"] == "unknown (nothing answers: connection refused)"
    assert hosts["rows"][3]["models"] == "unknown (no answer in time: 1 s)"
    assert hosts["about"] == f"Everything else on this page is about {urls[0]}."


def test_one_ollama_alone_has_no_rows(guest):
    assert guest.until(lambda one: one["pictures"])["hosts"] is None


def test_the_others_are_asked_nothing_while_nobody_looks(played, far):
    played.ollama.asked.clear()
    far.asked.clear()
    with Opened(played, beside=[far.url]):
        assert wait_until(lambda: len(played.ollama.asked) > 3)
        assert far.asked == []


def test_a_fault_in_one_look_is_told_in_its_row_and_ends_nothing(played, far, monkeypatch, caplog):
    look = Observer.look

    def broken(observer, *rest):
        if observer.poll.ollama.url == far.url:
            raise ZeroDivisionError
        return look(observer, *rest)

    monkeypatch.setattr(Observer, "look", broken)
    with Opened(played, beside=[far.url]) as opened:
        document = opened.guest().until(looked_at)
    assert document["hosts"]["rows"][1]["models"] == "Something went wrong inside Elbowroom; the log has the details."
    assert document["tasks"]["switches"]
    assert "a look at another Ollama failed" in caplog.text


def test_a_name_from_outside_is_cleaned():
    view = hosts_view([HostSeen("http://a\x1b[2J"), HostSeen("http://b", failed=True)], TR)
    assert "\x1b" not in repr(view.rows[0].url) + view.about
    assert view.told == ()


def test_of_several_there_is_a_page_of_its_own_beside_a_tray_app(played, far, monkeypatch):
    """The tray app watches one: its page would not show the others."""
    served = []
    monkeypatch.setattr(details, "serve", lambda session, *_: served.append((session.app.ollama_url, session.beside)))
    tray = SingleInstance(played.app().paths.instance_lock_file, played.app().paths.instance_file)
    assert tray.acquire()
    try:
        played.run("details", "--ollama", far.url, "--ollama", far.url)
    finally:
        tray.release()
    assert served == [(played.ollama.url, [far.url])]


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_is_read_at_every_width_and_axe_finds_nothing(browser, played, far, silent, language):
    (played.home / "settings.toml").write_text(SETTINGS + f'request_limit_s = 1\nlanguage = "{language}"\n')
    with Opened(played, beside=[far.url, NOWHERE, silent]) as opened:
        tab = tab_on(browser, opened)
        tab.wait_for("document.querySelectorAll('#side tbody tr').length === 4")
        tab.wait_for(f"document.querySelector('#side').textContent.includes({SMALL!r})")
        tab.run(axe())
        for theme, features in THEMES.items():
            for width in (390, 1280):
                tab.look(width=width, height=900)
                tab.media(features)
                found = tab.run(
                    "axe.run('#hosts').then((done) => done.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html)}`))"
                )
                assert found == [], (theme, width)
                assert tab.run("document.documentElement.scrollWidth <= innerWidth"), (theme, width)
