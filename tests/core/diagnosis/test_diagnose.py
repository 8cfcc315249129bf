"""One finding per cause, in order, and a level that says unknown where it is; whatever the numbers."""

import json
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.poll_builder import BIG, CHAT, GIB, GONE, TASK, facts, history, loaded, poll, requests, runner, server
from tests.core.poll_builder import settings as task_settings
from tests.english import TR
from tray_app.core.diagnosis import rules
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.rules import RULES
from tray_app.core.report.status import finding_of, status
from tray_app.core.text import findings
from tray_app.core.text.evidence import evidence_lines
from tray_app.core.text.findings import headline, sentence
from tray_app.core.values.finding import (
    FINDINGS,
    AutocompleteOn,
    Level,
    MemoryPressure,
    ModelThrash,
    QueueBacklog,
    Severity,
    TasksOnBigModel,
    TaskStorm,
)
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import Gpu, LoadedModel, Memory, OtherProcess, Pressure
from tray_app.core.values.task_settings import Switch

LIMITS = Limits()
QUEUE = requests((CHAT,), waiting=2, wait_s=20.0)


def judge(snapshot, before=None, limits=LIMITS):
    return diagnose(facts(snapshot, before, limits))


def kinds(found):
    return [type(finding) for finding in found]


def test_a_storm_is_one_finding():
    typing = server(task_settings(autocomplete=Switch.ON), version="0.5.20")
    made = judge(poll(pressure=Pressure.WARNING, asks=QUEUE, open_webui=typing))
    assert kinds(made.findings) == [TaskStorm]
    assert set(kinds(made.explained)) == {
        QueueBacklog,
        MemoryPressure,
        TasksOnBigModel,
        AutocompleteOn,
    }
    assert made.level is Level.OVERLOADED


def test_thrash_explains_a_backlog():
    polls = [
        poll(1000.0 + 5 * index, runners=(runner(index, BIG if index % 2 else "b:1b"),), asks=QUEUE)
        for index in range(4)
    ]
    made = judge(polls[-1], history(*polls[:-1]))
    assert isinstance(made.top, ModelThrash)
    assert QueueBacklog in kinds(made.explained)


def test_a_browser_comes_first_and_nothing_explains_it_away():
    browser = OtherProcess("Chrome", 21 * GIB)
    made = judge(poll(pressure=Pressure.CRITICAL, asks=QUEUE, other=browser))
    assert kinds(made.findings)[:2] == [MemoryPressure, QueueBacklog]
    assert TaskStorm not in kinds(made.findings)


@pytest.mark.parametrize(
    ("changed", "level"),
    [
        ({}, Level.TIGHT),
        ({"models": (loaded(size=3 * GIB),)}, Level.CALM),
        ({"models": (loaded(size=3 * GIB),), "pressure": Pressure.UNKNOWN}, Level.UNKNOWN),
        ({"memory": GONE, "models": ()}, Level.UNKNOWN),
        ({"ollama": GONE}, Level.UNKNOWN),
        ({"ollama": GONE, "pressure": Pressure.WARNING}, Level.TIGHT),
        ({"requests": GONE, "models": ()}, Level.UNKNOWN),
    ],
)
def test_the_level(changed, level):
    assert judge(poll(**changed)).level is level


def test_info_is_calm():
    on = server(task_settings(autocomplete=Switch.ON, titles=Switch.OFF, tags=Switch.OFF, follow_ups=Switch.OFF))
    made = judge(poll(open_webui=on))
    assert [finding.severity for finding in made.findings] == [Severity.INFO]
    assert made.level is Level.CALM


def test_unknown_sources_are_named_with_their_reason():
    hidden = Requests(Known(0, 0.0), Unknown(Why.UNSUPPORTED))
    snapshot = poll(pressure=Pressure.UNKNOWN, gpu=GONE, requests=Known(hidden, 0.0))
    made = judge(snapshot)
    told = status(snapshot, made, (), None)
    unknown = {name: one["why"] for name, one in told["unknown"].items()}
    assert unknown["gpu"] == "timed-out"
    assert unknown["requests.waiting"] == "unsupported"
    assert unknown["ollama_log"] == "not-asked"
    assert "memory" not in unknown
    assert told["memory"]["pressure"] == "unknown"
    assert QueueBacklog in made.undecided


