"""prompt-cache-growth: old prompts in memory."""

import pytest

from tests.core.poll_builder import (
    BIG,
    GIB,
    LIMITS,
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


def test_the_largest_runner_is_named_for_the_logs_figure():
    log = Known(OllamaLog(prompt_cache_bytes=3 * GIB), 0.0)
    small, large, silent = runner(501, "small", memory=2 * GIB), runner(502, memory=22 * GIB), runner(503, "silent")
    for runners in ((small, large, silent), (silent, large, small)):
        assert [one.subject for one in check(poll(ollama_log=log, runners=runners))] == [BIG]
    tiny = runner(505, "tiny", memory=1)
    assert [one.subject for one in check(poll(ollama_log=log, runners=(silent, tiny)))] == ["tiny"]
    loading = runner(504, "next", loading=True, memory=90 * GIB)
    assert [one.subject for one in check(poll(ollama_log=log, runners=(small, loading)))] == ["small"]
    assert [one.subject for one in check(poll(ollama_log=log, runners=()))] == ["Ollama"]


@pytest.mark.parametrize(("less", "told_of"), [(0, [LIMITS.prompt_cache_bytes]), (1, [])])
def test_both_figures_count_from_the_limit_on(less, told_of):
    """Of a process half a GiB is its own."""
    grown = LIMITS.prompt_cache_bytes - less
    log = Known(OllamaLog(prompt_cache_bytes=grown), 0.0)
    assert [one.grown_bytes for one in check(poll(ollama_log=log))] == told_of
    cpu = {"basis": BudgetBasis.RAM, "system": "linux", "models": (loaded(vram=0),)}
    large = (runner(memory=20 * GIB + 512 * 2**20 + grown),)
    assert [one.grown_bytes for one in check(poll(runners=large, **cpu))] == told_of


def test_a_cpu_runner_grew_past_its_model():
    cpu = {"basis": BudgetBasis.RAM, "system": "linux", "models": (loaded(vram=0),)}
    grown = (runner(memory=24 * GIB),)
    assert told(check(poll(runners=grown, **cpu))[0])["source"] == "memory"
    assert check(poll(runners=(runner(memory=21 * GIB),), **cpu)) == ()
    # On Metal a process figure does not hold the mapped weights.
    assert check(poll(runners=grown)) == ()
