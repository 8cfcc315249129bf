"""Requests as the relay of chat first tells them, and what comes to Ollama beside it. Pure.

The relay knows every call that goes through it: what it is, whether it is held, since when it is at Ollama, when its
first word came. Which of those at Ollama run is known by the runner's places, for Ollama works off a model's queue in
order. Whatever else is at Ollama comes from another client and is counted from its connection: the relay's own
connections are known as the relay's.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.requests import in_flight, said
from tray_app.core.requests.followed import SAME_S, Job, JobChanges, SeenRunner, as_finished, as_load, as_running
from tray_app.core.requests.in_flight import ClientState, InFlight, Now
from tray_app.core.requests.inputs import EndedCall, RequestInputs, RequestState, Signal
from tray_app.core.requests.kind import KindReason, KindVerdict
from tray_app.core.requests.whose import of_open_webui, whose
from tray_app.core.tasks.calls import call_of
from tray_app.core.values.connections import RELAY_POOL, Connections, Talk
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Known, Unknown, value_of
from tray_app.core.values.relay import Ending, Finished, Lane, RelayState, Stage, Standing
from tray_app.core.values.requests import (
    Confidence,
    FinishedRequest,
    ModelLoad,
    RequestKind,
    Requests,
    RunningRequest,
    TaskCall,
    WaitingRequest,
)
from tray_app.core.values.snapshot import Ollama

REMEMBERED = 16
"""Ends of calls that are kept from one poll to the next: more than any model has places."""
JobKey = tuple[int, int, int | None]


class AtRelay(Struct, frozen=True):
    """The relay's requests, those at Ollama split into who runs and who waits. `jobs`: what the runners work on, with
    the relay's verdict where it is the relay's; `others`: how many of these are not."""

    running: tuple[RunningRequest, ...]
    waiting: tuple[WaitingRequest, ...]
    held: tuple[WaitingRequest, ...]
    jobs: tuple[Job, ...]
    others: tuple[Job, ...]


def told(
    relay: RelayState,
    runners: Sequence[SeenRunner],
    jobs: Sequence[Job],
    ollama: Ollama | None,
    places: Callable[[SeenRunner | None], int],
    uptime_s: float,
) -> AtRelay:
    """`places`: on how many requests a runner works at once that does not tell them; None: it is not seen."""
    open_now = [one for one in relay.standing if one.lane is not Lane.OTHER]
    held = sorted((one for one in open_now if one.stage is Stage.HELD), key=lambda one: one.arrived_at)
    sent = [one for one in open_now if one.stage is not Stage.HELD]
    running: list[RunningRequest] = []
    waiting: list[WaitingRequest] = []
    ours: dict[JobKey, Job] = {}
    for runner, mine in _by_runner(sent, runners, ollama):
        there = [job for job in jobs if runner is not None and job.pid == runner.process.pid]
        tells, room = runner is not None and runner.running is not None, places(runner)
        for place, one in enumerate(mine):
            job = _begun_with(there, one, relay.taken_at, uptime_s)
            if job is not None:
                there.remove(job)
                ours[job.key] = replace(job, verdict=verdict_of(one))
            if job is not None or one.stage is Stage.ANSWERING or (not tells and place < room):
                running.append(_running(one, job, relay.taken_at))
            else:
                waiting.append(_waiting(one, relay.taken_at))
    waiting.sort(key=lambda one: -one.waited_s)
    return AtRelay(
        tuple(running),
        tuple(waiting),
        tuple(_waiting(one, relay.taken_at) for one in held),
        tuple(ours.get(job.key, job) for job in jobs),
        tuple(job for job in jobs if job.key not in ours),
    )


def _by_runner(
    sent: Iterable[Standing], runners: Sequence[SeenRunner], ollama: Ollama | None
) -> list[tuple[SeenRunner | None, list[Standing]]]:
    """Who is at each runner, in the order in which it works: what answers runs, then whoever came first."""
    order = sorted(sent, key=lambda one: (one.stage is not Stage.ANSWERING, one.sent_at or one.arrived_at, one.id))
    groups: list[tuple[SeenRunner | None, str | None, list[Standing]]] = []
    for one in order:
        runner = runner_of(one.model, runners, ollama)
        for known, model, mine in groups:
            if known is runner and (runner is not None or _same(model, one.model)):
                mine.append(one)
                break
        else:
            groups.append((runner, one.model, [one]))
    return [(runner, mine) for runner, _, mine in groups]


def _same(one: str | None, other: str | None) -> bool:
    return one == other if one is None or other is None else same_model(one, other)


def runner_of(model: str | None, runners: Sequence[SeenRunner], ollama: Ollama | None) -> SeenRunner | None:
    """By its name, or by its file: two names may share one runner. Where only one runs, it is that one's."""
    if model is None:
        return runners[0] if len(runners) == 1 else None
    for one in runners:
        if one.process.model is not None and same_model(one.process.model, model):
            return one
    installed = ollama.installed if ollama is not None else ()
    blob = next((one.blob_digest for one in installed if same_model(one.name, model)), None)
    return next((one for one in runners if blob and one.process.blob_digest == blob), None)


