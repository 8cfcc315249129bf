"""What Prometheus is told of one look, and of many: numbers where they are known, and nothing where they are not."""

import string

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, GIB, GONE, active, facts, loaded, poll, requests, server, settings
from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.machine import of_journal, of_machine
from tray_app.core.report.metrics.metric import LABEL_LIMIT, Distribution, MetricType, as_label
from tray_app.core.report.metrics.ollama import of_ollama
from tray_app.core.report.metrics.tally import MOST_MODELS, counted
from tray_app.core.report.metrics.watched import WatchedOllama
from tray_app.core.values.finding import CauseKind, Diagnosis, Level, MemoryPressure, ModelSpills, Severity
from tray_app.core.values.plan import Event, Record
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.relay import Counts, Lane, RelayState, Stage, Standing
from tray_app.core.values.requests import Confidence, FinishedRequest, RequestKind
from tray_app.core.values.snapshot import (
    InstalledModel,
    LogEvent,
    LogEventKind,
    Memory,
    Ollama,
    OllamaLog,
    OpenWebUI,
    Presence,
    Pressure,
)
from tray_app.core.values.task_settings import Switch

AT = "http://127.0.0.1:11434"
PRESSED = MemoryPressure(
    severity=Severity.TIGHT,
    taken_by="Ann's diary",
    pressure=Pressure.WARNING,
    cause=CauseKind.PROGRAM,
    available_bytes=GIB,
    total_bytes=32 * GIB,
)
SPILLS = ModelSpills(severity=Severity.TIGHT, model=BIG, spilled_bytes=1, model_bytes=2, spilled_share=0.5)


def watched(snapshot, *findings, local=True, alerts=(), **changed):
    made = facts(snapshot)
    level = Level.TIGHT if findings else Level.CALM
    diagnosis = replace(Diagnosis(level, findings), **changed)
    return WatchedOllama(AT, local, snapshot, diagnosis, made.budget_bytes, made.used_bytes, alerts)


def told(reported):
    """(name, labels...) -> value."""
    found = {}
    for one in reported:
        assert len(one.labels) == len(one.metric.labels), one
        key = (one.metric.name.removeprefix("elbowroom_"), *one.labels)
        assert key not in found, f"twice: {key}"
        found[key] = one.value
    return found


def of(snapshot, *findings, first=True, **changed):
    return told(of_ollama(watched(snapshot, *findings, **changed), first=first))


def machine(snapshot, expected=False):
    return told(of_machine(snapshot, open_webui_expected=expected))


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", catalog.ALL, ids=lambda one: one.name)
def test_every_metric_has_a_conventional_name_and_says_what_it_is(metric):
    assert set(metric.name) <= {*string.ascii_lowercase, "_"}
    assert metric.name.startswith(("elbowroom_", "process_"))
    assert metric.name.endswith("_total") == (metric.type is MetricType.COUNTER)
    assert metric.help.endswith(".")
    assert bool(metric.bounds) == (metric.type is MetricType.HISTOGRAM)
    # What node_exporter and Prometheus put on every series themselves.
    assert not {"instance", "job", "le", "__name__"} & set(metric.labels)


def test_no_name_is_there_twice():
    names = [one.name for one in catalog.ALL]
    assert len(names) == len(set(names)) > 50


# --- one Ollama -------------------------------------------------------------------------------------------------------


def test_one_that_answers_is_told_with_its_models():
    model = replace(loaded(size=20 * GIB, vram=18 * GIB), expires_at=1.8e9)
    found = of(poll(models=[model]))
    assert found["ollama_up", AT] == 1
    assert found["ollama_info", AT, "0.32.15"] == 1
    assert found["models_loaded", AT] == 1
    assert found["model_size_bytes", AT, BIG] == 20 * GIB
    assert found["model_gpu_bytes", AT, BIG] == 18 * GIB
    assert found["model_context_tokens", AT, BIG] == 4096
    assert found["model_expiry_timestamp_seconds", AT, BIG] == 1.8e9
    assert found["memory_models_bytes", AT] == 18 * GIB
    assert found["memory_budget_bytes", AT] == int(21.33 * GIB)


