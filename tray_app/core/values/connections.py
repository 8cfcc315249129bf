"""TCP connections at Ollama's server port and at its runners' ports, our own left out."""

from msgspec import Struct

OPEN_WEBUI_POOL = "open-webui"


class Client(Struct, frozen=True):
    """One established connection to the server. `pool` is who keeps connections together: `open-webui` where the
    socket is known to be its own, the host for a client on another machine or in a container, else empty."""

    host: str
    port: int
    pool: str = ""


class Connections(Struct, frozen=True):
    """`runners`: runner port -> number of established connections at it; a port that could not be read is missing."""

    clients: tuple[Client, ...] = ()
    runners: tuple[tuple[int, int], ...] = ()

    def at_runner(self, port: int) -> int | None:
        """The number of connections at a runner's port; None where it could not be read."""
        return next((count for known, count in self.runners if known == port), None)
