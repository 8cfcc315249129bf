"""What happens at the relay, and what it is told to do. All times are seconds of one clock that never runs back."""

from msgspec import Struct

from tray_app.core.values.relay import Asking


class Arrived(Struct, frozen=True):
    """A request was read so far that its lane and, where it has one, its model are known."""

    asked: Asking


class FirstByte(Struct, frozen=True):
    """The first byte of the answer is about to go to the client: from here on it cannot be taken back."""

    id: int


class Ended(Struct, frozen=True):
    """The answer is whole (`ok`), or Ollama said no. The relay has passed on what there was."""

    id: int
    ok: bool = True


class ClientGone(Struct, frozen=True):
    """Whoever asked has hung up. The relay closes its connection to Ollama, if there is one."""

    id: int


class UpstreamGone(Struct, frozen=True):
    """Ollama did not take the connection, or (`reached`) took it and closed it before the answer was whole."""

    id: int
    reached: bool = True


class Tick(Struct, frozen=True):
    """Nothing but time: `due` asked for it."""


Event = Arrived | FirstByte | Ended | ClientGone | UpstreamGone | Tick


class Send(Struct, frozen=True):
    """Send it to Ollama."""

    id: int


class BreakOff(Struct, frozen=True):
    """Close its connection to Ollama and keep its client waiting: it is held again, and a Send will come.

    Nothing that still comes back of this attempt is reported.
    """

    id: int


class Drop(Struct, frozen=True):
    """Close its connection to Ollama, if there is one, and answer its client that there is nothing. It is forgotten."""

    id: int


class Hold(Struct, frozen=True):
    """Said of a task whose Ollama is gone: keep its client waiting, a Send will come. No Hold: tell the client."""

    id: int


Order = Send | BreakOff | Drop | Hold
