"""`Connect to Open WebUI...`: the page in the browser, the sign-in behind it, and the token to its place."""

import logging
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tray_app.app.jobs import JobControl, JobDone, Work
from tray_app.app.way_in import WayIn, parent_folder
from tray_app.core.text import account as view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import Refused, RefusedBecause, ServiceError
from tray_app.core.values.snapshot import Access
from tray_app.core.values.token import Token, origin_of
from tray_app.page.connect_page import ConnectPage, Filled, Reply
from tray_app.readers.callers import whose_connection
from tray_app.services.address import seen_from_here, web_address
from tray_app.storage.secret import KeptIn

if TYPE_CHECKING:
    from tray_app.app.wiring import App
    from tray_app.services.open_webui import OpenWebUIClient

log = logging.getLogger(__name__)

TERMINAL_BROWSERS = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""Those that Python's webbrowser module knows."""


_OF_A_NEW_ONE = {
    RefusedBecause.EXPIRED: RefusedBecause.NEW_TOKEN,
    RefusedBecause.NOT_ADMIN: RefusedBecause.NEW_NOT_ADMIN,
}
"""What is refused was just entered: it never worked, and it is not kept."""


def sign_in(app: "App", filled: Filled) -> str:
    """Check the server and the sign-in, keep the token for this one origin; returns the server's version.

    ElbowroomError where anything is missing; nothing is kept then.
    """
    url = web_address(filled.url)
    anonymous = app.open_webui_at(url)
    anonymous.version()
    if filled.api_key:
        value = filled.api_key
    elif filled.email:
        value = anonymous.sign_in(filled.email, filled.password)
    elif anonymous.features().auth:
        raise Refused(url, RefusedBecause.NO_TOKEN)
    else:
        value = anonymous.sign_in("", "")
    token = Token(value, origin_of(url))
    client = app.open_webui_at(url, token)
    if client.access() is not Access.ADMIN:
        because = client.refusal() or RefusedBecause.NOT_ADMIN
        raise Refused(url, _OF_A_NEW_ONE.get(because, because), client.refusal_detail)
    version = client.version()  # of the client that hides the token, should the server repeat it there
    app.secrets.store(token, KeptIn.FILE if filled.keep_in_file else KeptIn.KEYCHAIN)
    used = _ollamas_of(client)
    app.state.update(lambda state: replace(state, connected_url=url, ollama_urls=used))
    return version


def _ollamas_of(client: "OpenWebUIClient") -> tuple[str, ...]:
    """Where its Ollama servers are reached from here, as far as that can be told."""
    try:
        connections = client.connections()
    except ServiceError:
        return ()
    return tuple(url for one in connections if (url := seen_from_here(one.url, client.url)))


def open_in_browser(url: str) -> bool:
    """False where there is no browser, or only one for the terminal: it would take the terminal and run no script."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error as error:
        log.warning("no browser: %s", error)
        return False
    if type(browser) is not webbrowser.GenericBrowser:
        return browser.open(url)
    if Path(browser.name).name in TERMINAL_BROWSERS:
        return False
    # One that the BROWSER variable names: Python waits until it ends, which nobody else needs to.
    threading.Thread(target=browser.open, args=(url,), name="browser", daemon=True).start()
    return True


def connect_work(
    app: "App",
    url: str,
    translator: Callable[[], Translator],
    language: Callable[[], str],
    open_browser: Callable[[str], bool] = open_in_browser,
) -> Work:
    """The job behind the menu row: ends after success, cancel or ten quiet minutes, or when no browser came.

    Asked again while it runs, it opens the page again: its tab may have been closed.
    """

    def check(filled: Filled) -> Reply:
        tr = translator()
        try:
            version = sign_in(app, filled)
        except ElbowroomError as error:
            no_keychain = isinstance(error, ChangeError) and error.problem is Problem.NO_KEYCHAIN
            return Reply(ok=False, message=view.page_problem(error, tr), offer_file=no_keychain)
        return Reply(ok=True, message=view.connected_page(web_address(filled.url), version, tr))

    def work(control: JobControl) -> JobDone:
        tr = translator()
        page = ConnectPage(check, view.page_texts(url, tr), language(), whose=whose_connection)
        way_in = WayIn(parent_folder(app.paths.state_file.parent), open_browser)

        def over() -> bool:
            if control.asked_again():
                way_in.hand_over(page.gate.let_in())
            elif not page.gate.is_open:
                way_in.remove()
            return control.cancelled()

        try:
            if not way_in.hand_over(page.gate.bootstrap_url):
                page.close()
                return JobDone("", view.no_browser(url, tr))
            connected = page.wait(over)
        finally:
            way_in.remove()
        if connected:
            return JobDone("", view.now_connected(tr), connection=True)
        # What opens a browser also says that all is well where there is none (xdg-open), or one that cannot read files.
        return JobDone("", view.no_browser(url, tr) if page.gate.missed else view.not_connected(tr))

    return work
