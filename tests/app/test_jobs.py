"""One job at a time; its end always arrives, whatever end it is."""

import queue
import threading

import pytest

from tray_app.app import jobs as module
from tray_app.app.jobs import JobDone, JobMoved, Jobs, NewJob
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.job import JobKind


@pytest.fixture
def mailbox():
    return queue.Queue()


@pytest.fixture
def jobs(mailbox):
    made = Jobs(mailbox.put)
    yield made
    made.stop(10)


def ended(mailbox):
    while not isinstance(item := mailbox.get(timeout=10), JobDone):
        pass
    return item


def until_cancelled(control):
    assert control._cancel.wait(10)
    return JobDone("", "stopped")


def test_two_clicks_at_once_are_one_job(jobs, mailbox):
    assert jobs.start(NewJob(JobKind.PULL, "a", until_cancelled, cancellable=True))
    assert not jobs.start(NewJob(JobKind.PULL, "b", until_cancelled, cancellable=True))
    assert jobs.running.subject == "a"
    jobs.cancel(jobs.running.id)
    assert ended(mailbox).message == "stopped"


def test_the_next_job_starts_when_the_end_was_noted(jobs, mailbox):
    jobs.start(NewJob(JobKind.CHANGE, "", lambda _: JobDone("")))
    done = ended(mailbox)
    assert jobs.running is not None
    jobs.ended(done)
    assert jobs.running is None
    assert jobs.start(NewJob(JobKind.CHANGE, "", lambda _: JobDone("")))


def test_cancel_of_a_job_that_ended_does_nothing_to_the_next(jobs, mailbox):
    jobs.start(NewJob(JobKind.PULL, "a", lambda _: JobDone(""), cancellable=True))
    old = jobs.running.id
    jobs.ended(ended(mailbox))
    jobs.start(NewJob(JobKind.PULL, "b", until_cancelled, cancellable=True))
    jobs.cancel(old)
    assert not jobs.running.cancelling
    jobs.cancel(jobs.running.id)
    assert jobs.running.cancelling


def test_a_change_cannot_be_cancelled_half_way(jobs, mailbox):
    go = threading.Event()
    jobs.start(NewJob(JobKind.CHANGE, "", lambda control: (go.wait(10), JobDone("", str(control.cancelled())))[1]))
    jobs.cancel(jobs.running.id)
    go.set()
    assert ended(mailbox).message == "False"


def test_a_typed_error_is_handed_over(jobs, mailbox):
    def fails(_control):
        raise ChangeError(Problem.DISK_FULL, "gemma3:1b")

    jobs.start(NewJob(JobKind.PULL, "", fails))
    assert ended(mailbox).error.problem is Problem.DISK_FULL


def test_a_bug_in_a_job_ends_it_too(jobs, mailbox, caplog):
    def breaks(_control):
        raise ZeroDivisionError

    jobs.start(NewJob(JobKind.PULL, "", breaks))
    done = ended(mailbox)
    assert (done.broken, done.error) == (True, None)
    assert "ZeroDivisionError" in caplog.text
    jobs.ended(done)
    assert jobs.running is None


def test_progress_is_on_the_job_at_once_and_in_the_mailbox_now_and_then(jobs, mailbox, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock) * 0.1)
    jobs.start(
        NewJob(JobKind.PULL, "", lambda control: [control.progress(done, 100) for done in range(51)] and JobDone(""))
    )
    moved = []
    while isinstance(item := mailbox.get(timeout=10), JobMoved):
        moved.append(item.job.completed_bytes)
    assert moved == list(range(0, 51, 5))
    assert (jobs.running.completed_bytes, jobs.running.percent) == (50, 50)


def test_stop_asks_and_waits(mailbox):
    jobs = Jobs(mailbox.put)
    jobs.start(NewJob(JobKind.PULL, "", until_cancelled))
    jobs.stop(10)
    assert mailbox.get_nowait().message == "stopped"
