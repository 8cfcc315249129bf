"""The requests that runners work on, followed from poll to poll: when each began, and what it seems to be. Pure."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.requests.kind import UNKNOWN, Circumstances, KindReason, KindSettings, KindVerdict, judge
from tray_app.core.values.connections import Talk, Whose
from tray_app.core.values.requests import FinishedRequest, ModelLoad, RequestKind, RunnerSlot, RunningRequest
from tray_app.core.values.snapshot import WatchedProcess
from tray_app.core.values.task_settings import Setting

SAME_S = 0.5
"""Two requests on one place of a runner are further apart: the server sees the first one's end before."""


class SeenRunner(Struct, frozen=True):
    """A runner in this poll. `slots` None: not asked or no answer. `running` None: not known; `source` says whence.

    `talks`: of the connections that carry its requests, where these are what `running` counts. `doubtful`: connections
    that may carry more.
    """

    process: WatchedProcess
    slots: tuple[RunnerSlot, ...] | None
    running: int | None
    source: str
    talks: tuple[Talk, ...] | None = None
    doubtful: tuple[Talk, ...] = ()


class Job(Struct, frozen=True):
    """One request on one slot. Times are uptimes. A negative slot: only the number of requests is known."""

    pid: int
    slot: int
    task_id: int | None
    model: str | None
    began: float
    seen: float
    how: Circumstances
    verdict: KindVerdict = UNKNOWN
    prompt_tokens: int | None = None
    decoded_tokens: int | None = None
    asked_before: bool = False
    """Asked before the task settings changed: what holds now says nothing about it."""

    @property
    def key(self) -> tuple[int, int, int | None]:
        return self.pid, self.slot, self.task_id


class JobState(Struct, frozen=True):
    """`answers`: runner pid -> when a chat's answer, or a task that followed one, ended there. `settings`: the newest
    known; `before`: those before their last change, and `left`: how many of the requests that waited then still do.
    """

    jobs: tuple[Job, ...] = ()
    answers: tuple[tuple[int, float], ...] = ()
    settings: KindSettings = KindSettings()
    before: KindSettings = KindSettings()
    left: int = 0


class Surroundings(Struct, frozen=True):
    """What the whole poll says about every request that begins in it."""

    uptime_s: float
    taken_at: float
    settings: KindSettings
    waited: int
    """Requests that waited in the poll before."""
    whose: Whose
    before: KindSettings = KindSettings()
    """The settings before their last change."""


class JobChanges(Struct, frozen=True):
    state: JobState
    ended: tuple[Job, ...]
    begun: int


def follow(state: JobState, runners: Sequence[SeenRunner], around: Surroundings) -> JobChanges:
    """Match the requests of this poll with those of the last: same runner, slot and task id is the same request."""
    state = _noted(state, around)
    around = replace(around, before=state.before)
    before = {job.key: job for job in state.jobs}
    found = [job for runner in runners for job in _present(runner, state.jobs, around)]
    keys = {job.key for job in found}
    # Seen to begin up to a poll late and to end up to a poll late: the two cancel.
    ended = tuple(replace(job, seen=around.uptime_s) for key, job in before.items() if key not in keys)
    pids = {runner.process.pid for runner in runners}
    answers = {pid: at for pid, at in state.answers if pid in pids}
    answers |= {job.pid: around.uptime_s for job in ended if job.pid in pids and _ends_answer(job, around.settings)}
    new = [job.key for job in found if job.key not in before]
    jobs = tuple(
        _continued(before[job.key], job, around)
        if job.key in before
        else _judged(_begun(job, answers, around, alone=len(found) == 1, old=job.key in new[: state.left]), around)
        for job in found
    )
    left = max(0, state.left - len(new)) if around.waited else 0
    return JobChanges(replace(state, jobs=jobs, answers=tuple(answers.items()), left=left), ended, len(new))


def _noted(state: JobState, around: Surroundings) -> JobState:
    """What runs or waits when the task settings change was asked under the old ones."""
    now, known = around.settings, state.settings
    if now.on is None:
        return state
    if known.on is None or (known.on, known.task_models, known.elsewhere) == (now.on, now.task_models, now.elsewhere):
        return replace(state, settings=now)
    jobs = tuple(replace(job, asked_before=True) for job in state.jobs)
    return replace(state, jobs=jobs, settings=now, before=known, left=around.waited)


