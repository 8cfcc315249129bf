"""memory-pressure: how short memory is, and who takes it."""

from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GIB,
    GONE,
    facts,
    loaded,
    poll,
    told,
)
from tray_app.core.diagnosis.rules import memory_pressure
from tray_app.core.values.finding import Severity
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    OtherProcess,
    Pressure,
)


def check(snapshot, before=None):
    return memory_pressure.check(facts(snapshot, before))


def test_it_names_the_larger_one():
    (model,) = check(poll(pressure=Pressure.WARNING))
    assert (model.subject, model.severity, told(model)["cause"]) == (BIG, Severity.TIGHT, "model")
    browser = OtherProcess("Chrome", 21 * GIB)
    (program,) = check(poll(pressure=Pressure.CRITICAL, other=browser))
    assert (program.subject, program.severity, told(program)["cause"]) == (
        "Chrome",
        Severity.OVERLOADED,
        "program",
    )


def test_who_cannot_be_seen_is_not_blamed():
    snapshot = poll(pressure=Pressure.WARNING, models=(loaded(size=5 * GIB),))
    (found,) = check(replace(snapshot, processes=GONE))
    assert told(found)["cause"] == "unknown"
    (found,) = check(replace(snapshot, processes=GONE, ollama=GONE))
    assert told(found)["cause"] == "unknown"


def test_on_a_card_only_what_spilled_takes_memory():
    card = Known(Gpu(24 * GIB, BudgetBasis.VRAM), 0.0)
    snapshot = poll(pressure=Pressure.WARNING, system="win32", gpu=card, other=OtherProcess("game", 6 * GIB))
    assert check(snapshot)[0].subject == "game"
    spilled = replace(snapshot.ollama.value, loaded=(loaded(vram=10 * GIB),))
    assert check(replace(snapshot, ollama=Known(spilled, 0.0)))[0].subject == BIG


def test_unknown_is_not_normal():
    assert check(poll(pressure=Pressure.UNKNOWN)) is None
    assert check(poll(memory=GONE)) is None
    assert check(poll()) == ()
