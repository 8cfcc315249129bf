"""`connect` and `disconnect`: the only place where somebody signs in, once per call."""

import getpass
import sys
from argparse import Namespace
from dataclasses import replace

from tray_app.app import App, Overrides
from tray_app.cli import DONE, NOTHING_TO_DO
from tray_app.core.errors import Refused, RefusedBecause, UsageError
from tray_app.core.snapshot import Access
from tray_app.core.token import Token, origin_of
from tray_app.core.view import account as view
from tray_app.core.view.text import Translator
from tray_app.services.address import web_address
from tray_app.storage.secret import Where
from tray_app.terminal import Terminal


def connect(options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Check the server and the sign-in, then keep the token for this one origin. Nothing is kept when it fails."""
    url = web_address(options.url)
    app = App(Overrides.of(options))
    version = app.open_webui_at(url).version()
    token = Token(_credential(options, app, url, terminal, tr), origin_of(url))
    client = app.open_webui_at(url, token)
    access = client.access()
    if access is not Access.ADMIN:
        because = client.refusal() or RefusedBecause.NOT_ADMIN
        raise Refused(url, because)
    where = Where.FILE if options.insecure_file_secret else Where.KEYCHAIN
    app.secrets.store(token, where)
    app.state.update(lambda state: replace(state, connected_url=url))
    terminal.text(view.connected(url, version, tr))
    if where is Where.FILE:
        terminal.note(view.kept_in_file(tr))
    return DONE


def _credential(options: Namespace, app: App, url: str, terminal: Terminal, tr: Translator) -> str:
    """A token: given, signed in for, or the one that a server without accounts gives to everybody."""
    if options.api_key_stdin or options.token_stdin:
        token = sys.stdin.readline().strip()
        if not token or any(char.isspace() for char in token):
            raise UsageError("empty-token", "--api-key-stdin" if options.api_key_stdin else "--token-stdin")
        return token
    anonymous = app.open_webui_at(url)
    email = options.email or ""
    if not email:
        if not anonymous.features().auth:
            return anonymous.sign_in("", "")
        if options.password_stdin:
            raise UsageError("needs-email", "--password-stdin")
        if not terminal.interactive:
            raise UsageError("needs-credentials", "connect")
        terminal.note(view.how_to_sign_in(tr))
        given = getpass.getpass(view.api_key_prompt(tr) + " ", stream=sys.stderr).strip()
        if given:
            return given
        terminal.err.write(view.email_prompt(tr) + " ")
        terminal.err.flush()
        email = input().strip()
    if options.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif terminal.interactive:
        password = getpass.getpass(view.password_prompt(tr) + " ", stream=sys.stderr)
    else:
        raise UsageError("needs-credentials", "connect")
    return anonymous.sign_in(email, password)


def disconnect(options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Forget every stored token. Open WebUI itself is not told: the token stays valid there until it expires."""
    app = App(Overrides.of(options))
    origins = app.secrets.stored()
    for origin in origins:
        app.secrets.delete(origin)
    had_url = bool(app.state.read().connected_url)
    app.state.update(lambda state: replace(state, connected_url=""))
    if not origins and not had_url:
        terminal.text(view.nothing_to_forget(tr))
        return NOTHING_TO_DO
    for origin in origins:
        terminal.text(view.forgotten(origin, tr))
    return DONE
