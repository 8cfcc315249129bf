"""What a click asks the worker to do: frozen values that cross from the screen to the worker's mailbox.

A command that changes anything carries exactly what its row showed. The worker compares it with what is true when
the click arrives: where a setting, a model or a change is no longer what the row said, it changes nothing and says so.
A menu that was opened a minute ago, two clicks at once and a button of an old notice are harmless that way.
"""

from dataclasses import dataclass
from enum import StrEnum

from tray_app.core.values.plan import Change, Plan, Remedy


@dataclass(frozen=True, slots=True)
class ApplyRemedy:
    """Makes a remedy's plan true. `confirmed`: the click was on "Do it anyway" beneath the shown plan.

    A remedy with `asks` that is not confirmed must not run. Each `Change.before` is what the row showed.
    """

    remedy: Remedy
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SetSettings:
    """Task toggles and the task model list: the plan's changes, with the values the menu showed as `before`."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Undo:
    """Takes one journal entry back. `changes` are the ones the row named, as they were applied (from, to)."""

    change_id: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Unload:
    """Frees a loaded model. `digest` tells a model from one of the same name that was loaded since."""

    model: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SpeedTest:
    """Times the task calls and the chat's first token."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ends the running job. `job_id` is the one the row showed: a job that began since goes on."""

    job_id: str


class SnoozeUntil(StrEnum):
    """Ends of a snooze; NOW ends one that is running."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Snooze:
    """No notices until then. The icon and the menu go on telling the state."""

    until: SnoozeUntil


@dataclass(frozen=True, slots=True)
class MuteForModel:
    """No more notices about this model (`muted`), or notices again."""

    model: str
    muted: bool = True


@dataclass(frozen=True, slots=True)
class NotificationsOnlyCritical:
    """Notices only where memory pressure is critical, or for every overload."""

    on: bool


@dataclass(frozen=True, slots=True)
class Connect:
    """Opens the form that connects to the Open WebUI at `url` (empty: none was found yet)."""

    url: str = ""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Forgets the stored secret of the Open WebUI at `url`."""

    url: str


class Link(StrEnum):
    """What a row can open outside the app."""

    OPEN_WEBUI = "open-webui"
    SYSTEM_MONITOR = "system-monitor"
    SETTINGS_FILE = "settings-file"
    LOG_FILE = "log-file"


@dataclass(frozen=True, slots=True)
class OpenLink:
    """`url` is set for Open WebUI: the address the row stood for."""

    link: Link
    url: str = ""


@dataclass(frozen=True, slots=True)
class Autostart:
    """Start at login."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """`code` is a language with a catalog, or empty: what the system says."""

    code: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Poll now."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Ends the app; a running job is cancelled first."""


Command = (
    ApplyRemedy
    | SetSettings
    | Undo
    | Unload
    | SpeedTest
    | Cancel
    | Snooze
    | MuteForModel
    | NotificationsOnlyCritical
    | Connect
    | Disconnect
    | OpenLink
    | Autostart
    | SetLanguage
    | Refresh
    | Quit
)


def changes_something(command: Command) -> bool:
    """Whether it writes to a server, ends work there or starts a job. Such a row is never a menu's default item."""
    return isinstance(command, ApplyRemedy | SetSettings | Undo | Unload | SpeedTest | Disconnect | Autostart)
