"""A plan file from one server and a server made like it, in every release."""

import contextlib
import io

import pytest

from tests.contract.bench import SMALL
from tests.english import TR
from tray_app.app.changes import Carrier
from tray_app.core.tasks import plan_file as core
from tray_app.core.tasks.releases import support
from tray_app.core.text import plan_file as view
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.task_settings import Setting
from tray_app.storage import plan_file
from tray_app.storage.journal import Journal


class NoModels:
    """An Ollama in which nothing is installed."""

    def tags(self):
        return ()


@pytest.fixture
def client(bench, connect):
    return connect(bench.token())


@pytest.fixture
def carrier(client, tmp_path):
    return Carrier(client, NoModels(), Journal(tmp_path / "j.jsonl"), contextlib.nullcontext, sleep=lambda _: None)


def plan_of(bench, client):
    values = core.held(client.read_document())
    return plan_file.text(view.head(bench.url, bench.version_text, TR), view.entries(values, TR))


def wanted(text):
    return core.wanted(plan_file.read(None, io.BytesIO(text.encode())))


def test_the_file_of_a_server_is_what_it_holds(bench, client, carrier):
    asked = wanted(plan_of(bench, client))
    assert set(asked) == {one for one in core.SETTINGS if support(bench.version, one)}
    with pytest.raises(ChangeError) as nothing:
        carrier.plan(asked)
    assert nothing.value.problem is Problem.NOTHING_TO_DO


def test_the_newest_file_is_followed_as_far_as_the_release_goes_and_taken_back(bench, client, carrier):
    before = bench.read()
    asked = wanted(
        "titles = false\ntags = false\nfollow-ups = false\nautocomplete = false\nsearch-queries = false\n"
        f'retrieval-queries = false\ntask-model = "{SMALL}"\ntask-model-external = "gpt"\n'
        "[task-model-params]\ntemperature = 0.5\n"
    )
    known, lacking = core.known(client.read_document(), asked)
    assert lacking == [one for one in core.SETTINGS if not support(bench.version, one)]
    carrier.apply(carrier.plan(known).changes, "apply")
    held = core.held(bench.read())
    assert {setting: held[setting] for setting in known} == known
    assert wanted(plan_of(bench, client)) == known
    with pytest.raises(ChangeError) as nothing:
        carrier.plan(known)
    assert nothing.value.problem is Problem.NOTHING_TO_DO
    carrier.undo(carrier.undoable()[0].id)
    now = bench.read()
    assert {key: now[key] or "" for key in before} == {key: value or "" for key, value in before.items()}
    assert Setting.TASK_MODEL in known
