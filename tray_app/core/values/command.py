"""What a click asks the worker to do: frozen values that cross from the screen to the worker's mailbox.

A command that changes anything carries exactly what its row showed. The worker compares it with what is true when
the click arrives: where a setting, a model or a change is no longer what the row said, it changes nothing and says so.
A menu that was opened a minute ago, two clicks at once and a button of an old notice are harmless that way.
"""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.task_settings import Setting


class ApplyRemedy(Struct, frozen=True):
    """Makes a remedy's plan true. `confirmed`: the click was on "Do it anyway" beneath the shown plan.

    A remedy with `asks` that is not confirmed must not run. Each `Change.before` is what the row showed.
    """

    remedy: Remedy
    confirmed: bool = False


class SetSettings(Struct, frozen=True):
    """Task toggles and the task model list: the plan's changes, with the values the menu showed as `before`."""

    plan: Plan


class Undo(Struct, frozen=True):
    """Takes one journal entry back. `changes` are the ones the row named, as they were applied (from, to)."""

    change_id: str
    changes: tuple[Change, ...] = ()


class Unload(Struct, frozen=True):
    """Frees a loaded model. `digest` tells a model from one of the same name that was loaded since."""

    model: str
    digest: str = ""


class SpeedTest(Struct, frozen=True):
    """Times the task calls and the chat's first token."""


class Prove(Struct, frozen=True):
    """One real task call for a chat that uses this slot: which model answers?"""

    slot: Setting


class Cancel(Struct, frozen=True):
    """Ends the running job. `job_id` is the one the row showed: a job that began since goes on."""

    job_id: str


class SnoozeUntil(StrEnum):
    """Ends of a snooze; NOW ends one that is running."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    NOW = "now"


class Snooze(Struct, frozen=True):
    """No notices until then. The icon and the menu go on telling the state."""

    until: SnoozeUntil


class MuteForModel(Struct, frozen=True):
    """No more notices about this model (`muted`), or notices again."""

    model: str
    muted: bool = True


class NotificationsOnlyCritical(Struct, frozen=True):
    """Notices only where memory pressure is critical, or for every overload."""

    on: bool


class Connect(Struct, frozen=True):
    """Opens the form that connects to the Open WebUI at `url` (empty: none was found yet)."""

    url: str = ""


class Disconnect(Struct, frozen=True):
    """Forgets the stored secret of the Open WebUI at `url`."""

    url: str


class Link(StrEnum):
    """What a row can open outside the app."""

    OPEN_WEBUI = "open-webui"
    SYSTEM_MONITOR = "system-monitor"
    SETTINGS_FILE = "settings-file"
    LOG_FILE = "log-file"
    OLLAMA_PAGE = "ollama-page"


class OpenLink(Struct, frozen=True):
    """`url` is set for Open WebUI: the address the row stood for."""

    link: Link
    url: str = ""


class Autostart(Struct, frozen=True):
    """Start at login."""

    on: bool


class SetLanguage(Struct, frozen=True):
    """`code` is a language with a catalog, or empty: what the system says."""

    code: str


class SetIcon(Struct, frozen=True):
    """The icon is there always, or only while there is something to see."""

    when_tight: bool


class SetChatFirst(Struct, frozen=True):
    """Chat first on or off."""

    on: bool


class SetRelief(Struct, frozen=True):
    """Automatic relief with this remedy from now on; empty switches it off."""

    remedy_id: str


class SetReliefClear(Struct, frozen=True):
    """How long it must be calm before automatic relief is taken back; kept in settings.toml."""

    seconds: float


class CheckUpdates(Struct, frozen=True):
    """Asks Open WebUI whether a newer version of it is out."""


class TryRelief(Struct, frozen=True):
    """Asks what automatic relief would have done in the last day; nothing is changed."""


class CopyText(Struct, frozen=True):
    """Puts a command that the user has to type into the clipboard."""

    text: str


class Refresh(Struct, frozen=True):
    """Poll now."""


class NoticeProblem(StrEnum):
    """Why notices may not be seen."""

    NOT_ALLOWED = "not-allowed"  # the system keeps ours back: the user, or nobody yet, has said yes
    NO_SERVICE = "no-service"  # nothing on this desktop shows notices
    SCRIPT_EDITOR = "script-editor"  # macOS shows them under another name, if that is allowed: it does not say


class NoticesUnseen(Struct, frozen=True):
    """What the notifier found out when it showed one. None: they are seen again."""

    problem: NoticeProblem | None


class PageForm(StrEnum):
    """A part of the details page that a row leads to."""

    WHOLE = ""
    HOSTED = "hosted"
    COMPARE = "compare"


class OpenDetails(Struct, frozen=True):
    """Opens the details page in the browser, at this part of it."""

    form: PageForm = PageForm.WHOLE


class PageStep(StrEnum):
    FIND = "find"
    PLAN = "plan"
    ADD = "add"
    COMPARE = "compare"


class PageJob(Struct, frozen=True):
    """What a form of the details page asks for. What was typed there, a key for one, stays with the form."""

    step: PageStep
    models: tuple[str, ...] = ()


class Looked(Struct, frozen=True):
    """Somebody looks at the details page who did not before: it is to be filled at once."""


class Drawn(Struct, frozen=True):
    """Pictures of the details page are made that nobody waited for: it is to be shown again."""


class Quit(Struct, frozen=True):
    """Ends the app; a running job is cancelled first."""


ByJob = ApplyRemedy | SetSettings | Undo | Unload | SpeedTest | Prove
"""What a job does with the carrier alone."""
Command = (
    ApplyRemedy
    | SetSettings
    | Undo
    | Unload
    | SpeedTest
    | Prove
    | Cancel
    | Snooze
    | MuteForModel
    | NotificationsOnlyCritical
    | Connect
    | Disconnect
    | OpenLink
    | Autostart
    | SetLanguage
    | SetIcon
    | SetRelief
    | SetReliefClear
    | TryRelief
    | CheckUpdates
    | SetChatFirst
    | CopyText
    | Refresh
    | NoticesUnseen
    | OpenDetails
    | PageJob
    | Looked
    | Drawn
    | Quit
)
