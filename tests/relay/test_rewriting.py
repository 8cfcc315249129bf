"""What of a task's body is written anew on its way, by the rules of the moment at which it goes."""

import json

from msgspec.structs import replace

from tests.relay.places import BRISK, post, sized
from tray_app.core.report.codec import encode

TITLE, TAGS = "X-Elbowroom-Task: title_generation", "X-Elbowroom-Task: tags_generation"


def asked(link):
    """The document that Ollama got."""
    return json.loads(link.message()[2])


def answers(ollama, client, body, *headers):
    """A request from its client to its end; what Ollama was asked for."""
    client.send(post("/api/chat", json.dumps(body).encode(), *headers))
    up = ollama.link()
    got = asked(up)
    up.send(sized(b"{}", "200 OK", "Connection: close"))
    client.message()
    return got


def test_a_task_goes_to_its_own_model(ollama, relay, client):
    relay.ask("POST", "/rules", encode(replace(BRISK, task_models=(("title_generation", "small"),))))
    assert answers(ollama, client, {"model": "big"}, TITLE) == {"model": "small"}
    assert answers(ollama, client, {"model": "big"}, TAGS) == {"model": "big"}
    assert answers(ollama, client, {"model": "big", "keep_alive": 0}) == {"model": "big", "keep_alive": 0}
    told = [(one.task, one.model) for one in relay.until(lambda state: len(state.finished) == 3).finished]
    assert told == [("title_generation", "small"), ("tags_generation", "big"), ("", "big")]


def test_a_chats_model_stays_and_is_not_loaded_anew(ollama, relay, client):
    """The title comes beside the answer, before anybody knows with which context the model was loaded."""
    talker = relay.link()
    talker.send(post("/api/chat", b'{"model":"big"}'))
    chat = ollama.link()
    asked(chat)
    client.send(post("/api/chat", b'{"model":"big","keep_alive":0}', TITLE))
    relay.until(lambda state: len(state.standing) == 2)
    relay.ask("POST", "/rules", encode(replace(BRISK, contexts=(("big:latest", 8192),))))
    chat.send(sized(b"answer"))
    talker.message()
    assert asked(chat) == {"model": "big", "options": {"num_ctx": 8192}}, "on the connection that was kept"
    chat.send(sized(b"title"))
    assert client.message()[2] == b"title"
    talker.close()
