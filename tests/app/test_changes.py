"""A change is journalled before it is written, verified after it, and taken back only where it is still ours."""

import contextlib
import copy

import pytest

from tray_app.app.changes import Carrier, CutShort
from tray_app.core.tasks.assignments import plan
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.service import Invalid, Refused, RefusedBecause, ServerFailed, TimedOut, Unreachable
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.plan import Action, ActionKind, Change, Event, Plan, Record
from tray_app.core.values.remedy import Consent, Reason, StopGenerations, SwitchOff
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting
from tray_app.storage import archive
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
        self.origin = self.url = ORIGIN
        self.granted = Access.ADMIN
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

    def access(self):
        return self.granted

    refusal_detail = ""

    def refusal(self):
        return RefusedBecause.NOT_ADMIN

    def read_document(self, kind, *, fresh=False):
        if self.down:
            raise Unreachable(self.origin)
        self.on_read()
        self.reads += 1
        return copy.deepcopy(self.workers[self.reads % len(self.workers)])

    def write_document(self, document, kind):
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


class NoModels:
    """An Ollama in which nothing is installed."""

    def tags(self):
        return ()


@pytest.fixture
def carrier(server, journal):
    return Carrier(server, NoModels(), journal, contextlib.nullcontext, now=lambda: 1000.0, sleep=lambda seconds: None)


def states(journal):
    return [one.event for one in journal.changes().all]


def off(server):
    return plan(server.document, {Setting.FOLLOW_UPS: False}).changes


def test_only_the_target_key_changes(server, journal, carrier):
    done = carrier.apply(off(server), "follow-ups-off")
    assert server.document == {**FRESH, "ENABLE_FOLLOW_UP_GENERATION": False}
    assert done.others == ()
    assert states(journal) == [Event.APPLIED]


def test_the_intent_is_on_disk_before_the_write(server, journal, carrier):
    seen = []
    server.on_write = lambda document: seen.append([record.event for record in journal.read().records])
    carrier.apply(off(server))
    assert seen == [[Event.INTENDED]]


def test_undo_restores_the_exact_old_value(server, journal, carrier):
    carrier.apply(plan(server.document, {Setting.TASK_MODEL_EXTERNAL: "gpt", Setting.TAGS: False}).changes)
    carrier.undo(carrier.undoable()[0].id)
    assert server.document == FRESH
    assert server.document["TASK_MODEL_EXTERNAL"] is None
    assert states(journal) == [Event.UNDONE]


def test_undo_leaves_a_value_that_somebody_changed_since(server, journal, carrier):
    carrier.apply(plan(server.document, {Setting.TASK_MODEL: "gemma3:1b"}).changes)
    server.document["TASK_MODEL"] = "llama3.2:3b"
    with pytest.raises(ChangeError) as caught:
        carrier.undo(carrier.undoable()[0].id)
    assert caught.value.problem is Problem.DRIFT
    assert server.document["TASK_MODEL"] == "llama3.2:3b"
    assert states(journal) == [Event.DRIFTED]


def test_undo_takes_back_the_part_that_is_still_ours(server, journal, carrier):
    carrier.apply(plan(server.document, {Setting.TAGS: False, Setting.TASK_MODEL: "a"}).changes)
    server.document["TASK_MODEL"] = "b"
    undone = carrier.undo(carrier.undoable()[0].id)
    assert undone.drifted == (Setting.TASK_MODEL,)
    assert server.document == {**FRESH, "TASK_MODEL": "b"}


def test_what_somebody_else_took_back_is_undone_already(server, journal, carrier):
    carrier.apply(off(server))
    server.document["ENABLE_FOLLOW_UP_GENERATION"] = True
    undone = carrier.undo(carrier.undoable()[0].id)
    assert undone.changes == ()
    assert states(journal) == [Event.UNDONE]


