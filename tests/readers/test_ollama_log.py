"""Ollama's log: what real lines of three families mean, and a file that is rotated, cut, deleted, huge or binary."""

import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import LogEventKind, ServerConfig
from tray_app.readers import ollama_log
from tray_app.readers._ollama_lines import EVENT_LIMIT, LineReader, seconds, size_bytes
from tray_app.readers.ollama_log import LogFollower, log_places, newest_log

RECORDINGS = Path(__file__).parents[1] / "recordings"
LOAD, BUSY, EVICTION = LogEventKind.LOAD, LogEventKind.BUSY, LogEventKind.EVICTION
CRASH, SLOW, OUT_OF_MEMORY = LogEventKind.CRASH, LogEventKind.SLOW_REQUEST, LogEventKind.OUT_OF_MEMORY
BIG = "sha256-7527116228d3d6838ba05d004aeb3957dfd3a1317b718046d1a451a4eafa3c6d"
NOW = 2_000_000_000.0


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """The access log has local time; the recordings were made in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


def fold(*lines):
    reader = LineReader(now=NOW)
    for line in lines:
        reader.feed(line if isinstance(line, bytes) else line.encode())
    return reader.take()


def kinds(log):
    return [event.kind for event in log.events]


def recorded(name):
    return fold(*(RECORDINGS / name).read_bytes().split(b"\n"))


class TestRecordings:
    def test_one_chat_and_three_tasks(self):
        log = recorded("ollama-0.32.15/server.log")
        assert kinds(log) == [LOAD, SLOW, SLOW, SLOW, SLOW]
        assert log.events[0].blob_digest == BIG
        assert log.events[0].at == datetime(2026, 11, 22, 14, 12, 39, 631000, UTC).timestamp()
        assert [event.seconds for event in log.events[1:]] == [11.786194493, 17.517710073, 28.418850496, 38.272561752]
        assert log.events[1].at == datetime(2026, 11, 22, 14, 12, 51, tzinfo=UTC).timestamp()
        assert log.finished == 4
        assert log.prompt_cache_bytes == int(74.057 * 2**20)
        assert log.config == ServerConfig(num_parallel=1, context_length=4096, told=True, keep_alive_s=300)

    def test_two_models_evict_each_other_and_the_queue_is_full(self):
        log = recorded("ollama-0.32.15/server-thrash-and-busy.log")
        assert Counter(kinds(log)) == {BUSY: 6, LOAD: 3, EVICTION: 2}
        loads = [event.blob_digest for event in log.events if event.kind is LOAD]
        assert loads[0] == loads[2] != loads[1]
        assert log.config.max_loaded_models == 1

    def test_the_family_of_0_12(self):
        log = recorded("ollama-0.12.11/server.log")
        assert Counter(kinds(log)) == {LOAD: 2, EVICTION: 1}
        assert (log.finished, log.config.num_parallel, log.config.context_length) == (1, 1, 4096)
        assert log.config.keep_alive_s == 300

    def test_the_family_of_0_9(self):
        log = recorded("ollama-0.9.6/server.log")
        assert kinds(log) == [LOAD, LOAD]
        assert log.config == ServerConfig(context_length=4096, told=True, keep_alive_s=300)

    def test_no_text_of_the_log_comes_out_but_digests(self):
        """Answers and prompts may be in a log at debug level."""
        for path in sorted(RECORDINGS.glob("ollama-*/*.log")):
            log = fold(*path.read_bytes().split(b"\n"))
            words = {str(event.model) for event in log.events} | {str(event.blob_digest) for event in log.events}
            assert all(word == "None" or word.startswith("sha256-") for word in words)


class TestLines:
    def test_what_no_runner_answers_is_a_question(self):
        questions = [call(1, what) for what in ('GET      "/api/tags"', 'POST     "/api/show"', 'HEAD     "/"')]
        log = fold(*questions, call(1), call(1, 'POST     "/api/embed"'))
        assert (log.questions, log.finished) == (3, 2)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("126.539µs", 126.539e-6),
            ("281µs", 281e-6),
            ("281μs", 281e-6),
            ("281us", 281e-6),
            ("344ns", 344e-9),
            ("2.115469ms", 2.115469e-3),
            ("11.786194493s", 11.786194493),
            ("0s", 0.0),
            ("2m5s", 125.0),
            ("1h0m3s", 3603.0),
            ("", None),
            ("s", None),
            ("12", None),
            ("5 s", None),
            ("1s?", None),
            ("-3s", None),
        ],
    )
    def test_durations(self, text, expected):
        assert seconds(text.encode()) == (pytest.approx(expected) if expected is not None else None)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [(b"21.3 GiB", int(21.3 * 2**30)), (b"0 B", 0), (b"815 MiB", 815 * 2**20), (b"many", None), (b"", None)],
    )
    def test_sizes(self, text, expected):
        assert size_bytes(text) == expected

    @pytest.mark.parametrize(
        "line",
        [
            '[GIN] 2033/05/18 - 03:33:10 | 503 |     1.4ms |       127.0.0.1 | POST     "/api/chat"',
            '[GIN] 2033/05/18 - 03:33:10 |\x1b[97;41m 503 \x1b[0m|  1.4ms |  ::1 |\x1b[97;46m POST    \x1b[0m "/api/chat"',
            '[GIN] 2033/05/18 - 03:33:10 | 503 | 904µs | 172.17.0.5 | POST     "/v1/chat/completions?x=1"',
        ],
    )
    def test_a_full_queue(self, line):
        log = fold(line)
        assert kinds(log) == [BUSY]
        assert log.events[0].at == NOW - 10
        assert log.finished == 1

    @pytest.mark.parametrize(
        "line",
        [
            '[GIN] 2033/05/18 - 03:33:10 | 200 | 30s | 127.0.0.1 | POST "/api/pull"',
            '[GIN] 2033/05/18 - 03:33:10 | 200 | 30s | 127.0.0.1 | GET "/api/ps"',
            "[GIN] 2033/05/18 - 03:33:10 | 503 |",
            "[GIN-debug] POST /api/chat --> server",
            "[GIN] \x00\xff",
            "time=",
            "time=2033 msg=",
            'msg="starting llama-server"',
            "",
        ],
    )
    def test_lines_that_say_nothing(self, line):
        log = fold(line)
        assert (log.events, log.finished) == ((), 0)

    def test_a_time_that_does_not_exist_or_is_not_ours(self):
        reader = LineReader(now=NOW, earliest=NOW - 100)
        reader.feed(b'[GIN] 9999/99/99 - 99:99:99 | 503 | 1ms | 127.0.0.1 | POST "/api/chat"')
        reader.feed(b'[GIN] 2033/05/17 - 20:33:10 | 503 | 1ms | 127.0.0.1 | POST "/api/chat"')  # another time zone
        reader.feed(b'time=2099-01-01T00:00:00Z level=INFO source=x msg="llama-server terminated" exit=1')
        assert [event.at for event in reader.take().events] == [NOW, NOW, NOW]

    @pytest.mark.parametrize(
        ("line", "kind"),
        [
            (
                'level=WARN source=a.go:1 msg="llama-server process no longer running" sys=9 string="signal: killed"',
                CRASH,
            ),
            ('level=ERROR source=a.go:1 msg="llama runner terminated" error="exit status 2"', CRASH),
            ('level=WARN source=a.go:1 msg="runtime OOM detected; expiring loaded models before retry"', OUT_OF_MEMORY),
            (
                'level=INFO source=a.go:1 msg="llama-server load failed; evicting all other models and retrying once"',
                EVICTION,
            ),
            (
                'level=INFO source=a.go:1 msg="model requires more memory than is currently available, evicting"',
                EVICTION,
            ),
            (
                'level=INFO source=a.go:1 msg="model requires more gpu memory than is currently available, evicting a"',
                EVICTION,
            ),
            (
                'level=INFO source=a.go:1 msg="model requires more system memory than is currently available, evicting"',
                EVICTION,
            ),
            (
                'level=INFO source=a.go:1 msg="llama-server model predicted to exceed available memory, evicting" predicted="1"',
                EVICTION,
            ),
        ],
    )
    def test_structured_events(self, line, kind):
        assert kinds(fold(f"time=2033-05-18T03:33:10.5Z {line}")) == [kind]

    def test_one_crash_writes_two_lines(self):
        lines = [
            'time=2033-05-18T03:33:10.5Z level=WARN source=a.go:1 msg="llama-server process no longer running" sys=9',
            'time=2033-05-18T03:33:10.6Z level=ERROR source=a.go:1 msg="llama-server terminated" error="signal: killed"',
            'time=2033-05-18T03:33:18.6Z level=ERROR source=a.go:1 msg="llama-server terminated" error="signal: killed"',
        ]
        assert kinds(fold(*lines)) == [CRASH, CRASH]

    @pytest.mark.parametrize(
        "line",
        [
            "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 17.00 MiB on device 0: cudaMalloc failed: out of memory",
            "error: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
            "alloc_tensor_range: failed to allocate Metal buffer of size 20",
        ],
    )
    def test_shortage_of_the_backends(self, line):
        assert kinds(fold(line, line)) == [OUT_OF_MEMORY]

    def test_a_prompt_that_speaks_of_memory_is_not_a_shortage(self):
        prompt = (
            'time=2033-05-18T03:33:10.5Z level=DEBUG source=a.go:1 msg="chat request" prompt="out of memory, evicting"'
        )
        assert fold(prompt, "my laptop is out of memory, help").events == ()

    def test_a_probe_for_gpus_is_no_load(self):
        assert (
            fold(
                'time=2033-05-18T03:33:10Z level=INFO source=a msg="starting runner" cmd="ollama runner --port 3"'
            ).events
            == ()
        )

    def test_a_model_that_mlx_runs_names_itself(self):
        """0.16.2 to 0.33 (x/mlxrunner/client.go)."""
        line = 'level=INFO source=client.go:391 msg="starting mlx runner subprocess" model={} port=56223'
        (event,) = fold(f"time=2033-05-18T03:33:10Z {line.format('qwen3.5:4b-mlx')}").events
        assert (event.kind, event.model, event.blob_digest) == (LOAD, "qwen3.5:4b-mlx", None)
        assert fold(f"time=2033-05-18T03:33:10Z {line.format('evil;name')}").events == ()

    def test_configuration_of_a_mac(self):
        log = fold(
            'time=2033-05-18T03:33:10Z level=INFO source=a msg="server config" env="map[OLLAMA_CONTEXT_LENGTH:0 '
            "OLLAMA_FLASH_ATTENTION:true OLLAMA_KV_CACHE_TYPE:q8_0 OLLAMA_MAX_LOADED_MODELS:2 OLLAMA_NUM_PARALLEL:3 "
            'HTTPS_PROXY:http://me:hidden@proxy]"',
            'time=2033-05-18T03:33:10Z level=INFO source=a msg="inference compute" id=0 library=Metal total="21.3 GiB" available="21.3 GiB"',
            'time=2033-05-18T03:33:10Z level=INFO source=a msg="vram-based default context" total_vram="21.3 GiB" default_num_ctx=4096',
        )
        assert log.config == ServerConfig(3, 2, 4096, "q8_0", int(21.3 * 2**30), told=True)
        assert "hidden" not in repr(log)

    def test_two_gpus_add_up_and_a_restart_starts_over(self):
        card = 'time=2033-05-18T03:33:10Z level=INFO source=a msg="inference compute" library=CUDA total="8.0 GiB"'
        start = 'time=2033-05-18T03:33:10Z level=INFO source=a msg="server config" env="map[OLLAMA_NUM_PARALLEL:1]"'
        assert fold(start, card, card).config.gpu_total_bytes == 16 * 2**30
        assert fold(start, card, card, start, card).config.gpu_total_bytes == 8 * 2**30

    def test_events_are_bounded(self):
        line = '[GIN] 2033/05/18 - 03:33:10 | 503 | 1ms | 127.0.0.1 | POST "/api/chat"'
        log = fold(*[line] * (EVENT_LIMIT + 50))
        assert (len(log.events), log.finished) == (EVENT_LIMIT, EVENT_LIMIT + 50)


def busy(count=1):
    return b'[GIN] 2033/05/18 - 03:33:10 | 503 | 1ms | 127.0.0.1 | POST "/api/chat"\n' * count


def new_events(follower, at=NOW):
    answer = follower.read(at)
    assert isinstance(answer, Known), answer
    return answer.value.finished


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "server.log"
    path.write_bytes(b"start\n" + busy(3))
    return path


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def call(ago_s, what='POST     "/api/chat"'):
    stamp = datetime.fromtimestamp(NOW - ago_s, UTC).strftime("%Y/%m/%d - %H:%M:%S")
    return f"[GIN] {stamp} | 200 | 1.94s | 127.0.0.1 | {what}\n"


class TestBefore:
    """What ended shortly before we came: of so many connections that Open WebUI keeps it may be the last use."""

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            ((call(5000), call(33)), 0),
            ((call(5000), call(33), call(32), call(1)), 2),
            ((call(33), call(9, 'GET      "/api/tags"'), call(9, 'HEAD     "/"'), call(1)), 3),
            ((call(33), call(9), "[GIN] 2033/05/18 - what a line\n"), 2),
            ((call(40), 'time=2033 level=INFO msg="starting runner"\n', call(3)), 1),
            ((call(33), call(3), "chatter\n" * 50), 1),
            ((call(50), call(-50)), 1),
            ((call(50), call(-7200)), None),
            (('time=2033-05-18T03:33:19.000Z level=INFO msg="server config" env="map[]"\n',), None),
            ((), None),
        ],
    )
    def test_every_kind_of_call_of_the_last_half_minute_counts(self, log, lines, told):
        log.write_text("".join(lines))
        follower = LogFollower(log)
        assert follower.read(NOW).value.ended_before == told
        append(log, call(0).encode())
        later = follower.read(NOW).value
        assert (later.finished, later.ended_before) == (1, None)


class TestFollowing:
    def test_starts_at_the_end_and_sees_what_comes(self, log):
        follower = LogFollower(log)
        assert new_events(follower) == 0
        append(log, busy(2))
        assert new_events(follower) == 2
        assert new_events(follower) == 0

    def test_configuration_from_before_holds(self, log):
        log.write_bytes((RECORDINGS / "ollama-0.32.15/server.log").read_bytes())
        answer = LogFollower(log).read(NOW).value
        assert answer.config == ServerConfig(num_parallel=1, context_length=4096, told=True, keep_alive_s=300)
        assert answer.prompt_cache_bytes == int(74.057 * 2**20)
        assert (answer.events, answer.finished) == ((), 0)

    def test_configuration_at_the_head_of_a_huge_log(self, log, monkeypatch):
        monkeypatch.setattr(ollama_log, "READ_LIMIT", 50_000)
        head = (RECORDINGS / "ollama-0.32.15/server.log").read_bytes().split(b"\n")[0]
        log.write_bytes(head + b"\n" + b"chatter\n" * 100_000)
        follower = LogFollower(log)
        assert follower.read(NOW).value.config.num_parallel == 1
        append(log, b"x\n" * 200_000 + busy(2))
        assert new_events(follower) == 2

    def test_a_line_in_two_parts(self, log):
        follower = LogFollower(log)
        new_events(follower)
        line = busy()
        for part in (line[:30], line[30:-1]):
            append(log, part)
            assert new_events(follower) == 0
        append(log, b"\n" + busy()[:10])
        assert new_events(follower) == 1

    def test_starting_in_the_middle_of_a_line(self, log):
        append(log, busy()[:-5])
        follower = LogFollower(log)
        assert new_events(follower) == 0
        append(log, busy()[-5:])
        assert new_events(follower) == 1

    def test_rotation_by_renaming_loses_nothing(self, log):
        follower = LogFollower(log)
        new_events(follower)
        append(log, busy(2))
        log.rename(log.with_name("server-1.log"))
        log.write_bytes(busy(4))
        assert new_events(follower) == 6
        append(log, busy())
        assert new_events(follower) == 1

    def test_between_renaming_and_the_new_file(self, log):
        follower = LogFollower(log)
        new_events(follower)
        log.rename(log.with_name("server-1.log"))
        assert follower.read(NOW) == Unknown(Why.MISSING, "server.log")
        log.write_bytes(busy(2))
        assert new_events(follower) == 2

    def test_truncation(self, log):
        follower = LogFollower(log)
        new_events(follower)
        log.write_bytes(busy(1))
        assert new_events(follower) == 1

    def test_other_content_under_the_same_number(self, log):
        follower = LogFollower(log)
        new_events(follower)
        size = log.stat().st_size
        with log.open("r+b") as file:
            file.write(b"y" * (size + 500) + b"\n" + busy(9))
        assert new_events(follower) == 0
        append(log, busy(1))
        assert new_events(follower) == 1

    def test_deleted(self, log):
        follower = LogFollower(log)
        new_events(follower)
        log.unlink()
        assert follower.read(NOW) == Unknown(Why.MISSING, "server.log")

    def test_a_log_that_appears_later_is_read_from_its_start(self, tmp_path):
        follower = LogFollower(tmp_path / "server.log")
        assert follower.read(NOW).why is Why.MISSING
        (tmp_path / "server.log").write_bytes(busy(2))
        assert new_events(follower) == 2

    def test_binary(self, log):
        follower = LogFollower(log)
        new_events(follower)
        append(log, bytes(range(256)) * 2000 + b"\n" + busy(1))
        assert new_events(follower) == 1

    def test_a_line_without_end(self, log):
        follower = LogFollower(log)
        new_events(follower)
        for _ in range(3):
            append(log, b"z" * 200_000)
            assert new_events(follower) == 0
        append(log, b"\n" + busy(1))
        assert new_events(follower) == 1

    def test_windows_line_ends(self, log):
        follower = LogFollower(log)
        new_events(follower)
        append(log, busy(2).replace(b"\n", b"\r\n"))
        assert new_events(follower) == 2

    def test_no_file_is_held_open(self, log):
        """On Windows Ollama could not rotate it."""
        follower = LogFollower(log)
        new_events(follower)
        if sys.platform == "linux":
            assert str(log) not in {
                str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists()
            }

    def test_what_is_no_regular_file(self, tmp_path):
        assert LogFollower(tmp_path).read(NOW).why is Why.BAD_ANSWER
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "pipe")
            assert LogFollower(tmp_path / "pipe").read(NOW).why is Why.BAD_ANSWER

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
    def test_unreadable(self, log):
        log.chmod(0)
        assert LogFollower(log).read(NOW).why is Why.DENIED

    def test_unreadable_for_root_too(self, log, monkeypatch):
        def denied(*_args, **_more):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", denied)
        assert LogFollower(log).read(NOW) == Unknown(Why.DENIED, "server.log: Permission denied")


class TestPlaces:
    def test_the_apps_log_on_a_mac(self, tmp_path):
        path = tmp_path / ".ollama" / "logs" / "server.log"
        assert newest_log(log_places("darwin", {}, tmp_path)) in {None, Path("/opt/homebrew/var/log/ollama.log")}
        path.parent.mkdir(parents=True)
        path.write_text("")
        assert newest_log(log_places("darwin", {}, tmp_path)) == path

    def test_windows(self, tmp_path):
        path = tmp_path / "Ollama" / "server.log"
        assert newest_log(log_places("win32", {"LOCALAPPDATA": str(tmp_path)}, tmp_path)) is None
        path.parent.mkdir()
        path.write_text("")
        assert newest_log(log_places("win32", {"LOCALAPPDATA": str(tmp_path)}, tmp_path)) == path
