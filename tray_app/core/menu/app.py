"""The menu's last rows: links, notices, quit, and one row for everything about the app itself."""

from collections.abc import Iterator

from tray_app.core.menu.fixes import clock
from tray_app.core.menu.icon import snoozed
from tray_app.core.menu.screen import SEPARATOR, ReliefChoice, Row, ScreenState
from tray_app.core.menu.state import connect_row
from tray_app.core.report.versions import notes
from tray_app.core.text import own_use as own_view
from tray_app.core.text import receipt as receipt_view
from tray_app.core.text import relief as relief_view
from tray_app.core.text import versions
from tray_app.core.text.names import row_text, short, wrapped
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.command import (
    Autostart,
    CheckUpdates,
    CopyText,
    Disconnect,
    Link,
    MuteForModel,
    NoticeProblem,
    NotificationsOnlyCritical,
    OpenDetails,
    OpenLink,
    PageForm,
    Quit,
    Refresh,
    SetChatFirst,
    SetIcon,
    SetLanguage,
    SetRelief,
    SetReliefClear,
    Snooze,
    SnoozeUntil,
    SpeedTest,
    TryRelief,
)
from tray_app.core.values.remedy import TASK_MODEL, Consent, UseModel
from tray_app.core.values.snapshot import Access, OpenWebUI, System

CLEAR_CHOICES_S = (120.0, 300.0, 600.0, 1800.0, 3600.0)


def open_webui(state: ScreenState) -> OpenWebUI | None:
    return state.overview.open_webui if state.overview is not None else None


def played_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """The demo says that it is one."""
    text = tr.gettext("Demo: servers and memory are simulated, nothing here is yours")
    return (Row(text, Refresh(), id="played"),) if state.played else ()


def details_rows(_state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    return (Row(tr.gettext("Details..."), OpenDetails(), id="details"),)


def link_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What can be opened outside. The demo has nothing of the kind: there is no page behind its server."""
    if state.played:
        return ()
    server, rows = open_webui(state), []
    if server is not None:
        rows.append(Row(tr.gettext("Show Open WebUI"), OpenLink(Link.OPEN_WEBUI, server.url), id="open-webui"))
    return tuple(rows)


def monitor_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Nothing where none is installed, and none of the demo's."""
    rows = []
    if state.has_monitor and not state.played:
        system = state.overview.host.system if state.overview is not None else ""
        name = {System.MACOS.value: tr.gettext("Activity Monitor"), System.WINDOWS.value: tr.gettext("Task Manager")}
        text = name.get(system, tr.gettext("System monitor"))
        rows.append(Row(text, OpenLink(Link.SYSTEM_MONITOR), id="system-monitor"))
    return tuple(rows)


def notification_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    return (notification_row(state, tr),)


def notification_row(state: ScreenState, tr: Translator) -> Row:
    """Snooze, the level of notices, and the models that are kept quiet. A snooze shows on the row itself."""
    notices, rows = state.notices, list(_unseen_rows(state.notices.problem, tr))
    title = tr.gettext("Notifications") if notices.problem is None else tr.gettext("Notifications: may not be seen")
    if snoozed(state) and notices.snoozed_until is not None:
        now = state.overview.at.taken_at if state.overview is not None else notices.snoozed_until
        until = clock(notices.snoozed_until, now, state.utc_offset_s)
        title = tr.gettext("Notifications: snoozed until {time}").format(time=until)
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
    return Row(title, children=tuple(rows), id="notifications")


def _unseen_rows(problem: NoticeProblem | None, tr: Translator) -> Iterator[Row]:
    """Why, and the way to see them."""
    if problem is not None:
        text = {
            NoticeProblem.NOT_ALLOWED: tr.gettext(
                "The system holds them back: allow Elbowroom's notifications in its settings"
            ),
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
            tr.gettext("Mute notices about {model}").format(model=short(name)),
            MuteForModel(name, muted=name not in muted),
            checked=name in muted,
            id=f"mute:{name}",
        )
        for name in dict.fromkeys((*muted, *loaded))
    ]


def language_row(state: ScreenState, tr: Translator) -> Row:
    system = Row(
        tr.gettext("Same as the system"), SetLanguage(""), checked=not state.language, radio=True, id="language:"
    )
    named = (
        Row(name, SetLanguage(code), checked=state.language == code, radio=True, id=f"language:{code}")
        for code, name in state.languages
    )
    return Row(tr.gettext("Language"), children=(system, *named), id="language")


def icon_row(state: ScreenState, tr: Translator) -> Row:
    def one(text: str, identity: str, *, when_tight: bool) -> Row:
        chosen, command = state.icon.when_tight is when_tight, None if state.icon.by_file else SetIcon(when_tight)
        return Row(text, command, checked=chosen, radio=True, id=identity)

    return Row(
        tr.gettext("Icon"),
        children=(
            one(tr.gettext("Always there"), "icon:always", when_tight=False),
            one(tr.gettext("Only when something is wrong"), "icon:when-tight", when_tight=True),
        ),
        id="icon",
    )


