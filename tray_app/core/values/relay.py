"""What the relay of chat first tells the other processes: what stands open, what ended, how often what was done.

Written by the relay, read by the tray and the command line over the private channel. Times are Unix seconds. Who asked
and in which conversation stays in the relay.
"""

from enum import StrEnum

from msgspec import Struct


class Lane(StrEnum):
    """Who a request must let pass. Values are stable: they appear in the JSON output."""

    CHAT = "chat"  # a person waits for it: an answer, or what stands before one
    TASK = "task"  # comes after an answer, nobody looks at it: titles, tags, follow-ups
    TYPING = "typing"  # autocomplete: worth something only while its newest words stand
    OTHER = "other"  # no generation: lists, downloads, embeddings


class Asking(Struct, frozen=True):
    """One request as the policy sees it. `user` and `chat` are opaque and may be empty. An `id` is never used again."""

    id: int
    lane: Lane
    task: str = ""
    """Open WebUI's word, such as `title_generation`; empty for a chat and for other clients."""
    model: str | None = None
    """As it goes to Ollama; None where the request does not say."""
    user: str = ""
    chat: str = ""


class Stage(StrEnum):
    HELD = "held"
    SENT = "sent"  # at Ollama; nothing came back yet
    ANSWERING = "answering"  # bytes have gone to the client: from here on it can only end


class Standing(Struct, frozen=True):
    """A request that is open. `position` is its place among the held ones, 1 the next; None while it is not held."""

    id: int
    lane: Lane
    task: str
    model: str | None
    stage: Stage
    arrived_at: float
    sent_at: float | None = None
    """Of the latest time that it was sent."""
    first_byte_at: float | None = None
    broken_off: int = 0
    position: int | None = None


class Ending(StrEnum):
    SERVED = "served"
    CLIENT_GONE = "client-gone"
    FAILED = "failed"  # Ollama was not there, or gave up
    DROPPED = "dropped"  # an autocomplete that nobody needs any more


class Finished(Struct, frozen=True):
    """A request that is over. `seq` counts up from 1. `held_s` is all the time that it was not at Ollama."""

    seq: int
    lane: Lane
    task: str
    model: str | None
    arrived_at: float
    ended_at: float
    ending: Ending
    sent_at: float | None = None
    """Of the latest time that it was sent; None where it never was."""
    first_byte_at: float | None = None
    held_s: float = 0.0
    broken_off: int = 0
    status: int | None = None
    """The HTTP status that the client got; None where it got none."""


class Counts(Struct, frozen=True):
    """Since the relay's start, over all requests that were judged (not Lane.OTHER)."""

    chats: int = 0
    tasks: int = 0
    typing: int = 0
    held: int = 0
    """Requests that waited here at least once."""
    broken_off: int = 0
    """Times that a task gave way to a chat."""
    dropped: int = 0
    failed: int = 0


class RelayState(Struct, frozen=True):
    """`finished` holds those after a sequence number that was asked for, oldest first; the relay keeps 1,000."""

    pid: int
    port: int
    upstream: str
    started_at: float
    taken_at: float
    standing: tuple[Standing, ...] = ()
    finished: tuple[Finished, ...] = ()
    counts: Counts = Counts()
    upstream_ok: bool = True
    """The latest request that was sent reached Ollama."""


# --- chat first, of which it is the process ---------------------------------------------------


class ChatFirstState(StrEnum):
    """Values are stable: they appear in the JSON output."""

    OFF = "off"
    ON = "on"
    PAUSED = "paused"  # Elbowroom was quit, which took the connection back; its next start puts it back
    NO_RELAY = "no-relay"  # Open WebUI is led to a relay that does not run
    CHANGED_ELSEWHERE = "changed-elsewhere"  # somebody changed the connection since


class ChatFirstStatus(Struct, frozen=True):
    """`address`: where Open WebUI's connection leads. `other_port`: settings.toml names another one than that."""

    state: ChatFirstState
    address: str = ""
    gateway: bool = False
    relay: RelayState | None = None
    other_port: bool = False
    port_taken: bool = False
    """The relay does not run, and another program listens where it should."""
    too_old: str = ""
    """The version of an Open WebUI that does not tell what a request is for: it was another one when this began."""


class NotTaken(StrEnum):
    """Why a model that the settings name for a task does not do it."""

    MISSING = "missing"  # Ollama does not have it
    EVICTS = "evicts"  # loading it would evict the chat model


class WishNotTaken(Struct, frozen=True):
    """`task`: Open WebUI's word. `chat`: the model that would be evicted."""

    task: str
    model: str
    because: NotTaken
    chat: str = ""