def _begun_with(jobs: Sequence[Job], one: Standing, taken_at: float, uptime_s: float) -> Job | None:
    """The runner's job that is this request: none that began before it was sent, of the others the one closest."""
    sent = uptime_s - (taken_at - (one.sent_at or one.arrived_at))
    return min((job for job in jobs if job.began >= sent - SAME_S), key=lambda job: job.began - sent, default=None)


def kind_of(lane: Lane, task: str) -> RequestKind:
    """A call with a word of Open WebUI's is no answer, also where a person waits for it."""
    return RequestKind.CHAT if lane is Lane.CHAT and not task else RequestKind.TASK


def verdict_of(one: Standing | Finished) -> KindVerdict:
    call = call_of(one.task)
    if call is None and one.lane is not Lane.CHAT:
        call = TaskCall.OTHER
    return KindVerdict(kind_of(one.lane, one.task), KindReason.RELAY, call.value if call is not None else None)


def _running(one: Standing, job: Job | None, now: float) -> RunningRequest:
    verdict = verdict_of(one)
    chat = verdict.kind is RequestKind.CHAT and one.first_byte_at is not None
    return RunningRequest(
        model=one.model,
        kind=verdict.kind,
        reason=verdict.reason.value,
        task=verdict.task,
        prompt_tokens=job.prompt_tokens if job is not None else None,
        decoded_tokens=job.decoded_tokens if job is not None else None,
        limit_tokens=job.how.limit_tokens if job is not None else None,
        running_s=max(0.0, now - (one.sent_at or one.arrived_at)),
        first_token_s=max(0.0, one.first_byte_at - one.arrived_at) if chat and one.first_byte_at else None,
    )


def _waiting(one: Standing, now: float) -> WaitingRequest:
    verdict = verdict_of(one)
    held = one.stage is Stage.HELD
    since = one.arrived_at if held else one.sent_at or one.arrived_at
    return WaitingRequest(one.model, verdict.kind, verdict.task, max(0.0, now - since), held, one.broken_off)


# --- what has ended ------------------------------------------------------------------------


def finished(
    relay: RelayState, before: Sequence[EndedCall], places: Callable[[str | None], int]
) -> tuple[tuple[FinishedRequest, ...], tuple[EndedCall, ...]]:
    """The calls that ended, in the order of their ends, and what the next poll must know of them.

    A model's places work off its calls in the order in which they were sent (`before`: those told earlier), so that
    when each began to run follows from the ends of those before it.
    """
    calls: list[tuple[Standing | Finished, float]] = [(one, one.ended_at) for one in relay.finished]
    calls += ((one, math.inf) for one in relay.standing if one.stage is not Stage.HELD)
    known, ahead = [*before], list(before)
    made: list[FinishedRequest] = []
    for one, end in sorted(calls, key=lambda call: call[0].sent_at or call[1]):
        if one.lane is Lane.OTHER:
            continue
        worked = 0.0
        if one.sent_at is not None:
            # In the order in which they were sent: what had ended before this one is in nobody's way any more.
            ahead = [old for old in ahead if old.at > one.sent_at]
            first = sorted(old.at for old in ahead if old.model == one.model and old.sent_at <= one.sent_at)
            room = places(one.model)
            began = first[len(first) - room] if len(first) >= room else one.sent_at
            worked = max(0.0, end - (began if began <= end else one.sent_at))
            ended = EndedCall(one.model, one.sent_at, end)
            ahead.append(ended)
            known.append(ended)
        if isinstance(one, Finished):
            made.append(_finished(one, worked))
    made.sort(key=lambda one: one.ended_at)
    over = sorted((one for one in known if one.at != math.inf), key=lambda one: one.at)
    return tuple(made), tuple(over[-REMEMBERED:])


def _finished(one: Finished, busy_s: float) -> FinishedRequest:
    verdict = verdict_of(one)
    return FinishedRequest(
        model=one.model,
        kind=verdict.kind,
        reason=verdict.reason.value,
        task=verdict.task,
        began_at=one.arrived_at,
        ended_at=one.ended_at,
        first_token_at=one.first_byte_at if verdict.kind is RequestKind.CHAT else None,
        busy_s=busy_s,
        held_s=one.held_s,
        served=one.ending is Ending.SERVED,
        broken_off=one.broken_off,
    )


def load_of(one: FinishedRequest) -> ModelLoad | None:
    if one.model is None:
        return None
    return ModelLoad(one.model, 1, one.busy_s, int(one.kind is RequestKind.TASK))


# --- how many ------------------------------------------------------------------------------


class Numbers(Struct, frozen=True):
    """What runs and waits at Ollama, the relay's requests and those of other clients together."""

    running: int
    waiting: int
    running_confidence: Confidence
    waiting_confidence: Confidence
    longest_wait_s: float | None


