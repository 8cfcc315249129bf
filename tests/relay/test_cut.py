"""However bytes are cut on their way, the same come out; whatever comes in, the relay goes on."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.relay.places import CHUNKED, InThread, Ollama, chunk, get, post, sized

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
CUTS = st.lists(st.integers(1, 400), max_size=6)
BODIES = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    ollama = Ollama()
    relay = InThread(ollama.url, tmp_path_factory.mktemp("relay"))
    yield ollama, relay
    relay.end()
    ollama.close()


def in_pieces(link, data, cuts):
    for cut in cuts:
        link.send(data[:cut])
        data = data[cut:]
    link.send(data)


@FEW
@given(asked=BODIES, answered=BODIES, cuts=CUTS, back=CUTS, chunked=st.booleans(), streamed=st.booleans())
def test_the_same_bytes_come_out(world, asked, answered, cuts, back, chunked, streamed):
    ollama, relay = world
    client, whole = relay.link(), b"".join(asked)
    if chunked:
        request = post("/api/chat", b"", "Transfer-Encoding: chunked", length=False)
        request += b"".join(map(chunk, asked)) + b"0\r\n\r\n"
    else:
        request = post("/api/chat", whole)
    in_pieces(client, request, cuts)
    up = ollama.link()
    assert up.message()[2] == whole
    text = b"".join(answered)
    in_pieces(up, CHUNKED + b"".join(map(chunk, answered)) + b"0\r\n\r\n" if streamed else sized(text), back)
    assert client.message()[2] == text
    up.close()
    client.close()


@FEW
@given(noise=st.binary(min_size=1, max_size=200), spoilt=st.integers(0, 80), byte=st.integers(0, 255))
def test_noise_from_a_client_ends_nothing(world, noise, spoilt, byte):
    ollama, relay = world
    good = bytearray(get("/api/tags", "X-Elbowroom-Task: title_generation", "Connection: close"))
    good[spoilt % len(good)] = byte
    for data in (noise, bytes(good)):
        client = relay.link()
        client.send(data)
        client.reset()
    assert relay.state().pid
    while not ollama.nobody_comes(0.05):
        pass  # what was still a request has come through


@FEW
@given(noise=st.binary(max_size=200), cut=st.integers(0, 90))
def test_noise_from_ollama_is_never_an_answer_that_looks_whole(world, noise, cut):
    ollama, relay = world
    client = relay.link()
    client.send(post("/api/chat", b'{"model":"m"}'))
    up = ollama.link()
    up.message()
    real = CHUNKED + chunk(b"the answer") + b"0\r\n\r\n"
    up.send(real[: cut % (len(real) - 1)] + b"\x00" + noise)
    up.close()
    try:
        first, _, body = client.message()
    except EOFError:
        pass  # it was broken off, and looks so
    else:
        assert first.startswith("HTTP/1.1 502") or body == b"the answer"
    client.close()
    assert relay.state().pid