def test_a_model_that_is_kept_for_ever_has_no_expiry():
    assert ("model_expiry_timestamp_seconds", AT, BIG) not in of(poll())


@pytest.mark.parametrize(
    ("reading", "up"),
    [
        (Known(Ollama(AT, Presence.ABSENT), 0.0), 0),
        (Unknown(Why.UNREACHABLE), 0),
        (Unknown(Why.TIMED_OUT), 0),
        (Unknown(Why.BAD_ANSWER), 0),
        (Unknown(Why.NOT_ASKED), None),
        (Unknown(Why.NOT_YET), None),
    ],
)
def test_one_that_is_down_is_0_and_has_no_models(reading, up):
    found = of(poll(ollama=reading))
    assert found.get(("ollama_up", AT)) == up
    assert not [key for key in found if key[0].startswith(("model", "ollama_info"))]


def test_a_budget_of_this_machine_is_not_anothers():
    found = of(poll(), local=False)
    assert ("memory_budget_bytes", AT) not in found
    assert ("memory_models_bytes", AT) not in found


def test_levels_are_a_set_of_which_one_holds():
    found = of(poll(), SPILLS)
    assert [found["level", AT, level] for level in ("calm", "tight", "overloaded", "unknown")] == [0, 1, 0, 0]


def test_requests_are_told_and_a_lower_bound_as_one():
    asked = replace(requests([active(), active(RequestKind.TASK, "someone's text")], 2, 4.5))
    found = of(poll(asks=replace(asked, waiting_confidence=Confidence.LOWER_BOUND)))
    assert (found["requests_running", AT], found["requests_waiting", AT]) == (2, 2)
    assert found["requests_lower_bound", AT, "running"] == 0
    assert found["requests_lower_bound", AT, "waiting"] == 1
    assert found["request_longest_wait_seconds", AT] == 4.5
    assert found["requests_active", AT, "chat", "", BIG] == 1
    assert found["requests_active", AT, "task", "", "other"] == 1  # what Ollama does not list is a client's own text
    assert ("requests_held", AT) not in found  # nobody tells who waits where


def test_what_is_unknown_has_no_sample_but_a_reason():
    asked = replace(requests(), running=GONE, waiting=Unknown(Why.DENIED))
    found = of(poll(asks=asked))
    assert not [key for key in found if key[0] in {"requests_running", "requests_waiting", "requests_lower_bound"}]
    assert found["source_unknown", AT, "requests.running", "timed-out"] == 1
    assert found["source_unknown", AT, "requests.waiting", "denied"] == 1


def test_findings_are_told_with_what_could_not_be_judged():
    found = of(poll(), SPILLS, undecided=(MemoryPressure,), alerts=((SPILLS, "firing"),))
    assert found["finding", AT, "model-spills", BIG, "tight"] == 1
    assert found["findings", AT, "tight"] == 1
    assert found["findings", AT, "overloaded"] == 0
    assert found["finding_undecided", AT, "memory-pressure"] == 1
    assert found["alert", AT, "model-spills", BIG, "tight", "firing"] == 1


def test_short_memory_is_the_machines_and_no_program_is_named():
    found = of(poll(), PRESSED, alerts=((PRESSED, "pending"),))
    assert found["finding", "", "memory-pressure", "program", "tight"] == 1
    assert found["alert", "", "memory-pressure", "program", "tight", "pending"] == 1
    assert "diary" not in repr(found)
    of_second = of(poll(), PRESSED, first=False, alerts=((PRESSED, "pending"),))
    assert not [key for key in of_second if key[0] in {"finding", "alert"}]


def test_names_are_cleaned_and_clipped():
    assert as_label("a\x1b[2J\u202e\ud800\n한:1b") == "a[2J한:1b"
    assert len(as_label("x" * 1000)) == LABEL_LIMIT
    assert as_label(None) == ""


def test_two_models_whose_names_are_the_same_as_labels_are_one():
    assert of(poll(models=[loaded("a\u202eb"), loaded("ab")]))["model_size_bytes", AT, "ab"] == 20 * GIB


# --- this machine -----------------------------------------------------------------------------------------------------


