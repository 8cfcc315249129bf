"""Connections to Ollama: kept for a moment, never taken when they are old, never mixed up."""

import asyncio
import contextlib

import pytest

from tray_app.relay.upstream import Upstream


class Asker:
    """Somebody who sends one request by hand and notes what comes."""

    def __init__(self):
        self.connection = None
        self.seen = []
        self.over = asyncio.Event()

    def connected(self, connection):
        self.connection = connection
        connection.use(self, no_body=False)
        connection.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.sent()
        connection.flush()

    def not_connected(self):
        self.seen.append("not there")
        self.over.set()

    def answer_head(self, answered):
        self.seen.append(answered.status)

    def answer_data(self, data):
        self.seen.append(data)

    def answer_end(self):
        self.seen.append("end")
        self.over.set()

    def answer_broken(self):
        self.seen.append("broken")
        self.over.set()

    def may_go_on(self):
        self.seen.append("go on")

    def upstream_slow(self, slow):
        self.seen.append(slow)

    def flush(self):
        pass


class Scripted:
    """A server that answers each request with the next answer."""

    def __init__(self, answers, *, closes):
        self._answers = iter(answers)
        self._closes = closes
        self._writers = []

    async def begin(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Upstream(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/")

    async def end(self):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _serve(self, reader, writer):
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(next(self._answers))
                if self._closes:
                    writer.close()
                    return


def answered(*answers, closes=False):
    """What each of a few requests, one after the other, saw of a server that answers so, and over how many connections."""

    async def run():
        server = Scripted(answers, closes=closes)
        upstream = await server.begin()
        askers = []
        for _ in answers:
            asker = Asker()
            upstream.connect(asker)
            await asyncio.wait_for(asker.over.wait(), 10)
            askers.append(asker)
        upstream.close()
        await server.end()
        return [asker.seen for asker in askers], len({id(asker.connection) for asker in askers})

    return asyncio.run(run())


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


def test_one_connection_serves_one_request_after_the_other():
    assert answered(OK, OK, OK) == ([[200, b"x", "end"]] * 3, 1)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", [200, b"x", "end"]),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", [200, b"x", "end"]),
        (OK + b"more than was asked for", [200, b"x", "end"]),
    ],
)
def test_a_connection_that_is_not_to_be_used_again(answer, seen):
    assert answered(answer, OK) == ([seen, [200, b"x", "end"]], 2)


def test_what_comes_before_the_answer_is_not_the_answer():
    early = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    assert answered(early + OK)[0] == [["go on", 200, b"x", "end"]]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nall of it", [200, b"all of it", "end"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha", [200, b"ha", "broken"]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n", [200, b"ha", "broken"]),
        (b"", ["broken"]),
        (b"HTTP/1.1 200", ["broken"]),
        (b"no HTTP at all\r\n\r\n", ["broken"]),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\nxyz", ["broken"]),
    ],
)
def test_the_end_of_the_connection(answer, seen):
    assert answered(answer, closes=True)[0] == [seen]


def test_nobody_is_there():
    async def run():
        asker = Asker()
        upstream = Upstream("http://127.0.0.1:1")
        upstream.connect(asker)
        await asyncio.wait_for(asker.over.wait(), 10)
        return asker.seen, upstream.is_ok

    assert asyncio.run(run()) == (["not there"], False)


def test_a_call_that_is_called_off_says_nothing():
    async def run():
        server = Scripted([], closes=True)
        upstream = await server.begin()
        asker = Asker()
        upstream.connect(asker)()
        await asyncio.sleep(0.1)
        await server.end()
        return asker.seen

    assert asyncio.run(run()) == []