def test_a_plan_that_is_no_longer_true_changes_nothing(server, journal, carrier):
    stale = (Change(Setting.TASK_MODEL, "old", "new"),)
    server.document["TASK_MODEL"] = "other"
    with pytest.raises(ChangeError) as caught:
        carrier.apply(stale)
    assert caught.value.problem is Problem.DRIFT
    assert (server.writes, journal.read().records) == (0, ())


def test_a_task_the_version_lacks_is_unsupported(server, carrier):
    with pytest.raises(ChangeError) as caught:
        carrier.apply((Change(Setting.TITLES, True, False),))
    assert caught.value.problem is Problem.UNSUPPORTED
    assert server.writes == 0


@pytest.mark.parametrize("error", [TimedOut(ORIGIN, 2.0), ServerFailed(ORIGIN, 500)])
def test_a_lost_answer_is_resolved_by_reading_when_the_write_arrived(server, journal, carrier, error):
    def arrived_but_no_answer(document):
        server.workers[0] = copy.deepcopy(document)
        raise error

    server.on_write = arrived_but_no_answer
    carrier.apply(off(server))
    assert server.writes == 1
    assert states(journal) == [Event.APPLIED]


@pytest.mark.parametrize("error", [TimedOut(ORIGIN, 2.0), ServerFailed(ORIGIN, 500)])
def test_a_lost_answer_is_an_error_when_nothing_arrived(server, journal, carrier, error):
    def lost(document):
        raise error

    server.on_write = lost
    with pytest.raises(type(error)):
        carrier.apply(off(server))
    assert (server.writes, server.document) == (1, FRESH)
    assert states(journal) == [Event.FAILED]


@pytest.mark.parametrize("error", [Invalid(ORIGIN, ("TASK_MODEL",)), Refused(ORIGIN, RefusedBecause.EXPIRED)])
def test_a_refused_write_is_recorded_as_failed(server, journal, carrier, error):
    def refuse(document):
        raise error

    server.on_write = refuse
    with pytest.raises(type(error)):
        carrier.apply(off(server))
    assert states(journal) == [Event.FAILED]


def test_a_server_that_stops_in_the_middle_leaves_the_change_open_until_it_answers(server, journal, carrier):
    def stop(document):
        server.workers[0] = copy.deepcopy(document)
        server.down = True
        raise Unreachable(ORIGIN)

    server.on_write = stop
    with pytest.raises(ChangeError) as caught:
        carrier.apply(off(server))
    assert caught.value.written is Written.UNKNOWN
    assert states(journal) == [Event.INTENDED]
    server.down = False
    carrier.settle()
    assert states(journal) == [Event.APPLIED]


@pytest.mark.parametrize(
    ("held", "state"),
    [(False, Event.APPLIED), (True, Event.FAILED)],
)
def test_a_crash_between_intent_and_result_is_settled_by_reading(server, journal, carrier, held, state):
    change = Change(Setting.FOLLOW_UPS, True, False)
    journal.append(Record("c1", 1.0, Event.INTENDED, ORIGIN, changes=(change,)))
    server.document["ENABLE_FOLLOW_UP_GENERATION"] = held
    carrier.settle()
    assert states(journal) == [state]


def test_workers_that_do_not_share_settings_are_told_and_stay_undoable(server, journal, carrier):
    server.workers = [copy.deepcopy(FRESH), copy.deepcopy(FRESH)]
    with pytest.raises(ChangeError) as caught:
        carrier.apply(off(server))
    assert caught.value.problem is Problem.WORKERS_DISAGREE
    assert states(journal) == [Event.APPLIED]


def test_a_value_that_does_not_last_is_told(server, journal, carrier):
    server.on_read = lambda: server.document.update(ENABLE_FOLLOW_UP_GENERATION=True)
    with pytest.raises(ChangeError) as caught:
        carrier.apply(off(server))
    assert caught.value.problem is Problem.NOT_KEPT
    assert states(journal) == [Event.FAILED]


def test_another_admin_between_write_and_read_back_is_reported_and_left_alone(server, journal, carrier):
    def other_admin():
        if server.writes:
            server.document["ENABLE_TAGS_GENERATION"] = False

    server.on_read = other_admin
    done = carrier.apply(off(server))
    assert done.others == ("ENABLE_TAGS_GENERATION",)
    assert server.document["ENABLE_TAGS_GENERATION"] is False


