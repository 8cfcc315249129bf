"""task-model-does-not-fit: no room beside the chat model."""

from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GIB,
    GONE,
    OFF,
    TASK,
    facts,
    listed,
    loaded,
    poll,
    requests,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import task_model_does_not_fit
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    InstalledModel,
    Memory,
    Pressure,
)

SMALL = "llama3.2:3b"
SHAPE = ModelShape("llama", 28, 3072, 131072, 24, (8,) * 28, 128, 128, 8192, 1917 * 2**20, 308 * 2**20, False, 128256)


def check(snapshot, before=None):
    return task_model_does_not_fit.check(facts(snapshot, before))


INSTALLED = (InstalledModel(SMALL, "d", 2_019_393_189, shape=SHAPE),)


def judge(**changed):
    made = server(settings(task_model=SMALL), (listed(BIG), listed(SMALL)))
    return check(poll(open_webui=made, installed=INSTALLED, **changed))


def test_it_would_evict_the_chat_model():
    (found,) = judge()
    assert (found.subject, told(found)["verdict"], told(found)["chat_model"]) == (SMALL, "evicts", BIG)


def test_two_that_are_loaded_together_do_fit():
    assert judge(models=(loaded(), loaded(SMALL, 3 * GIB))) == ()


def test_there_is_room():
    assert judge(models=(loaded(size=14 * GIB),), memory=Known(Memory(32 * GIB, 9 * GIB, Pressure.NORMAL), 0.0)) == ()


def test_no_task_that_comes_by_itself_and_no_task_model_need_no_room():
    off = settings(task_model=SMALL, titles=OFF, tags=OFF, follow_ups=OFF, search_queries=OFF, retrieval_queries=OFF)
    assert check(poll(open_webui=server(off, (listed(BIG), listed(SMALL))), installed=INSTALLED)) == ()
    assert check(poll(open_webui=server(settings(), (listed(BIG), listed(SMALL))), installed=INSTALLED)) == ()


def test_without_ollama_it_cannot_judge():
    assert check(replace(poll(asks=requests((TASK,), 1)), ollama=GONE)) is None
