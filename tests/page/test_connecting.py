"""`Connect to Open WebUI...` from the menu row to the stored token: first without a browser, then in a real one."""

import json
import os
import threading
import webbrowser

import httpx
import pytest

from tests.page.test_way_in import secret_in
from tray_app.app import connect as connecting
from tray_app.app import language
from tray_app.app.connect import connect_work, open_in_browser
from tray_app.app.jobs import JobControl
from tray_app.app.wiring import App, Overrides
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.page import gate
from tray_app.page.connect_page import Filled
from tray_app.standins.open_webui import ADMIN, USER, DemoOpenWebUI
from tray_app.standins.server import Response
from tray_app.storage.catalogs import LANGUAGES
from tray_app.storage.secret import Secrets

HOSTILE = "<img src=x onerror=\"document.title='owned'\"> \u202eevil"


class Keychain:
    """Holds one text, or says that there is none."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.missing = False

    def _check(self) -> None:
        if self.missing:
            raise ChangeError(Problem.NO_KEYCHAIN, "", "no backend")

    def read(self) -> str | None:
        self._check()
        return self.text

    def write(self, text: str) -> None:
        self._check()
        self.text = text

    def delete(self) -> None:
        self._check()
        self.text = None


class Connecting:
    """The job of the menu row, running."""

    def __init__(self, app: App, url: str, open_browser, code: str = "en") -> None:
        self.control = JobControl(RunningJob("job-1", JobKind.CONNECT, "", cancellable=True), lambda _moved: None)
        work = connect_work(app, url, lambda: language.load(code), lambda: code, open_browser)
        self.done = None

        def run() -> None:
            self.done = work(self.control)

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def end(self):
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.done


@pytest.fixture
def server():
    with DemoOpenWebUI() as made:
        yield made


@pytest.fixture
def app(tmp_path):
    with App(Overrides(home=tmp_path / "home")) as made:
        made.secrets = Secrets(made.state, Keychain(), made.paths.secret_file, {})
        yield made


@pytest.fixture
def begin(app):
    started = []

    def start(url, open_browser, code="en"):
        made = Connecting(app, url, open_browser, code)
        started.append(made)
        return made

    yield start
    for one in started:
        one.control.cancel()
        one.end()


def test_without_a_browser_the_terminal_command_is_named(begin, server):
    done = begin(server.url, lambda _url: False).end()
    assert f"elbowroom connect {server.url}" in done.message
    assert not done.connection


def test_an_opener_that_opens_nothing_is_told_as_that(app, begin, server, monkeypatch):
    """xdg-open says yes before it looks for a browser."""
    monkeypatch.setattr(gate, "BOOTSTRAP_TTL_S", 0.3)
    done = begin(server.url, lambda _url: True).end()
    assert f"elbowroom connect {server.url}" in done.message
    assert app.state.read().secrets == {}


class Opened(webbrowser.BaseBrowser):
    def open(self, url, _new=0, _autoraise=True):
        self.url = url
        return True


def test_a_browser_of_the_desktop_is_used_and_one_of_the_terminal_is_not(monkeypatch):
    graphical = Opened()
    monkeypatch.setattr(webbrowser, "get", lambda: graphical)
    assert open_in_browser("http://127.0.0.1:1/open/x") is True
    assert graphical.url == "http://127.0.0.1:1/open/x"
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert open_in_browser("http://127.0.0.1:1/open/x") is False
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("/usr/bin/lynx"))
    assert open_in_browser("http://127.0.0.1:1/open/x") is False
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.BackgroundBrowser("/nothing/here"))
    assert open_in_browser("http://127.0.0.1:1/open/x") is False


def test_a_browser_that_a_variable_names_is_started_and_not_waited_for(tmp_path, monkeypatch):
    """`BROWSER=wslview` and the like."""
    program, told = tmp_path / "my browser", tmp_path / "told"
    program.write_text(f"#!/bin/sh\necho \"$1\" > '{told}'\n", encoding="utf-8")
    program.chmod(0o755)
    os.mkfifo(told)  # it does not end before somebody has read what it was told
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser([str(program), "%s"]))
    assert open_in_browser("http://127.0.0.1:1/open/x") is True
    assert told.read_text(encoding="utf-8") == "http://127.0.0.1:1/open/x\n"


def test_a_system_without_any_browser_has_none(monkeypatch):
    def nothing():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", nothing)
    assert open_in_browser("http://127.0.0.1:1/open/x") is False


def test_a_token_in_the_place_of_the_version_is_not_shown(app, server, monkeypatch):
    """The first question goes out before the token is known; what it brought was shown once it worked."""
    token, handle = server.session(ADMIN[0]), server.handle

    def repeats(request):
        good = handle(request)
        return Response(good.body.replace(b"0.12.4", token.encode()), good.status, good.content_type)

    monkeypatch.setattr(server, "handle", repeats)
    assert connecting.sign_in(app, Filled(server.url, api_key=token)) == "(hidden)"


def test_a_cancelled_row_stores_nothing(app, begin, server):
    opened = []
    job = begin(server.url, lambda uri: opened.append(secret_in(uri)) or True)
    job.control.cancel()
    done = job.end()
    assert (done.message, done.connection) == ("Not connected.", False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(opened[0], trust_env=False)
    assert app.state.read().secrets == {}


# --- in a real browser --------------------------------------------------------------------------


@pytest.fixture
def tab(browser):
    made = browser.tab()
    made.look()
    yield made
    made.call("Page.close")


@pytest.fixture
def open_page(begin, tab):
    """The page in the tab, and the address that opened it."""

    def go(url, code="en"):
        opened, file = [], []
        ready = threading.Event()

        def open_browser(way_in):
            opened.append(secret_in(way_in))
            file.append(way_in)
            ready.set()
            return True

        job = begin(url, open_browser, code)
        assert ready.wait(10)
        tab.go(file[0])
        tab.wait_for("document.querySelector('#page') && !document.querySelector('#page').hidden")
        return job, opened[0]

    return go


def answer(tab, kind):
    """The sentence on the page once it is of that kind."""
    tab.wait_for(f"document.querySelector('#message').className === '{kind}'")
    return tab.text("#message")


def sign_in(tab, email, password):
    tab.click("#by-password")
    tab.type("#email", email)
    tab.type("#password", password)
    tab.click("#send")


@pytest.mark.browser
def test_from_a_wrong_password_to_a_stored_key(app, server, open_page, tab):
    job, _ = open_page(server.url)
    assert tab.run("location.pathname") == "/"
    assert tab.run("document.cookie") == ""
    assert tab.run("document.querySelector('#url').value") == server.url

    sign_in(tab, ADMIN[0], "wrong")
    assert "does not accept this e-mail and password" in answer(tab, "bad")
    assert app.state.read().secrets == {}

    tab.run("document.querySelector('#message').className = ''")
    sign_in(tab, *USER)
    assert "is not an admin" in answer(tab, "bad")
    assert app.state.read().secrets == {}

    tab.run("document.querySelector('#message').className = ''")
    key = server.api_key()
    tab.click("#by-key")
    tab.type("#api-key", key)
    tab.click("#send")
    said = answer(tab, "good")
    assert said.startswith(
        f"Connected to Open WebUI 0.12.4 at {server.url}. You can close this page: Elbowroom's menu "
    )
    assert tab.run("document.querySelector('#api-key').value + document.querySelector('#password').value") == ""
    assert not tab.run("document.querySelector('#send').checkVisibility()")

    done = job.end()
    assert (done.message, done.connection) == ("Connected to Open WebUI.", True)
    assert app.secrets.token(server.url, chosen=False).value == key
    assert app.state.read().connected_url == server.url
    assert not app.paths.secret_file.exists()


@pytest.mark.browser
def test_the_way_in_is_refused_the_second_time(server, browser, open_page, tab):
    _, way_in = open_page(server.url)
    stranger = browser.tab()
    stranger.go(way_in)
    stranger.wait_for("document.body && document.body.innerText")
    assert stranger.text() == "This page is no longer in use. Open it again from Elbowroom's menu."
    assert stranger.run("performance.getEntriesByType('navigation')[0].responseStatus") == 403
    assert "Sign in with" in tab.text()


@pytest.mark.browser
def test_another_site_in_the_same_browser_cannot_use_the_page(server, browser, open_page, tab):
    """It sits on another port of 127.0.0.1, where even the browser sends the page's cookie along."""
    open_page(server.url)
    page = tab.run("location.origin")
    site = browser.tab()
    site.go(f"{server.url}/")
    site.wait_for("document.readyState === 'complete' && location.href.startsWith('http')")
    body = json.dumps(json.dumps({"url": server.url, "email": ADMIN[0], "password": ADMIN[1]}))
    for path, options in (
        ("texts.json", "{credentials: 'include'}"),
        ("connect", f"{{method: 'POST', mode: 'no-cors', credentials: 'include', body: {body}}}"),
        ("connect", f"{{method: 'POST', credentials: 'include', headers: {{'X-Elbowroom': '1'}}, body: {body}}}"),
    ):
        script = f"fetch('{page}/{path}', {options}).then(a => a.type + a.status, e => 'refused')"
        assert site.run(script) in {"refused", "opaque0"}
    assert server.accounts.sessions == {}, "nobody signed in"


