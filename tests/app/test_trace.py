"""Recording and reading back traces."""

import json

import pytest

from tests.scenarios.traces import STORIES
from tests.scenarios.traces import trace as scenario
from tray_app.app import trace
from tray_app.core.report.redact import Redactor
from tray_app.core.values.errors import StorageError
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Host, LoadedModel, Ollama, Presence, Snapshot


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
    assert json.loads(path.read_text().splitlines()[0])["schema"] == 1


def test_an_existing_file_is_not_overwritten(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_text("mine")
    with pytest.raises(StorageError):
        trace.Recorder(path, Redactor())
    assert path.read_text() == "mine"
    with pytest.raises(StorageError):
        list(trace.lines_of(tmp_path / "absent"))


GOOD = trace.encode_line(snapshot())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD[:-40], "JSON"),
        ("[1]", "object"),
        ("[" * 100_000, "JSON"),
        (GOOD.replace('"schema":1', '"schema":2'), "schema"),
        (GOOD.replace('"schema":1', '"schema":true'), "schema"),
        (GOOD.replace('"schema":1,', ""), "schema"),
        (GOOD.replace('"darwin"', "5"), "host.system"),
        ("\ufffd\ufffd", "JSON"),
    ],
)
def test_a_broken_line_is_named_by_its_number(line, reason):
    with pytest.raises(trace.BrokenTraceLine) as caught:
        list(trace.read([GOOD, "", line]))
    assert caught.value.number == 3
    assert reason in caught.value.reason


def test_reading_goes_on_after_a_broken_line_when_asked_to():
    broken = []
    polls = list(trace.read([GOOD, "{", GOOD + "\n"], broken.append))
    assert len(polls) == 2
    assert [line.number for line in broken] == [2]


class TestReplay:
    """The same judgement as in the running app, poll by poll, from the lines alone."""

    lines = tuple(json.dumps(line) for _phase, line in scenario("classic-macos-15"))

    def test_one_answer_per_poll_and_one_notice(self):
        polls = list(trace.replay(self.lines))
        assert len(polls) == len(self.lines)
        assert [notice.finding.kind for poll in polls for notice in poll.notices] == ["task-storm"]
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


@pytest.mark.parametrize("at", [1e18, -1.0, float("inf")])
def test_a_time_that_no_clock_can_show_is_a_broken_line(at):
    with pytest.raises(trace.BrokenTraceLine) as caught:
        trace.decode_line(trace.encode_line(snapshot(at)))
    assert "taken_at" in caught.value.reason