def test_memory_in_bytes_and_its_pressure_as_a_set():
    memory = Memory(32 * GIB, 3 * GIB, Pressure.WARNING, swap_used_bytes=7, swap_in_bytes_per_s=1.5)
    found = machine(poll(memory=Known(memory, 0.0)))
    assert found["memory_available_bytes",] == 3 * GIB
    assert found["memory_swap_in_bytes_per_second",] == 1.5
    assert ("memory_swap_out_bytes_per_second",) not in found
    words = ("normal", "warning", "critical", "unknown")
    assert [found["memory_pressure", word] for word in words] == [0, 1, 0, 0]


def test_unknown_memory_is_no_zero():
    found = machine(poll(memory=GONE))
    assert not [key for key in found if key[0].endswith("_bytes")]
    assert found["memory_pressure", "unknown"] == 1
    assert found["memory_pressure", "normal"] == 0


def test_open_webui_with_its_switches():
    found = machine(poll(open_webui=server(settings(titles=Switch.OFF, tags=Switch.UNSUPPORTED), busy=3)))
    assert (found["open_webui_up",], found["open_webui_info", "0.12.4"]) == (1, 1)
    assert (found["open_webui_task_enabled", "titles"], found["open_webui_task_enabled", "follow-ups"]) == (0, 1)
    assert ("open_webui_task_enabled", "tags") not in found
    assert found["open_webui_busy_chats",] == 3


def test_one_without_a_sign_in_is_up_and_its_settings_are_unknown():
    found = machine(poll(open_webui=OpenWebUI("http://x", "0.12.4")))
    assert found["open_webui_up",] == 1
    assert not [key for key in found if key[0].startswith(("open_webui_task", "open_webui_busy"))]


def test_an_open_webui_that_nobody_named_is_not_down():
    """Each Ollama host of a team has none: an alert there would never end."""
    away = replace(poll(), open_webui=Unknown(Why.UNREACHABLE))
    assert ("open_webui_up",) not in machine(away)
    assert machine(away, expected=True)["open_webui_up",] == 0


def test_the_relay_tells_holds_and_break_offs():
    standing = (
        Standing(1, Lane.TASK, "title_generation", BIG, Stage.HELD, 0.0),
        Standing(2, Lane.TASK, "tags_generation", BIG, Stage.HELD, 0.0),
        Standing(3, Lane.CHAT, "", BIG, Stage.ANSWERING, 0.0),
        Standing(4, Lane.OTHER, "", None, Stage.SENT, 0.0),
    )
    counts = Counts(chats=5, tasks=9, typing=2, held=7, broken_off=3, dropped=1)
    relay = RelayState(1, 2, AT, 0.0, 0.0, standing, (), counts)
    found = machine(poll(relay=Known(relay, 0.0)))
    assert found["relay_up",] == 1
    assert found["relay_requests_open", "task", "held"] == 2
    assert found["relay_requests_open", "chat", "answering"] == 1
    assert [found["relay_requests_total", lane] for lane in ("chat", "task", "typing")] == [5, 9, 2]
    assert (found["relay_holds_total",], found["relay_break_offs_total",], found["relay_drops_total",]) == (7, 3, 1)


def test_without_a_relay_nothing_is_said_of_one_and_a_silent_one_is_down():
    assert not [key for key in machine(poll()) if key[0].startswith("relay")]
    assert machine(poll(relay=Unknown(Why.UNREACHABLE)))["relay_up",] == 0


def test_changes_of_the_journal():
    lines = [
        Record("a", 10.0, Event.INTENDED, "o"),
        Record("a", 11.0, Event.APPLIED, "o"),
        Record("b", 20.0, Event.INTENDED, "o"),
        Record("b", 21.0, Event.FAILED, "o"),
    ]
    found = told(of_journal(lines, [replace(lines[1], at=10.0), replace(lines[3], at=20.0)]))
    assert (found["changes_total", "applied"], found["changes_total", "undone"]) == (1, 0)
    assert (found["changes_in_force",], found["last_change_timestamp_seconds",]) == (1, 11.0)
    assert ("last_change_timestamp_seconds",) not in told(of_journal([], []))


# --- counted over time ------------------------------------------------------------------------------------------------


