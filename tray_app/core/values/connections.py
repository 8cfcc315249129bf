"""Whose Ollama's processes are; TCP connections at Ollama's server port and its runners' ports, our own left out; and
Open WebUI's own list of Ollama servers, which it calls connections, too.
"""

from enum import StrEnum

from msgspec import Struct

OPEN_WEBUI_POOL = "open-webui"
RELAY_POOL = "relay"
KEPT_S = 32.0
"""No connection that Open WebUI keeps is idle for longer: its pool (aiohttp's) closes those unused for 15 s, looks
after them every 15 s, and rounds that up; one second more for a log that writes whole ones."""


class Owner(StrEnum):
    """Whose a process of Ollama is, seen from the one that is watched. Values are stable: they appear in the JSON."""

    OURS = "ours"
    OTHER = "other-ollama"  # of another Ollama server that runs
    NOBODY = "no-ollama"  # the server that started it is gone
    UNSURE = "unsure"  # several servers could be the one that is watched

    @property
    def is_ours(self) -> bool:
        """Of the Ollama that is watched, as far as can be told."""
        return self in (Owner.OURS, Owner.UNSURE)


class Whose(StrEnum):
    """Whose the requests at Ollama are. Values are stable: they appear in the JSON output."""

    OPEN_WEBUI = "open-webui"
    MIXED = "mixed"
    OTHERS = "others"
    UNTOLD = "untold"


class Client(Struct, frozen=True):
    """One established connection to the server. `pool` is who keeps connections together: `open-webui` and `relay`
    where the socket is known to be theirs, the host for a client on another machine or in a container, else empty."""

    host: str
    port: int
    pool: str = ""

    @property
    def is_open_webuis(self) -> bool:
        """Its own, or the relay's, which carries its requests."""
        return self.pool in (OPEN_WEBUI_POOL, RELAY_POOL)


class Talk(Struct, frozen=True):
    """What went over one connection, as the system tells it at the end that answers. A request is there and nothing
    of its answer: `asked`; None where the last request and the last byte of an answer fall into one step of the
    kernel's clock, so that either may have come first. Seconds since the last byte of an answer and of a request: a
    request comes in one piece, so the second is its age."""

    asked: bool | None
    sent_s: float
    received_s: float


class Connections(Struct, frozen=True):
    """`runners`: runner port -> number of established connections at it; a port that could not be read is missing.

    `talks`: of each client, in their order; `runner_talks`: runner port -> of each connection at it. None where the
    system does not tell. `web_seen`: Open WebUI's own connections could be looked at, so that the others are not its.
    """

    clients: tuple[Client, ...] = ()
    runners: tuple[tuple[int, int], ...] = ()
    talks: tuple[Talk, ...] | None = None
    runner_talks: tuple[tuple[int, tuple[Talk, ...]], ...] | None = None
    web_seen: bool = False

    def at_runner(self, port: int) -> int | None:
        """The number of connections at a runner's port; None where it could not be read."""
        return next((count for known, count in self.runners if known == port), None)

    def said_at_runner(self, port: int) -> tuple[Talk, ...] | None:
        """What went over each connection at a runner's port; None where the system does not tell."""
        return next((talks for known, talks in self.runner_talks or () if known == port), None)


class OllamaConnection(Struct, frozen=True):
    """A server on Open WebUI's list. `index`: its place there, by which models name it. `prefix`: what its models' ids
    begin with. `watched`: it is the Ollama that is read; None: that cannot be told.
    """

    index: int
    url: str
    prefix: str = ""
    limited: bool = False
    """Only models that an administrator chose are listed from it."""
    tells_task: bool = False
    """Our headers are filled in: chat first learns from them what a request is for."""
    watched: bool | None = None


class Price(Struct, frozen=True):
    """US dollars for one token that is read and for one that is written, as an endpoint's list of models tells.
    `call_usd`: for every call beside them."""

    read_usd: float
    written_usd: float
    call_usd: float = 0.0


class Served(Struct, frozen=True):
    """By what server a model of Open WebUI's list is served, and what is known of it there."""

    servers: tuple[int, ...] = ()
    """The Ollama connections that serve it; its calls are spread over several."""
    address: str | None = None
    """Host and port of the OpenAI-type connection that serves it."""
    upstream: str | None = None
    """What that connection calls it: the id without the connection's prefix."""
    changed_at: float | None = None
    """When its server stored it, by that server's own list."""
    elsewhere: bool = False
    """Another Ollama than the one that is read; worked out from the above."""
    chosen: bool = False
    """Of a connection that lists chosen models only: Open WebUI does not ask its server about them by itself."""
    price: Price | None = None
    """None where its server tells none."""
