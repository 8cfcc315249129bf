"""What is recommended on which machine, and what never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.machines import HOSTED, NOW, facts, listed, loaded, settings, web_ui
from tests.core.offers import (
    CHAT,
    LISTED,
    THINKER,
    by_id,
    diagnosis,
    here,
    ids,
    offered,
)
from tray_app.core.fit.candidates import CANDIDATES
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.remedies.strategies import strategies
from tray_app.core.values.finding import (
    FINDINGS,
    CauseKind,
    Diagnosis,
    Level,
    MemoryPressure,
    ModelSpills,
    ModelThrash,
    PromptCacheGrowth,
    QueueBacklog,
    TaskModelDoesNotFit,
    TasksOnBigModel,
    TaskStorm,
    ThrashCause,
)
from tray_app.core.values.fit import Verdict
from tray_app.core.values.plan import ActionKind, Change
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.remedy import Consent
from tray_app.core.values.requests import ModelLoad, RequestKind, Requests, RunningRequest
from tray_app.core.values.snapshot import Access, OpenWebUI, Pressure, ServerConfig
from tray_app.core.values.task_settings import Setting, Switch


def test_a_model_that_fits_comes_first():
    found = offered(here())
    assert found[0].id == "task-model:gemma3:1b"
    assert found[0].fit is not None
    assert found[0].fit.verdict is Verdict.FITS
    change = found[0].plan.changes[0]
    assert (change.setting, change.before, change.after) == (Setting.TASK_MODEL, "", "gemma3:1b")
    assert found[0].effect.memory_bytes == -found[0].fit.need_bytes


def test_what_would_evict_the_chat_model_is_never_offered():
    for pressure in Pressure:
        found = offered(here(pressure=pressure))
        assert "task-model:llama3.2:3b" not in ids(found)
        assert all(one.fit is None or one.fit.verdict not in (Verdict.EVICTS, Verdict.SPILLS) for one in found)


def test_under_pressure_follow_ups_go_first():
    found = offered(here(pressure=Pressure.WARNING))
    assert found[0].id == "follow-ups-off"
    assert found[0].effect.calls_per_message == 1
    assert by_id(found, "task-model:gemma3:1b").fit.verdict is Verdict.TIGHT


def test_a_missing_model_is_pulled_first():
    found = offered(here(have=(CHAT,), ui=web_ui(listed("qwen3:32b"))))
    assert found[0].id == "task-model:gemma3:1b"
    assert [(one.kind, one.subject) for one in found[0].plan.actions] == [(ActionKind.PULL, "gemma3:1b")]
    assert found[0].plan.actions[0].size_bytes == 815_000_000


def test_the_table_of_small_models_can_be_replaced():
    found = offered(here(have=(CHAT,), ui=web_ui(listed("qwen3:32b"))), candidates=())
    assert not [one for one in found if one.plan.actions and one.plan.actions[0].kind is ActionKind.PULL]
    only = offered(here(have=(CHAT,), ui=web_ui(listed("qwen3:32b"))), candidates=CANDIDATES[1:2])
    assert only[0].id == "task-model:qwen2.5:1.5b"


def test_a_pulled_model_takes_the_connections_prefix():
    ui = web_ui(listed("qwen3:32b", id="mac.qwen3:32b"))
    assert offered(here(have=(CHAT,), ui=ui))[0].plan.changes[0].after == "mac.gemma3:1b"


def test_nothing_is_pulled_where_others_could_not_use_it():
    ui = web_ui(listed("qwen3:32b"), user_count=Known(5, NOW))
    assert not [one for one in offered(here(have=(CHAT,), ui=ui)) if one.plan.actions and not one.asks]


def test_a_model_that_is_not_public_is_not_offered_to_many():
    private = listed("gemma3:1b", public=False)
    for users, expected in ((1, True), (3, False)):
        ui = web_ui(listed("qwen3:32b"), private, user_count=Known(users, NOW))
        assert ("task-model:gemma3:1b" in ids(offered(here(ui=ui)))) is expected


@pytest.mark.parametrize(
    "changes", [{"preset": True}, {"pipe": True}, {"arena": True}, {"active": False}, {"capabilities": ("embedding",)}]
)
def test_only_base_models_that_answer_are_offered(changes):
    ui = web_ui(listed("qwen3:32b"), listed("gemma3:1b", **changes))
    assert "task-model:gemma3:1b" not in ids(offered(here(ui=ui), candidates=()))


def test_a_thinking_model_only_with_thinking_switched_off():
    ui = web_ui(listed("qwen3:14b"), listed("qwen3:1.7b"))
    chat = replace(CHAT, name="qwen3:14b")
    snapshot = here(loaded("qwen3:14b", 9.4), have=(chat, THINKER), ui=ui, available_gib=15)
    remedy = by_id(offered(snapshot), "task-model:qwen3:1.7b")
    params = remedy.plan.changes[1]
    assert params.setting is Setting.TASK_MODEL_PARAMS
    assert params.after == {"think": False}
    old = replace(ui, version="0.10.2", tasks=Known(settings(task_model_params=None), NOW))
    assert "task-model:qwen3:1.7b" not in ids(offered(here(loaded("qwen3:14b", 9.4), have=(chat, THINKER), ui=old)))


def test_no_thinking_keeps_the_parameters_that_are_there():
    ui = web_ui(*LISTED, tasks=settings(task_model_params='{"max_tokens": 300}'))
    change = by_id(offered(here(ui=ui)), "no-thinking-in-tasks").plan.changes[0]
    assert change.after == {"max_tokens": 300, "think": False}
    done = web_ui(*LISTED, tasks=settings(task_model_params='{"think": false}'))
    assert "no-thinking-in-tasks" not in ids(offered(here(ui=done)))


def test_the_slot_is_the_chat_models():
    preset_like = listed("qwen3:32b", connection_type=None)
    found = offered(here(ui=web_ui(preset_like, listed("gemma3:1b"))))
    assert found[0].plan.changes[0].setting is Setting.TASK_MODEL_EXTERNAL


def test_a_hosted_model_names_its_host_and_asks():
    remedy = by_id(offered(here()), "hosted-task-model:openai/gpt-5-mini")
    assert remedy.subject == "openrouter.ai"
    assert remedy.asks
    assert remedy.fit is not None
    assert remedy.fit.verdict is Verdict.NOT_LOCAL


def test_autocomplete_first_where_it_is_used():
    on = settings(autocomplete=Switch.ON)
    used = web_ui(*LISTED, tasks=on, own_autocomplete=Known(value=True, taken_at=NOW))
    assert offered(here(ui=used))[0].id == "autocomplete-off"
    unused = web_ui(*LISTED, tasks=on)
    assert offered(here(ui=unused))[0].id != "autocomplete-off"
    everyone = web_ui(*LISTED, tasks=on, version="0.5.20")
    assert offered(here(ui=everyone))[0].id == "autocomplete-off"


def test_titles_beside_the_answer_come_before_tags():
    new, old = offered(here()), offered(here(ui=web_ui(*LISTED, version="0.9.6")))
    assert ids(new).index("titles-off") < ids(new).index("tags-off")
    assert ids(old).index("tags-off") < ids(old).index("titles-off")


def test_a_task_that_a_version_lacks_is_not_offered():
    ui = web_ui(*LISTED, version="0.5.20", tasks=settings(follow_ups=Switch.UNSUPPORTED))
    assert "follow-ups-off" not in ids(offered(here(ui=ui)))


def test_all_tasks_off_switches_only_what_is_on():
    ui = web_ui(*LISTED, tasks=settings(tags=Switch.OFF))
    changed = {change.setting for change in by_id(offered(here(ui=ui)), "all-tasks-off").plan.changes}
    assert Setting.TAGS not in changed
    assert Setting.AUTOCOMPLETE not in changed
    assert Setting.TITLES in changed


def test_calls_per_minute_come_from_what_was_seen():
    seen = Requests(Known(1, NOW), Known(0, NOW), last_hour=(ModelLoad("qwen3:32b", 200, 900.0, 120),))
    snapshot = replace(here(), requests=Known(seen, NOW))
    assert by_id(offered(snapshot), "task-model:gemma3:1b").effect.calls_per_minute == 2


def test_not_undoable_ones_ask_and_never_come_first():
    for kinds in ((TaskStorm,), (MemoryPressure,), (ModelSpills,), (PromptCacheGrowth,)):
        found = offered(here(pressure=Pressure.CRITICAL), *kinds)
        assert all(one.asks for one in found if not one.undoable)
        assert not found or found[0].undoable


def test_a_browser_is_no_reason_to_touch_tasks():
    pressed = example(MemoryPressure, taken_by="firefox", cause=CauseKind.PROGRAM)
    tasks = example(TasksOnBigModel)
    found = remedies(Case(facts(here(pressure=Pressure.WARNING)), Diagnosis(Level.OVERLOADED, (pressed, tasks))))
    assert found == ()


def test_a_model_is_a_reason():
    pressed = example(MemoryPressure, cause=CauseKind.MODEL)
    found = remedies(Case(facts(here(pressure=Pressure.WARNING)), Diagnosis(Level.TIGHT, (pressed,))))
    assert found[0].id == "follow-ups-off"
    assert "unload:qwen3:32b" in ids(found)


def test_where_the_chat_model_alone_spills_less_context_comes_first():
    spilling = loaded("qwen3:32b", 27, 24, 32768)
    found = offered(here(spilling, budget_gib=24.96, available_gib=3), ModelSpills, TasksOnBigModel)
    assert found[0].id == "context-length"
    assert found[0].advice_only
    assert found[0].reason == "context-spills"
    assert found[0].effect.memory_bytes is not None
    assert found[0].effect.memory_bytes > 6 * 2**30
    assert found[1].id == "follow-ups-off"


def test_advice_for_ollamas_own_settings():
    config = ServerConfig(num_parallel=4)
    found = offered(here(config=config), ModelSpills)
    assert {"kv-cache-type", "num-parallel"} <= set(ids(found))
    grown = example(PromptCacheGrowth)
    told = remedies(Case(facts(here()), Diagnosis(Level.TIGHT, (grown,))))
    assert told[0].id == "cache-ram"
    assert told[0].effect.memory_bytes == 5 * 2**30


def test_not_connected_shows_what_would_help_without_a_plan():
    snapshot = here(ui=OpenWebUI("http://127.0.0.1:8080", "0.12.4"))
    remedy = by_id(offered(snapshot), "follow-ups-off")
    assert remedy.advice_only
    assert remedy.reason == "needs-connect"
    assert not remedy.plan.changes


def test_a_reader_sees_the_plan_and_cannot_run_it():
    found = offered(here(ui=web_ui(*LISTED, HOSTED, access=Access.USER)))
    changing = [one for one in found if one.plan.changes]
    assert changing
    assert {(one.advice_only, one.asks, one.reason) for one in changing} == {(True, False, "needs-admin")}
    assert "stop-generations" not in ids(found)


def test_nothing_wrong_nothing_offered():
    assert remedies(Case(facts(here()), Diagnosis(Level.CALM))) == ()


def test_one_strategy_suits():
    def suiting(snapshot):
        return [one.kind.value for one in strategies(Case(facts(snapshot), diagnosis(TaskStorm))) if one.suits]

    assert suiting(here()) == ["small-model"]
    assert suiting(here(pressure=Pressure.WARNING)) == ["fewer-tasks"]
    off = settings(**dict.fromkeys(("titles", "tags", "follow_ups", "search_queries", "retrieval_queries"), Switch.OFF))
    assert suiting(here(ui=web_ui(*LISTED, HOSTED, tasks=off))) == []


UNKNOWN = Unknown(Why.MISSING)


@given(
    st.sets(st.sampled_from(("memory", "gpu", "ollama", "requests", "open_webui", "processes"))),
    st.sets(st.sampled_from(FINDINGS), min_size=1),
    st.sampled_from(Pressure),
    st.sampled_from(("0.32.15", "0.12.11", "0.9.6", "x")),
)
def test_whatever_is_unknown_nothing_raises(hidden, kinds, pressure, version):
    snapshot = replace(here(pressure=pressure, version=version), **dict.fromkeys(hidden, UNKNOWN))
    found = remedies(Case(facts(snapshot), diagnosis(*kinds)))
    assert len({one.id for one in found}) == len(found)
    assert not found or found[0].undoable
    told = strategies(Case(facts(snapshot), diagnosis(*kinds), relay_port=11435))
    assert len(told) == 4
    assert sum(one.suits for one in told) <= 1


def test_a_task_model_that_thrashes_goes_back_first_then_one_that_fits():
    """Fewer follow-ups would leave titles and tags taking the chat model's place."""
    ui = web_ui(*LISTED, HOSTED, tasks=settings(task_model="llama3.2:3b"))
    thrash = example(ModelThrash, cause=ThrashCause.EVICTION, task_model="llama3.2:3b")
    found = remedies(Case(facts(here(ui=ui)), Diagnosis(Level.OVERLOADED, (thrash,))))
    assert ids(found)[:2] == ["same-as-chat", "task-model:gemma3:1b"]
    assert found[0].plan.changes == (Change(Setting.TASK_MODEL, "llama3.2:3b", ""),)
    assert (found[0].needs, found[0].undoable) == (Consent.CLICK, True)


