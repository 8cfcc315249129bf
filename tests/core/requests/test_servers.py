"""Open WebUI's busy chats say something about this Ollama only where every chat runs at it."""

import pytest
from msgspec.structs import replace

from tray_app.core.requests.kind import settings_of
from tray_app.core.values.connections import OllamaConnection, Served
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import Access, InstalledModel, Ollama, OpenWebUI, Presence, WebUIModel

OURS, BOX = OllamaConnection(0, "http://127.0.0.1:11434", "mac"), OllamaConnection(1, "http://box:11434", "box")
OLLAMA = Ollama(
    "http://127.0.0.1:11434", Presence.RUNNING, installed=(InstalledModel("a:1b", "d-a", 5, changed_at=1.0),)
)
HERE = WebUIModel("mac.a:1b", "a", "ollama", ollama_name="a:1b", digest="d-a", served=Served((0,), changed_at=1.0))
THERE = WebUIModel("box.a:1b", "a", "ollama", ollama_name="a:1b", digest="d-a", served=Served((1,), changed_at=2.0))
OPENAI = WebUIModel("a:1b", "a", "openai", url_index=0, served=Served(address="127.0.0.1:11434", upstream="a:1b"))


@pytest.mark.parametrize(
    ("models", "connections", "all_local"),
    [
        ((HERE,), (OURS,), True),
        ((HERE, THERE), (OURS, BOX), False),
        ((HERE, replace(HERE, id="b", served=Served((0, 1)))), (OURS, BOX), False),  # calls of one are spread over both
        ((OPENAI,), (), True),  # its own Ollama, by the OpenAI type of address
        ((replace(OPENAI, served=Served(address="api.example.com:443", upstream="gpt")),), (), False),
    ],
)
def test_chats_of_another_server_are_not_counted_here(models, connections, all_local):
    server = OpenWebUI(
        "http://127.0.0.1:3000",
        "0.12.4",
        Access.ADMIN,
        models=Known(models, 0.0),
        connections=Known(connections, 0.0),
    )
    assert settings_of(server, OLLAMA).all_local is all_local