def test_null_and_empty_are_the_same_choice_of_model(server, carrier):
    with pytest.raises(ChangeError) as caught:
        plan(server.document, {Setting.TASK_MODEL_EXTERNAL: ""})
    assert caught.value.problem is Problem.NOTHING_TO_DO


# --- what must be true first --------------------------------------------------------------------


def carried(carrier, remedy, given=Consent.CLICK):
    return carrier.carry_out(remedy, given, lambda step: None, lambda: False)


def switch_off(changes, **made):
    return SwitchOff(task=Setting.FOLLOW_UPS, plan=Plan(changes), reason=Reason.EVERY_MESSAGE, **made)


@pytest.mark.parametrize(
    ("granted", "problem"),
    [
        (Access.NONE, Problem.NOT_CONNECTED),
        (Access.USER, Problem.NO_PERMISSION),
        (Access.REFUSED, Problem.NO_PERMISSION),
    ],
)
def test_without_an_admin_nothing_is_written_and_nothing_is_journalled(server, journal, carrier, granted, problem):
    changes = off(server)
    server.granted = granted
    for attempt in (
        lambda: carrier.apply(changes),
        lambda: carried(carrier, switch_off(changes)),
        lambda: carried(
            carrier,
            StopGenerations(plan=Plan(actions=(Action(ActionKind.STOP_GENERATIONS),)), reason=Reason.ENDS_ANSWERS),
            Consent.CONFIRMED,
        ),
    ):
        with pytest.raises(ChangeError) as caught:
            attempt()
        assert caught.value.problem is problem
    assert (server.writes, server.reads, journal.read().records) == (0, 0, ())


def test_rights_that_were_taken_away_since_are_noticed(server, carrier):
    carrier.apply(off(server))
    server.granted = Access.USER
    with pytest.raises(ChangeError) as caught:
        carrier.undo(carrier.undoable()[0].id)
    assert caught.value.problem is Problem.NO_PERMISSION
    assert server.writes == 1


@pytest.mark.parametrize("made", [{"asks": True}, {"undoable": False}, {"fit": Fit(Verdict.EVICTS)}])
def test_what_asks_first_is_done_only_with_a_yes(server, carrier, made):
    remedy = switch_off(off(server), **made)
    with pytest.raises(ChangeError) as caught:
        carried(carrier, remedy)
    assert caught.value.problem is Problem.NOT_CONFIRMED
    assert (server.writes, server.reads) == (0, 0)
    assert carried(carrier, remedy, Consent.CONFIRMED).changes == remedy.plan.changes


def test_advice_is_never_carried_out(server, carrier):
    with pytest.raises(ChangeError) as caught:
        carried(carrier, switch_off(off(server), advice_only=True), Consent.CONFIRMED)
    assert caught.value.problem is Problem.NOT_CONFIRMED
    assert server.writes == 0


def test_what_the_row_showed_must_still_be_so(server, carrier):
    """The menu was open while another run undid and made the change again with another value."""
    done = carrier.apply(plan(server.document, {Setting.TASK_MODEL: "gemma3:1b"}).changes)
    for change_id, shown in (
        (done.change_id, (Change(Setting.TASK_MODEL, "", "llama3.2:3b"),)),
        ("another", done.changes),
    ):
        with pytest.raises(ChangeError) as caught:
            carrier.undo(change_id, shown)
        assert caught.value.problem is Problem.NOT_AS_SHOWN
    assert server.document["TASK_MODEL"] == "gemma3:1b"
    assert carrier.undo(done.change_id, done.changes).changes == (done.changes[0].back(),)


