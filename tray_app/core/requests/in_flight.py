"""How many requests are at Ollama, from the connections to its server port.

A client that closes its connection after each answer is counted by its connections (Open WebUI up to 0.8). A client
that keeps them for the next request (Open WebUI from 0.9, aiohttp) shows only the most requests it ever had at once:
then only what moves tells something. A new connection is a request; a finished request takes one away; a client
opens a new connection only while all its old ones are in use; and nobody waits beyond the open connections. Of those
that were there before we came, Ollama's log tells how many cannot be idle: Open WebUI keeps none for long.
"""

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.connections import KEPT_S, OPEN_WEBUI_POOL, Client
from tray_app.core.values.requests import Confidence

IDLE_POLLS = 2
"""A connection that stays through so many polls in which nothing ran or loaded is kept, not used."""


SILENT_POLLS = 3
"""A runner that does not tell may wait for the GPU or for swap: it rests only after so many polls without work."""


class Ends(Struct, frozen=True):
    """Calls of every kind that ended in the last KEPT_S seconds: when each was seen (uptime), and how many. `known_s`:
    since when all are known."""

    seen: tuple[tuple[float, int], ...] = ()
    known_s: float = float("inf")

    def in_use(self, kept: int, uptime_s: float) -> int:
        """Of so many connections that Open WebUI keeps, at least. One that carries no call is idle since one that ended
        within KEPT_S, or it would be closed: so all but as many as ended carry one."""
        if uptime_s - self.known_s < KEPT_S:
            return 0
        return max(0, kept - sum(count for _, count in self.seen))


class ClientState(Struct, frozen=True):
    """`quiet`: in how many polls in a row a connection was there while nothing ran; at IDLE_POLLS it stays.

    `silent`: polls in a row in which no work was seen of a runner that does not tell.
    """

    started: bool = False
    quiet: tuple[tuple[Client, int], ...] = ()
    estimate: int = 0
    silent: int = 0
    ends: Ends = Ends()


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
    uptime_s: float = 0.0
    questions: int = 0
    """Calls that no runner sees, as for the list of models, which ended since the last poll: each may have opened a
    connection."""
    ended_before: int | None = None
    """Calls that ended in the KEPT_S seconds before the first poll; None: not told, or not the first."""


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
    ends = _ends(state.ends, now, started=state.started)
    if now.keeps is True or idle:
        estimate = _estimate(state, clients, fresh, ends, now)
        answer = _kept(estimate, len(clients), now)
    else:
        estimate = len(clients)
        exact = now.keeps is False or len(clients) <= now.running
        answer = InFlight(len(clients), Confidence.EXACT if exact else Confidence.LIKELY)
    kept = ClientState(started=True, quiet=tuple(quiet.items()), estimate=estimate, silent=silent, ends=ends)
    return kept, answer


def _ends(before: Ends, now: Now, *, started: bool) -> Ends:
    if not now.finished_exact:
        return Ends(known_s=now.uptime_s)
    if not started:
        known = now.ended_before is not None
        return Ends(((now.uptime_s, now.ended_before or 0),), now.uptime_s - KEPT_S if known else now.uptime_s)
    recent = tuple(one for one in before.seen if now.uptime_s - one[0] < KEPT_S)
    count = now.finished + now.questions
    return Ends((*recent, (now.uptime_s, count)) if count else recent, before.known_s)


def _estimate(state: ClientState, clients: tuple[Client, ...], fresh: list[Client], ends: Ends, now: Now) -> int:
    """The least number of requests that the movement of the connections proves."""
    grown = fresh if state.started else []
    more = max(0, len(grown) - now.questions)
    if now.quiet:
        return more
    estimate = max(0, state.estimate - now.finished) + more
    sizes = Counter(client.pool for client in clients)
    full = sum(sizes[pool] for pool in {client.pool for client in grown} if pool)
    kept = ends.in_use(sizes[OPEN_WEBUI_POOL], now.uptime_s) if now.keeps else 0
    estimate = max(estimate, full - now.finished - now.questions, now.running, kept)
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
