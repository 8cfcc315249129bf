"""Which models are offered and in which order, and what advice for Ollama's own settings saves."""

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.machines import HOSTED, facts, listed, loaded, machine, settings, web_ui
from tests.core.offers import BIG, CHAT, LISTED, SMALL, THINKER, by_id, diagnosis, here, ids, offered
from tray_app.core.fit.need import need
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.models import Offer, _ranked, installed_offers, models_to_get, pull_offers
from tray_app.core.remedies.ranked import remedies
from tray_app.core.values.connections import Price, Served
from tray_app.core.values.finding import (
    CauseKind,
    Diagnosis,
    Level,
    MemoryPressure,
    ModelSpills,
    PromptCacheGrowth,
    TaskStorm,
)
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.plan import Change
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import ServerConfig
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import GIB


def case(snapshot):
    return Case(facts(snapshot), diagnosis(TaskStorm))


def models(snapshot):
    return [one.removeprefix("task-model:") for one in ids(offered(snapshot)) if one.startswith("task-model:")]


# --- models ---


def test_by_verdict_before_anything_else():
    """The worse the verdict the smaller the model here."""
    offers = [
        Offer(verdict.value, verdict.value, size, Fit(verdict), reasoning=False)
        for size, verdict in enumerate((Verdict.UNKNOWN, Verdict.TIGHT, Verdict.FITS), start=1)
    ]
    assert [one.id for one in _ranked(offers, case(here()))] == ["fits", "tight", "unknown"]


@pytest.mark.parametrize(
    ("available_gib", "verdicts", "offers"),
    [
        (1.3, ["tight"], ["gemma3:1b"]),
        (1.6, ["fits", "tight", "tight", "tight"], ["gemma3:1b"]),
        (2.0, ["fits"] * 4, ["gemma3:1b", "qwen2.5:1.5b", "qwen3.5:0.8b"]),
    ],
)
def test_of_models_to_get_those_that_fit_or_else_the_best(available_gib, verdicts, offers):
    made = case(here(have=(CHAT,), ui=web_ui(listed("qwen3:32b")), available_gib=available_gib))
    assert [one.fit.verdict for one in pull_offers(made)] == verdicts
    assert [one.model for one in models_to_get(made)] == offers


def test_the_task_model_in_use_is_not_offered():
    assert "gemma3:1b" in models(here())
    assert "gemma3:1b" not in models(here(ui=web_ui(*LISTED, tasks=settings(task_model="gemma3:1b"))))
    # The other slot is not the one in use here.
    assert "gemma3:1b" in models(here(ui=web_ui(*LISTED, tasks=settings(task_model_external="gemma3:1b"))))


def test_without_open_webui_or_ollama_no_model_is_offered():
    assert installed_offers(case(machine(BIG, have=(CHAT, SMALL)))) == []
    assert installed_offers(case(replace(here(), ollama=Unknown(Why.TIMED_OUT)))) == []


@pytest.mark.parametrize(
    ("params", "after"),
    [('{"temperature": 0}', {"temperature": 0, "think": False}), ("", {"think": False}), ('{"think": false}', None)],
)
def test_a_model_that_thinks_is_told_not_to_beside_what_is_set(params, after):
    ui = web_ui(listed("qwen3:32b"), listed("qwen3:1.7b"), tasks=settings(task_model_params=params))
    roomy = here(have=(CHAT, THINKER), ui=ui, budget_gib=60, available_gib=30)
    plan = by_id(offered(roomy), "task-model:qwen3:1.7b").plan
    changed = {one.setting: one.after for one in plan.changes}
    assert changed.get(Setting.TASK_MODEL_PARAMS) == after


@pytest.mark.parametrize(("short_of_half", "offers"), [(1, ["half:1b"]), (0, [])])
def test_a_task_model_is_less_than_half_the_chat_model(short_of_half, offers):
    chat = replace(BIG, size_bytes=20 * GIB, size_vram_bytes=20 * GIB)
    half = replace(SMALL, name="half:1b", size_bytes=10 * GIB - short_of_half)
    roomy = machine(chat, have=(half,), open_webui=web_ui(listed("half:1b")), budget_gib=200, available_gib=90)
    assert [one for one in models(roomy) if one == "half:1b"] == offers


@pytest.mark.parametrize("less", [{"capabilities": ("vision",)}, {"shape": replace(SMALL.shape, caches=False)}])
def test_what_cannot_write_text_is_no_task_model(less):
    """Ollama's own word about the model, where Open WebUI's list does not tell."""
    assert "gemma3:1b" in models(here())
    assert "gemma3:1b" not in models(here(have=(CHAT, replace(SMALL, **less))))


@pytest.mark.parametrize(("more_than_twice", "offers"), [(0, []), (1, ["gemma3:1b"])])
def test_a_model_to_get_is_less_than_half_the_chat_model(more_than_twice, offers):
    size = 2 * 815_000_000 + more_than_twice
    chat = replace(BIG, size_bytes=size, size_vram_bytes=size)
    made = case(here(chat, have=(CHAT,), ui=web_ui(listed("qwen3:32b")), available_gib=12))
    assert [one.name for one in pull_offers(made) if one.name == "gemma3:1b"] == offers


