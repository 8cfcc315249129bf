"""Which hosted models come first."""

import pytest

from tray_app.core.tasks.hosted.offers import CHEAP_USD, for_tasks, offer
from tray_app.core.values.connections import Price

PER_TOKEN = CHEAP_USD / 1e6


def ids(*offers, wanted=""):
    return [one.id for one in for_tasks(offers, wanted)]


def test_cheap_before_free_before_dear_before_unknown_before_those_that_think():
    cheap = offer("a/cheap-3b", price=Price(PER_TOKEN * 0.99, PER_TOKEN))
    border = offer("b/border-3b", price=Price(PER_TOKEN, PER_TOKEN))
    free = offer("c/gift-3b:free", price=Price(0.0, 0.0))
    unknown = offer("d/unknown-3b")
    thinks = offer("e/thinker-3b", price=Price(PER_TOKEN / 9, PER_TOKEN), reasons=True)
    assert ids(thinks, unknown, free, border, cheap) == [cheap.id, free.id, border.id, unknown.id, thinks.id]
    assert (cheap.is_cheap, border.is_cheap, free.is_cheap, unknown.is_cheap) == (True, False, False, False)


def test_without_prices_the_small_ones_come_first():
    assert ids(offer("big-70b"), offer("qwen2.5:3b"), offer("llama3.2:1b"), offer("m-9b"), offer("m-10b")) == [
        "llama3.2:1b",
        "qwen2.5:3b",
        "m-9b",
        "m-10b",
        "big-70b",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nomic-embed-text", False),
        ("whisper-1", False),
        ("gpt-4o-mini", True),
        ("flux-1", False),
        ("llama-guard", False),
    ],
)
def test_what_is_not_for_text_is_left_out(name, text):
    assert bool(ids(offer(name))) is text
    assert bool(ids(offer("any", outputs=(["text"] if text else ["image"])))) is text


@pytest.mark.parametrize(
    ("name", "thinks"),
    [
        ("deepseek/deepseek-r1", True),
        ("openai/o3-mini", True),
        ("qwen/qwq-32b", True),
        ("qwen/qwen3-4b-thinking-2507", True),
        ("meta-llama/llama-3.2-1b", False),
        ("openai/gpt-4o-mini", False),
        ("google/gemini-pro1", False),
    ],
)
def test_who_thinks_is_told_by_the_list_or_by_the_name(name, thinks):
    assert offer(name).thinks is thinks
    assert offer(name, reasons=True).thinks


def test_all_words_of_a_search_must_be_there():
    offers = (offer("qwen/qwen3-4b", "Qwen: Qwen3 4B"), offer("meta/llama-3b"))
    assert ids(*offers, wanted="QWEN 4b") == ["qwen/qwen3-4b"]
    assert ids(*offers, wanted="qwen 70b") == []