def test_a_thrash_that_the_task_model_has_no_part_in_is_not_answered_with_it():
    ui = web_ui(*LISTED, tasks=settings(task_model="llama3.2:3b"))
    found = remedies(Case(facts(here(ui=ui)), Diagnosis(Level.OVERLOADED, (example(ModelThrash),))))
    assert "same-as-chat" not in ids(found)


def test_a_task_model_that_does_not_fit_may_go_back_after_one_that_fits():
    ui = web_ui(*LISTED, tasks=settings(task_model="llama3.2:3b"))
    found = ids(offered(here(ui=ui), TaskModelDoesNotFit))
    assert found.index("task-model:gemma3:1b") < found.index("same-as-chat") < found.index("follow-ups-off")


@pytest.mark.parametrize(
    ("busy", "active", "tasks", "offers"),
    [
        (0, (), settings(), False),
        (1, (), settings(), True),
        (None, (), settings(), True),
        (0, (RunningRequest("qwen3:32b", RequestKind.TASK, "api-tasks"),), settings(), True),
        (0, (RunningRequest("qwen3:32b", RequestKind.UNKNOWN, "sequence"),), settings(), False),
    ],
)
def test_another_client_s_load_is_not_answered_with_fewer_tasks(busy, active, tasks, offers):
    ui = web_ui(*LISTED, HOSTED, tasks=tasks, busy_chats=Unknown(Why.UNSUPPORTED) if busy is None else Known(busy, NOW))
    asked = Known(Requests(Known(1, NOW), Known(4, NOW), active=active), NOW)
    found = offered(here(ui=ui, requests=asked), QueueBacklog, TasksOnBigModel)
    assert any(one.strategy for one in found) is offers


def test_a_critical_shortage_that_another_program_causes_is_none_of_the_tasks_business():
    pressed = example(MemoryPressure, pressure=Pressure.CRITICAL, taken_by="firefox", cause=CauseKind.PROGRAM)
    storm = example(TaskStorm)
    for found, offers in (((pressed, storm), False), ((replace(pressed, pressure=Pressure.WARNING), storm), True)):
        made = remedies(Case(facts(here(pressure=Pressure.WARNING)), Diagnosis(Level.OVERLOADED, found)))
        assert any(one.strategy for one in made) is offers
