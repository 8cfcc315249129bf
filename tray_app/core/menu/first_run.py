"""What the tray app says about itself."""

from tray_app.core.menu.screen import Button, NoticeView
from tray_app.core.report.overview import Overview
from tray_app.core.text import refusals
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.command import Connect, Link, OpenLink
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.snapshot import Access, OpenWebUI, Presence


def runs_already(tr: Translator) -> str:
    return tr.gettext("Elbowroom is running already: look for its icon.")


def found(seen: Overview) -> int:
    """How many of the two servers answer."""
    return _runs(seen) + (seen.open_webui is not None)


def first_run(seen: Overview, tr: Translator) -> NoticeView:
    """What was found, what is still missing, and the way to it as a button."""
    ollama, server = seen.ollama, seen.open_webui
    names = [tr.gettext("Ollama {version}").format(version=clean(ollama.version))] if ollama and ollama.version else []
    if server is not None:
        names.append(tr.gettext("Open WebUI {version}").format(version=clean(server.version)))
    parts = [tr.gettext("Found: {found}.").format(found=listed(names, tr))] if names else []
    if server is not None:
        words, buttons = _access(server, tr)
        parts += [tr.gettext("No Ollama answers yet.")] if not _runs(seen) else []
        parts += [words] if words else []
    elif names:
        parts.append(tr.gettext("No Open WebUI answers yet: start it, or say where it is."))
        buttons = (_where(tr),)
    else:
        parts.append(tr.gettext("Neither Ollama nor Open WebUI answers here yet. Start them: Elbowroom notices."))
        buttons = (Button(tr.gettext("Get Ollama..."), OpenLink(Link.OLLAMA_PAGE)), _where(tr))
    return NoticeView(tr.gettext("Elbowroom is running"), in_turn(*parts), "first-run", buttons)


def _runs(seen: Overview) -> bool:
    return seen.ollama is not None and seen.ollama.presence is Presence.RUNNING


def _where(tr: Translator) -> Button:
    return Button(tr.gettext("Open WebUI's address..."), Connect())


def _access(server: OpenWebUI, tr: Translator) -> tuple[str, tuple[Button, ...]]:
    """What keeps fixes from being a click, and the button that mends it."""
    match server.access:
        case Access.NONE:
            words = tr.gettext("Connect to Open WebUI to see and change its background tasks.")
            button = tr.gettext("Connect...")
        case Access.REFUSED:
            because = refusals.brief(server.refused or RefusedBecause.OTHER, tr)
            words = tr.gettext("Open WebUI cannot be read: {reason}.").format(reason=because)
            button = tr.gettext("Sign in again...")
        case Access.USER:
            because = refusals.brief(server.refused or RefusedBecause.NOT_ADMIN, tr)
            words = tr.gettext("Read-only: {reason}.").format(reason=because)
            button = tr.gettext("Connect as an admin...")
        case Access.ADMIN:
            return "", ()
    return words, (Button(button, Connect(server.url)),)


def here_notice(tr: Translator) -> NoticeView:
    """Shown by the running app when somebody starts a second one."""
    return NoticeView(
        tr.gettext("Elbowroom is running"),
        tr.gettext("Its icon is in the menu bar or the tray; everything is in its menu."),
        "here",
    )