def numbers(
    found: AtRelay, beside: ClientState, connections: Connections | None, *, exact: bool, elsewhere: bool, ended: int
) -> tuple[ClientState, Numbers]:
    """`exact`: every runner told how many requests it works on. `elsewhere`: Ollama is on another machine, where other
    clients cannot be seen. `beside`: what was seen of them before; `ended`: how many of theirs ended."""
    running = len(found.running) + len(found.others)
    beside, flight = _beside(found, beside, connections, ended)
    waits = [one.waited_s for one in found.waiting]
    at_least = elsewhere or connections is None or flight is None or flight.count is None
    more = 0 if flight is None or flight.count is None else max(0, flight.count - len(found.others))
    if more and connections is not None and connections.talks is not None:
        waits += filter(None, [said.longest_wait_s(_talks_beside(connections), more)])
    sure = exact and (flight is None or flight.confidence is Confidence.EXACT)
    waiting = Confidence.LOWER_BOUND if at_least else Confidence.EXACT if sure else Confidence.LIKELY
    return beside, Numbers(
        running=running,
        waiting=len(found.waiting) + more,
        running_confidence=Confidence.LOWER_BOUND if elsewhere else Confidence.EXACT if exact else Confidence.LIKELY,
        waiting_confidence=waiting,
        longest_wait_s=max(waits, default=None),
    )


def _beside(
    found: AtRelay, state: ClientState, connections: Connections | None, ended: int
) -> tuple[ClientState, InFlight | None]:
    """Requests of clients that do not go through the relay, running and waiting together."""
    if connections is None:
        return ClientState(), None
    running = len(found.others)
    clients = tuple(one for one in connections.clients if one.pool != RELAY_POOL)
    now = Now(running, quiet=not running, told=True, finished=ended, finished_exact=True, keeps=None)
    state, flight = in_flight.step(state, clients, now)
    if not clients:
        return state, InFlight(running, Confidence.EXACT)
    if connections.talks is not None:
        flight = said.in_flight(_talks_beside(connections), running)
        answers_only = not any(talk.asked for talk in _talks_beside(connections))
        flight = replace(flight, confidence=Confidence.EXACT) if answers_only else flight
    return state, flight


def _talks_beside(connections: Connections) -> tuple[Talk, ...]:
    if connections.talks is None or len(connections.talks) != len(connections.clients):
        return connections.talks or ()
    pairs = zip(connections.clients, connections.talks, strict=True)
    return tuple(talk for client, talk in pairs if client.pool != RELAY_POOL)


# --- together ------------------------------------------------------------------------------


def requests(
    state: RequestState,
    inputs: RequestInputs,
    relay: RelayState,
    runners: tuple[SeenRunner, ...],
    changes: JobChanges,
    *,
    tell: bool,
) -> tuple[RequestState, Requests]:
    """One poll in which the relay tells; what comes to Ollama beside it is counted as ever.

    `tell`: every runner says how many requests it works on. `state`: with what this poll saw of all clients.
    """
    ollama, connections = value_of(inputs.ollama), value_of(inputs.connections)
    elsewhere = ollama is not None and not ollama.local
    unseen = 1 if elsewhere or isinstance(inputs.processes, Unknown) else 0
    default = (ollama.config.num_parallel if ollama is not None else None) or 1

    def places(runner: SeenRunner | None) -> int:
        if runner is None:
            return unseen * default
        return len(runner.slots or ()) or runner.process.parallel or default

    found = told(relay, runners, changes.state.jobs, ollama, places, inputs.uptime_s)
    strangers = tuple(job for job in changes.ended if job.verdict.reason is not KindReason.RELAY)
    beside, count = numbers(
        found,
        state.others,
        connections,
        exact=tell and not unseen,
        elsewhere=elsewhere,
        ended=len(strangers),
    )
    over, ended = finished(relay, state.ended, lambda model: max(1, places(runner_of(model, runners, ollama))))
    over = tuple(one for one in over if one.ended_at > state.counted_at)
    load = state.load
    for one in over:
        at = inputs.uptime_s - max(0.0, inputs.taken_at - one.ended_at)
        load = load.add(max(at, load.newest_s), filter(None, [load_of(one)]))
    load = load.add(inputs.uptime_s, filter(None, map(as_load, strangers))) if over or strangers else load
    others = tuple(as_running(job, inputs.uptime_s) for job in found.others)
    requests = Requests(
        running=Known(count.running, inputs.taken_at),
        waiting=Known(count.waiting, inputs.taken_at),
        running_source=Signal.RELAY,
        running_confidence=count.running_confidence,
        waiting_source=Signal.RELAY,
        waiting_confidence=count.waiting_confidence,
        longest_wait_s=count.longest_wait_s,
        whose=whose(connections),
        of_open_webui=of_open_webui(connections),
        active=(*found.running, *others),
        queue=(*found.waiting, *found.held),
        finished=(*over, *(as_finished(job, inputs.taken_at, inputs.uptime_s) for job in strangers)),
        last_hour=load.total(filter(None, map(as_load, found.jobs))),
    )
    jobs = replace(changes.state, jobs=found.jobs)
    return replace(state, jobs=jobs, load=load, others=beside, ended=ended), requests
