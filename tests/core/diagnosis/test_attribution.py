"""Tasks need evidence: a crowd of another program is a backlog, and gets no task remedies."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import CHAT, TASK, facts, poll, requests, server, settings
from tests.english import TR
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.rules import queue_backlog, task_storm
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.text import findings as finding_view
from tray_app.core.text.status import status_lines
from tray_app.core.values.connections import Whose
from tray_app.core.values.finding import Diagnosis, Level
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import Confidence, RequestKind
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Switch

UNKNOWN = replace(CHAT, kind=RequestKind.UNKNOWN)
NOT_ASKED = Unknown(Why.NOT_ASKED)
TYPING = settings(autocomplete=Switch.ON)


def crowd(whose, of_open_webui=None, *, busy=1, running=UNKNOWN, tasks=None):
    asks = replace(requests((running,), waiting=5, wait_s=35.0), whose=whose, of_open_webui=of_open_webui)
    counted = Known(busy, 0.0) if busy is not None else NOT_ASKED
    web = replace(server(tasks), busy_chats=counted)
    return facts(poll(pressure=Pressure.WARNING, asks=asks, open_webui=web))


@pytest.mark.parametrize(
    "seen",
    [
        crowd(Whose.OTHERS, 0),
        crowd(Whose.OTHERS, 0, busy=0, tasks=TYPING),
        crowd(Whose.UNTOLD, busy=0),
        crowd(Whose.MIXED, 1),
    ],
    ids=["others", "others-typing", "no-chat", "one-chat-beside-others"],
)
def test_settings_alone_make_no_storm(seen):
    assert task_storm.check(seen) == ()
    assert queue_backlog.check(seen)


@pytest.mark.parametrize(
    "seen",
    [
        crowd(Whose.OPEN_WEBUI, 5),
        crowd(Whose.OPEN_WEBUI, 5, busy=0),
        crowd(Whose.MIXED, 2),
        crowd(Whose.MIXED),
        crowd(Whose.UNTOLD),
        crowd(Whose.UNTOLD, busy=None),
        crowd(Whose.UNTOLD, busy=0, tasks=TYPING),
        crowd(Whose.MIXED, 1, running=TASK),
    ],
    ids=["its-own", "a-count-from-before", "two-beside", "not-counted", "busy", "not-asked", "typing", "a-task-runs"],
)
def test_where_tasks_may_come_it_is_one(seen):
    assert task_storm.check(seen)


def test_anothers_backlog_is_told_as_that_and_offers_no_task_remedy_first():
    seen = crowd(Whose.OTHERS, 0)
    made = diagnose(seen)
    (backlog,) = [one for one in made.findings if one.kind == "queue-backlog"]
    assert backlog.others
    assert finding_view.sentence(backlog, TR).endswith("None of the requests comes from Open WebUI.")
    assert [one.id for one in remedies(Case(seen, made)) if one.plan.changes] == []


def test_its_own_backlog_says_nothing_of_others():
    (backlog,) = queue_backlog.check(crowd(Whose.OPEN_WEBUI, 6))
    assert backlog.others is None
    assert "Open WebUI" not in finding_view.sentence(backlog, TR)


def test_a_lower_bound_is_told_as_one():
    asks = replace(requests((CHAT,), waiting=2), waiting_confidence=Confidence.LOWER_BOUND)
    seen = facts(poll(asks=asks))
    lines = ["".join(span.text for span in one) for one in status_lines(seen.overview, Diagnosis(Level.CALM), (), TR)]
    assert any(line.endswith("1 running, at least 2 waiting") for line in lines)
