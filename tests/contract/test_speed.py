"""A measurement on every release: which model answered proves the switch, and nothing stays changed."""

import contextlib

import pytest

from tests.contract.bench import BIG, HOSTED, HOSTED_SMALL, SMALL
from tray_app.app.changes import Carrier
from tray_app.app.doing.trying import Bench
from tray_app.core.report.trial import Entrant
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.task_settings import Setting
from tray_app.storage.journal import Journal


class NoModels:
    """An Ollama in which nothing is installed."""

    def tags(self):
        return ()

    def ps(self):
        return ()


@pytest.fixture
def timed(bench, connect, tmp_path):
    """Makes a measurement for one slot."""
    client, journal = connect(bench.token()), Journal(tmp_path / "journal.jsonl")
    carrier = Carrier(client, NoModels(), journal, contextlib.nullcontext, sleep=lambda _: None)
    client.models()
    return lambda slot: Bench(carrier, slot)


def same(document, other):
    """Null and empty are the same choice; releases differ in which one they keep."""
    return {key: value or "" for key, value in document.items()} == {key: value or "" for key, value in other.items()}


@pytest.mark.parametrize(
    ("slot", "chat", "small"),
    [(Setting.TASK_MODEL, BIG, SMALL), (Setting.TASK_MODEL_EXTERNAL, HOSTED, HOSTED_SMALL)],
)
def test_task_models_side_by_side(bench, timed, slot, chat, small):
    before = bench.read()
    found = timed(slot).compare(chat, (Entrant(small),), 1, lambda _: None)
    assert [(one.entrant.id, one.answered) for one in found.trials] == [("", chat), (small, small)]
    assert all(one.task_s > 0 and one.first_token_s > 0 for one in found.trials)
    assert all(one.able and one.tasks[0].draft.items for one in found.trials)
    assert same(bench.read(), before)


def test_a_cancelled_measurement_leaves_nothing_changed(bench, timed):
    before = bench.read()

    def cancel(step):
        if step.asked == SMALL:
            assert bench.read()["TASK_MODEL"] == SMALL
            raise ChangeError(Problem.CANCELLED, "speed")

    with pytest.raises(ChangeError):
        timed(Setting.TASK_MODEL).compare(BIG, (Entrant(SMALL),), 1, cancel)
    assert same(bench.read(), before)
