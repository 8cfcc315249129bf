"""`elbowroom fit` as people read it."""

import pytest
from msgspec.structs import replace

from tests.core.machines import LIMITS, QWEN_32B, beside, installed, machine, predict
from tests.english import TR
from tray_app.core.text.fit import bar, basis_sentence, lines, sentence, verdict_word, verdict_words
from tray_app.core.values.fit import Basis, FitReport, Verdict

HAVE = (installed("qwen3:32b"), installed("gemma3:1b"), installed("llama3.2:3b"))


def report(name: str) -> FitReport:
    return predict(name, machine(QWEN_32B, have=HAVE), with_model="qwen3:32b", limits=LIMITS)


def test_a_pair_that_fits():
    assert sentence(report("gemma3:1b"), TR) == "gemma3:1b fits beside qwen3:32b: it needs 824 MiB, 1.6 GiB is left."
    told = ["".join(span.text for span in line) for line in lines(report("gemma3:1b"), TR, 60)]
    assert told[1].startswith("[====")
    assert any("context of 4096 tokens and 1 request at a time" in text for text in told)
    assert "loads it again afterwards" in told[-1]


def test_a_pair_that_does_not():
    assert sentence(report("llama3.2:3b"), TR).startswith("Ollama would evict qwen3:32b for llama3.2:3b")


@pytest.mark.parametrize("columns", [8, 20, 48])
def test_the_bar_is_as_wide_as_asked_and_marks_too_much(columns):
    assert len(bar(report("gemma3:1b"), columns)) == columns + 2
    big = replace(report("gemma3:1b"), beside_bytes=10**13)
    assert bar(big, columns).endswith("!")


def test_every_verdict_has_a_word_and_a_sentence():
    for verdict in Verdict:
        assert verdict_word(verdict, TR)
        for name in (None, "qwen3:32b"):
            text = sentence(replace(report("gemma3:1b"), verdict=verdict, beside=name), TR)
            assert "{" not in text


def test_the_menu_line():
    fit = beside(installed("gemma3:1b"), machine(QWEN_32B), LIMITS)
    assert verdict_words(fit, TR) == "fits: +824 MiB, 1.6 GiB left"


def test_without_ollama_that_is_said_and_what_to_do():
    told = ["".join(span.text for span in line) for line in lines(FitReport("x", Verdict.UNKNOWN, Basis.NO_OLLAMA), TR)]
    assert told[1:] == [
        "Ollama does not run here.",
        "Start it, or name the one on another computer: elbowroom fit x --ollama http://HOST:11434",
    ]


def test_what_is_not_known_is_said():
    unknown = FitReport("gemma3:1b", Verdict.UNKNOWN, Basis.BUDGET_UNKNOWN, beside="qwen3:32b")
    assert sentence(unknown, TR) == "It is not known whether gemma3:1b fits beside qwen3:32b."
    assert len(lines(unknown, TR)) == 2
    assert basis_sentence(Basis.BUDGET_UNKNOWN, TR) == "How much memory models may use is not known."
