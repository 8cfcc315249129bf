"""What the tray app says about itself."""

from tray_app.core.menu.screen import Button, NoticeView
from tray_app.core.report.overview import Overview
from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.command import Connect
from tray_app.core.values.snapshot import Access


def runs_already(tr: Translator) -> str:
    return tr.gettext("Elbowroom is running already: look for its icon.")


def first_run(seen: Overview, tr: Translator) -> NoticeView:
    """What was found at the very first start, and what is still missing for one-click fixes."""
    ollama, server = seen.ollama, seen.open_webui
    found = [tr.gettext("Ollama {version}").format(version=clean(ollama.version))] if ollama and ollama.version else []
    if server is not None:
        found.append(tr.gettext("Open WebUI {version}").format(version=clean(server.version)))
    if not found:
        body = tr.gettext("No Ollama and no Open WebUI found yet; Elbowroom goes on looking.")
    else:
        body = tr.gettext("Found: {found}.").format(found=listed(found, tr))
    buttons: tuple[Button, ...] = ()
    if server is not None and server.access is Access.NONE:
        body += " " + tr.gettext("To change its settings from here, connect to Open WebUI.")
        buttons = (Button(tr.gettext("Connect..."), Connect(server.url)),)
    return NoticeView(tr.gettext("Elbowroom is running"), body, "first-run", buttons)


def here_notice(tr: Translator) -> NoticeView:
    """Shown by the running app when somebody starts a second one."""
    return NoticeView(
        tr.gettext("Elbowroom is running"),
        tr.gettext("Its icon is in the menu bar or the tray; everything is in its menu."),
        "here",
    )
