"""The menu's last rows: the speed test, links, notices, start at login, language, connection, quit."""

from collections.abc import Iterator

from tray_app.core.menu.fixes import clock
from tray_app.core.menu.icon import snoozed
from tray_app.core.menu.screen import Row, ScreenState
from tray_app.core.menu.state import connect_row
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.command import (
    Autostart,
    Disconnect,
    Link,
    MuteForModel,
    NoticeProblem,
    NotificationsOnlyCritical,
    OpenLink,
    Quit,
    SetLanguage,
    Snooze,
    SnoozeUntil,
    SpeedTest,
)
from tray_app.core.values.snapshot import Access, OpenWebUI, System


def open_webui(state: ScreenState) -> OpenWebUI | None:
    return state.overview.open_webui if state.overview is not None else None


def link_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    server = open_webui(state)
    rows = []
    if server is not None and server.access in {Access.USER, Access.ADMIN}:
        rows.append(Row(tr.gettext("Test response speed"), SpeedTest(), id="speed", busy=state.busy))
    if server is not None:
        command = OpenLink(Link.OPEN_WEBUI, server.url)
        rows.append(Row(tr.gettext("Open Open WebUI"), command, id="open-webui"))
    system = state.overview.host.system if state.overview is not None else ""
    name = {System.MACOS.value: tr.gettext("Activity Monitor"), System.WINDOWS.value: tr.gettext("Task Manager")}
    text = name.get(system, tr.gettext("System monitor"))
    rows.append(Row(text, OpenLink(Link.SYSTEM_MONITOR), id="system-monitor"))
    return tuple(rows)


def notification_row(state: ScreenState, tr: Translator) -> Row:
    """Snooze, the level of notices, and the models that are kept quiet."""
    notices, rows = state.notices, list(_unseen_rows(state.notices.problem, tr))
    if snoozed(state) and notices.snoozed_until is not None:
        now = state.overview.at.taken_at if state.overview is not None else notices.snoozed_until
        until = clock(notices.snoozed_until, now, state.utc_offset_s)
        rows.append(Row(tr.gettext("Snoozed until {time}").format(time=until), id="snoozed"))
        rows.append(Row(tr.gettext("End the snooze"), Snooze(SnoozeUntil.NOW), id="snooze:now"))
    rows.append(Row(tr.gettext("Snooze for 1 hour"), Snooze(SnoozeUntil.HOUR), id="snooze:hour"))
    rows.append(Row(tr.gettext("Snooze until tomorrow"), Snooze(SnoozeUntil.TOMORROW), id="snooze:tomorrow"))
    rows.append(
        Row(
            tr.gettext("Only when memory is critical"),
            NotificationsOnlyCritical(not notices.only_critical),
            checked=notices.only_critical,
            id="only-critical",
        )
    )
    rows += mute_rows(state, tr)
    title = tr.gettext("Notifications") if notices.problem is None else tr.gettext("Notifications: may not be seen")
    return Row(title, children=tuple(rows), id="notifications")


def _unseen_rows(problem: NoticeProblem | None, tr: Translator) -> Iterator[Row]:
    """Why, and the way to see them."""
    if problem is not None:
        text = {
            NoticeProblem.NOT_ALLOWED: tr.gettext("The system keeps them back: allow Elbowroom's in its settings"),
            NoticeProblem.NO_SERVICE: tr.gettext("Nothing on this desktop shows them: icon and menu tell the same"),
            NoticeProblem.SCRIPT_EDITOR: tr.gettext(
                "Allow Script Editor's in System Settings > Notifications: macOS shows them under that name"
            ),
        }[problem]
        yield Row(text, id="unseen")


def mute_rows(state: ScreenState, tr: Translator) -> list[Row]:
    """A switch for each model that is muted, and for the loaded ones."""
    ollama = state.overview.ollama if state.overview is not None else None
    loaded = [model.name for model in ollama.loaded] if ollama is not None else []
    muted = state.notices.muted_models
    return [
        Row(
            tr.gettext("Not about {model}").format(model=short(name)),
            MuteForModel(name, muted=name not in muted),
            checked=name in muted,
            id=f"mute:{name}",
        )
        for name in dict.fromkeys((*muted, *loaded))
    ]


def language_row(state: ScreenState, tr: Translator) -> Row:
    system = Row(tr.gettext("As the system"), SetLanguage(""), checked=not state.language, radio=True, id="language:")
    named = (
        Row(name, SetLanguage(code), checked=state.language == code, radio=True, id=f"language:{code}")
        for code, name in state.languages
    )
    return Row(tr.gettext("Language"), children=(system, *named), id="language")


def app_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    rows = [notification_row(state, tr)]
    if state.autostart is not None:
        command = Autostart(not state.autostart)
        rows.append(Row(tr.gettext("Start at login"), command, checked=state.autostart, id="autostart"))
    return (*rows, language_row(state, tr))


def end_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    rows = [connect_row(state, tr)]
    server = open_webui(state)
    if server is not None and server.access is not Access.NONE:
        ask = Row(tr.gettext("Forget the stored sign-in"), Disconnect(server.url), id="disconnect:confirm")
        rows.append(Row(tr.gettext("Disconnect"), children=(ask,), id="disconnect"))
    rows.append(Row(tr.gettext("Settings..."), OpenLink(Link.SETTINGS_FILE), id="settings"))
    rows.append(Row(tr.gettext("Log file"), OpenLink(Link.LOG_FILE), id="log"))
    return tuple(rows)


def quit_row(tr: Translator) -> Row:
    return Row(tr.gettext("Quit"), Quit(), id="quit")
