"""task-model-unusable: why a chosen task model is not used."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GONE,
    OFF,
    facts,
    listed,
    poll,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import task_model_unusable
from tray_app.core.values.finding import Severity

SMALL = "llama3.2:3b"


def check(snapshot, before=None):
    return task_model_unusable.check(facts(snapshot, before))


BOTH = (listed(BIG), listed(SMALL))


def judge(tasks, models=BOTH, **changed):
    return check(poll(open_webui=server(tasks, models, **changed)))


@pytest.mark.parametrize(
    ("tasks", "models", "changed", "reason"),
    [
        (settings(task_model="no-such:1b"), BOTH, {}, "missing"),
        (settings(task_model=SMALL), (listed(BIG), listed(SMALL, active=False)), {}, "inactive"),
        (settings(task_model=SMALL), (listed(BIG), listed(SMALL, public=False)), {"users": 2}, "private"),
        (settings(task_model_external=SMALL), BOTH, {}, "wrong-slot"),
    ],
)
def test_why_it_is_not_used(tasks, models, changed, reason):
    (found,) = judge(tasks, models, **changed)
    assert (told(found)["reason"], found.severity) == (reason, Severity.TIGHT)


def test_what_is_right():
    assert judge(settings(task_model=SMALL)) == ()
    assert judge(settings()) == ()
    private = (listed(BIG), listed(SMALL, public=False))
    assert judge(settings(task_model=SMALL), private, users=1) == ()
    assert judge(settings(task_model=SMALL), private, users=2, version="0.3.35") == ()


def test_without_tasks_nothing_is_unusable():
    off = dict.fromkeys(("titles", "tags", "follow_ups", "autocomplete", "search_queries", "retrieval_queries"), OFF)
    assert judge(settings(task_model="no-such:1b", **off)) == ()


def test_the_other_slot_is_right_for_hosted_chats():
    hosted = listed("gpt", owned_by="openai", connection_type="external", ollama_name=None)
    assert judge(settings(task_model_external=SMALL), (*BOTH, hosted)) == ()


def test_a_preset_used_the_external_slot_for_a_while():
    preset = listed("helper", connection_type=None, ollama_name=BIG, preset=True)
    tasks = settings(task_model=SMALL)
    (found,) = judge(tasks, (preset, listed(SMALL)), version="0.6.20")
    assert told(found)["reason"] == "wrong-slot"


def test_unknown_lists_prove_nothing():
    made = replace(server(settings(task_model="x")), models=GONE)
    assert check(poll(open_webui=made)) is None
