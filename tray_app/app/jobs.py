"""At most one job beside the polls: a change, a download, a speed test, a sign-in. It reports by mailbox."""

import itertools
import logging
import threading
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.menu.screen import NoticeView
from tray_app.core.values.errors import ElbowroomError
from tray_app.core.values.job import JobKind, RunningJob

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.5


class JobDone(Struct, frozen=True):
    """How a job ended. `message` and `notice` are for the person; `settings`: Open WebUI's settings may have changed,
    `models`: so may the list of models, `connection`: another server or token from now on."""

    job_id: str
    message: str = ""
    notice: NoticeView | None = None
    error: ElbowroomError | None = None
    broken: bool = False
    """It ended by a bug of ours; the log has it."""
    change_id: str = ""
    """The journal's id of what was changed."""
    settings: bool = False
    models: bool = False
    connection: bool = False


class JobMoved(Struct, frozen=True):
    """Progress of the running job."""

    job: RunningJob


class JobControl:
    """What a job's work is given: a way to report, and to learn that it should stop."""

    def __init__(self, job: RunningJob, send: Callable[[JobMoved], None]) -> None:
        self.job = job
        self._send = send
        self._cancel = threading.Event()
        self._told_at: float | None = None

    def cancel(self) -> None:
        self._cancel.set()
        self.job = replace(self.job, cancelling=True)

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def progress(self, completed_bytes: int, total_bytes: int | None) -> None:
        """Each report is a new frame of the screen, so only some are sent on; the job itself always has the newest."""
        self.job = replace(self.job, completed_bytes=completed_bytes, total_bytes=total_bytes)
        now = time.monotonic()
        if self._told_at is None or now - self._told_at >= REPORT_EVERY_S:
            self._told_at = now
            self._send(JobMoved(self.job))


Work = Callable[[JobControl], JobDone]


class Jobs:
    """Starts one job at a time in a thread of its own; owned by the worker."""

    def __init__(self, send: Callable[[JobMoved | JobDone], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._control: JobControl | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> RunningJob | None:
        return self._control.job if self._control else None

    def start(self, kind: JobKind, subject: str, work: Work, *, cancellable: bool = False) -> bool:
        """False where a job runs already: two clicks at once are one job."""
        if self._control is not None:
            return False
        job = RunningJob(f"job-{next(self._numbers)}", kind, subject, cancellable=cancellable)
        self._control = control = JobControl(job, self._send)
        self._thread = threading.Thread(target=self._run, args=(control, work), name=job.id, daemon=True)
        self._thread.start()
        return True

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; a job that began since the click goes on."""
        if self._control is not None and self._control.job.id == job_id and self._control.job.cancellable:
            self._control.cancel()

    def ended(self, done: JobDone) -> None:
        """The worker took note of the end; the next job may start."""
        if self._control is not None and self._control.job.id == done.job_id:
            self._control = None

    def stop(self, seconds: float) -> None:
        """Ask whatever runs to end, and wait that long: the journal makes a later kill safe."""
        if self._control is not None:
            self._control.cancel()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, control: JobControl, work: Work) -> None:
        try:
            done = work(control)
        except ElbowroomError as error:
            done = JobDone(control.job.id, error=error, settings=True)
        except Exception:  # the worker waits for the end of this job, whatever end it is
            log.exception("internal error")
            done = JobDone(control.job.id, broken=True, settings=True)
        log.info("job %s %s ended", control.job.kind.value, control.job.id)
        self._send(replace(done, job_id=control.job.id))
