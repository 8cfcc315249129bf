"""What single lines of Ollama's server log mean, in the three families 0.5-0.9, 0.10-0.24 and 0.30-0.33. Pure.

No line is kept: only times, counts, sizes and blob digests come out. At debug level the log holds prompts.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from tray_app.core.values.connections import KEPT_S
from tray_app.core.values.snapshot import LogEvent, LogEventKind, OllamaLog, ServerConfig
from tray_app.core.values.units import go_seconds

LINE_LIMIT = 64 * 1024
SLOW_S = 10.0
"""A request is slow from here on: queue time and answering together, the access log does not tell them apart."""
SAME_INCIDENT_S = 5.0
"""One crash or shortage writes several lines."""
SAME_EVICTION_S = 0.5
EVENT_LIMIT = 500
CLOCK_STEP_S = 60.0
"""A line is that far ahead of us at most."""

_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_GIN = re.compile(
    rb"\[GIN\] (\d{4})/(\d\d)/(\d\d) - (\d\d):(\d\d):(\d\d) \|\s*(\d{3})\s*\|\s*([^\s|]{1,24})\s*\|[^|]{0,64}\|"
    rb"\s*([A-Z]{3,7})\s+\"([^\"?]{1,200})"
)
_INFERENCE = {
    b"/api/chat",
    b"/api/generate",
    b"/api/embed",
    b"/api/embeddings",
    b"/v1/chat/completions",
    b"/v1/completions",
    b"/v1/embeddings",
    b"/v1/messages",
    b"/v1/responses",
}
_DURATION = re.compile(rb"(\d+(?:\.\d+)?)(h|ms|m|s|ns|us|\xc2\xb5s|\xce\xbcs|\xb5s)")
_UNIT_S = {b"h": 3600.0, b"m": 60.0, b"s": 1.0, b"ms": 1e-3, b"ns": 1e-9}
_TIME = re.compile(rb"time=(\S{10,40}) ")
_MESSAGE = re.compile(rb' msg=(?:"((?:[^"\\]|\\.){0,400})|(\S{1,100}))')
_SIZE = re.compile(rb"([0-9]+(?:\.[0-9]+)?) ([KMGT]i?B|B)")
_CACHE = re.compile(rb"cache state: \d{1,9} prompts, (\d{1,9}(?:\.\d{1,6})?) MiB")
_BLOB = re.compile(rb"--model \S{0,4096}[/\\]blobs[/\\](sha256-[0-9a-f]{64})")
_EVICTIONS = (
    b"llama-server model predicted to exceed available memory, evicting",
    b"model requires more memory than is currently available, evicting",
    b"model requires more gpu memory than is currently available, evicting",  # from 0.13.1
    b"model requires more system memory than is currently available, evicting",
    b"max runners achieved, unloading one to make room",
    b"llama-server load failed; evicting all other models",
)
_CRASHES = (
    b"llama-server process no longer running",
    b"llama-server terminated",
    b"llama runner terminated",
    b"llama runner process no longer running",
)
_STARTS = (b"starting llama-server", b"starting runner", b"starting llama server")
_MLX_START = b"starting mlx runner subprocess"  # from 0.16.2; it names the model
_NAME = re.compile(rb"[\w./:@+-]{1,200}", re.ASCII)
# Lines of llama.cpp and its backends have no level; a prompt printed at debug level does not start like this.
_BACKEND = re.compile(
    rb"(?:ggml|llama|cuda|CUDA|alloc_tensor|srv |graph_reserve|error:|load|common_|terminate| *what\(\))"
)
_SHORTAGES = (b"out of memory", b"outofmemory", b"failed to allocate", b"insufficient memory", b"bad_alloc")


def seconds(text: bytes) -> float | None:
    """A Go duration (`128.5\xc2\xb5s`, `1.94s`, `2m5s`, `1h0m3s`) in seconds; None where it is none."""
    total, at = 0.0, 0
    for match in _DURATION.finditer(text):
        if match.start() != at:
            return None
        total += float(match[1]) * _UNIT_S.get(match[2], 1e-6)
        at = match.end()
    return total if at and at == len(text) else None


def size_bytes(text: bytes) -> int | None:
    """`21.3 GiB` as Ollama's format.HumanBytes2 writes it; None where it is no size."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    power = b"BKMGT".index(match[2][:1])
    return int(float(match[1]) * 1024**power)