@pytest.mark.parametrize(("cause", "helps"), [(None, True), (CauseKind.MODEL, True), (CauseKind.PROGRAM, False)])
def test_fewer_tasks_help_a_model_that_spills_unless_a_program_is_to_blame(cause, helps):
    pressed = () if cause is None else (replace(example(MemoryPressure), cause=cause),)
    found = remedies(Case(facts(here()), Diagnosis(Level.TIGHT, (example(ModelSpills), *pressed))))
    assert ("follow-ups-off" in ids(found)) is helps


def test_the_cheapest_hosted_model_first_and_one_that_thinks_last():
    """In the order in which its endpoint's list is offered: the dearest came first where its name did."""
    priced = {"a-dear-3b": 9e-7, "b-cheap-3b": 1e-8, "c-thinking-1b": 1e-9, "d-mini": 2e-7, "e-embed-1b": 1e-9}
    models = [replace(HOSTED, id=one, name=one, served=Served(price=Price(usd, usd))) for one, usd in priced.items()]
    found = [one for one in ids(offered(here(have=(CHAT,), ui=web_ui(*LISTED, *models)))) if "hosted-task" in one]
    assert [one.removeprefix("hosted-task-model:") for one in found] == ["b-cheap-3b", "d-mini", "a-dear-3b"]


def test_small_hosted_models_first_then_by_name():
    names = ["z-mini", "b-large", "a-large", "c-flash"]
    ui = web_ui(listed("qwen3:32b"), *(replace(HOSTED, id=name) for name in names))
    found = [one for one in ids(offered(here(have=(CHAT,), ui=ui))) if one.startswith("hosted-task-model:")]
    assert [one.removeprefix("hosted-task-model:") for one in found] == ["c-flash", "z-mini", "a-large"]


@pytest.mark.parametrize(
    ("users", "offers"), [(Known(1, 0.0), True), (Known(2, 0.0), False), (Unknown(Why.DENIED), False)]
)
def test_a_private_hosted_model_only_where_nobody_else_is(users, offers):
    ui = web_ui(listed("qwen3:32b"), replace(HOSTED, public=False), user_count=users)
    assert (f"hosted-task-model:{HOSTED.id}" in ids(offered(here(have=(CHAT,), ui=ui)))) is offers


def test_a_switch_goes_from_on_to_off():
    assert by_id(offered(here()), "titles-off").plan.changes == (Change(Setting.TITLES, True, False),)
    every = by_id(offered(here()), "all-tasks-off").plan.changes
    assert {(one.before, one.after) for one in every} == {(True, False)}


# --- advice ---


@pytest.mark.parametrize(
    ("context", "budget_gib", "tokens"), [(None, 21.33, 4096), (None, 24.0, 32768), (8192, 21.33, 8192)]
)
def test_what_less_context_saves(context, budget_gib, tokens):
    """Where Ollama does not say the context, the one that it chooses by itself."""
    chat = loaded("qwen3:32b", 19.7, context=context)
    found = {one.id: one.effect.memory_bytes for one in offered(here(chat, budget_gib=budget_gib))}
    now, short = (need(CHAT.shape, context=length).total for length in (tokens, 4096))
    assert found.get("context-length") == (now - short if tokens > 4096 else None)
    assert found["kv-cache-type"] == now - need(CHAT.shape, context=tokens, kv_cache_type="q8_0").total


@pytest.mark.parametrize(("slots", "advised"), [(None, False), (1, False), (2, True)])
def test_one_slot_is_the_least(slots, advised):
    assert ("num-parallel" in ids(offered(here(config=ServerConfig(num_parallel=slots))))) is advised


def test_a_cache_that_is_small_already_is_not_advised():
    for kind, advised in ((None, True), ("f16", True), ("q8_0", False), ("q4_0", False)):
        assert ("kv-cache-type" in ids(offered(here(config=ServerConfig(kv_cache_type=kind))))) is advised


@pytest.mark.parametrize(
    ("kind", "unloads"),
    [
        # What spills gets the room of the others; a grown prompt cache goes with its own runner.
        (ModelSpills, ["gemma3:1b"]),
        (PromptCacheGrowth, ["qwen3:32b"]),
        (TaskStorm, ["qwen3:32b"]),
    ],
)
def test_which_of_two_models_to_unload(kind, unloads):
    both = (BIG, loaded("gemma3:1b", 1))
    found = [one for one in ids(offered(here(*both), kind)) if one.startswith("unload:")]
    assert found == [f"unload:{name}" for name in unloads]


def test_a_grown_cache_is_urgent_unless_tasks_hurt():
    assert ids(offered(here(), ModelSpills, PromptCacheGrowth))[0] == "cache-ram"
    assert ids(offered(here(), ModelSpills, PromptCacheGrowth, TaskStorm))[0] == "task-model:gemma3:1b"


def test_urgent_advice_is_given_once():
    spilling = loaded("qwen3:32b", 27, 24, 32768)
    found = ids(offered(here(spilling, budget_gib=24.96, available_gib=3, have=(CHAT, SMALL)), ModelSpills))
    assert found[0] == "context-length"
    assert len(found) == len(set(found))
