"""Recording and reading back traces."""

import json

import pytest
from msgspec.structs import replace

from tests.english import TR
from tests.scenarios.traces import STORIES
from tests.scenarios.traces import trace as scenario
from tray_app.app import trace
from tray_app.core.report.codec import encode
from tray_app.core.report.redact import Redactor
from tray_app.core.report.wrong import Wrong
from tray_app.core.text.trace import reason
from tray_app.core.values.connections import OPEN_WEBUI_POOL, Client, Connections
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.relay import Lane, RelayState, Stage, Standing
from tray_app.core.values.requests import Requests, RunnerSlot
from tray_app.core.values.snapshot import (
    Host,
    InstalledModel,
    LoadedModel,
    Memory,
    Ollama,
    OllamaLog,
    OpenWebUI,
    Presence,
    Pressure,
    Processes,
    ProcessRole,
    Snapshot,
    WatchedProcess,
    WebUIModel,
)


def snapshot(at=1.0, name="qwen3:32b"):
    model = LoadedModel(name, "d", 10, 10)
    return Snapshot(at, at, Host("darwin"), ollama=Known(Ollama("http://x", Presence.RUNNING, loaded=(model,)), at))


def test_a_file_gives_back_what_was_recorded(tmp_path):
    path = tmp_path / "trace.jsonl"
    polls = [snapshot(1.5), snapshot(2.25, "gemma3:1b")]
    with trace.Recorder(path, Redactor()) as recorder:
        for poll in polls:
            recorder.write(poll)
            assert path.read_text().count("\n") == polls.index(poll) + 1
    assert list(trace.read(trace.lines_of(path))) == polls
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["schema"], second["schema"]) == (2, 2)
    assert second["changed"].keys() == {"taken_at", "uptime_s", "ollama"}, "a line says what changed"


