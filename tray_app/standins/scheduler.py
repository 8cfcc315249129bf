"""How Ollama hands out its models: one queue, runners with few slots, eviction when a model does not fit.

The rules are those of Ollama 0.32 (sched.go, llama_server.go): a loaded model that needs no reload takes a request at
once and lets it wait for a slot without limit; everything else goes through one pending queue that is served strictly
one at a time and answers "busy" when it is full.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tray_app.standins.models import DemoModel
from tray_app.standins.server import Gone

GIB = 1 << 30
DEFAULT_CONTEXT = 4096
KEEP_ALIVE_S = 300.0
SEEN = 1000
FOREVER_S = 292 * 365 * 86400.0
"""What Ollama makes of a negative keep_alive."""


class Busy(Exception):
    """The pending queue is full (HTTP 503)."""


class Stopped(Exception):
    """Ollama is being stopped."""


@dataclass(eq=False)
class Work:
    """One request on its way: waiting for its turn, then running on a runner's slot."""

    model: str
    prompt_tokens: int
    limit_tokens: int | None
    gone: Callable[[], bool]
    stream: bool = True
    label: str = ""
    started: bool = False
    decoded: int = 0
    task_id: int = -1
    slot: int = -1
    waited_since: float = 0.0
    before: "tuple[Work, ...]" = ()
    """What ran or waited at its model when it came."""
    asked_s: float = 0.0
    first_s: float | None = None
    left_s: float | None = None
    """By the model's own clock (Runner.worked_s): when it came, when its first token was there, and when its caller
    hung up before the end."""
    hung_up: bool = False
    relayed: bool = False
    """It came by way of another server, which says so in its `Via`."""

    @property
    def first_token_s(self) -> float | None:
        """How long its caller waited for the first token, in seconds of the model's own work."""
        return None if self.first_s is None else self.first_s - self.asked_s

    @property
    def ahead(self) -> "tuple[Work, ...]":
        """Those before it that stood in its way: not who had left by the time when it came."""
        return tuple(one for one in self.before if one.left_s is None or one.left_s > self.asked_s)


@dataclass(eq=False)
class Runner:
    """A loaded model. `work` holds what runs and what waits for a slot, in order of arrival."""

    model: DemoModel
    context: int
    slots: int
    size_bytes: int
    size_vram_bytes: int
    work: list[Work] = field(default_factory=list)
    keep_alive_s: float = KEEP_ALIVE_S
    expires_at: float | None = None
    """None until the first burst of requests has ended: until then /api/ps shows a time that moves with the clock."""
    expiring: bool = False
    worked_s: float = 0.0
    """What it has done so far, in seconds of the pace that is played. With one slot this is the same in every run: it
    moves with the work and not with the machine that plays it."""

    def running(self) -> list[Work]:
        return [work for work in self.work if work.started]

    def shown_expiry(self, now: float) -> float:
        if self.expiring:
            return now
        return self.expires_at if self.expires_at is not None else now + self.keep_alive_s


@dataclass(slots=True)
class Pace:
    """How long things take. Zero (the default) is for tests; the demo plays a real machine's times."""

    token_s: float = 0.0
    """One token of a 32B model; smaller models are faster in proportion to their parameters."""
    prompt_token_s: float = 0.0
    load_s_per_gib: float = 0.0
    speed: float = 1.0
    """So many times faster than that it is played; Runner.worked_s counts the seconds of the real pace."""


