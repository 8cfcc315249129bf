"""What the relay of chat first costs, beside a direct connection and beside HAProxy as the floor, in one run.

    python -m bench.relay [--haproxy PATH] [--requests 2000] [--seconds 10] [--upload-gb 4] [--many 10000]

An upstream of a few lines stands in for Ollama: it answers at once, or streams chunks at a fixed rate, each with the
moment in which it was sent. All ways are asked in turns, so that a busy machine is busy for each of them. `added` is a
way's quantile less that of the direct connection.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROUNDS = 10
RATES = (50, 500)
MB = 1024 * 1024
BODY = json.dumps({"model": "qwen3:32b", "messages": [{"role": "user", "content": "x" * 2000}]}).encode()
LINE = b'{"model":"qwen3:32b","created_at":"2026-11-28T00:00:00Z","message":{"content":" tok"},"t":%.6f}\n'
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
HAPROXY = """
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-no-delay
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server s 127.0.0.1:{upstream}
"""


# --- the upstream


class _Upstream(asyncio.Protocol):
    """`/stream/COUNT/RATE`: so many chunks, so many a second. Everything else: takes the body and says ok."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""
        self._left = 0
        self._path = b""
        self._stream: asyncio.Task[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._stream is not None:
            self._stream.cancel()

    def data_received(self, data: bytes) -> None:
        while data or self._read:
            if self._left:
                self._left, data = max(0, self._left - len(data)), data[self._left :]
                if self._left:
                    return
                self._answer()
                continue
            self._read += data
            head, end, data = self._read.partition(b"\r\n\r\n")
            if not end:
                return
            self._read = b""
            self._path = head.split(b" ", 2)[1]
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._left = int(length or b"0")
            if not self._left:
                self._answer()

    def _answer(self) -> None:
        if self._path.startswith(b"/stream/"):
            _, _, count, rate = self._path.split(b"/")
            self._stream = asyncio.ensure_future(self._chunks(int(count), int(rate)))
        else:
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def _chunks(self, count: int, rate: int) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        begun = time.monotonic()
        for number in range(1, count + 1):
            line = LINE % time.monotonic()
            self._transport.write(b"%x\r\n%s\r\n" % (len(line), line))
            if number < count:
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        self._transport.write(b"0\r\n\r\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Upstream, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


# --- the ways to it


class Way:
    """How the client gets to the upstream: directly, or through a process of its own."""

    def __init__(self, name: str, port: int, process: psutil.Process | None) -> None:
        self.name = name
        self.port = port
        self.process = process
        self.first: list[float] = []
        self.chunks: dict[int, list[float]] = {rate: [] for rate in RATES}
        self.cpu: dict[int, float] = {}
        self.memory: list[str] = []

    def cpu_s(self) -> float:
        return 0.0 if self.process is None else sum(self.process.cpu_times()[:2])

    def note_memory(self) -> None:
        if self.process is not None:
            found = self.process.memory_full_info()
            self.memory.append(f"{found.rss / MB:.1f} / {found.uss / MB:.1f}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until_listening(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(port)


@contextlib.contextmanager
def _started(command: list[str], port: int) -> Iterator[psutil.Process]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until_listening(port)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


@contextlib.contextmanager
def _ways(folder: Path, haproxy: str | None) -> Iterator[list[Way]]:
    with contextlib.ExitStack() as stack:
        upstream, relay = free_port(), free_port()
        stack.enter_context(_started([sys.executable, __file__, "--upstream", str(upstream)], upstream))
        ours = [sys.executable, "-m", "tray_app", "--home", str(folder), "relay", "--listen", f"127.0.0.1:{relay}"]
        process = stack.enter_context(_started([*ours, "--upstream", f"http://127.0.0.1:{upstream}"], relay))
        ways = [Way("direct", upstream, None), Way("relay", relay, process)]
        if haproxy:
            port, config = free_port(), folder / "haproxy.cfg"
            config.write_text(HAPROXY.format(port=port, upstream=upstream))
            process = stack.enter_context(_started([haproxy, "-db", "-f", str(config)], port))
            ways.insert(1, Way("HAProxy", port, process))
        yield ways


# --- the client


def _connection(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _request(path: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    return f"{head}User-Agent: bench\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def _first_bytes(way: Way, count: int) -> None:
    request = _request("/stream/1/1000")
    with _connection(way.port) as link:
        for _ in range(count):
            begun = time.perf_counter()
            link.sendall(request)
            read = link.recv(65536)
            while b" tok" not in read:
                read += link.recv(65536)
            way.first.append(time.perf_counter() - begun)
            while not read.endswith(b"0\r\n\r\n"):
                read += link.recv(65536)


def _stream(way: Way, rate: int, seconds: float) -> None:
    cpu = way.cpu_s()
    with _connection(way.port) as link:
        link.sendall(_request(f"/stream/{int(rate * seconds)}/{rate}"))
        read = b""
        while not read.endswith(b"0\r\n\r\n"):
            got = link.recv(65536)
            now = time.monotonic()
            sent = [part.partition(b"}")[0] for part in got.split(b'"t":')[1:]]
            way.chunks[rate] += [now - float(text) for text in sent if len(text) > 6]
            read = read[-8:] + got
    way.cpu[rate] = min(way.cpu.get(rate, 1.0), (way.cpu_s() - cpu) / seconds)


def _upload(way: Way, size: int) -> float:
    """The most memory that was seen meanwhile, in MB."""
    most, block = 0, bytes(4 * MB)
    with _connection(way.port) as link:
        link.sendall(b"POST /api/blobs/sha256-0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % size)
        for number in range(size // len(block)):
            link.sendall(block)
            if way.process is not None and number % 16 == 0:
                most = max(most, way.process.memory_info().rss)
        assert link.recv(65536).startswith(b"HTTP/1.1 200")
    return most / MB


# --- the table


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def _added(way: list[float], direct: list[float]) -> str:
    """Median and p99."""
    return " / ".join(f"{_at(way, share) - _at(direct, share):+.2f}" for share in (0.5, 0.99))


def _say(ways: list[Way]) -> None:
    direct = ways[0]
    print(f"direct: first byte {_at(direct.first, 0.5):.2f} / {_at(direct.first, 0.99):.2f} ms (median / p99)")
    print("\n| added | " + " | ".join(way.name for way in ways[1:]) + " |\n|---|" + "---|" * len(ways[1:]))
    rows: dict[str, list[str]] = {}
    for way in ways[1:]:
        rows.setdefault("first byte, median / p99, ms", []).append(_added(way.first, direct.first))
        for rate in RATES:
            added = _added(way.chunks[rate], direct.chunks[rate])
            rows.setdefault(f"a chunk at {rate}/s, median / p99, ms", []).append(added)
            rows.setdefault(f"CPU of a core at {rate} chunks/s", []).append(f"{way.cpu[rate]:.2%}")
        rows.setdefault("memory (RSS / own) begun, many requests, upload, MB", []).append(", ".join(way.memory))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--haproxy", default=shutil.which("haproxy"))
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--upload-gb", type=float, default=4.0)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.upstream:
        asyncio.run(_serve(options.upstream))
        return
    with tempfile.TemporaryDirectory() as folder, _ways(Path(folder), options.haproxy) as ways:
        for way in ways:
            _first_bytes(way, 100)
            way.first.clear()
            way.note_memory()
        for _, way in itertools.product(range(ROUNDS), ways):
            _first_bytes(way, options.requests // ROUNDS)
            for rate in RATES:
                _stream(way, rate, options.seconds / ROUNDS * 3)
        for way in ways[1:]:
            kept = way.first.copy()
            _first_bytes(way, options.many)
            way.first = kept
            way.note_memory()
            most = _upload(way, int(options.upload_gb * 1024) * MB)
            way.note_memory()
            way.memory[-1] += f" (most {most:.1f})"
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        print(f"load {load:.1f}, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
        _say(ways)


if __name__ == "__main__":
    main()
