"""What people read about a remedy."""

import pytest

from tests.core.offers import BIG, by_id, here, offered
from tests.english import TR
from tray_app.core.text.ollama_settings import advice_steps
from tray_app.core.text.remedy import effect, reason, sentence
from tray_app.core.values.finding import MemoryPressure, ModelSpills, PromptCacheGrowth, TaskStorm
from tray_app.core.values.remedy import Advice, AdviceKind, AllTasksOff, Effect, Reason, SwitchOff, UnloadModel
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Setting


def test_the_best_remedy_says_what_it_does_and_what_it_brings():
    remedy = offered(here())[0]
    assert sentence(remedy, TR) == "Use gemma3:1b for tasks (fits: +824 MiB, 1.6 GiB left)"
    assert effect(remedy, TR) == "1 fewer call per message on the chat model"
    assert reason(remedy, TR) == "It fits into memory beside the chat model, which then only chats."


def test_follow_ups():
    remedy = by_id(offered(here(pressure=Pressure.WARNING)), "follow-ups-off")
    assert sentence(remedy, TR) == "Turn follow-ups off"
    assert effect(remedy, TR) == "1 fewer call per message"


def test_a_hosted_model_says_where_the_text_goes():
    remedy = by_id(offered(here()), "hosted-task-model:openai/gpt-5-mini")
    assert sentence(remedy, TR) == "Use openai/gpt-5-mini for tasks: chat text then goes to openrouter.ai"


def test_every_remedy_and_every_reason_has_words():
    for kinds in ((TaskStorm, MemoryPressure), (ModelSpills,), (PromptCacheGrowth,)):
        for pressure in (Pressure.NORMAL, Pressure.WARNING):
            for remedy in offered(here(BIG, pressure=pressure), *kinds):
                assert sentence(remedy, TR) != remedy.id
                assert reason(remedy, TR)
                assert "{" not in sentence(remedy, TR) + effect(remedy, TR) + reason(remedy, TR)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("darwin", "launchctl setenv OLLAMA_CONTEXT_LENGTH 4096"),
        ("win32", "Name OLLAMA_CONTEXT_LENGTH, value 4096"),
        ("linux", 'Environment="OLLAMA_CONTEXT_LENGTH=4096"'),
    ],
)
def test_advice_has_steps_for_each_platform(system, expected):
    steps = advice_steps(
        Advice(kind=AdviceKind.CONTEXT_LENGTH, model="qwen3:32b", reason=Reason.LONG_CONTEXT), system, TR
    )
    assert expected in "\n".join(steps)
    assert len(steps) == 3


def test_what_is_done_here_needs_no_steps():
    assert advice_steps(SwitchOff(task=Setting.FOLLOW_UPS, reason=Reason.EVERY_MESSAGE), "linux", TR) == []


def test_a_hostile_name_stays_on_its_line():
    remedy = UnloadModel(model="evil\x1b[31m\nmodel", reason=Reason.FREES_MEMORY)
    assert sentence(remedy, TR) == "Unload evil[31mmodel"


def test_all_tasks_off_promises_more_than_one_of_them_and_autocomplete_something():
    """Both said `1 call fewer per message`, and the first-ranked said nothing."""
    every = AllTasksOff(reason=Reason.PLAIN_CHAT, effect=Effect(1.0, calls_per_chat=3.0))
    assert effect(every, TR) == "up to 3 fewer calls per message"
    typing = SwitchOff(task=Setting.AUTOCOMPLETE, reason=Reason.WHILE_TYPING)
    assert effect(typing, TR) == "no calls while you type"
