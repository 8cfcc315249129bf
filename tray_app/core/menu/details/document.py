"""The details page as one value: whoever draws it adds no word and decides nothing.

`act` is the token of a command; the page sends it back, and the app knows what it stood for. Empty: nothing to click.
"""

from enum import StrEnum
from hashlib import blake2b

from msgspec import Struct

from tray_app.core.menu.screen import Shape
from tray_app.core.values.command import Command


class Offered:
    """Collects the commands of one document by their tokens. The same command has the same token in every document, so
    that a button of a moment ago still means what it meant."""

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}

    def act(self, command: Command) -> str:
        token = blake2b(repr(command).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        self.commands[token] = command
        return token


class PageButton(Struct, frozen=True):
    """`copy`: it puts that text into the clipboard instead. `busy`: not now, a job runs."""

    text: str
    act: str = ""
    copy: str = ""
    busy: bool = False


class PageQuestion(Struct, frozen=True):
    """What is asked before the button acts."""

    title: str
    lines: tuple[str, ...]
    yes: PageButton


class Fix(Struct, frozen=True):
    """A remedy. `plan`: exactly what changes, a line each. `asked`: it does nothing before a yes."""

    key: str
    text: str
    why: str
    plan: tuple[str, ...] = ()
    button: PageButton | None = None
    asked: PageQuestion | None = None
    steps: tuple[str, ...] = ()
    copies: tuple[PageButton, ...] = ()


class JobView(Struct, frozen=True):
    """What runs now. `percent`: as far as is known."""

    text: str
    percent: int | None = None
    cancel: PageButton | None = None


class Head(Struct, frozen=True):
    shape: Shape
    title: str
    sentences: tuple[str, ...]
    memory: str
    notes: tuple[PageButton, ...]
    """What cannot be seen or done, with what mends it."""
    best: Fix | None
    more: tuple[Fix, ...]


class CallState(StrEnum):
    RUNNING = "running"
    WAITS = "waits"
    HELD = "held"


class CallView(Struct, frozen=True):
    """Somebody at the model. `kind`: chat, task or unknown, for a colour beside the word."""

    kind: str
    what: str
    model: str
    state: CallState
    state_word: str
    since: str


class NowView(Struct, frozen=True):
    """`told`: what stands there when nobody does, or when nobody can tell."""

    calls: tuple[CallView, ...]
    told: str


class Toggle(Struct, frozen=True):
    """`on` None: it has no switch. `act` empty: it is only told."""

    key: str
    text: str
    on: bool | None
    act: str = ""
    note: str = ""
    busy: bool = False


class Choice(Struct, frozen=True):
    """One of several. `asked`: it does nothing before a yes."""

    key: str
    text: str
    note: str
    chosen: bool
    act: str = ""
    asked: PageQuestion | None = None
    busy: bool = False


class TasksView(Struct, frozen=True):
    """`told`: why there is nothing to switch."""

    switches: tuple[Toggle, ...]
    chat_first: Toggle | None
    models: tuple[Choice, ...]
    proof: PageButton | None
    to_get: tuple[Fix, ...]
    told: str


class Figures(Struct, frozen=True):
    """A line of a receipt. `better`: the figure went down, as all of these should; None: not to be compared."""

    name: str
    before: str
    after: str
    change: str
    better: bool | None


class ReceiptView(Struct, frozen=True):
    what: str
    when: str
    basis: str
    missing: str
    figures: tuple[Figures, ...]
    notes: tuple[str, ...]
    undo: PageButton | None


class JournalLine(Struct, frozen=True):
    key: str
    when: str
    what: str
    state: str
    in_force: bool
    undo: PageButton | None


class JournalView(Struct, frozen=True):
    lines: tuple[JournalLine, ...]
    told: str


class AboutView(Struct, frozen=True):
    name: str
    cost: str
    links: tuple[PageButton, ...]