ABSURD = st.sampled_from([0, -1, 1, 10**30, -(10**30), 20 * GIB, 2**63])
NAMES = st.sampled_from(["", "a", BIG, "x\n\x1b[31m{braces}%s", "모델:latest", "\u202egnp.exe", "a/b/c:d:e"])


@settings(max_examples=200)
@given(st.data())
def test_absurd_numbers_and_names_break_nothing(data):
    def number():
        return data.draw(ABSURD)

    model = LoadedModel(data.draw(NAMES), "d", number(), number(), number())
    snapshot = poll(
        models=(model, loaded()),
        asks=Requests(
            Known(number(), 0.0),
            Known(number(), 0.0),
            active=(TASK, CHAT),
            longest_wait_s=data.draw(st.sampled_from([None, 0.0, -5.0, 1e30, float("inf")])),
        ),
        other=OtherProcess(data.draw(NAMES), number()),
        runners=(runner(1, data.draw(NAMES), memory=number()), runner(2, memory=number())),
    )
    snapshot = replace(
        snapshot,
        memory=Known(Memory(number(), number(), data.draw(st.sampled_from(Pressure))), 0.0),
        gpu=Known(replace(snapshot.gpu.value, budget_bytes=number()), 0.0),
    )
    assert isinstance(snapshot.gpu.value, Gpu)
    made = judge(snapshot, history(poll(900.0, runners=(runner(7),)), poll(905.0, asks=QUEUE)))
    for finding in (*made.findings, *made.explained):
        assert "\n" not in sentence(finding, TR)
        assert "\x1b" not in headline(finding, TR)
        json.dumps(finding_of(finding))
        evidence_lines(finding, TR)


@given(st.data())
def test_contradicting_limits_break_nothing(data):
    drawn = {
        name: data.draw(st.sampled_from([-1.0, 0.0, 1.0, 1e9]))
        for name in ("big_model_share", "waiting_requests", "long_wait_s", "reloads", "thrash_window_s", "wake_grace_s")
    }
    made = judge(poll(pressure=Pressure.WARNING, asks=QUEUE), limits=replace(LIMITS, **drawn))
    assert made.level in Level


@pytest.mark.parametrize("kind", FINDINGS)
def test_every_finding_has_a_sentence_a_headline_and_evidence_in_plain_words(kind):
    for severity in Severity:
        finding = example(kind, severity=severity)
        said = sentence(finding, TR)
        assert said.endswith(".")
        assert "{" not in said
        assert 0 < len(headline(finding, TR)) <= 60
        assert all(": " in text for text in evidence_lines(finding, TR))


def test_every_finding_has_a_rule_and_words_of_its_own():
    """Files bear the finding's name; nothing else registers them."""
    names = {finding.kind.replace("-", "_") for finding in FINDINGS}
    for room in (rules, findings):
        files = {one.name for one in iter_modules(room.__path__)}
        assert files == names
    assert len(RULES) == len({rule.finding for rule in RULES}) == len(names)


def test_the_classic_case_is_said_in_one_sentence():
    made = judge(poll(pressure=Pressure.WARNING, asks=QUEUE))
    assert sentence(made.top, TR) == (
        "2 requests wait for qwen3:32b: it runs background tasks besides the chat, takes 20.0 GiB of the 21.3 GiB that "
        "models may use, and memory is running low."
    )
    assert headline(made.top, TR) == "2 requests wait behind qwen3:32b"
    assert "Waiting: 2 requests" in evidence_lines(made.top, TR)
    assert "Tasks: titles, tags, follow-ups, search queries, retrieval queries" in evidence_lines(made.top, TR)
