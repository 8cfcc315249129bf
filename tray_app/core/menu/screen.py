"""What the tray shows, as values: the state it is made from, and icon, tooltip, menu and notices it becomes."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.remedies.strategy import Strategy
from tray_app.core.report.overview import Overview
from tray_app.core.report.receipt import Receipt
from tray_app.core.values.command import Command, NoticeProblem
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.own_use import OwnUse
from tray_app.core.values.plan import Record
from tray_app.core.values.remedy import ReliefStage, Remedy, TaskModels

NO_TASK_MODELS = TaskModels()

# --- what it is made from -------------------------------------------------------------------


class NoticeSettings(Struct, frozen=True):
    """`snoozed_until`: Unix seconds, None where no snooze runs."""

    snoozed_until: float | None = None
    only_critical: bool = False
    muted_models: tuple[str, ...] = ()
    problem: NoticeProblem | None = None
    """Why those that are sent may not be seen."""


class IconWish(Struct, frozen=True):
    """`when_tight`: the icon is only there while something is wrong, under way or unknown. `by_file`: settings.toml
    says so, and the menu cannot say otherwise."""

    when_tight: bool = False
    by_file: bool = False


class ReliefChoice(Struct, frozen=True):
    """Automatic relief: the remedy that is chosen (empty: it is off), and whether settings.toml decides it.

    `hold_s`, `clear_s`, `cool_down_s`: its times.
    """

    remedy_id: str = ""
    by_file: bool = False
    stage: ReliefStage = ReliefStage.OFF
    hold_s: float = 10.0
    clear_s: float = 600.0
    cool_down_s: float = 1800.0


class ScreenState(Struct, frozen=True):
    """Everything icon and menu are made from. `overview` and `diagnosis` are None before the first poll.

    `message` is the outcome of the last thing the user asked for, a finished sentence from core/text, or empty.
    `autostart` is None where starting at login cannot be offered. `utc_offset_s` turns times into the user's clock.
    `language`: empty follows the system. `languages`: code and own name of each there is.
    """

    overview: Overview | None = None
    diagnosis: Diagnosis | None = None
    used_bytes: int | None = None
    """What loaded models use of `budget_bytes`, what models may use."""
    budget_bytes: int | None = None
    remedies: tuple[Remedy, ...] = ()
    task_models: TaskModels = NO_TASK_MODELS
    ways: tuple[Strategy, ...] = ()
    """The answers to the problem side by side."""
    undoable: tuple[Record, ...] = ()
    job: RunningJob | None = None
    message: str = ""
    notices: NoticeSettings = NoticeSettings()
    autostart: bool | None = None
    language: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    utc_offset_s: int = 0
    version: str = ""
    """Our own."""
    played: bool = False
    """It is the demo: nothing of it may touch the real system."""
    has_monitor: bool = True
    """A system monitor is installed that a row can open."""
    icon: IconWish = IconWish()
    summoned: bool = False
    """Somebody started the app again to find its icon: it is shown for a while."""
    relief: ReliefChoice = ReliefChoice()
    receipt: Receipt | None = None
    """What the newest change in force brought so far."""
    chat_first: bool | None = None
    """None where it cannot be had here."""
    own: OwnUse | None = None
    """What this app takes itself."""

    @property
    def busy(self) -> bool:
        """One thing at a time; a sign-in only waits for the person, and nothing waits for it."""
        return self.job is not None and self.job.kind is not JobKind.CONNECT


# --- what it becomes ------------------------------------------------------------------------


class Shape(StrEnum):
    """The icon's states. Each has a silhouette of its own: colour only repeats what the shape says."""

    CALM = "calm"
    TIGHT = "tight"
    OVERLOADED = "overloaded"
    UNKNOWN = "unknown"
    WORKING = "working"
    PARTLY = "partly"
    """Calm as far as can be seen."""


class Row(Struct, frozen=True):
    """A menu row. Without a command and children it only tells something and cannot be clicked.

    `checked` is None for a row that is no switch. `id` is stable between menus and names what the row is about.
    """

    text: str = ""
    command: Command | None = None
    children: "tuple[Row, ...]" = ()
    checked: bool | None = None
    radio: bool = False
    separator: bool = False
    id: str = ""
    busy: bool = False
    """A command that cannot run now because a job does: shown, not clickable."""

    @property
    def enabled(self) -> bool:
        return not self.busy and (self.command is not None or bool(self.children))


SEPARATOR = Row(separator=True)


class MenuView(Struct, frozen=True):
    rows: tuple[Row, ...] = ()


class Button(Struct, frozen=True):
    text: str
    command: Command


class NoticeView(Struct, frozen=True):
    """A notice to show once. `cause` is stable per finding: a newer notice of the same cause replaces the older one.

    `urgent` asks the system to keep it on screen.
    """

    title: str
    body: str
    cause: str
    buttons: tuple[Button, ...] = ()
    urgent: bool = False


class View(Struct, frozen=True):
    """One frame of the tray. `punctual`: polls must not be delayed by the system's power saving (App Nap). `works`: a
    model is answering, which a mark on the icon says. `visible`: whether there is an icon at all now.
    """

    shape: Shape = Shape.UNKNOWN
    tooltip: str = ""
    menu: MenuView = MenuView()
    punctual: bool = False
    works: bool = False
    visible: bool = True