def _attribute(line: bytes, name: bytes) -> bytes:
    """The value of `name=value` or `name="value"` in a structured line, or nothing."""
    match = re.search(rb" %s=(?:\"([^\"]{0,200})\"|(\S{1,200}))" % re.escape(name), line)
    return (match[1] or match[2] or b"") if match else b""


def _setting(environment: bytes, name: bytes) -> bytes:
    """One value of the `env="map[NAME:value NAME:value]"` dump."""
    match = re.search(rb"[ \[]%s:([^\s\]]{0,64})" % name, environment)
    return match[1] if match else b""


def _count(text: bytes) -> int | None:
    """A positive number; 0 stands for automatic."""
    return int(text) if text.isdigit() and len(text) < 10 and int(text) > 0 else None


@dataclass(slots=True)
class LineReader:
    """Folds lines into an OllamaLog. `earliest`: an older time in a line is a clock or time zone that is not ours."""

    log: OllamaLog = field(default_factory=OllamaLog)
    blob: str | None = None
    earliest: float = 0.0
    now: float = 0.0

    def take(self) -> OllamaLog:
        """What came since the last call; configuration and prompt cache stay."""
        taken, self.log = self.log, replace(self.log, events=(), finished=0, questions=0, ended_before=None)
        return taken

    def feed(self, line: bytes) -> None:
        """One line without its end. Anything unknown is passed over."""
        line = line[:LINE_LIMIT]
        if line.startswith(b"time="):
            self._structured(line)
        elif line.startswith(b"[GIN]"):
            self._access(_COLOUR.sub(b"", line))
        elif b"cache state:" in line:
            found = _CACHE.search(line)
            if found:
                self.log = replace(self.log, prompt_cache_bytes=int(float(found[1]) * 2**20))
        elif _BACKEND.match(line) and any(mark in line.lower() for mark in _SHORTAGES):
            self._event(LogEventKind.OUT_OF_MEMORY, self.now, apart_s=SAME_INCIDENT_S)

    def configuration_only(self, line: bytes) -> None:
        """A line from before we came: what it says about the server still holds, what happened is past."""
        if b'msg="server config"' in line or b'msg="inference compute"' in line or b'default context"' in line:
            self._configuration(line[:LINE_LIMIT])
        elif b'msg="starting ' in line:
            self._started(line[:LINE_LIMIT])
            self.log = replace(self.log, events=())
        elif b"cache state:" in line:
            self.feed(line)

    def ended_before(self, lines: Sequence[bytes]) -> None:
        """Lines from before we came: how many calls ended shortly before. A log without any call tells nothing."""
        count: int | None = None
        for line in reversed(lines):
            if not line.startswith(b"[GIN] "):
                continue
            match = _GIN.match(_COLOUR.sub(b"", line[:LINE_LIMIT]))
            at = self._ended_at(match) if match else self.now
            if at > self.now + CLOCK_STEP_S:
                return  # of another time zone
            count = count or 0
            if at < self.now - KEPT_S:
                break
            count += 1
        self.log = replace(self.log, ended_before=count)

    def _event(
        self,
        kind: LogEventKind,
        at: float,
        *,
        took: float | None = None,
        blob: str | None = None,
        model: str | None = None,
        apart_s: float = 0.0,
    ) -> None:
        if not self.earliest <= at <= self.now + CLOCK_STEP_S:
            at = self.now
        events = self.log.events
        if apart_s and any(old.kind is kind and abs(old.at - at) <= apart_s for old in events):
            return
        new = LogEvent(kind, at, model, seconds=took, blob_digest=blob)
        self.log = replace(self.log, events=(*events, new)[-EVENT_LIMIT:])

    def _access(self, line: bytes) -> None:
        match = _GIN.match(line)
        if match is None or match[9] != b"POST" or match[10].rstrip(b"/") not in _INFERENCE:
            self.log = replace(self.log, questions=self.log.questions + 1)
            return
        at, status = self._ended_at(match), int(match[7])
        took = seconds(match[8])
        self.log = replace(self.log, finished=self.log.finished + 1)
        if status == 503:
            self._event(LogEventKind.BUSY, at, took=took)
        elif took is not None and took >= SLOW_S:
            self._event(LogEventKind.SLOW_REQUEST, at, took=took)

    def _ended_at(self, access: re.Match[bytes]) -> float:
        """Ollama writes local time without a zone."""
        year, month, day, hour, minute, second = (int(access[index]) for index in range(1, 7))
        try:
            return time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
        except (OverflowError, ValueError):
            return self.now

    def _structured(self, line: bytes) -> None:
        found = _MESSAGE.search(line)
        message = (found[1] or found[2] or b"") if found else b""
        if message.startswith(_STARTS):
            self._started(line)
        elif message.startswith(_MLX_START):
            self._started_mlx(line)
        elif message.startswith(_EVICTIONS):
            self._event(LogEventKind.EVICTION, self._time(line), apart_s=SAME_EVICTION_S)
        elif message.startswith(_CRASHES):
            self._event(LogEventKind.CRASH, self._time(line), blob=self.blob, apart_s=SAME_INCIDENT_S)
        elif message.startswith((b"runtime OOM detected", b"model layout did not fit")):
            self._event(LogEventKind.OUT_OF_MEMORY, self._time(line), apart_s=SAME_INCIDENT_S)
        else:
            self._configuration(line)

    def _started(self, line: bytes) -> None:
        """A runner was started; without a model it is a probe for GPUs."""
        match = _BLOB.search(line)
        if match:
            self.blob = match[1].decode()
            self.log = replace(self.log, prompt_cache_bytes=None)
            self._event(LogEventKind.LOAD, self._time(line), blob=self.blob)

    def _started_mlx(self, line: bytes) -> None:
        name = _NAME.fullmatch(_attribute(line, b"model"))
        if name:
            self.blob = None
            self._event(LogEventKind.LOAD, self._time(line), model=name[0].decode())

    def _configuration(self, line: bytes) -> None:
        config = self.log.config
        if b'msg="server config"' in line:
            config = ServerConfig(
                num_parallel=_count(_setting(line, b"OLLAMA_NUM_PARALLEL")),
                max_loaded_models=_count(_setting(line, b"OLLAMA_MAX_LOADED_MODELS")),
                context_length=_count(_setting(line, b"OLLAMA_CONTEXT_LENGTH")),
                kv_cache_type=_setting(line, b"OLLAMA_KV_CACHE_TYPE").decode("ascii", "replace") or None,
                told=True,
                keep_alive_s=go_seconds(_setting(line, b"OLLAMA_KEEP_ALIVE").decode("utf-8", "replace")),
            )
        elif b'msg="inference compute"' in line and _attribute(line, b"library") != b"cpu":
            total = size_bytes(_attribute(line, b"total"))
            config = replace(config, gpu_total_bytes=(config.gpu_total_bytes or 0) + total if total else None)
        elif b'msg="vram-based default context"' in line and config.context_length is None:
            config = replace(config, context_length=_count(_attribute(line, b"default_num_ctx")))
        self.log = replace(self.log, config=config)

    def _time(self, line: bytes) -> float:
        match = _TIME.match(line)
        try:
            return datetime.fromisoformat(match[1].decode("ascii", "replace")).timestamp() if match else self.now
        except (ValueError, OverflowError, OSError):
            return self.now
