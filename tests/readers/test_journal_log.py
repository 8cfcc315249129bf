"""Following the journal, against a `journalctl` of the tests: a real child whose script is what each test says."""

import json
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.readers.journal_log import BACK_OFF_S, COMMAND, ENTRY_LIMIT, PATIENCE_S, JournalFollower, entry
from tray_app.readers.server_log import ServerLog

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the journal is Linux's")

NOW = 2_000_000_000.0
BUSY = '[GIN] 2033/05/18 - 03:33:10 | 503 | 1ms | 127.0.0.1 | POST "/api/chat"'
CONFIG = 'time=2033-05-18T03:33:10Z level=INFO source=a msg="server config" env="map[OLLAMA_NUM_PARALLEL:3]"'
CRASH = 'time=2033-05-18T03:33:30Z level=ERROR source=a msg="llama-server terminated" error="signal: killed"'
HINT = (
    "Hint: You are currently not seeing messages from other users and the system.\n"
    "      Users in groups 'adm', 'systemd-journal' can see all messages.\n"
    "      Pass -q to turn off this notice.\n"
)


def line(message, at=NOW + 1):
    return json.dumps({"__REALTIME_TIMESTAMP": str(round(at * 1e6)), "MESSAGE": message, "_BOOT_ID": "b"}) + "\n"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Journal:
    """A journalctl that runs `start.py`, then copies what the test appends to `live` until `stop` appears."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.live = folder / "live"
        self.live.write_bytes(b"")
        self.script("")
        program = folder / "journalctl"
        program.write_text(
            f"#!{os.path.realpath(sys.executable)} -S\n"  # a path of .venv may hold a space
            "import os, pathlib, sys, time\n"
            f"folder = pathlib.Path({str(folder)!r})\n"
            "with open(folder / 'starts', 'a') as starts: starts.write(f'{os.getpid()}\\n')\n"
            "exec((folder / 'start.py').read_text())\n"
            "with open(folder / 'live', 'rb') as live:\n"
            "    while not (folder / 'stop').exists():\n"
            "        data = live.read()\n"
            "        if data: os.write(1, data)\n"
            "        time.sleep(0.005)\n"
        )
        program.chmod(0o755)

    def script(self, text):
        (self.folder / "start.py").write_text(text)

    def says(self, text):
        """Written once the child runs."""
        self.script(f"os.write(1, {text if isinstance(text, bytes) else text.encode()!r})\n")

    def append(self, text):
        with self.live.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    @property
    def pids(self):
        path = self.folder / "starts"
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return [int(pid) for pid in lines if pid.endswith("\n")]  # the last may still be being written

    @property
    def starts(self):
        return len(self.pids)

    @property
    def running(self):
        """Not yet ended, or not yet waited for."""
        return [pid for pid in self.pids if psutil.pid_exists(pid)]


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return Journal(tmp_path)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def follower(journal, clock):
    made = JournalFollower(clock=clock)
    yield made
    made.close()


def until(follower, good, now=NOW):
    """Polls until an answer is good; every answer so far."""
    answers = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answers.append(follower.read(now))
        if good(answers[-1]):
            return answers
        time.sleep(0.005)
    raise AssertionError(answers[-1])


def known(answer):
    return isinstance(answer, Known)


def finished(answers):
    return sum(answer.value.finished for answer in answers if isinstance(answer, Known))


def events(answers):
    return [event for answer in answers if isinstance(answer, Known) for event in answer.value.events]


class TestFollowing:
    def test_what_came_before_tells_only_the_configuration(self, journal, follower):
        journal.says(line(CONFIG, NOW - 500) + line(BUSY, NOW - 400) + line(CRASH, NOW - 300))
        answers = until(follower, known)
        assert answers[-1].value.config.num_parallel == 3
        assert (events(answers), finished(answers)) == ([], 0)

    def test_what_comes_is_told_once_and_with_its_time(self, journal, follower):
        journal.says(line(CONFIG, NOW - 500))
        until(follower, known)
        journal.append(line(BUSY, NOW + 3) + line("alloc_tensor_range: failed to allocate Metal buffer", NOW + 4))
        answers = until(follower, lambda answer: known(answer) and len(answer.value.events) == 2, NOW + 5)
        assert [(event.kind.value, event.at) for event in events(answers)] == [
            ("busy", NOW - 10),
            ("out-of-memory", NOW + 4),
        ]
        assert follower.read(NOW + 6).value.events == ()

    def test_one_child_for_many_polls(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1))
        until(follower, known)
        for _ in range(50):
            follower.read(NOW)
        assert journal.starts == 1

    def test_a_line_in_two_parts(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1))
        until(follower, known)
        text = line(BUSY)
        journal.append(text[:50])
        assert follower.read(NOW + 2).value.finished == 0
        journal.append(text[50:])
        until(follower, lambda answer: answer.value.finished == 1)

    def test_a_clock_set_back_does_not_silence_it(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1) + "".join(line("chatter", NOW - 1) for _ in range(2000)))
        until(follower, known)
        journal.append(line(BUSY, NOW - 3600))
        until(follower, lambda answer: answer.value.finished == 1, NOW - 3600)

    def test_a_burst_larger_than_the_pipe(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1))
        until(follower, known)
        journal.append((line("x" * 2000) * 1000) + line(BUSY) * 3)
        answers = until(follower, lambda answer: answer.value.finished == 3 or answer.value.events)
        while finished(answers) < 3:
            answers.append(follower.read(NOW))
        assert finished(answers) == 3


class TestBadLines:
    @pytest.mark.parametrize(
        "bad",
        [
            b"\x00\xff\xfe garbage\n",
            b"-- No entries --\n",
            b"{}\n[]\n1\nnull\n\n",
            b'{"__REALTIME_TIMESTAMP": "2000000001000000", "MESSAGE": 1000000000}\n',
            b'{"__REALTIME_TIMESTAMP": "2000000001000000", "MESSAGE": [1, "a", 999]}\n',
            b'{"__REALTIME_TIMESTAMP": NaN, "MESSAGE": "x"}\n',
            b'{"__REALTIME_TIMESTAMP": 1e999, "MESSAGE": "x"}\n',
            b"[" * 100_000 + b"\n",
            b"z" * (ENTRY_LIMIT * 3) + b"\n",
            line("a\0b\x1b[31m\ud800").encode(),
        ],
        ids=range(10),
    )
    def test_passed_over(self, journal, follower, bad):
        journal.says(line(CONFIG, NOW - 1))
        until(follower, known)
        journal.append(bad + line(BUSY).encode())
        answers = until(follower, lambda answer: answer.value.finished == 1)
        assert [event.kind.value for event in events(answers)] == ["busy"]

    def test_bytes_that_are_no_text(self):
        assert entry(line(list(b"a\xff")).encode()) == (NOW + 1, b"a\xff")

    def test_nothing_of_a_line_is_kept(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1) + line("PLANTED prompt", NOW - 1))
        until(follower, known)
        journal.append(line('time=2033-05-18T03:33:30Z level=DEBUG msg="chat" prompt="PLANTED"') + line(BUSY))
        answers = until(follower, lambda answer: answer.value.finished == 1)
        assert "PLANTED" not in repr(answers)


class TestTrouble:
    def test_no_journalctl(self, clock):
        follower = JournalFollower(["/nowhere/journalctl"], clock)
        assert follower.read(NOW) == Unknown(Why.MISSING, "journalctl")
        assert follower.read(NOW) == Unknown(Why.MISSING, "journalctl")

    def test_a_journalctl_that_may_not_be_run(self, tmp_path, clock):
        (tmp_path / "journalctl").write_text("")
        follower = JournalFollower([str(tmp_path / "journalctl")], clock)
        assert follower.read(NOW) == Unknown(Why.DENIED, "journalctl: Permission denied")

    def test_the_hint_about_groups(self, journal, follower, clock):
        journal.script(f"os.write(2, {HINT.encode()!r})\n(folder / 'ready').touch()\n")
        follower.read(NOW)
        while not (journal.folder / "ready").exists():
            time.sleep(0.005)
        assert follower.read(NOW) == Unknown(Why.NOT_YET, "journal")
        clock.now += PATIENCE_S
        assert follower.read(NOW) == Unknown(Why.DENIED, "ollama.service: needs the group systemd-journal or adm")

    def test_no_journal_may_be_opened(self, journal, follower):
        journal.script(
            "os.write(2, b'No journal files were opened due to insufficient permissions.\\n')\nsys.exit(1)\n"
        )
        answers = until(follower, lambda answer: answer.why is not Why.NOT_YET)
        assert answers[-1].why is Why.DENIED

    def test_the_hint_beside_lines_does_not_matter(self, journal, follower):
        journal.script(f"os.write(2, {HINT.encode()!r})\nos.write(1, {line(CONFIG, NOW - 1).encode()!r})\n")
        until(follower, known)

    def test_no_such_unit(self, journal, follower, clock):
        """Not a line: the child is ended, and asked again after a pause."""
        missing = Unknown(Why.MISSING, "ollama.service: no line in the journal")
        assert follower.read(NOW) == Unknown(Why.NOT_YET, "journal")
        clock.now += PATIENCE_S
        assert follower.read(NOW) == missing
        journal.says(line(BUSY, NOW + 5))
        clock.now += BACK_OFF_S[0] - 0.1
        assert follower.read(NOW) == missing
        clock.now += 0.1
        answers = until(follower, known, NOW + 10)
        assert finished(answers) == 1

    def test_it_dies_and_comes_back_without_a_line_lost_or_told_twice(self, journal, follower, clock):
        before = line(CONFIG, NOW - 2)
        journal.says(before)
        until(follower, known)
        journal.append(line(BUSY, NOW + 1))
        until(follower, lambda answer: answer.value.finished == 1)
        (journal.folder / "stop").touch()
        answers = until(follower, lambda answer: not known(answer))
        assert answers[-1] == Unknown(Why.BAD_ANSWER, "journalctl: exit status 0")
        starts = journal.starts
        assert follower.read(NOW + 2) == answers[-1]
        journal.live.write_bytes(b"")
        (journal.folder / "stop").unlink()
        journal.says(before + line(BUSY, NOW + 1) + line(CRASH, NOW + 3))
        clock.now += BACK_OFF_S[0]
        answers = until(follower, lambda answer: known(answer) and answer.value.events, NOW + 5)
        assert [event.kind.value for event in events(answers)] == ["crash"]
        assert (finished(answers), answers[-1].value.config.num_parallel) == (0, 3)
        assert journal.starts == starts + 1

    def test_what_it_wrote_before_it_died_counts(self, journal, follower):
        journal.script(f"os.write(1, {(line(CONFIG, NOW - 1) + line(BUSY)).encode()!r})\nsys.exit(3)\n")
        answers = until(follower, lambda answer: not known(answer) and answer.why is not Why.NOT_YET)
        assert finished(answers) == 1
        assert answers[-1] == Unknown(Why.BAD_ANSWER, "journalctl: exit status 3")

    def test_it_keeps_dying(self, journal, follower, clock):
        journal.script("os.write(2, b'Failed to open\\x1b[31m\\n')\nsys.exit(1)\n")
        dead = Unknown(Why.BAD_ANSWER, "journalctl: Failed to open?[31m")
        for number, pause in enumerate((*BACK_OFF_S, BACK_OFF_S[-1]), 1):
            # The clock stands still until the follower itself has seen the end.
            until(
                follower,
                lambda answer, number=number: journal.starts == number and not journal.running and answer == dead,
            )
            clock.now += pause - 0.1
            assert follower.read(NOW) == dead
            assert journal.starts == number
            clock.now += 0.1

    def test_close_ends_the_child_for_good(self, journal, follower):
        journal.says(line(CONFIG, NOW - 1))
        until(follower, known)
        follower.close()
        assert not journal.running
        follower.read(NOW)
        assert journal.starts == 1

    def test_a_single_look(self, journal, clock):
        journal.says(line(CONFIG, NOW - 1))
        follower = JournalFollower(clock=clock)
        assert follower.read_once(NOW, 20).value.config.num_parallel == 3
        follower.close()

    def test_a_single_look_at_silence(self, journal, follower):
        assert follower.read_once(NOW, 0.01) == Unknown(Why.MISSING, "ollama.service: no line in the journal")


class TestWhichOne:
    def test_a_file_comes_first_also_later(self, journal, tmp_path):
        journal.says(line(CONFIG, NOW - 1))
        places = [None]
        log = ServerLog(lambda: places[0], "linux")
        until(log, known)
        places[0] = tmp_path / "server.log"
        places[0].write_text(BUSY + "\n")
        assert log.read(NOW).value.config.num_parallel is None
        assert not journal.running
        log.close()

    def test_other_systems_have_no_journal(self, journal):
        for system in ("darwin", "win32"):
            log = ServerLog(lambda: None, system)
            assert log.read(NOW) == log.read_once(NOW) == Unknown(Why.MISSING, "server.log")
            log.close()
        assert journal.starts == 0

    def test_the_real_program_takes_our_options(self, clock):
        """Where it is installed: whatever it finds, it does not refuse the command."""
        follower = JournalFollower(COMMAND, clock)
        answer = follower.read_once(NOW, 0.3)
        follower.close()
        if answer != Unknown(Why.MISSING, "journalctl"):
            assert known(answer) or answer.why in {Why.MISSING, Why.DENIED}, answer
