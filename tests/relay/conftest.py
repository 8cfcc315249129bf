import pytest

from tests.relay.places import InThread, Ollama


@pytest.fixture
def ollama():
    ollama = Ollama()
    yield ollama
    ollama.close()


@pytest.fixture
def relay(ollama, tmp_path):
    relay = InThread(ollama.url, tmp_path)
    yield relay
    relay.end()


@pytest.fixture
def client(relay):
    link = relay.link()
    yield link
    link.close()
