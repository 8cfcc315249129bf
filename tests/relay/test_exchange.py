"""What an exchange does with the orders of the policy, each given by hand."""

import asyncio
import queue

import pytest

from tests.relay.places import CHUNKED, SOON_S, chunk, post, sized
from tray_app.core.values.relay import Ending, Lane

TITLE = ("X-Elbowroom-Task: title_generation", "X-Elbowroom-Chat: c1", "X-Elbowroom-User: u1")


class Hand:
    """A policy that does nothing by itself: the test says what comes next."""

    def __init__(self):
        self.told = queue.Queue()

    def moved(self, path, task, body):
        return body.replace(b"of-the-chat", b"of-the-task")

    def fitted(self, path, task, body):
        return body.replace(b"}", b',"fitted":1}')

    def arrived(self, exchange):
        self.told.put(("arrived", exchange))

    def first_byte(self, exchange):
        self.told.put(("first byte", exchange))

    def ended(self, exchange, *, ok):
        self.told.put(("ended" if ok else "refused", exchange))

    def client_gone(self, exchange):
        self.told.put(("client gone", exchange))

    def upstream_gone(self, exchange, *, reached):
        self.told.put(("broken" if reached else "not there", exchange))

    def next(self, what):
        event, exchange = self.told.get(timeout=SOON_S)
        assert event == what
        return exchange


@pytest.fixture
def hand(relay):
    hand = Hand()
    by_hand = relay.relay._shared.__class__(
        **{name: getattr(relay.relay._shared, name) for name in relay.relay._shared.__struct_fields__}
        | {"policy": hand}
    )
    relay.relay._shared = by_hand
    return hand


@pytest.fixture
def order(relay):
    """Carry out a method of an exchange in the relay's own thread."""

    def carry_out(method):
        asyncio.run_coroutine_threadsafe(_call(method), relay._loop).result(SOON_S)

    return carry_out


async def _call(method):
    method()


def test_a_task_waits_and_is_sent_whole(ollama, client, hand, order):
    client.send(post("/api/chat", b'{"prompt":"\\"model\\": 1","model":"of-the-chat"}', *TITLE))
    exchange = hand.next("arrived")
    asking = exchange.asking()
    assert (asking.lane, asking.task, asking.model) == (Lane.TASK, "title_generation", "of-the-task")
    assert (asking.user, asking.chat) == ("u1", "c1")
    assert ollama.nobody_comes()
    order(exchange.send)
    up = ollama.link()
    assert up.message()[2] == b'{"prompt":"\\"model\\": 1","model":"of-the-task","fitted":1}'
    up.send(sized(b"title"))
    assert client.message()[2] == b"title"
    hand.next("first byte")
    hand.next("ended")


def test_what_came_before_a_break_off_is_never_seen(ollama, client, hand, order):
    client.send(post("/api/chat", b'{"model":"m"}', *TITLE))
    exchange = hand.next("arrived")
    order(exchange.send)
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b'{"wrong'))
    order(exchange.break_off)
    assert up.is_closed()
    order(exchange.send)
    up = ollama.link()
    assert up.message()[2] == b'{"model":"m","fitted":1}'
    up.send(CHUNKED, chunk(b"ri"), chunk(b"ght"), b"0\r\n\r\n")
    assert client.message()[2] == b"right"
    finished = exchange.times.finished(1, exchange.asking(), 0.0)
    assert (finished.broken_off, finished.ending, finished.status) == (1, Ending.SERVED, 200)


def test_a_task_whose_ollama_goes_is_held_or_told(ollama, client, hand, order):
    client.send(post("/api/chat", b'{"model":"m"}', *TITLE))
    exchange = hand.next("arrived")
    order(exchange.send)
    up = ollama.link()
    up.message()
    up.send(CHUNKED, chunk(b"half"))
    up.close()
    assert hand.next("broken") is exchange
    order(exchange.hold)
    order(exchange.send)
    ollama.link().close()
    hand.next("broken")
    order(exchange.fail)
    assert client.message()[0] == "HTTP/1.1 502 Bad Gateway"


def test_a_dropped_autocomplete_proposes_nothing(client, hand, order):
    client.send(post("/api/chat", b'{"model":"m"}', "X-Elbowroom-Task: autocomplete_generation"))
    exchange = hand.next("arrived")
    assert exchange.asking().lane is Lane.TYPING
    order(exchange.drop)
    first, _, body = client.message()
    assert first == "HTTP/1.1 200 OK"
    assert b'"content": "{\\"text\\": \\"\\"}"' in body


def test_a_client_that_leaves_while_it_is_held(client, hand, ollama):
    client.send(post("/api/chat", b'{"model":"m"}', *TITLE))
    exchange = hand.next("arrived")
    client.close()
    assert hand.next("client gone") is exchange
    assert ollama.nobody_comes()


def test_a_connection_that_was_closed_while_idle_is_no_failure(ollama, client, hand, order):
    client.send(post("/api/chat", b'{"model":"m"}', *TITLE))
    exchange = hand.next("arrived")
    order(exchange.send)
    up = ollama.link()
    up.message()
    up.send(sized(b"one"))
    client.message()
    hand.next("first byte")
    hand.next("ended")
    client.send(post("/api/chat", b'{"model":"m"}', *TITLE))
    exchange = hand.next("arrived")
    order(exchange.send)
    up.message()
    up.reset()  # in the moment in which the next request is on its way
    again = ollama.link()
    assert again.message()[2] == b'{"model":"m","fitted":1}'
    again.send(sized(b"two"))
    assert client.message()[2] == b"two"


@pytest.mark.parametrize("size", [512 * 1024 + 1, 3 * 1024 * 1024])
def test_a_task_too_large_to_keep_passes_as_a_chat(ollama, client, hand, order, size):
    body = b'{"model":"m","prompt":"' + b"x" * size + b'"}'
    client.send(post("/api/chat", b"", *TITLE, "Transfer-Encoding: chunked", length=False))
    client.send(chunk(body[: size // 2]))
    client.send(chunk(body[size // 2 :]), b"0\r\n\r\n")
    exchange = hand.next("arrived")
    assert exchange.asking().lane is Lane.CHAT
    assert exchange.asking().model == "m"
    order(exchange.send)
    up = ollama.link()
    assert up.message()[2] == body
