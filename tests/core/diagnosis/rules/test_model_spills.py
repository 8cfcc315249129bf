"""model-spills: part of a model runs on the CPU."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import (
    GIB,
    GONE,
    TASK,
    facts,
    loaded,
    poll,
    requests,
    told,
)
from tray_app.core.diagnosis.rules import model_spills
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Presence,
)


def check(snapshot, before=None):
    return model_spills.check(facts(snapshot, before))


def test_part_on_the_cpu():
    (found,) = check(poll(models=(loaded(vram=17 * GIB),)))
    evidence = told(found)
    assert (evidence["spilled_bytes"], evidence["model_bytes"], evidence["spilled_share"]) == (3 * GIB, 20 * GIB, 15.0)


@pytest.mark.parametrize("vram", [20 * GIB, 20 * GIB - 5])
def test_rounding_is_no_spill(vram):
    assert check(poll(models=(loaded(vram=vram),))) == ()


def test_without_a_gpu_nothing_spills():
    assert check(poll(models=(loaded(vram=0),), basis=BudgetBasis.RAM, system="linux")) == ()


def test_an_empty_model_is_nothing():
    assert check(poll(models=(loaded("gone", size=0), loaded("gone", size=-5)))) == ()


def test_without_ollama_it_cannot_judge():
    assert check(replace(poll(asks=requests((TASK,), 1)), ollama=GONE)) is None


def test_no_ollama_at_all_is_an_answer():
    snapshot = poll(models=(), runners=())
    absent = replace(snapshot, ollama=Known(replace(snapshot.ollama.value, presence=Presence.ABSENT), 0.0))
    assert check(absent) == ()