class Scheduler:
    """All state under one lock. Times are Unix seconds."""

    def __init__(self, *, budget_bytes: int, parallel: int, max_queue: int, max_loaded: int, pace: Pace) -> None:
        self.budget_bytes = budget_bytes
        self.parallel = parallel
        self.max_queue = max_queue
        self.max_loaded = max_loaded
        self.pace = pace
        self.changed = threading.Condition()
        self.runners: list[Runner] = []
        self.pending: list[Work] = []
        self.held = threading.Event()
        """While set, running requests produce nothing: a test can look at a queue that stands still."""
        self.loads: list[str] = []
        """Every load so far, by model name."""
        self.evictions: list[str] = []
        self.seen: deque[Work] = deque(maxlen=SEEN)
        """The requests that found their model, oldest first."""
        self.hold_after: Callable[[Work], bool] = lambda _: False
        """Asked at each end of a request: where it says so, everything else stands still from that moment on."""
        self.on_load: Callable[[Runner], None] = lambda _: None
        self.on_unload: Callable[[Runner], None] = lambda _: None
        self.stopped = False
        self._next_task = 0

    # --- what a look from outside sees ------------------------------------------------------

    def running_count(self) -> int:
        with self.changed:
            return sum(len(runner.running()) for runner in self.runners)

    def waiting_count(self) -> int:
        with self.changed:
            return len(self.pending) + sum(len(runner.work) - len(runner.running()) for runner in self.runners)

    def loaded(self) -> list[Runner]:
        """After what has expired is gone."""
        with self.changed:
            now = time.time()
            for runner in list(self.runners):
                if not runner.work and runner.expires_at is not None and runner.expires_at <= now:
                    self._unload(runner)
            return list(self.runners)

    # --- one request ------------------------------------------------------------------------

    @contextmanager
    def slot(self, model: DemoModel, work: Work, *, context: int, keep_alive_s: float | None) -> Iterator[Runner]:
        """Waits for the model and one of its slots. Busy, Gone, Stopped."""
        work.waited_since = time.time()
        runner = self._runner_for(model, work, context)
        try:
            self._wait_for_slot(runner, work)
            yield runner
        finally:
            self._leave(runner, work, keep_alive_s)

    def produce(self, runner: Runner, work: Work, tokens: int) -> Iterator[int]:
        """Yields once for each token, at the runner's pace. Gone when the caller hangs up."""
        size = runner.model.parameters / 32.8e9
        self._work(runner, work, self.pace.prompt_token_s * size * work.prompt_tokens)
        for index in range(tokens):
            self._work(runner, work, self.pace.token_s * size)
            work.decoded = index + 1
            if work.first_s is None:
                work.first_s = runner.worked_s
            yield index

    def unload(self, name: str) -> None:
        """Takes effect when the running requests have ended."""
        with self.changed:
            for runner in self.runners:
                if runner.model.name == name:
                    runner.expiring = True
                    self._drop_if_done(runner)
                    return

    def stop(self) -> None:
        """All waiting and running requests end with Stopped; models are unloaded. `start` makes it usable again."""
        with self.changed:
            self.stopped = True
            for runner in list(self.runners):
                self._unload(runner)
            self.changed.notify_all()

    def start(self) -> None:
        with self.changed:
            self.stopped = False

    # --- inside -----------------------------------------------------------------------------

    def _runner_for(self, model: DemoModel, work: Work, context: int) -> Runner:
        """The loaded runner at once, else through the pending queue."""
        with self.changed:
            self.loaded()
            ready = self._ready(model, context)
            if ready is not None:
                self._join(ready, work)
                return ready
            if len(self.pending) >= self.max_queue:
                raise Busy
            self.pending.append(work)
            try:
                while self.pending[0] is not work or not self._make_room(model, context):
                    self._wait(work)
                runner = self._ready(model, context) or self._load(model, work, context)
                self._join(runner, work)
                return runner
            finally:
                self.pending.remove(work)
                self.changed.notify_all()

    def _join(self, runner: Runner, work: Work) -> None:
        work.before, work.asked_s = tuple(runner.work), runner.worked_s
        runner.work.append(work)
        self.seen.append(work)

    def _ready(self, model: DemoModel, context: int) -> Runner | None:
        for runner in self.runners:
            if runner.model.name == model.name and runner.context == context and not runner.expiring:
                return runner
        return None

    def _make_room(self, model: DemoModel, context: int) -> bool:
        """Unloads what stands in the way and is idle; False while something there is still at work."""
        if self._ready(model, context):
            return True
        same = next((runner for runner in self.runners if runner.model.name == model.name), None)
        victim = same
        if same is None and self.runners and not self._fits_beside(model, context):
            victim = min(self.runners, key=lambda runner: (bool(runner.work), runner.keep_alive_s))
            if not victim.expiring:
                self.evictions.append(victim.model.name)
        if victim is None:
            return True
        victim.expiring = True
        self._drop_if_done(victim)
        return victim not in self.runners and self._make_room(model, context)

    def _fits_beside(self, model: DemoModel, context: int) -> bool:
        """Ollama's own rule for a further model: its prediction may take 80 % of what is left."""
        left = self.budget_bytes - sum(runner.size_vram_bytes for runner in self.runners)
        predicted = model.size_bytes + model.kv_bytes(context) * self.parallel
        return len(self.runners) < self.max_loaded and predicted <= 0.8 * left

    def _load(self, model: DemoModel, work: Work, context: int) -> Runner:
        """While it lasts, the model is in no list and the queue stands still."""
        self._wait(work, self.pace.load_s_per_gib * model.size_bytes / GIB / self.pace.speed)
        size = model.loaded_bytes(context * self.parallel)
        vram = min(size, self.budget_bytes - sum(runner.size_vram_bytes for runner in self.runners))
        runner = Runner(model, context, self.parallel, size, vram)
        self.runners.append(runner)
        self.loads.append(model.name)
        self.on_load(runner)
        return runner

    def _wait_for_slot(self, runner: Runner, work: Work) -> None:
        with self.changed:
            while True:
                free = set(range(runner.slots)) - {running.slot for running in runner.running()}
                first = next(waiting for waiting in runner.work if not waiting.started)
                if free and first is work:
                    work.started, work.slot, work.task_id = True, min(free), self._next_task
                    self._next_task += 1
                    self.changed.notify_all()
                    return
                self._wait(work)

    def _leave(self, runner: Runner, work: Work, keep_alive_s: float | None) -> None:
        with self.changed:
            runner.work.remove(work)
            if work.hung_up:
                work.left_s = runner.worked_s
            if self.hold_after(work):
                self.held.set()
            if keep_alive_s is not None:
                runner.keep_alive_s = FOREVER_S if keep_alive_s < 0 else keep_alive_s
            if not runner.work:
                runner.expires_at = time.time() + runner.keep_alive_s
                runner.expiring = runner.expiring or runner.keep_alive_s == 0
            self._drop_if_done(runner)
            self.changed.notify_all()

    def _drop_if_done(self, runner: Runner) -> None:
        if runner.expiring and not runner.work:
            self._unload(runner)

    def _unload(self, runner: Runner) -> None:
        if runner in self.runners:
            self.runners.remove(runner)
            self.on_unload(runner)
            self.changed.notify_all()

    def _wait(self, work: Work, seconds: float | None = None) -> None:
        """Waits for a change, or for the given time; notices a caller that hung up."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            self._check_wanted(work)
            left = 0.02 if end is None else min(0.02, end - time.monotonic())
            if left <= 0:
                return
            self.changed.wait(left)
            if end is None:
                return

    def _check_wanted(self, work: Work) -> None:
        if self.stopped:
            raise Stopped
        if work.gone():
            work.hung_up = True
            raise Gone

    def _work(self, runner: Runner, work: Work, seconds: float) -> None:
        self._pass_time(work, seconds / self.pace.speed)
        with self.changed:
            runner.worked_s += seconds

    def _pass_time(self, work: Work, seconds: float) -> None:
        """As long as `seconds` last, or as long as the work is held."""
        end = time.monotonic() + seconds
        while True:
            self._check_wanted(work)
            left = end - time.monotonic()
            if left <= 0 and not self.held.is_set():
                return
            time.sleep(min(0.02, left) if left > 0 else 0.005)
