"""A change is journalled before it is written, verified after it, and taken back only where it is still ours."""

import contextlib
import copy

import pytest

from tray_app.app.fixes import Fixer
from tray_app.core.tasks.assignments import plan
from tray_app.core.values.errors import (
    ChangeError,
    Invalid,
    Problem,
    Refused,
    RefusedBecause,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting
from tray_app.storage.journal import Journal

ORIGIN = "http://127.0.0.1:8080"
FRESH = {
    "TASK_MODEL": "",
    "TASK_MODEL_EXTERNAL": None,
    "ENABLE_TAGS_GENERATION": True,
    "ENABLE_FOLLOW_UP_GENERATION": True,
    "ENABLE_AUTOCOMPLETE_GENERATION": False,
    "TAGS_GENERATION_PROMPT_TEMPLATE": "mine {{x}}",
    "TASK_MODEL_PARAMS": {"think": False},
}


class Server:
    """Holds a document as Open WebUI does: whole documents in and out, last writer wins."""

    def __init__(self):
        self.origin = ORIGIN
        self.workers = [copy.deepcopy(FRESH)]
        self.writes = 0
        self.reads = 0
        self.on_write = lambda document: None
        self.on_read = lambda: None
        self.down = False

    @property
    def document(self):
        return self.workers[0]

    def version(self):
        return "0.12.4"

    def read_document(self, *, fresh=False):
        if self.down:
            raise Unreachable(self.origin)
        self.on_read()
        self.reads += 1
        return copy.deepcopy(self.workers[self.reads % len(self.workers)])

    def write_document(self, document):
        if self.down:
            raise Unreachable(self.origin)
        self.writes += 1
        self.on_write(document)
        self.workers[0] = copy.deepcopy(document)
        return copy.deepcopy(document)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def fixer(server, journal):
    return Fixer(server, journal, contextlib.nullcontext, now=lambda: 1000.0, sleep=lambda seconds: None)


def states(journal):
    return [one.event for one in journal.changes().all]


def off(server):
    return plan(server.document, {Setting.FOLLOW_UPS: False}).changes


def test_only_the_target_key_changes(server, journal, fixer):
    done = fixer.apply(off(server), "follow-ups-off")
    assert server.document == {**FRESH, "ENABLE_FOLLOW_UP_GENERATION": False}
    assert done.others == ()
    assert states(journal) == [Event.APPLIED]


def test_the_intent_is_on_disk_before_the_write(server, journal, fixer):
    seen = []
    server.on_write = lambda document: seen.append([record.event for record in journal.read().records])
    fixer.apply(off(server))
    assert seen == [[Event.INTENDED]]


def test_undo_restores_the_exact_old_value(server, journal, fixer):
    fixer.apply(plan(server.document, {Setting.TASK_MODEL_EXTERNAL: "gpt", Setting.TAGS: False}).changes)
    fixer.undo(journal.changes().undoable(ORIGIN)[0])
    assert server.document == FRESH
    assert server.document["TASK_MODEL_EXTERNAL"] is None
    assert states(journal) == [Event.UNDONE]


def test_undo_leaves_a_value_that_somebody_changed_since(server, journal, fixer):
    fixer.apply(plan(server.document, {Setting.TASK_MODEL: "gemma3:1b"}).changes)
    server.document["TASK_MODEL"] = "llama3.2:3b"
    with pytest.raises(ChangeError) as caught:
        fixer.undo(journal.changes().undoable(ORIGIN)[0])
    assert caught.value.problem is Problem.DRIFT
    assert server.document["TASK_MODEL"] == "llama3.2:3b"
    assert states(journal) == [Event.DRIFTED]


def test_undo_takes_back_the_part_that_is_still_ours(server, journal, fixer):
    fixer.apply(plan(server.document, {Setting.TAGS: False, Setting.TASK_MODEL: "a"}).changes)
    server.document["TASK_MODEL"] = "b"
    undone = fixer.undo(journal.changes().undoable(ORIGIN)[0])
    assert undone.drifted == (Setting.TASK_MODEL,)
    assert server.document == {**FRESH, "TASK_MODEL": "b"}


def test_what_somebody_else_took_back_is_undone_already(server, journal, fixer):
    fixer.apply(off(server))
    server.document["ENABLE_FOLLOW_UP_GENERATION"] = True
    undone = fixer.undo(journal.changes().undoable(ORIGIN)[0])
    assert undone.changes == ()
    assert states(journal) == [Event.UNDONE]


def test_a_plan_that_is_no_longer_true_changes_nothing(server, journal, fixer):
    stale = (Change(Setting.TASK_MODEL, "old", "new"),)
    server.document["TASK_MODEL"] = "other"
    with pytest.raises(ChangeError) as caught:
        fixer.apply(stale)
    assert caught.value.problem is Problem.DRIFT
    assert (server.writes, journal.read().records) == (0, ())


def test_a_task_the_version_lacks_is_unsupported(server, fixer):
    with pytest.raises(ChangeError) as caught:
        fixer.apply((Change(Setting.TITLES, True, False),))
    assert caught.value.problem is Problem.UNSUPPORTED
    assert server.writes == 0


@pytest.mark.parametrize("error", [TimedOut(ORIGIN, 2.0), ServerFailed(ORIGIN, 500)])
def test_a_lost_answer_is_resolved_by_reading_when_the_write_arrived(server, journal, fixer, error):
    def arrived_but_no_answer(document):
        server.workers[0] = copy.deepcopy(document)
        raise error

    server.on_write = arrived_but_no_answer
    fixer.apply(off(server))
    assert server.writes == 1
    assert states(journal) == [Event.APPLIED]


@pytest.mark.parametrize("error", [TimedOut(ORIGIN, 2.0), ServerFailed(ORIGIN, 500)])
def test_a_lost_answer_is_an_error_when_nothing_arrived(server, journal, fixer, error):
    def lost(document):
        raise error

    server.on_write = lost
    with pytest.raises(type(error)):
        fixer.apply(off(server))
    assert (server.writes, server.document) == (1, FRESH)
    assert states(journal) == [Event.FAILED]


@pytest.mark.parametrize("error", [Invalid(ORIGIN, ("TASK_MODEL",)), Refused(ORIGIN, RefusedBecause.EXPIRED)])
def test_a_refused_write_is_recorded_as_failed(server, journal, fixer, error):
    def refuse(document):
        raise error

    server.on_write = refuse
    with pytest.raises(type(error)):
        fixer.apply(off(server))
    assert states(journal) == [Event.FAILED]


def test_a_server_that_stops_in_the_middle_leaves_the_change_open_until_it_answers(server, journal, fixer):
    def stop(document):
        server.workers[0] = copy.deepcopy(document)
        server.down = True
        raise Unreachable(ORIGIN)

    server.on_write = stop
    with pytest.raises(ChangeError) as caught:
        fixer.apply(off(server))
    assert caught.value.written == "unknown"
    assert states(journal) == [Event.INTENDED]
    server.down = False
    fixer.settle()
    assert states(journal) == [Event.APPLIED]


@pytest.mark.parametrize(
    ("held", "state"),
    [(False, Event.APPLIED), (True, Event.FAILED)],
)
def test_a_crash_between_intent_and_result_is_settled_by_reading(server, journal, fixer, held, state):
    change = Change(Setting.FOLLOW_UPS, True, False)
    journal.append(Record("c1", 1.0, Event.INTENDED, ORIGIN, changes=(change,)))
    server.document["ENABLE_FOLLOW_UP_GENERATION"] = held
    fixer.settle()
    assert states(journal) == [state]


def test_workers_that_do_not_share_settings_are_told_and_stay_undoable(server, journal, fixer):
    server.workers = [copy.deepcopy(FRESH), copy.deepcopy(FRESH)]
    with pytest.raises(ChangeError) as caught:
        fixer.apply(off(server))
    assert caught.value.problem is Problem.WORKERS_DISAGREE
    assert states(journal) == [Event.APPLIED]


def test_a_value_that_does_not_last_is_told(server, journal, fixer):
    server.on_read = lambda: server.document.update(ENABLE_FOLLOW_UP_GENERATION=True)
    with pytest.raises(ChangeError) as caught:
        fixer.apply(off(server))
    assert caught.value.problem is Problem.NOT_KEPT
    assert states(journal) == [Event.FAILED]


def test_another_admin_between_write_and_read_back_is_reported_and_left_alone(server, journal, fixer):
    def other_admin():
        if server.writes:
            server.document["ENABLE_TAGS_GENERATION"] = False

    server.on_read = other_admin
    done = fixer.apply(off(server))
    assert done.others == ("ENABLE_TAGS_GENERATION",)
    assert server.document["ENABLE_TAGS_GENERATION"] is False


def test_null_and_empty_are_the_same_choice_of_model(server, fixer):
    with pytest.raises(ChangeError) as caught:
        plan(server.document, {Setting.TASK_MODEL_EXTERNAL: ""})
    assert caught.value.problem is Problem.NOTHING_TO_DO