# --- Ctrl-C --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arrived", [True, False])
def test_ctrl_c_in_a_change_is_looked_up_before_it_is_told(server, journal, carrier, arrived):
    def cut(document):
        if arrived:
            server.workers[0] = copy.deepcopy(document)
        raise KeyboardInterrupt

    server.on_write = cut
    with pytest.raises(CutShort) as caught:
        carrier.apply(off(server))
    assert caught.value.record.event is (Event.APPLIED if arrived else Event.FAILED)
    assert not caught.value.undoing
    assert states(journal) == [caught.value.record.event]


@pytest.mark.parametrize("arrived", [True, False])
def test_ctrl_c_in_an_undo_is_looked_up_too(server, journal, carrier, arrived):
    done = carrier.apply(off(server))

    def cut(document):
        if arrived:
            server.workers[0] = copy.deepcopy(document)
        raise KeyboardInterrupt

    server.on_write = cut
    with pytest.raises(CutShort) as caught:
        carrier.undo(done.change_id)
    assert caught.value.undoing
    assert states(journal) == [Event.UNDONE if arrived else Event.APPLIED] == [caught.value.record.event]


def test_ctrl_c_before_anything_was_begun_says_so(server, journal, carrier):
    def cut():
        server.on_read = lambda: None
        raise KeyboardInterrupt

    server.on_read = cut
    with pytest.raises(CutShort) as caught:
        carrier.apply(plan(FRESH, {Setting.TAGS: False}).changes)
    assert caught.value.record is None
    assert journal.read().records == ()


def test_ctrl_c_on_a_server_that_then_is_gone_leaves_the_change_open(server, journal, carrier):
    def cut(document):
        server.down = True
        raise KeyboardInterrupt

    server.on_write = cut
    with pytest.raises(ChangeError) as caught:
        carrier.apply(off(server))
    assert (caught.value.problem, caught.value.written) == (Problem.NOT_KEPT, "unknown")
    assert states(journal) == [Event.INTENDED]


# --- a journal that grew long --------------------------------------------------------------------


def test_a_journal_that_grew_long_is_shortened_with_the_next_change(server, journal, carrier, monkeypatch):
    monkeypatch.setattr(archive, "LONG_BYTES", 2048)
    monkeypatch.setattr(archive, "NEWEST", 2)
    for _ in range(8):
        carrier.undo(carrier.apply(off(server)).change_id)
    assert len(list(archive.archives(journal.path))) >= 1
    kept = len(journal.changes().all)
    archived = sum(len(Journal(path).changes().all) for path in archive.archives(journal.path))
    assert kept + archived == 8
    assert states(journal) == [Event.UNDONE] * kept


def test_a_journal_that_cannot_be_shortened_is_no_failed_change(server, journal, carrier, monkeypatch, caplog):
    def full(journal, now):
        raise StorageError(str(journal.path), "No space left on device", StorageFault.DISK_FULL)

    monkeypatch.setattr("tray_app.app.changes.compact", full)
    assert carrier.apply(off(server)).changes
    assert states(journal) == [Event.APPLIED]
    assert "the journal stays long" in caplog.text


@pytest.mark.parametrize("undoing", [False, True])
def test_a_result_that_cannot_be_noted_is_told_as_what_the_server_holds(server, journal, carrier, monkeypatch, undoing):
    """The disk filled up after the server took the value: nothing is silent, and the change can still be undone."""
    change_id = carrier.apply(off(server)).change_id if undoing else ""
    append = journal.append

    def full(record):
        if record.event in {Event.APPLIED, Event.UNDONE}:
            raise StorageError(str(journal.path), "No space left on device", StorageFault.DISK_FULL)
        append(record)

    with monkeypatch.context() as disk:
        disk.setattr(journal, "append", full)
        with pytest.raises(ChangeError) as caught:
            carrier.undo(change_id) if undoing else carrier.apply(off(server))
    assert (caught.value.problem, caught.value.written) == (Problem.NOT_RECORDED, Written.YES)
    assert "No space left on device" in caught.value.detail
    (open_one,) = carrier.undoable()
    carrier.settle()
    assert [one.event for one in journal.changes().all] == [Event.UNDONE if undoing else Event.APPLIED]
    if not undoing:
        assert carrier.undo(open_one.id).changes