def _present(runner: SeenRunner, before: Sequence[Job], around: Surroundings) -> list[Job]:
    """The runner's requests now. Where its slots do not answer, the known ones are taken to go on."""
    process, now = runner.process, around.uptime_s
    how = Circumstances(model=process.model)
    if runner.slots is not None:
        return [
            Job(
                pid=process.pid,
                slot=slot.id,
                task_id=slot.task_id,
                model=process.model,
                began=now,
                seen=now,
                how=replace(how, limit_tokens=slot.limit_tokens),
                prompt_tokens=slot.prompt_tokens,
                decoded_tokens=slot.decoded,
            )
            for slot in runner.slots
            if slot.is_processing
        ]
    ours = [job for job in before if job.pid == process.pid]
    if runner.talks is not None:
        return [
            _by_age(talk, number, ours, Job(process.pid, 0, None, process.model, now, now, how))
            for number, talk in enumerate(runner.talks, start=1)
        ]
    kept = [replace(job, seen=now) for job in ours][: runner.running or 0]
    free = min([0, *(job.slot for job in kept)]) - 1
    missing = (runner.running or 0) - len(kept)
    return kept + [Job(process.pid, free - index, None, process.model, now, now, how) for index in range(missing)]


def _by_age(talk: Talk, number: int, before: Sequence[Job], seen: Job) -> Job:
    """The request on one connection: the one that began at the same moment, or a new one."""
    began = seen.seen - talk.received_s
    known = next((job for job in before if abs(job.began - began) <= SAME_S), None)
    if known is not None:
        return replace(known, seen=seen.seen)
    return replace(seen, slot=-number, task_id=round(began * 1000), began=began)


def _begun(job: Job, answers: dict[int, float], around: Surroundings, *, alone: bool, old: bool) -> Job:
    ended = answers.get(job.pid)
    how = replace(
        job.how,
        alone=alone,
        began_at=around.taken_at - (around.uptime_s - job.began),
        others_waited=around.waited > 0,
        since_answer_s=around.uptime_s - ended if ended is not None else None,
        whose=around.whose,
    )
    return replace(job, how=how, asked_before=old)


def _continued(old: Job, new: Job, around: Surroundings) -> Job:
    """The same request with its newest numbers; a verdict stays, only a missing one is tried again."""
    job = replace(
        old,
        seen=new.seen,
        model=new.model or old.model,
        how=replace(old.how, model=new.model or old.model),
        prompt_tokens=new.prompt_tokens,
        decoded_tokens=new.decoded_tokens,
    )
    return _judged(job, around) if job.verdict.reason is KindReason.NO_EVIDENCE else job


def _judged(job: Job, around: Surroundings) -> Job:
    settings = around.settings
    if job.asked_before:
        settings = replace(around.before, busy_chats=settings.busy_chats)
    return replace(job, verdict=judge(job.how, settings))


def _ends_answer(job: Job, settings: KindSettings) -> bool:
    """Does the end of this request let Open WebUI's tasks follow? An unknown one could be an autocomplete call, after
    which a chat may come, unless autocomplete is known to be off."""
    if job.verdict.kind is RequestKind.CHAT or job.verdict.reason is KindReason.BURST:
        return True
    no_autocomplete = settings.on is not None and Setting.AUTOCOMPLETE not in settings.on
    return job.verdict.kind is RequestKind.UNKNOWN and no_autocomplete


# --- as others read them -------------------------------------------------------------------


def as_running(job: Job, now: float) -> RunningRequest:
    return RunningRequest(
        model=job.model,
        kind=job.verdict.kind,
        reason=job.verdict.reason.value,
        task=job.verdict.task,
        prompt_tokens=job.prompt_tokens,
        decoded_tokens=job.decoded_tokens,
        limit_tokens=job.how.limit_tokens,
        running_s=now - job.began,
    )


def as_finished(job: Job, taken_at: float, uptime_s: float) -> FinishedRequest:
    return FinishedRequest(
        model=job.model,
        kind=job.verdict.kind,
        reason=job.verdict.reason.value,
        task=job.verdict.task,
        began_at=taken_at - (uptime_s - job.began),
        ended_at=taken_at,
        busy_s=job.seen - job.began,
    )


def as_load(job: Job) -> ModelLoad | None:
    if job.model is None:
        return None
    return ModelLoad(job.model, 1, job.seen - job.began, int(job.verdict.kind is RequestKind.TASK))
