"""Which models can be chosen for tasks, where each would run, and what the plan of one holds."""

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.machines import HOSTED, facts, installed, listed, loaded, machine, settings, web_ui
from tests.core.offers import CHAT, SMALL, by_id, diagnosis, ids, offered
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.choices import _ORDER, choices
from tray_app.core.remedies.models import COMFORTABLE_BYTES, models_to_get
from tray_app.core.remedies.ranked import remedies
from tray_app.core.values.finding import (
    CauseKind,
    Diagnosis,
    Level,
    MemoryPressure,
    PromptCacheGrowth,
    QueueBacklog,
    TaskStorm,
)
from tray_app.core.values.fit import Verdict
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import ServerConfig
from tray_app.core.values.task_settings import Setting, Switch
from tray_app.core.values.units import GIB

BIG = loaded("qwen3:32b", 19.7)
CLOUD = installed("gemma3:4b", remote_host="ollama.com")


def there(*entries, have=(CHAT, SMALL), tasks=None, **options):
    return machine(BIG, have=have, open_webui=web_ui(*entries, tasks=tasks), available_gib=12, **options)


def chosen(*entries, **options):
    return {one.id: (one.fit.verdict, one.host, one.usable) for one in choices(facts(there(*entries, **options)))}


def test_where_each_would_run():
    elsewhere = listed("gemma3:4b")
    unknown = listed("not-here:1b")
    plain = replace(HOSTED, id="plain", host=None)
    found = chosen(
        listed("qwen3:32b"), listed("gemma3:1b"), elsewhere, unknown, HOSTED, plain, have=(CHAT, SMALL, CLOUD)
    )
    assert found == {
        "gemma3:1b": (Verdict.FITS, None, True),
        "gemma3:4b": (Verdict.NOT_LOCAL, "ollama.com", True),
        HOSTED.id: (Verdict.NOT_LOCAL, "openrouter.ai", True),
        "not-here:1b": (Verdict.UNKNOWN, None, True),
        "plain": (Verdict.UNKNOWN, None, True),
    }


def test_another_ollamas_models_are_not_judged_by_this_machine():
    ui = web_ui(listed("gemma3:1b"), ollama_urls=Known(("http://10.0.0.9:4000",), 0.0))
    (one,) = choices(facts(machine(BIG, have=(CHAT, SMALL), open_webui=ui)))
    assert one.fit.verdict is Verdict.UNKNOWN


def test_the_best_comes_first():
    three = installed("llama3.2:3b")
    made = choices(
        facts(
            there(
                listed("llama3.2:3b"),
                listed("not-here:1b"),
                HOSTED,
                listed("gemma3:1b"),
                listed("qwen3:32b"),
                have=(CHAT, SMALL, three),
                config=ServerConfig(),
            )
        )
    )
    verdicts = [one.fit.verdict for one in made]
    order = [Verdict.FITS, Verdict.NOT_LOCAL, Verdict.UNKNOWN, Verdict.EVICTS]
    assert verdicts == order
    # The chat model itself is `same as chat`, not one of the list.
    assert made[0].id == "gemma3:1b"


@pytest.mark.parametrize(
    ("entries", "usable"),
    [
        ((listed("gemma3:1b"),), False),
        ((listed("gemma3:1b"), listed("preset", preset=True)), True),
        ((listed("gemma3:1b"), listed("preset", preset=True, active=False)), False),
    ],
)
def test_the_one_in_use_is_always_among_them(entries, usable):
    made = choices(facts(there(*entries, tasks=settings(task_model="preset"))))
    assert (made[0].id, made[0].usable, made[0].fit.verdict) == ("preset", usable, Verdict.UNKNOWN)
    assert [one.id for one in made[1:]] == ["gemma3:1b"]
    twice = choices(facts(there(listed("gemma3:1b"), tasks=settings(task_model="gemma3:1b"))))
    assert [one.id for one in twice] == ["gemma3:1b"]


def test_a_list_that_is_not_known_makes_nothing_unusable():
    ui = replace(web_ui(tasks=settings(task_model="gemma3:1b")), models=Unknown(Why.TIMED_OUT))
    (one,) = choices(facts(machine(BIG, open_webui=ui)))
    assert one.usable


def test_without_settings_there_is_nothing_to_choose():
    ui = replace(web_ui(listed("gemma3:1b")), tasks=Unknown(Why.DENIED))
    assert choices(facts(machine(BIG, have=(SMALL,), open_webui=ui))) == ()


# --- what a plan holds ---


def test_a_plan_says_what_is_in_the_slot_now():
    found = offered(there(listed("qwen3:32b"), listed("gemma3:1b"), HOSTED, tasks=settings(task_model="gone:1b")))
    for identity in ("task-model:gemma3:1b", f"hosted-task-model:{HOSTED.id}"):
        (change, *_) = by_id(found, identity).plan.changes
        assert (change.setting, change.before) == (Setting.TASK_MODEL, "gone:1b")


def test_a_hosted_model_needs_no_memory_here():
    found = offered(there(listed("qwen3:32b"), HOSTED))
    hosted = by_id(found, f"hosted-task-model:{HOSTED.id}")
    assert (hosted.effect.memory_bytes, hosted.effect.calls_per_message, hosted.effect.calls_per_chat) == (0, 1, 3)