@pytest.mark.browser
def test_without_a_keychain_a_file_is_offered_and_used(app, server, open_page, tab):
    app.secrets = Secrets(app.state, keychain := Keychain(), app.paths.secret_file, {})
    keychain.missing = True
    job, _ = open_page(server.url)
    assert not tab.run("document.querySelector('#file-part').checkVisibility()")
    sign_in(tab, *ADMIN)
    assert "Tick the box" in answer(tab, "bad")
    tab.run("document.querySelector('#message').className = ''")
    tab.click("#keep-in-file")
    tab.click("#send")
    answer(tab, "good")
    assert job.end().connection
    assert app.paths.secret_file.exists()
    assert app.secrets.token(server.url, chosen=False) is not None


@pytest.mark.browser
def test_a_server_without_accounts_needs_nothing(app, open_page, tab):
    with DemoOpenWebUI(auth=False) as server:
        job, _ = open_page(server.url)
        tab.click("#by-nothing")
        tab.click("#send")
        answer(tab, "good")
        assert job.end().connection
        assert app.secrets.token(server.url, chosen=False) is not None


@pytest.mark.browser
def test_an_empty_field_is_not_sent(server, open_page, tab):
    open_page(server.url)
    tab.click("#send")
    assert tab.run("document.querySelector('#email').matches(':invalid')")
    assert tab.text("#message") == ""
    tab.click("#by-key")
    assert tab.run("document.querySelector('#form').checkValidity()") is False
    tab.click("#by-nothing")
    assert tab.run("document.querySelector('#form').checkValidity()") is True


