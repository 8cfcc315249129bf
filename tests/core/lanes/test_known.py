"""The rules for the relay follow the user's settings and what Ollama says."""

import pytest
from msgspec.structs import replace

from tray_app.core.lanes.known import rules_for, wished_models
from tray_app.core.lanes.lane import AFTER_ANSWER, WHILE_TYPING
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.limits import ChatFirst, ModelPerTask
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, Ollama, Presence, ServerConfig

USUAL, NONE = ChatFirst(), ModelPerTask()


def installed(name, **how):
    return InstalledModel(name, "d", 1, **how)


def ollama(**how):
    return replace(
        Ollama("http://127.0.0.1:11434", Presence.RUNNING, installed=(installed("big"), installed("gemma3:1b"))), **how
    )


def test_the_usual_settings_are_the_usual_rules():
    assert rules_for(USUAL, NONE, None) == LanesRules()
    assert rules_for(USUAL, NONE, ollama()) == LanesRules()


def test_every_limit_counts():
    rules = rules_for(ChatFirst(hold_s=100, quiet_low_s=2, quiet_high_s=20), NONE, None)
    assert (rules.max_hold_s, rules.quiet_low_s, rules.quiet_high_s) == (100, 2, 20)


def test_every_task_that_can_wait_can_have_a_model():
    keys = ModelPerTask.__struct_fields__
    found = wished_models(ModelPerTask(**{key: f"for {key}" for key in keys}))
    assert set(found) == AFTER_ANSWER | WHILE_TYPING
    assert sorted(found.values()) == sorted(f"for {key}" for key in keys)


def test_a_model_for_a_task_counts_where_ollama_has_it():
    wishes = ModelPerTask(titles="Gemma3:1b", tags="gone:1b")
    assert wished_models(wishes) == {"title_generation": "Gemma3:1b", "tags_generation": "gone:1b"}
    assert rules_for(USUAL, wishes, ollama()).task_models == (("title_generation", "Gemma3:1b"),)
    for unknown in (None, ollama(installed=())):
        assert dict(rules_for(USUAL, wishes, unknown).task_models) == wished_models(wishes)


def test_places_evictions_and_models_elsewhere_are_told():
    there = ollama(
        config=ServerConfig(num_parallel=4), installed=(installed("big"), installed("cloud", remote_host="https://x"))
    )
    rules = rules_for(USUAL, NONE, there, {("small", "big")})
    assert (rules.num_parallel, rules.remote, rules.evicting) == (4, ("cloud",), (("small", "big"),))


def loaded(name, context):
    return LoadedModel(name, "d", 1, 1, context_length=context)


@pytest.mark.parametrize(
    ("context", "default", "own", "told"),
    [
        (8192, 4096, None, True),
        (4096, 4096, None, False),
        (4096, None, None, True),  # what a request without one gets is not known
        (8192, 4096, 8192, False),  # the model's own parameter
        (4096, 4096, 8192, True),
        (None, 4096, None, False),
    ],
)
def test_a_context_is_told_where_a_request_that_names_none_would_get_another(context, default, own, told):
    there = ollama(
        config=ServerConfig(context_length=default),
        installed=(installed("big", num_ctx=own),),
        loaded=(loaded("big:latest", context),),
    )
    assert rules_for(USUAL, NONE, there).contexts == ((("big:latest", context),) if told else ())
    assert rules_for(ChatFirst(keep_context=False), NONE, there).contexts == ()