def finished(kind=RequestKind.TASK, model=BIG, task="titles", reason="relay", **changed):
    one = FinishedRequest(model, kind, reason, task, 100.0, 103.0, busy_s=2.0, held_s=1.0)
    return replace(one, **changed)


def after(*looks):
    tally = None
    for asked, events in looks:
        log = Known(OllamaLog(tuple(events)), 0.0) if events is not None else GONE
        snapshot = poll(asks=replace(requests(), finished=tuple(asked)), ollama_log=log)
        tally = counted(tally, watched(snapshot))
    return told(tally.reported())


def test_what_had_ended_before_the_first_look_is_not_counted():
    """The relay tells a thousand of them: after each start Prometheus would take them for new."""
    found = after(([finished()], None))
    assert not [key for key in found if key[0] == "requests_total"]
    assert found["looks_total", AT] == 1


def test_requests_are_counted_by_task_and_seconds():
    chat = finished(RequestKind.CHAT, task=None, first_token_at=101.0, held_s=0.0)
    failed = finished(served=False)
    seen = finished(reason="sequence", task=None)
    found = after(([], None), ([finished(), finished(), failed], None), ([chat, seen], None))
    assert found["requests_total", AT, "task", "titles", "served", "relay"] == 2
    assert found["requests_total", AT, "task", "titles", "failed", "relay"] == 1
    assert found["requests_total", AT, "task", "", "served", "seen"] == 1
    assert found["requests_total", AT, "chat", "", "served", "relay"] == 1
    assert found["request_busy_seconds_total", AT, "task", "titles", BIG] == 6.0
    assert found["request_held_seconds_total", AT, "titles"] == 3.0
    spread = found["request_duration_seconds", AT, "task", "relay"]
    assert (sum(spread.counts), spread.total) == (3, 9.0)
    assert found["chat_first_token_seconds", AT].total == 1.0
    assert found["looks_total", AT] == 3


@pytest.mark.parametrize(("value", "place"), [(1.0, 0), (1.01, 1), (2.0, 1), (2.01, 2), (1e9, 2)])
def test_a_bucket_holds_what_is_at_or_below_its_bound(value, place):
    spread = Distribution((0, 0, 0)).with_value(value, (1.0, 2.0))
    assert [index for index, count in enumerate(spread.counts) if count] == [place]


def test_a_name_that_ollama_does_not_list_is_other():
    """A client writes what it likes: each new word would be a series for ever."""
    found = after(([], None), ([finished(model=f"text {number}") for number in range(9)], None))
    assert {key[4] for key in found if key[0] == "request_busy_seconds_total"} == {"other"}


def test_models_are_bounded():
    many = tuple(InstalledModel(f"m{number}:1b", str(number), 1) for number in range(MOST_MODELS + 20))
    ended = tuple(finished(model=one.name) for one in many)
    tally = None
    for asked in ((), ended):
        snapshot = poll(asks=replace(requests(), finished=asked), installed=many)
        tally = counted(tally, watched(snapshot))
    labels = {key[4] for key in told(tally.reported()) if key[0] == "request_busy_seconds_total"}
    assert len(labels) == MOST_MODELS + 1
    assert "other" in labels


def test_the_log_tells_loads_evictions_and_refusals():
    events = [
        LogEvent(LogEventKind.LOAD, 1.0, BIG),
        LogEvent(LogEventKind.EVICTION, 1.0, BIG),
        LogEvent(LogEventKind.BUSY, 1.0),
        LogEvent(LogEventKind.BUSY, 1.0),
        LogEvent(LogEventKind.OUT_OF_MEMORY, 1.0),
        LogEvent(LogEventKind.SLOW_REQUEST, 1.0),
    ]
    found = after(([], []), ([], events))
    assert found["model_loads_total", AT, BIG] == 1
    assert found["model_evictions_total", AT, BIG] == 1
    assert found["requests_refused_total", AT] == 2
    assert (found["runner_crashes_total", AT, "out-of-memory"], found["runner_crashes_total", AT, "crash"]) == (1, 0)


def test_a_log_that_tells_nothing_is_zero_and_one_that_cannot_be_read_is_absent():
    assert after(([], []))["requests_refused_total", AT] == 0
    assert ("requests_refused_total", AT) not in after(([], None))
