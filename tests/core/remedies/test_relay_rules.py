"""What the relay is told of this machine: models that evict the chat model, and what the user wants."""

from tests.core.machines import QWEN_32B, facts, installed, listed, loaded, machine, settings, web_ui
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.remedies.relay_rules import not_taken, relay_rules
from tray_app.core.values.limits import ChatFirst, ModelPerTask
from tray_app.core.values.relay import NotTaken, WishNotTaken

HAVE = (installed("qwen3:32b"), installed("gemma3:1b"), installed("llama3.2:3b"))
PAIR = ("llama3.2:3b", "qwen3:32b")


def rules(*, chosen="", models=ModelPerTask(), **there):  # noqa: B008 - frozen
    server = web_ui(*map(listed, ("qwen3:32b", "gemma3:1b", "llama3.2:3b")), tasks=settings(task_model=chosen))
    place = {"have": HAVE, "open_webui": server, "budget_gib": 21.33} | there
    return relay_rules(facts(machine(place.pop("chat", QWEN_32B), **place)), ChatFirst(), models)


def test_a_task_model_that_evicts_the_chat_model_is_told_whoever_chose_it():
    assert rules(chosen="llama3.2:3b").evicting == (PAIR,)
    assert rules(models=ModelPerTask(titles="llama3.2:3b")).evicting == (PAIR,)
    assert rules(chosen="llama3.2:3b", models=ModelPerTask(tags="llama3.2:3b")).evicting == (PAIR,)


def test_one_that_fits_the_chat_model_itself_and_one_that_nobody_chose_are_not():
    roomy = {"budget_gib": 64.0, "available_gib": 60, "total_gib": 96}
    assert rules(chosen="llama3.2:3b", **roomy).evicting == ()
    assert rules(chosen="qwen3:32b").evicting == ()
    assert rules().evicting == ()
    assert rules(models=ModelPerTask(titles="gone:1b")).evicting == ()


def test_where_no_chat_model_is_loaded_nothing_is_evicted():
    assert rules(chosen="llama3.2:3b", chat=loaded("gemma3:1b", 1.0)).evicting == ()


def test_a_machine_of_which_nothing_is_known_has_the_users_rules():
    empty = facts(machine())
    assert relay_rules(empty, ChatFirst(hold_s=60), ModelPerTask()) == LanesRules(max_hold_s=60)


def test_the_context_of_the_loaded_chat_model_is_told():
    assert rules().contexts == (("qwen3:32b", 4096),)


WISHES = ModelPerTask(titles="llama3.2:3b", tags="gone:1b", follow_ups="gemma3:1b")


def test_a_wish_that_would_evict_the_chat_model_or_is_not_there_is_refused_with_the_reason():
    server = web_ui(*map(listed, ("qwen3:32b", "gemma3:1b", "llama3.2:3b")), tasks=settings())
    seen = facts(machine(QWEN_32B, have=HAVE, open_webui=server, budget_gib=23.0))
    assert not_taken(seen, WISHES) == (
        WishNotTaken("title_generation", "llama3.2:3b", NotTaken.EVICTS, "qwen3:32b"),
        WishNotTaken("tags_generation", "gone:1b", NotTaken.MISSING),
    )
    assert relay_rules(seen, ChatFirst(), WISHES).task_models == (("follow_up_generation", "gemma3:1b"),)


def test_with_room_for_it_the_wish_is_taken():
    roomy = {"budget_gib": 64.0, "available_gib": 60, "total_gib": 96}
    assert ("title_generation", "llama3.2:3b") in rules(models=WISHES, **roomy).task_models


def test_where_it_cannot_be_judged_nothing_is_refused():
    assert not_taken(facts(machine()), WISHES) == ()
