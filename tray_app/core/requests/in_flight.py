"""How many requests are at Ollama, from the connections to its server port.

A client that closes its connection after each answer is counted by its connections (Open WebUI up to 0.8). A client
that keeps them for the next request (Open WebUI from 0.9, aiohttp) shows only the most requests it ever had at once:
then only what moves tells something. A new connection is a request; a finished request takes one away; a client
opens a new connection only while all its old ones are in use; and nobody waits beyond the open connections.
"""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.connections import Client
from tray_app.core.values.requests import Confidence

IDLE_POLLS = 2
"""A connection that stays through so many polls in which nothing ran or loaded is kept, not used."""


SILENT_POLLS = 3
"""A runner that does not tell may wait for the GPU or for swap: it rests only after so many polls without work."""


class ClientState(Struct, frozen=True):
    """`quiet`: in how many polls in a row a connection was there while nothing ran; at IDLE_POLLS it stays.

    `silent`: polls in a row in which no work was seen of a runner that does not tell.
    """

    started: bool = False
    quiet: tuple[tuple[Client, int], ...] = ()
    estimate: int = 0
    silent: int = 0


class Now(Struct, frozen=True):
    """What else is known in this poll. `keeps`: does the known client keep connections open; None: not known."""

    running: int
    quiet: bool
    """Nothing runs and nothing loads."""
    told: bool
    """`running` is what runs, and `quiet` is more than little processor time."""
    finished: int
    finished_exact: bool
    keeps: bool | None


class InFlight(Struct, frozen=True):
    """Running and waiting together. `count` None: the connections do not tell."""

    count: int | None
    confidence: Confidence


def step(state: ClientState, clients: tuple[Client, ...], now: Now) -> tuple[ClientState, InFlight]:
    """One poll. The state must be fed every poll in which the connections could be read."""
    silent = min(state.silent + 1, SILENT_POLLS) if now.quiet and not now.told else 0
    if silent and silent < SILENT_POLLS:
        now = replace(now, quiet=False)
    before = dict(state.quiet)
    quiet: dict[Client, int] = {}
    for client in clients:
        polls = before.get(client, 0)
        quiet[client] = min(polls + 1, IDLE_POLLS) if now.quiet else (polls if polls >= IDLE_POLLS else 0)
    idle = sum(polls >= IDLE_POLLS for polls in quiet.values())
    fresh = [client for client in clients if client not in before]
    if now.keeps is True or idle:
        estimate = _estimate(state, clients, fresh, now)
        answer = _kept(estimate, len(clients), now)
    else:
        estimate = len(clients)
        exact = now.keeps is False or len(clients) <= now.running
        answer = InFlight(len(clients), Confidence.EXACT if exact else Confidence.LIKELY)
    return ClientState(started=True, quiet=tuple(quiet.items()), estimate=estimate, silent=silent), answer


def _estimate(state: ClientState, clients: tuple[Client, ...], fresh: list[Client], now: Now) -> int:
    """The least number of requests that the movement of the connections proves."""
    grown = fresh if state.started else []
    if now.quiet:
        return len(grown)
    estimate = max(0, state.estimate - now.finished) + len(grown)
    sizes = Counter(client.pool for client in clients)
    full = sum(sizes[pool] for pool in {client.pool for client in grown} if pool)
    estimate = max(estimate, full - now.finished, now.running)
    return min(estimate, max(len(clients), now.running))


def _kept(estimate: int, connections: int, now: Now) -> InFlight:
    if now.quiet:
        # What stayed is kept; what is new may be a request that has not reached a runner yet.
        return InFlight(estimate, Confidence.LIKELY)
    if connections <= now.running:
        return InFlight(now.running, Confidence.EXACT)
    if estimate > now.running:
        return InFlight(estimate, Confidence.LOWER_BOUND if now.finished_exact else Confidence.LIKELY)
    return InFlight(None, Confidence.LIKELY)
