"""Which models are tried side by side: the named ones, or those that are installed, small, and crowd nothing."""

import pytest
from msgspec.structs import replace

from tests.core.machines import HOSTED, facts, listed, web_ui
from tests.core.offers import LISTED, here
from tray_app.core.remedies.choices import entrants
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.fit import Verdict
from tray_app.core.values.reading import Known

CHAT = LISTED[0]
PREFIXED = listed("llama3.2:3b", id="mac.llama3.2:3b")
ALONE, TWO = Known(0, 0.0), Known(1, 0.0)


def chosen(models=LISTED, names=None, others=ALONE, **options):
    snapshot = here(ui=web_ui(*models, ordinary_users=others), **options)
    return entrants(facts(snapshot), tuple(models), CHAT, names)


def test_without_names_the_small_ones_best_first_and_never_the_chat_model():
    assert [one.id for one in chosen(available_gib=9, budget_gib=26)] == ["gemma3:1b", "qwen3:1.7b"]


def test_one_that_would_crowd_the_chat_model_is_tried_only_by_its_name():
    full = {"budget_gib": 19.8}
    assert chosen(**full) == ()
    assert [one.fit.verdict for one in chosen(names=["gemma3:1b"], **full)] == [Verdict.EVICTS]


def test_nothing_leaves_the_machine_unless_it_is_named():
    models = (*LISTED, HOSTED)
    assert "openrouter.ai" not in {one.host for one in chosen(models)}
    assert [(one.id, one.host) for one in chosen(models, [HOSTED.id])] == [(HOSTED.id, "openrouter.ai")]


def test_one_that_others_may_not_use_would_fail_their_tasks_meanwhile():
    private = (CHAT, *(replace(one, public=False) for one in LISTED[1:]))
    assert chosen(private, others=TWO) == ()
    assert len(chosen(private, others=ALONE)) > 0


def test_a_name_is_open_webui_s_id_or_ollama_s_own_or_empty_for_the_chat_model():
    models = (CHAT, PREFIXED)
    named = chosen(models, ["mac.llama3.2:3b", "llama3.2:3b", ""])
    assert [one.id for one in named] == ["mac.llama3.2:3b", "mac.llama3.2:3b", ""]


def test_one_that_is_not_listed_is_named_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        chosen(names=["gema3:1b"])
    assert (caught.value.what, caught.value.nearest) == (Slip.TASK_MODEL, "gemma3:1b")
