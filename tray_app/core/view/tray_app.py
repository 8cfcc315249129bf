"""What the tray app says about itself."""

from tray_app.core.view.screen import NoticeView
from tray_app.core.view.text import Translator


def runs_already(tr: Translator) -> str:
    return tr.gettext("Elbowroom is running already: look for its icon.")


def here_notice(tr: Translator) -> NoticeView:
    """Shown by the running app when somebody starts a second one."""
    return NoticeView(
        tr.gettext("Elbowroom is running"),
        tr.gettext("Its icon is in the menu bar or the tray; everything is in its menu."),
        "here",
    )