def test_an_existing_file_is_not_overwritten(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_text("mine")
    with pytest.raises(StorageError):
        trace.Recorder(path, Redactor())
    assert path.read_text() == "mine"
    with pytest.raises(StorageError):
        list(trace.lines_of(tmp_path / "absent"))


def test_a_line_without_end_is_not_read_into_memory(tmp_path, monkeypatch):
    """300 MB in one line took 625 MB to refuse."""
    monkeypatch.setattr(trace, "LONGEST_LINE", 10_000)
    path, broken = tmp_path / "trace.jsonl", []
    good = trace.TraceWriter().line(snapshot())
    path.write_text(f"{'x' * 75_000}\n{good}\n{'y' * 10_001}\n{good}\n{'z' * 20_002}", encoding="ascii")
    assert max(map(len, trace.lines_of(path))) == 10_001
    assert len(list(trace.read(trace.lines_of(path), broken.append))) == 2
    assert [(one.number, one.wrong) for one in broken] == [(number, Wrong.TOO_LONG) for number in (1, 3, 5)]


OLD = json.dumps({"schema": 1, **encode(snapshot())}, separators=(",", ":"))
GOOD = trace.TraceWriter().line(snapshot())  # taken at 1.0


WRONG_LINES = [
    (GOOD[:-40], Wrong.NOT_JSON, ""),
    ("[1]", Wrong.NO_OBJECT, ""),
    ("[" * 100_000, Wrong.NOT_JSON, ""),
    ("\ufffd\ufffd", Wrong.NOT_JSON, ""),
    ("[" + " " * trace.LONGEST_LINE + "]", Wrong.TOO_LONG, ""),
    (OLD.replace('"schema":1', '"schema":3'), Wrong.SCHEMA, "schema"),
    (OLD.replace('"schema":1', '"schema":true'), Wrong.NO_WHOLE_NUMBER, "schema"),
    (OLD.replace('"schema":1,', ""), Wrong.MISSING, "schema"),
    (OLD.replace('"darwin"', "5"), Wrong.NO_TEXT, "host.system"),
    (GOOD.replace('"darwin"', "5"), Wrong.NO_TEXT, "host.system"),
    (GOOD.replace('"system":"darwin",', ""), Wrong.MISSING, "host.system"),
    (GOOD.replace('"poll":0,', '"poll":"0",'), Wrong.NO_WHOLE_NUMBER, "poll"),
    (GOOD.replace('"poll":0,', ""), Wrong.MISSING, "poll"),
    (GOOD.replace('"whole":{', '"whole":null,"other":{'), Wrong.BEFORE_IS_MISSING, ""),
    (GOOD.replace('"whole"', '"hole"').replace('"poll":0', '"poll":1'), Wrong.NO_OBJECT, ""),
    ('{"schema":2,"poll":1,"changed":{"later":{"x":1}}}', Wrong.OTHER_POLL, "later"),
    ('{"schema":2,"poll":1,"changed":{"taken_at":{}}}', Wrong.OTHER_POLL, ""),
    ('{"schema":2,"poll":1,"changed":7}', Wrong.NO_OBJECT, ""),
    ('{"schema":2,"poll":7,"changed":{}}', Wrong.BEFORE_IS_MISSING, ""),
    *(
        (GOOD.replace('"taken_at":1.0', f'"taken_at":{given}', 1), wrong, "taken_at")
        for given, wrong in (
            ("null", Wrong.NO_NUMBER),
            ("1" + "0" * 400, Wrong.TOO_LARGE),
            ("1e18", Wrong.NO_TIME),
            ("-1", Wrong.NO_TIME),
            ("Infinity", Wrong.NO_TIME),
        )
    ),
    (GOOD.replace('"apple_silicon":false', '"apple_silicon":0'), Wrong.NO_TRUTH, "host.apple_silicon"),
    (GOOD.replace('"unknown":"not-asked"', '"unknown":"bored"', 1), Wrong.NO_KNOWN_WORD, "memory.unknown"),
    (GOOD.replace('"unknown":"not-asked"', '"known":"x"', 1), Wrong.NO_READING, "memory"),
    (GOOD.replace('"slots":[]', '"slots":5'), Wrong.NO_LIST, "slots"),
    (GOOD.replace('"slots":[]', '"slots":[[1]]'), Wrong.LIST_LENGTH, "slots[0]"),
]


@pytest.mark.parametrize(("line", "wrong", "field"), WRONG_LINES)
def test_a_broken_line_is_named_by_its_number_and_what_is_wrong_with_it(line, wrong, field):
    with pytest.raises(trace.BrokenTraceLine) as caught:
        list(trace.read([GOOD, "", line]))
    assert (caught.value.number, caught.value.wrong, caught.value.field) == (3, wrong, field)


def test_every_thing_that_can_be_wrong_has_a_line_and_words_of_its_own():
    assert {*Wrong} == {wrong for _line, wrong, _field in WRONG_LINES}
    said = [reason(wrong, "field", TR) for wrong in Wrong]
    assert len({*said}) == len(said)


def test_lines_that_are_lost_with_a_broken_one_are_told_once_up_to_the_next_whole_line():
    writer = trace.TraceWriter()
    lines = [writer.line(snapshot(float(at))) for at in range(trace.WHOLE_EVERY + 2)]
    lines[3] = lines[3][:-5]
    broken = []
    polls = list(trace.read(lines, broken.append))
    assert [line.number for line in broken] == [4, 5]
    assert [poll.taken_at for poll in polls] == [0, 1, 2, trace.WHOLE_EVERY, trace.WHOLE_EVERY + 1]


def test_reading_goes_on_after_a_broken_line_when_asked_to():
    broken = []
    polls = list(trace.read([GOOD, "{", GOOD + "\n"], broken.append))
    assert len(polls) == 2
    assert [line.number for line in broken] == [2]


class TestReplay:
    """The same judgement as in the running app, poll by poll, from the lines alone."""

    lines = tuple(json.dumps(line) for _phase, line in scenario("classic-macos-15"))

    def test_one_answer_per_poll_one_notice_and_one_word_that_it_is_over(self):
        polls = list(trace.replay(self.lines))
        assert len(polls) == len(self.lines)
        notices = [notice for poll in polls for notice in poll.notices]
        assert [(one.finding.kind, one.lasted_s is None) for one in notices] == [
            ("task-storm", True),
            ("task-storm", False),
        ]
        assert {poll.diagnosis.level.value for poll in polls} == {"calm", "tight", "overloaded"}

    def test_a_gap_in_the_trace_restarts_what_was_pending(self):
        storm = next(number for number, poll in enumerate(trace.replay(self.lines)) if poll.notices)
        broken = []
        cut = (*self.lines[: storm - 2], "{torn", *self.lines[storm + 40 :])
        polls = list(trace.replay(cut, on_broken=broken.append))
        assert [line.number for line in broken] == [storm - 1]
        assert [bool(poll.notices) for poll in polls[: storm + 3]].count(True) == 0

    def test_the_clock_may_jump_in_every_line(self):
        jumping = [json.loads(line) for line in self.lines]
        for number, line in enumerate(jumping):
            line["taken_at"] += (-1) ** number * 5000.0
        polls = list(trace.replay(map(json.dumps, jumping)))
        assert sum(len(poll.notices) for poll in polls) <= 1


@pytest.mark.parametrize("name", sorted(STORIES)[::4])
def test_what_is_recorded_replays_to_the_same_judgement(name, tmp_path):
    lines = [json.dumps(line) for _phase, line in scenario(name)][::3]
    with trace.Recorder(tmp_path / "trace.jsonl", Redactor("/home/kim", ("kim",))) as recorder:
        for poll in trace.read(lines):
            recorder.write(poll)

    def judged(given):
        return [
            (one.diagnosis.level, [(found.kind, found.severity) for found in one.diagnosis.findings])
            for one in trace.replay(given)
        ]

    assert judged(trace.lines_of(tmp_path / "trace.jsonl")) == judged(lines)


def test_a_recording_is_this_users_only_and_holds_nothing_that_is_someones_own(tmp_path):
    secret = "Tell me about Kim's illness"
    model = LoadedModel("/home/kim/models/mine", secret, 10, 10)
    server = Ollama("http://kims-box:11434", Presence.RUNNING, secret, loaded=(model,))
    poll = Snapshot(1.0, 1.0, Host("darwin"), ollama=Known(server, 1.0), open_webui=Unknown(Why.BAD_ANSWER, secret))
    path = tmp_path / "trace.jsonl"
    with trace.Recorder(path, Redactor("/home/kim", ("kim", "kims-box"), ("token-1234",))) as recorder:
        recorder.write(poll)
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "illness" not in text
    assert "kim" not in text.lower()
    (back,) = trace.read([text])
    assert back.ollama.value.version == back.ollama.value.loaded[0].digest, "the same text has the same stand-in"


RUNNER = WatchedProcess(
    7, 1.0, ProcessRole.OLLAMA_RUNNER, "llama-server", blob_digest="sha256-1", port=4000, has_slots=True
)
MODELS = tuple(InstalledModel(f"model-{number}:7b", f"{number:064d}", number) for number in range(200))
LISTED = tuple(WebUIModel(model.name, model.name, "ollama", ollama_name=model.name) for model in MODELS)


def busy_poll(number):
    """A poll of a machine at work: what moves from poll to poll moves here."""
    at = 1_795_000_000.0 + 2.0 * number
    loaded = LoadedModel("model-3:7b", f"{3:064d}", 10, 10, expires_at=at - at % 10)
    slots = (RunnerSlot(0, is_processing=True, task_id=number // 7, prompt_tokens=100, decoded=number % 7),)
    clients = tuple(Client("127.0.0.1", 40_000 + number // 5 + one, OPEN_WEBUI_POOL) for one in range(4))
    return Snapshot(
        at,
        1000.0 + 2.0 * number,
        Host("linux"),
        memory=Known(Memory(32 * 2**30, 9 * 2**30 + number * 4096, Pressure.WARNING), at),
        processes=Known(Processes((SERVER, replace(RUNNER, cpu_percent=number % 90 + 0.5))), at),
        ollama=Known(Ollama("http://x", Presence.RUNNING, "0.32.0", loaded=(loaded,), installed=MODELS), at),
        connections=Known(Connections(clients, ((4000, 1),)), at),
        slots=((4000, Known(slots, at)),),
        ollama_log=Known(OllamaLog(finished=number % 2), at),
        open_webui=Known(OpenWebUI("http://y", "0.8.12", models=Known(LISTED, at - at % 60)), at),
    )


SERVER = WatchedProcess(6, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")


def test_requests_are_counted_anew_from_what_was_recorded(tmp_path):
    with trace.Recorder(tmp_path / "t.jsonl", Redactor()) as recorder:
        for number in range(5):
            wrong = Requests(Known(9, 1.0), Known(9, 1.0), "an-older-version")
            recorder.write(replace(busy_poll(number), requests=Known(wrong, 1.0)))
    counts = [one.snapshot.requests.value for one in trace.replay(trace.lines_of(tmp_path / "t.jsonl"))]
    assert [(one.running.value, one.waiting.value) for one in counts] == [(1, 3)] * 5
    assert {one.running_source for one in counts} == {"slots"}
    assert counts[-1].longest_wait_s == 8.0, "over the polls, as in the running app"


def test_counts_of_the_first_schema_stay_as_recorded():
    wrong = Requests(Known(9, 1.0), Known(9, 1.0), "an-older-version")
    body = encode(replace(busy_poll(0), requests=Known(wrong, 1.0)))
    line = {name: value for name, value in body.items() if name not in {"connections", "slots"}}
    (one,) = trace.replay([json.dumps({"schema": 1, **line})])
    assert one.snapshot.requests.value == wrong


def test_runners_are_named_anew_too(tmp_path):
    poll = busy_poll(0)
    model = replace(MODELS[3], blob_digest="sha256-1")
    server = replace(poll.ollama.value, installed=(model,))
    stale = replace(RUNNER, model="an-old-mistake", loading=True)
    poll = replace(poll, ollama=Known(server, 1.0), processes=Known(Processes((SERVER, stale)), 1.0))
    with trace.Recorder(tmp_path / "t.jsonl", Redactor()) as recorder:
        recorder.write(poll)
    (one,) = trace.replay(trace.lines_of(tmp_path / "t.jsonl"))
    runner = one.snapshot.processes.value.watched[1]
    assert (runner.model, runner.loading) == ("model-3:7b", False)


def test_a_busy_hour_stays_below_ten_megabytes():
    """With 200 models, at the quick rhythm of 2 s."""
    writer = trace.TraceWriter()
    polls = 120
    size = sum(len(writer.line(busy_poll(number))) + 1 for number in range(polls))
    assert size / polls * 1800 < 10e6


def test_what_the_relay_told_is_recorded_and_counted_anew(tmp_path):
    held = Standing(1, Lane.TASK, "title_generation", "model-3:7b", Stage.HELD, 1.8e9 - 4.0, position=1)
    relay = RelayState(9, 11435, "http://x", 1.8e9 - 99, 1.8e9, (held,))
    poll = replace(busy_poll(0), relay=Known(relay, 1.8e9))
    with trace.Recorder(tmp_path / "t.jsonl", Redactor()) as recorder:
        recorder.write(poll)
    (one,) = trace.replay(trace.lines_of(tmp_path / "t.jsonl"))
    assert one.snapshot.relay == poll.relay
    (waits,) = one.snapshot.requests.value.queue
    assert (waits.task, waits.held, waits.waited_s, waits.model) == ("titles", True, 4.0, "model-3:7b")
    assert one.snapshot.requests.value.running_source == "relay"