def test_a_model_that_is_there_is_used_without_a_question():
    found = offered(there(listed("qwen3:32b"), listed("gemma3:1b")))
    assert not by_id(found, "task-model:gemma3:1b").asks


@pytest.mark.parametrize(("users", "asks"), [(Known(1, 0.0), False), (Unknown(Why.DENIED), True)])
def test_a_download_asks_where_others_may_use_the_server(users, asks):
    ui = replace(web_ui(listed("qwen3:32b")), user_count=users)
    found = offered(machine(BIG, have=(CHAT,), open_webui=ui, available_gib=12))
    assert by_id(found, "task-model:gemma3:1b").asks is asks


@pytest.mark.parametrize(
    ("entries", "name"),
    [
        ((listed("qwen3:32b", id="mac.qwen3:32b"),), "mac.gemma3:1b"),
        # Two prefixes, and nothing says whose: by which id a new model would be listed cannot be told.
        ((listed("qwen3:32b", id="mac.qwen3:32b"), listed("a:1b", id="pc.a:1b")), None),
        ((listed("qwen3:32b", id="mac.qwen3:32b"), listed("x", id="pc.x", preset=True)), "mac.gemma3:1b"),
        ((listed("qwen3:32b", id="mac.qwen3:32b"), HOSTED), "mac.gemma3:1b"),
        ((listed("qwen3:32b", id="mac.qwen3:32b"), listed("y", id="renamed")), "mac.gemma3:1b"),
    ],
)
def test_a_download_is_listed_under_the_connections_prefix(entries, name):
    case = Case(facts(there(*entries, have=(CHAT,))), diagnosis(TaskStorm))
    made = [one.model for one in models_to_get(case)]
    assert name in made if name else made == []


@pytest.mark.parametrize(
    "changes",
    [
        {
            "tasks": settings(
                **dict.fromkeys(("titles", "tags", "follow_ups", "search_queries", "retrieval_queries"), Switch.OFF)
            )
        },
        {"loaded": ()},
    ],
)
def test_nothing_to_get_without_tasks_or_a_chat_model(changes):
    ui = web_ui(listed("qwen3:32b"), tasks=changes.get("tasks"))
    made = machine(*changes.get("loaded", (BIG,)), have=(CHAT,), open_webui=ui, available_gib=12)
    assert models_to_get(Case(facts(made), Diagnosis(Level.CALM))) == []


def test_a_comfortable_size_has_both_its_ends():
    low, high = COMFORTABLE_BYTES
    assert COMFORTABLE_BYTES == (600_000_000, 4_000_000_000)
    chat = replace(BIG, size_bytes=100 * GIB, size_vram_bytes=100 * GIB)
    sizes = {"a:low": low, "b:under": low - 1, "c:high": high, "d:over": high + 1}
    have = tuple(replace(SMALL, name=name, size_bytes=size) for name, size in sizes.items())
    ui = web_ui(*(listed(name) for name in sizes))
    found = offered(machine(chat, have=have, open_webui=ui, budget_gib=200, available_gib=90))
    order = [one.removeprefix("task-model:") for one in ids(found) if one.startswith("task-model:")]
    assert order[:3] == ["a:low", "c:high", "b:under"]


# --- advice ---


def test_fewer_slots_save_what_they_reserve():
    made = there(listed("qwen3:32b"), config=ServerConfig(num_parallel=3, context_length=4096))
    saved = by_id(offered(made), "num-parallel").effect.memory_bytes
    one_slot = 2 * 64 * 8 * 128 * 4096 * 2
    assert saved is not None
    assert 2 * one_slot <= saved < 2 * one_slot + GIB
    blind = there(listed("qwen3:32b"), have=(), config=ServerConfig(num_parallel=2))
    assert by_id(offered(blind), "num-parallel").effect.memory_bytes is None


def test_a_grown_prompt_cache_comes_first_where_tasks_do_not_hurt():
    made = there(listed("qwen3:32b"))
    alone = offered(made, PromptCacheGrowth)
    assert ids(alone)[0] == "cache-ram"
    assert ids(offered(made, PromptCacheGrowth, QueueBacklog, TaskStorm))[0] != "cache-ram"
    assert "cache-ram" not in ids(offered(made))


def test_the_chat_model_is_unloaded_only_where_memory_is_short():
    made = there(listed("qwen3:32b"))
    assert "unload:qwen3:32b" in ids(offered(made))
    program = replace(example(MemoryPressure), cause=CauseKind.PROGRAM)
    assert "unload:qwen3:32b" not in ids(remedies(Case(facts(made), Diagnosis(Level.TIGHT, (program,)))))
    assert "unload:qwen3:32b" not in ids(remedies(Case(facts(made), Diagnosis(Level.CALM))))


def test_a_queue_alone_unloads_nothing():
    assert "unload:qwen3:32b" not in ids(offered(there(listed("qwen3:32b")), QueueBacklog))


def test_what_spills_is_listed_before_what_evicts():
    best_first = [Verdict.FITS, Verdict.NOT_LOCAL, Verdict.TIGHT, Verdict.UNKNOWN, Verdict.SPILLS, Verdict.EVICTS]
    assert sorted(Verdict, key=_ORDER.index) == best_first
