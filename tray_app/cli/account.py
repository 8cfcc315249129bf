"""`connect` and `disconnect`: the only commands that sign in, once per call."""

import getpass
import locale
import sys
from argparse import Namespace

from msgspec.structs import replace

from tray_app.app.connect import sign_in
from tray_app.app.doing.chat_first import relay_port
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.text import account as view
from tray_app.core.text import chat_first as chat_first_view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.page.connect_page import Filled
from tray_app.services.address import web_address
from tray_app.storage.keychain import Keychain


def connect(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Check the server and the sign-in, then keep the token for this one origin. Nothing is kept when it fails."""
    url = web_address(options.url)
    app.open_webui_at(url).version()  # before any secret is asked for: is it an Open WebUI at all?
    in_file = options.insecure_file_secret or _asked_for_file(options, app, url, terminal, tr)
    filled = replace(_filled(options, app, url, terminal, tr), keep_in_file=in_file)
    version = sign_in(app, filled)
    terminal.text(view.connected(url, version, tr))
    terminal.text(view.now_what(tr))
    if filled.keep_in_file:
        terminal.note(view.kept_in_file(tr))
    return DONE


def _asked_for_file(options: Namespace, app: App, url: str, terminal: Terminal, tr: Translator) -> bool:
    """Where somebody would type a secret that no keychain could keep, that is asked before the secret.

    ChangeError(NO_KEYCHAIN) after a no.
    """
    given = options.api_key_stdin or options.token_stdin or options.password_stdin
    if given or not terminal.interactive or not app.open_webui_at(url).features().auth:
        return False
    try:
        Keychain(app.paths.keychain_service).found()
    except ChangeError as error:
        if error.problem is not Problem.NO_KEYCHAIN:
            raise
        if terminal.ask(view.keep_in_file_question(tr), yes_words(tr)):
            return True
        raise
    return False


def _filled(options: Namespace, app: App, url: str, terminal: Terminal, tr: Translator) -> Filled:
    """A token that was given, an e-mail address with its password, or nothing for a server without accounts."""
    if options.api_key_stdin or options.token_stdin:
        option = "--api-key-stdin" if options.api_key_stdin else "--token-stdin"
        token = line_of_stdin(option).strip()
        if not token or any(char.isspace() for char in token):
            raise UsageError(Slip.EMPTY_TOKEN, option)
        return Filled(url, api_key=token)
    email = options.email or ""
    if not email:
        if options.password_stdin:
            raise UsageError(Slip.NEEDS_EMAIL, "--password-stdin")
        if not app.open_webui_at(url).features().auth:
            return Filled(url)
        if not terminal.interactive:
            raise UsageError(Slip.NEEDS_CREDENTIALS, "connect")
        terminal.note(view.how_to_sign_in(tr))
        key = getpass.getpass(view.api_key_prompt(tr) + " ", stream=sys.stderr).strip()
        if key:
            return Filled(url, api_key=key)
        terminal.err.write(view.email_prompt(tr) + " ")
        terminal.err.flush()
        email = input().strip()
    if options.password_stdin:
        return Filled(url, email=email, password=line_of_stdin("--password-stdin"))
    if not terminal.interactive:
        raise UsageError(Slip.NEEDS_CREDENTIALS, "connect")
    return Filled(url, email=email, password=getpass.getpass(view.password_prompt(tr) + " ", stream=sys.stderr))


def line_of_stdin(option: str) -> str:
    """What another program writes is UTF-8, as what we write; from an older one it may be in the system's encoding."""
    data: bytes = sys.stdin.buffer.readline()
    for encoding in ("utf-8-sig", locale.getencoding()):
        try:
            return data.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            continue
    raise UsageError(Slip.UNREADABLE, option)


def disconnect(app: App, _options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Forget every stored token. Open WebUI itself is not told: the token stays valid there until it expires."""
    had_url = bool(app.state.read().connected_url)
    origins = app.secrets.forget_all()
    if not origins and not had_url:
        terminal.text(view.nothing_to_forget(tr))
        return NOTHING_TO_DO
    for origin in origins:
        terminal.text(view.forgotten(origin, tr))
    if relay_port(app.changes()) is not None:
        terminal.note(chat_first_view.not_signed_in(tr))
    return DONE
