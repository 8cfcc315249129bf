"""Which task model is best: each number that decides is tried on both of its sides, ties and what is not known are said."""

import json

import pytest
from msgspec.structs import replace

from tray_app.core.report.trial import BestBy, Contest, Entrant, TaskTrial, Trial, best, document, fell_back
from tray_app.core.tasks.written import Draft, Flaw
from tray_app.core.values.connections import Price
from tray_app.core.values.errors.service import TimedOut
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import MIB

CHEAP = Price(1e-7, 4e-7)


def trial(name, crowded_s=1.0, task_s=2.0, *, memory=None, need=None, price=None, host=None, tokens=(1000, 50), **more):
    tasks = (TaskTrial(Setting.TITLES, task_s, Draft(("A title",)), tokens),)
    entrant = Entrant(name, Fit(Verdict.FITS, need), name or None, host, price)
    made = Trial(entrant, 3, name or "qwen3:32b", tasks, 0.5, crowded_s, memory)
    return replace(made, **more)


def decided(*trials):
    found = best(trials)
    return found.by, found.trial.entrant.id if found.trial else None


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        (1.8, 2.0, BestBy.SOONER),
        (1.81, 2.0, BestBy.NO_DIFFERENCE),  # a tenth is what runs differ by
        (0.1, 0.2, BestBy.SOONER),
        (0.1, 0.199, BestBy.NO_DIFFERENCE),  # nobody sees less than a tenth of a second
    ],
)
def test_first_counts_how_soon_a_chat_starts_while_tasks_run(one, other, by):
    assert decided(trial("a", other, memory=MIB), trial("b", one, memory=MIB))[0] is by
    assert decided(trial("b", one, memory=MIB), trial("a", other, memory=MIB))[0] is by


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        (9.0, 10.0, BestBy.QUICKER),
        (9.01, 10.0, BestBy.NO_DIFFERENCE),
        (1.0, 1.5, BestBy.QUICKER),
        (1.0, 1.49, BestBy.NO_DIFFERENCE),
    ],
)
def test_then_how_long_tasks_take(one, other, by):
    assert decided(trial("a", task_s=other, memory=MIB), trial("b", task_s=one, memory=MIB))[0] is by


@pytest.mark.parametrize(
    ("read", "by"), [(1000, BestBy.CHEAPER), (999, BestBy.NO_DIFFERENCE)], ids=["a cent", "less than a cent"]
)
def test_then_money(read, by):
    """1,000 messages that read 1,000 tokens each, at a cent for a million of them."""
    dear = trial("a", host="x", price=Price(1e-8, 0.0), tokens=(read, 0))
    free = trial("b", memory=0)
    assert decided(dear, free)[0] is by


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        (100, 356, BestBy.SMALLER),
        (100, 355, BestBy.NO_DIFFERENCE),
        (9000, 10000, BestBy.SMALLER),
        (9001, 10000, BestBy.NO_DIFFERENCE),
    ],
)
def test_then_memory(one, other, by):
    assert decided(trial("a", memory=other * MIB), trial("b", memory=one * MIB))[0] is by


def test_without_a_clear_difference_the_one_of_now_stays():
    assert decided(trial("", memory=0), trial("b", memory=0)) == (BestBy.NO_DIFFERENCE, "")


def test_a_third_that_is_slow_does_not_decide_between_the_two_that_are_quick():
    assert decided(trial("slow", 9.0), trial("a", 1.0, 5.0), trial("b", 1.05, 2.0)) == (BestBy.QUICKER, "b")


def test_the_next_best_is_named():
    found = best([trial("slow", 9.0), trial("a", 1.0), trial("b", 4.0)])
    assert (found.trial.entrant.id, found.than.entrant.id) == ("a", "b")


def test_what_is_not_known_of_one_decides_nothing_and_is_said():
    hosted = trial("a", host="openrouter.ai", price=None)
    found = best([hosted, trial("b", need=10 * MIB)])
    assert (found.by, found.unknown) == (BestBy.NO_DIFFERENCE, (BestBy.CHEAPER,))
    found = best([trial("a", memory=None), trial("b", memory=MIB)])
    assert (found.by, found.unknown) == (BestBy.NO_DIFFERENCE, (BestBy.SMALLER,))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"failed": TimedOut("http://x", 2.0)},
        {"fell_back": True},
        {"tasks": (TaskTrial(Setting.TAGS, 0.1, Draft(flaw=Flaw.NO_JSON)),)},
        {"tasks": ()},
        {"crowded_token_s": None},
    ],
)
def test_one_that_cannot_do_the_tasks_is_never_best_however_quick(spoiled):
    quick = trial("quick", 0.1, 0.1, **spoiled)
    assert decided(quick, trial("slow", 9.0)) == (BestBy.ONLY_ABLE, "slow")
    assert decided(quick) == (BestBy.NONE_ABLE, None)
    assert decided(quick, quick) == (BestBy.NONE_ABLE, None)


def test_one_alone_is_compared_with_nothing():
    assert decided(trial("")) == (BestBy.ALONE, "")


def test_a_price_is_of_the_tokens_that_were_counted():
    assert trial("a", host="x", price=CHEAP).usd == pytest.approx(1000 * (1000 * 1e-7 + 50 * 4e-7))
    assert trial("a", host="x", price=CHEAP, tokens=None).usd is None
    assert trial("a", host="x").usd is None
    assert trial("a").usd == 0


def test_memory_is_as_measured_else_as_predicted_and_nothing_for_what_runs_elsewhere():
    assert (trial("a", memory=5, need=7).bytes, trial("a", need=7).bytes, trial("a").bytes) == (5, 7, None)
    assert (trial("", need=7).bytes, trial("a", host="x", need=7).bytes) == (0, 0)


@pytest.mark.parametrize(
    ("entrant", "answered", "fell"),
    [
        (Entrant("mac.gemma3:1b", ollama_name="gemma3:1b"), "qwen3:32b", True),
        (Entrant("mac.gemma3:1b", ollama_name="gemma3:1b"), "gemma3:1b", False),
        (Entrant("mac.gemma3:1b", ollama_name="gemma3:1b"), "mac.gemma3:1b", False),
        (Entrant("gemma3"), "gemma3:latest", False),
        (Entrant("openai/gpt-5-mini", host="openrouter.ai"), "gpt-5-mini-2026-01-02", False),
        (Entrant(""), "qwen3:32b", False),
    ],
)
def test_whether_open_webui_used_it(entrant, answered, fell):
    assert fell_back(entrant, answered, ("qwen3:32b", "mac.qwen3:32b")) is fell


def test_all_of_it_is_json():
    made = (trial(""), trial("a", host="x", price=CHEAP), trial("b", failed=TimedOut("http://x", 2.0), tasks=()))
    told = json.loads(json.dumps(document(Contest("qwen3:32b", "basil", 3, made))))
    assert [one["task_model"] for one in told["timings"]] == ["", "a", "b"]
    assert told["timings"][0]["tasks"]["titles"]["wrote"] == ["A title"]
    assert (told["timings"][2]["failed"], told["timings"][2]["task_s"]) == ("TimedOut", None)
    assert (told["best"], told["best_by"]) == ("", "costs-less")