@pytest.mark.browser
def test_an_address_is_taken_as_the_command_line_takes_it(app, server, open_page, tab):
    """Without a scheme; and what was wrong with one way of signing in goes when another is chosen."""
    open_page("")
    tab.type("#url", server.url.removeprefix("http://"))
    sign_in(tab, ADMIN[0], "wrong")
    assert answer(tab, "bad")
    tab.click("#by-key")
    assert tab.text("#message") == ""
    assert tab.run("document.querySelector('#message').className") == ""
    tab.type("#api-key", server.api_key())
    tab.click("#send")
    answer(tab, "good")
    assert app.state.read().connected_url == server.url


@pytest.mark.browser
def test_what_a_server_says_is_shown_as_text(app, server, open_page, tab):
    """A version with markup in it: nothing of it is run, loaded or drawn."""
    server.version_text = f"0.12.4{HOSTILE}"
    open_page(server.url)
    sign_in(tab, *ADMIN)
    tab.wait_for("document.querySelector('#message').className")
    assert "<img" in tab.text("#message")
    assert tab.run("document.querySelectorAll('img, script:not([src])').length") == 0
    assert "owned" not in tab.run("document.title")


@pytest.mark.browser
def test_a_page_that_ended_says_so(server, open_page, tab):
    job, _ = open_page(server.url)
    job.control.cancel()
    job.end()
    sign_in(tab, *ADMIN)
    assert answer(tab, "bad") == "This page is no longer in use. Open it again from Elbowroom's menu."


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("code", LANGUAGES)
def test_it_is_readable_in_every_language_at_any_width(server, open_page, tab, code, width):
    open_page(server.url, code)
    tab.look(width=width)
    tr = language.load(code)
    assert tab.run("document.documentElement.lang") == code.replace("_", "-"), "a tag of the web has no underscore"
    for text in ("Connect to Open WebUI", "Sign in with", "an API key"):
        assert tr.gettext(text) in tab.text()
    assert "undefined" not in tab.text()
    assert tab.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the window"


@pytest.mark.browser
@pytest.mark.parametrize("keychain", [True, False])
def test_the_answer_is_in_sight_in_a_low_window(app, server, open_page, tab, keychain):
    """Also where a box comes above it: it was told beside what the page looked like before."""
    held = Keychain()
    held.missing = not keychain
    app.secrets = Secrets(app.state, held, app.paths.secret_file, {})
    open_page(server.url)
    tab.look(width=400, height=400)
    sign_in(tab, ADMIN[0], "wrong" if keychain else ADMIN[1])
    answer(tab, "bad")
    assert tab.run("document.querySelector('#file-part').checkVisibility()") is not keychain
    top, bottom, height = tab.run(
        "(() => { const r = document.querySelector('#message').getBoundingClientRect();"
        "return [r.top, r.bottom, innerHeight]; })()"
    )
    assert 0 <= top < bottom <= height


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_the_paper(server, open_page, tab, dark):
    """Contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3) for every piece of text."""
    open_page(server.url)
    tab.look(dark=dark)
    sign_in(tab, ADMIN[0], "wrong")
    answer(tab, "bad")
    low = tab.run(
        """(() => {
          const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
            .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const paper = (e) => { for (let n = e; n; n = n.parentElement) {
            const colour = getComputedStyle(n).backgroundColor;
            if (!/, 0\\)$|transparent/.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
          const found = [];
          for (const e of document.querySelectorAll("h1, p, span, legend, input, button")) {
            if (!e.checkVisibility() || !(e.innerText || e.value)) continue;
            const [a, b] = [light(getComputedStyle(e).color), light(paper(e))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) found.push(e.outerHTML);
          }
          return found;
        })()"""
    )
    assert low == []
