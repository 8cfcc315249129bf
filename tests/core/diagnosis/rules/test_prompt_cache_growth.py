"""prompt-cache-growth: old prompts in memory."""

from tests.core.poll_builder import (
    BIG,
    GIB,
    facts,
    history,
    loaded,
    poll,
    runner,
    told,
)
from tray_app.core.diagnosis.rules import prompt_cache_growth
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    BudgetBasis,
    OllamaLog,
)


def check(snapshot, before=None):
    return prompt_cache_growth.check(facts(snapshot, before))


def test_the_log_tells_as_long_as_the_runner_lives():
    said = poll(1000.0, ollama_log=Known(OllamaLog(prompt_cache_bytes=3 * GIB), 0.0))
    (found,) = check(poll(1005.0), history(said))
    assert (found.subject, told(found)["grown_bytes"], told(found)["source"]) == (BIG, 3 * GIB, "log")
    assert check(poll(1005.0, runners=(runner(9),)), history(said)) == ()


def test_a_cpu_runner_grew_past_its_model():
    cpu = {"basis": BudgetBasis.RAM, "system": "linux", "models": (loaded(vram=0),)}
    grown = (runner(memory=24 * GIB),)
    assert told(check(poll(runners=grown, **cpu))[0])["source"] == "memory"
    assert check(poll(runners=(runner(memory=21 * GIB),), **cpu)) == ()
    # On Metal a process figure does not hold the mapped weights.
    assert check(poll(runners=grown)) == ()
