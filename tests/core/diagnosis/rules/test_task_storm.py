"""task-storm fires only where all four conditions hold, and says what it rests on."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    CHAT,
    GIB,
    GONE,
    TASK,
    facts,
    history,
    listed,
    loaded,
    poll,
    requests,
    runner,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import task_storm
from tray_app.core.report.status import finding_of
from tray_app.core.values.finding import Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import OtherProcess, Pressure
from tray_app.core.values.task_settings import Switch

LIMITS = Limits()
QUEUE = requests((CHAT,), waiting=2, wait_s=5.0)
OFF = Switch.OFF
NO_TASKS = settings(titles=OFF, tags=OFF, follow_ups=OFF, search_queries=OFF, retrieval_queries=OFF)


def storm(snapshot, before=None):
    return task_storm.check(facts(snapshot, before))


def test_it_fires_with_evidence_and_units():
    (found,) = storm(poll(pressure=Pressure.WARNING, asks=QUEUE))
    assert (found.kind, found.subject, found.severity) == ("task-storm", BIG, Severity.OVERLOADED)
    units = {one["name"]: (one["value"], one["unit"]) for one in finding_of(found)["evidence"]}
    assert units["waiting"] == (2, "requests")
    assert units["model_bytes"] == (20 * GIB, "bytes")
    assert units["budget_share"][1] == "percent"
    assert units["longest_wait_s"] == (5.0, "s")
    assert "follow-ups" in units["tasks"][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"pressure": Pressure.NORMAL},
        {"pressure": Pressure.UNKNOWN},
        {"asks": requests((CHAT,), waiting=0)},
        {"models": (loaded(size=9 * GIB),)},
        {"open_webui": server(NO_TASKS)},
        {"open_webui": server(settings(task_model="hosted"), (listed(BIG), listed("hosted", ollama_name=None)))},
        {"open_webui": server(models=(listed("another:1b"),))},
        {"other": OtherProcess("Chrome", 21 * GIB)},
        {"runners": (runner(loading=True),)},
    ],
    ids=["calm", "unseen", "nobody-waits", "small", "off", "elsewhere", "not-listed", "browser", "loading"],
)
def test_one_condition_short_is_no_storm(changed):
    answer = storm(poll(**{"pressure": Pressure.WARNING, "asks": QUEUE} | changed))
    assert not answer


@pytest.mark.parametrize("source", ["requests", "ollama"])
def test_it_says_unknown_where_it_cannot_judge(source):
    answer = storm(poll(pressure=Pressure.CRITICAL, asks=QUEUE, **{source: GONE}))
    assert answer is None
    hidden = Requests(Unknown(Why.UNSUPPORTED), Unknown(Why.UNSUPPORTED))
    assert storm(poll(pressure=Pressure.CRITICAL, requests=Known(hidden, 0.0))) is None


def test_running_tasks_prove_what_settings_cannot():
    (found,) = storm(_without_settings(requests((TASK,), waiting=1)))
    assert told(found)["tasks_by"] == "requests"
    assert storm(_without_settings(requests((CHAT,), waiting=1))) == ()


def _without_settings(asks):
    return replace(poll(pressure=Pressure.WARNING, asks=asks), open_webui=GONE)


def test_a_model_that_overflows_the_gpu_needs_no_pressure():
    (found,) = storm(poll(models=(loaded(size=24 * GIB, vram=20 * GIB),), asks=QUEUE))
    assert told(found)["spilled_bytes"] == 4 * GIB


def test_requests_that_share_a_runner_pile_up_without_waiting():
    (found,) = storm(poll(pressure=Pressure.WARNING, asks=requests((CHAT, TASK))))
    assert told(found)["waiting"] == 0
    assert told(found)["running"] == 2


class TestChatWaits:
    """Behind a task stands a chat, as long as none was answered since the model was idle."""

    behind = requests((TASK,), waiting=1)

    def test_a_title_came_before_its_answer(self):
        (found,) = storm(poll(1004.0, asks=self.behind), history(poll(1000.0), poll(1002.0, asks=self.behind)))
        assert told(found)["chat_waits"] == "yes"

    def test_after_an_answer_it_may_be_the_chats_own_tasks(self):
        before = history(poll(1000.0), poll(1002.0, asks=requests((CHAT,), waiting=1)))
        assert storm(poll(1004.0, asks=self.behind), before) == ()

    def test_open_webui_works_on_no_chat(self):
        assert storm(poll(asks=self.behind, open_webui=server(busy=0))) == ()

    def test_another_tab_may_be_typing(self):
        typing = server(settings(autocomplete=Switch.ON), busy_chats=GONE)
        assert storm(poll(asks=self.behind, open_webui=typing)) == ()
        assert storm(poll(asks=requests((TASK,), waiting=2), open_webui=typing)) != ()


def test_after_sleep_requests_are_not_judged_at_once():
    bad = {"pressure": Pressure.WARNING, "asks": QUEUE}
    before = history(poll(1000.0, **bad), poll(1002.0, wall=1.8e9 + 9000, **bad))
    for at in (1004.0, 1031.0):
        assert storm(poll(at, wall=1.8e9 + 8000 + at, **bad), before) is None
    assert storm(poll(1033.0, wall=1.8e9 + 9031, **bad), before) != ()
