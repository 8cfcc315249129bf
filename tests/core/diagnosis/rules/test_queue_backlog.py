"""queue-backlog: requests wait or are turned away."""

import pytest

from tests.core.poll_builder import (
    CHAT,
    GONE,
    active,
    facts,
    history,
    loaded,
    poll,
    requests,
    told,
)
from tray_app.core.diagnosis.rules import queue_backlog
from tray_app.core.values.finding import Severity
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    LogEvent,
    LogEventKind,
    OllamaLog,
)

SMALL = "llama3.2:3b"


def check(snapshot, before=None):
    return queue_backlog.check(facts(snapshot, before))


def test_a_short_wait_is_tight_and_a_long_one_overload():
    (short,) = check(poll(asks=requests((CHAT,), 1, 3.0)))
    (long,) = check(poll(asks=requests((CHAT,), 1, 10.0)))
    assert (short.severity, long.severity) == (Severity.TIGHT, Severity.OVERLOADED)
    assert check(poll(asks=requests((CHAT,)))) == ()


def test_refused_requests_are_overload_even_where_waiting_is_not_seen():
    busy = OllamaLog((LogEvent(LogEventKind.BUSY, 0.0),))
    (found,) = check(poll(requests=GONE, ollama_log=Known(busy, 0.0)))
    assert (found.severity, told(found)["refused"]) == (Severity.OVERLOADED, 1)


@pytest.mark.parametrize(("seconds", "refused"), [(60.0, 1), (60.1, None), (65.0, None)])
def test_a_refusal_counts_for_a_minute(seconds, refused):
    busy = OllamaLog((LogEvent(LogEventKind.BUSY, 0.0),))
    polls = [poll(1000.0, ollama_log=Known(busy, 0.0)), *(poll(1000.0 + at) for at in (20, 40, seconds))]
    found = check(polls[-1], history(*polls[:-1]))
    assert [one.refused for one in found] == ([refused] if refused else [])


def test_a_load_explains_a_queue():
    assert check(poll(asks=requests((), 3), models=())) is None


def test_several_models_leave_the_server():
    both = requests((CHAT, active(model=SMALL)), 1)
    assert check(poll(asks=both, models=(loaded(), loaded(SMALL))))[0].subject == "Ollama"
