"""Every setting on and off and back again, and everything that can come between."""

import contextlib
import json

import pytest

from tests.contract.bench import BIG, HOSTED, HOSTED_SMALL, SMALL
from tray_app.app.changes import Carrier
from tray_app.core.tasks.assignments import plan
from tray_app.core.tasks.releases import support
from tray_app.core.tasks.settings import key_of
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.service import TimedOut, Unreachable
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting
from tray_app.storage.journal import Journal


class Between:
    """A server with a moment before and after each write, for whoever interferes then."""

    def __init__(self, client):
        self.client = client
        self.before_write = lambda: None
        self.after_write = lambda: None

    def __getattr__(self, name):
        return getattr(self.client, name)

    def write_document(self, document, kind):
        self.before_write()
        answer = self.client.write_document(document, kind)
        self.after_write()
        return answer


class NoModels:
    """An Ollama in which nothing is installed."""

    def tags(self):
        return ()


@pytest.fixture
def between(bench, connect):
    return Between(connect(bench.token()))


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def carrier(between, journal):
    return Carrier(between, NoModels(), journal, contextlib.nullcontext, sleep=lambda _: None)


def set_to(carrier, bench, **values):
    wanted = {Setting(name.replace("_", "-")): value for name, value in values.items()}
    return carrier.apply(plan(bench.read(), wanted).changes)


def newest(journal):
    return journal.changes().all[-1]


def other_admin_sets(bench, **values):
    bench.write(bench.read() | values)


@pytest.mark.parametrize("task", TASKS)
def test_each_task_is_switched_and_taken_back_where_the_release_can(bench, carrier, journal, task):
    before = bench.read()
    key = key_of(task, before)
    assert support(bench.version, task) == (key is not None)
    if key is None:
        with pytest.raises(ChangeError) as failed:
            carrier.apply((Change(task, True, False),))
        assert failed.value.problem is Problem.UNSUPPORTED
        assert bench.read() == before
        return
    for value in (not before[key], before[key]):
        set_to(carrier, bench, **{task.value.replace("-", "_"): value})
        assert bench.read() == before | {key: value}
    carrier.undo(newest(journal).id)
    assert bench.read() == before | {key: not before[key]}


@pytest.mark.parametrize("slot", SLOTS)
def test_a_task_model_in_each_slot_runs_the_tasks(bench, carrier, journal, connect, slot):
    chat, model = (BIG, SMALL) if slot is Setting.TASK_MODEL else (HOSTED, HOSTED_SMALL)
    before = bench.read()
    connect(bench.token()).models()
    assert bench.answered_by("title", chat) == chat
    set_to(carrier, bench, **{slot.value.replace("-", "_"): model})
    assert bench.read() == before | {slot.value.upper().replace("-", "_"): model}
    assert bench.answered_by("title", chat) == model
    carrier.undo(newest(journal).id)
    assert bench.read() == before
    assert bench.answered_by("title", chat) == chat


def test_a_model_that_nobody_listed_is_stored_but_not_used(bench, carrier, connect):
    connect(bench.token()).models()
    set_to(carrier, bench, task_model="no-such-model:1b")
    assert bench.read()["TASK_MODEL"] == "no-such-model:1b"
    assert bench.answered_by("title") == BIG


def test_several_settings_are_one_write(bench, carrier, journal):
    before = bench.read()
    name = key_of(Setting.SEARCH_QUERIES, before)
    set_to(carrier, bench, task_model=SMALL, search_queries=False)
    assert bench.read() == before | {"TASK_MODEL": SMALL, name: False}
    carrier.undo(newest(journal).id)
    assert bench.read() == before


def test_task_parameters_survive_other_changes(bench, carrier):
    params = {"think": False, "max_tokens": 300}
    assert support(bench.version, Setting.TASK_MODEL_PARAMS) == ("TASK_MODEL_PARAMS" in bench.read())
    other_admin_sets(bench, TASK_MODEL_PARAMS=params)  # releases before 0.11 drop what they do not know
    set_to(carrier, bench, task_model=SMALL)
    assert bench.read().get("TASK_MODEL_PARAMS", params) == params


def test_an_undo_leaves_alone_what_somebody_changed(bench, carrier, journal):
    set_to(carrier, bench, task_model=SMALL)
    other_admin_sets(bench, TASK_MODEL="llama3.2:3b")
    with pytest.raises(ChangeError) as failed:
        carrier.undo(newest(journal).id)
    assert failed.value.problem is Problem.DRIFT
    assert bench.read()["TASK_MODEL"] == "llama3.2:3b"


def test_a_plan_that_is_no_longer_true_writes_nothing(bench, carrier):
    """Another admin was faster than the click."""
    old = plan(bench.read(), {Setting.TASK_MODEL: SMALL})
    other_admin_sets(bench, TASK_MODEL="llama3.2:3b")
    with pytest.raises(ChangeError) as failed:
        carrier.apply(old.changes)
    assert failed.value.problem is Problem.DRIFT
    assert bench.read()["TASK_MODEL"] == "llama3.2:3b"


def test_another_admin_right_after_our_write_is_not_fought(bench, carrier, between):
    between.after_write = lambda: other_admin_sets(bench, TASK_MODEL="llama3.2:3b")
    with pytest.raises(ChangeError) as failed:
        set_to(carrier, bench, task_model=SMALL)
    assert failed.value.problem is Problem.NOT_KEPT
    assert bench.read()["TASK_MODEL"] == "llama3.2:3b"


def test_another_setting_changed_meanwhile_is_named(bench, carrier, between):
    between.after_write = lambda: other_admin_sets(bench, TASK_MODEL_EXTERNAL=HOSTED_SMALL)
    applied = set_to(carrier, bench, task_model=SMALL)
    assert applied.others == ("TASK_MODEL_EXTERNAL",)
    assert bench.read()["TASK_MODEL_EXTERNAL"] == HOSTED_SMALL


def test_between_our_read_and_our_write_the_last_writer_wins(bench, carrier, between):
    """No release has a version or an ETag: within these milliseconds another admin's change is lost."""
    between.before_write = lambda: other_admin_sets(bench, TASK_MODEL_EXTERNAL=HOSTED_SMALL)
    set_to(carrier, bench, task_model=SMALL)
    assert bench.read()["TASK_MODEL"] == SMALL
    assert bench.read()["TASK_MODEL_EXTERNAL"] == ""


def test_a_server_that_stops_before_the_write(bench, carrier, between, journal):
    before = bench.read()
    between.before_write = bench.stop
    with pytest.raises((ChangeError, Unreachable)):
        set_to(carrier, bench, task_model=SMALL)
    between.before_write = lambda: None
    bench.start()
    carrier.settle()
    assert bench.read() == before
    assert newest(journal).event.value == "failed"


def test_a_server_that_stops_after_the_write(bench, carrier, between, journal):
    def stop_and_time_out():
        bench.stop()
        raise TimedOut(bench.url, 2.0)

    before = bench.read()
    between.after_write = stop_and_time_out
    with pytest.raises(ChangeError) as failed:
        set_to(carrier, bench, task_model=SMALL)
    assert failed.value.written is Written.UNKNOWN
    between.after_write = lambda: None
    bench.start()
    carrier.settle()
    assert bench.read() == before | {"TASK_MODEL": SMALL}
    # It has listed no models since it started, so it knows none: the call has to see to that.
    assert between.run_task(Setting.TAGS, BIG).model in {BIG, SMALL}
    carrier.undo(newest(journal).id)
    assert json.dumps(bench.read(), sort_keys=True) == json.dumps(before, sort_keys=True)