def relief_row(state: ScreenState, tr: Translator) -> Row:
    """Off, or a remedy that may be applied without a question; its times, its rules, and how the last day was."""
    relief = state.relief
    names = relief_view.choices(tr)
    for remedy in state.remedies:
        if isinstance(remedy, UseModel) and remedy.needs is Consent.NONE and not remedy.advice_only:
            names[remedy.id] = tr.gettext("Use {model} for tasks").format(model=short(remedy.model))
    if relief.remedy_id and relief.remedy_id not in names:
        model = short(relief.remedy_id.removeprefix(TASK_MODEL))
        names[relief.remedy_id] = tr.gettext("Use {model} for tasks").format(model=model)
    rows = [
        Row(text, SetRelief(one), checked=one == relief.remedy_id, radio=True, id=f"relief:{one}")
        for one, text in {"": tr.gettext("Off"), **names}.items()
    ]
    told = tr.gettext("At overload, and taken back when it is calm again:")
    if relief.by_file:
        told = tr.gettext("Set in settings.toml:")
    stands = relief_view.standing(relief.stage, tr)
    now = (Row(stands, id="relief:now"),) if stands else ()
    more = (SEPARATOR, _clear_row(relief, tr), _rules_row(relief, tr), *_try_rows(state, tr))
    return Row(tr.gettext("Automatic relief"), children=(*now, Row(told, id="relief:told"), *rows, *more), id="relief")


def _clear_row(relief: ReliefChoice, tr: Translator) -> Row:
    offered = sorted({*CLEAR_CHOICES_S, relief.clear_s})
    rows = (
        Row(
            relief_view.clear_name(one, tr),
            SetReliefClear(one),
            checked=one == relief.clear_s,
            radio=True,
            id=f"relief:clear:{one:.0f}",
        )
        for one in offered
    )
    return Row(tr.gettext("Taken back"), children=tuple(rows), id="relief:clear")


def _rules_row(relief: ReliefChoice, tr: Translator) -> Row:
    said = relief_view.rules(relief.hold_s, relief.clear_s, relief.cool_down_s, tr)
    pieces = [piece for one in said for piece in wrapped(one)]
    rows = (Row(piece, id=f"relief:rule:{number}") for number, piece in enumerate(pieces))
    return Row(tr.gettext("Its rules"), children=tuple(rows), id="relief:rules")


def _try_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Only of a remedy that is chosen, and where there is a history."""
    if not state.relief.remedy_id or state.played:
        return ()
    return (Row(tr.gettext("What would it have done in the last day?"), TryRelief(), id="relief:last-day"),)


def receipt_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What the newest change brought, or how many answers are missing until that can be told."""
    told = state.receipt
    if told is None:
        return ()
    figures = receipt_view.pieces(told, tr) if told.is_settled else [receipt_view.brief(told, tr)]
    rows = (Row(row_text(text), id=f"receipt:{number}") for number, text in enumerate(figures))
    copied = typed(tr, "receipt")
    copy = Row(row_text(tr.gettext("Copy: {text}").format(text=copied)), CopyText(copied), id="copy:receipt")
    title = tr.gettext("Last change: {brief}").format(brief=receipt_view.brief(told, tr))
    return (Row(row_text(title), children=(Row(row_text(receipt_view.what(told, tr))), *rows, copy), id="receipt"),)


def chat_first_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    if state.chat_first is None:
        return ()
    command = SetChatFirst(not state.chat_first)
    return (Row(tr.gettext("Chat first"), command, checked=state.chat_first, id="chat-first", busy=state.busy),)


def app_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Everything about the app itself, in one row."""
    server, rows = open_webui(state), []
    if state.autostart is not None and not state.played:
        command = Autostart(not state.autostart)
        rows.append(Row(tr.gettext("Start at login"), command, checked=state.autostart, id="autostart"))
    rows += [relief_row(state, tr), icon_row(state, tr), language_row(state, tr), SEPARATOR, *receipt_rows(state, tr)]
    if server is not None and server.access in {Access.USER, Access.ADMIN}:
        rows.append(Row(tr.gettext("Test response speed"), SpeedTest(), id="speed", busy=state.busy))
    if server is not None and server.access is Access.ADMIN:
        rows.append(Row(tr.gettext("Compare task models..."), OpenDetails(PageForm.COMPARE), id="compare"))
    if not state.played:
        rows.append(connect_row(state, tr))
        if server is not None and server.access is not Access.NONE:
            ask = Row(tr.gettext("Forget the stored sign-in"), Disconnect(server.url), id="disconnect:confirm")
            rows.append(Row(tr.gettext("Disconnect"), children=(ask,), id="disconnect"))
        rows += [
            SEPARATOR,
            Row(tr.gettext("Settings..."), OpenLink(Link.SETTINGS_FILE), id="settings"),
            Row(tr.gettext("Log file"), OpenLink(Link.LOG_FILE), id="log"),
        ]
    cost = own_view.sentence(state.own, tr)
    if cost:
        rows.append(Row(cost, id="own-use"))
    rows += version_rows(state, tr)
    return (Row(f"Elbowroom {state.version}".rstrip(), children=tuple(rows), id="app"),)


def version_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """How old Ollama and Open WebUI are, what is known to be wrong with them, and a way to ask for newer ones."""
    told = notes(state.overview) if state.overview is not None else ()
    if not told:
        return ()
    wrong = versions.faults(told, tr)
    pieces = [piece for one in (*(versions.age(one, tr) for one in told), *wrong) for piece in wrapped(one)]
    rows = [Row(piece, id=f"versions:{number}") for number, piece in enumerate(pieces)]
    server = open_webui(state)
    if server is not None and server.access in {Access.USER, Access.ADMIN} and not state.played:
        rows += [SEPARATOR, Row(tr.gettext("Ask Open WebUI for a newer version"), CheckUpdates(), id="check-updates")]
    title = tr.gettext("Versions: known faults") if wrong else tr.gettext("Versions")
    return (Row(title, children=tuple(rows), id="versions"),)


def quit_row(tr: Translator) -> Row:
    return Row(tr.gettext("Quit"), Quit(), id="quit")
