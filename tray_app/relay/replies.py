"""What the relay says itself, in Ollama's form. The sentences are handed in."""

import json
import time

from msgspec import Struct


class Replies(Struct, frozen=True):
    """Bodies of answers: `{"error": "..."}`."""

    unreachable: bytes
    """Ollama is not there."""
    loop: bytes
    """Ollama's address leads back here."""
    dropped: bytes
    """An autocomplete that nobody needs any more."""


def error_body(sentence: str) -> bytes:
    return json.dumps({"error": sentence}).encode("ascii")


def empty_completion(path: str, model: str) -> bytes | None:
    """An answer that proposes nothing, so that nobody logs an error; None for paths that Open WebUI does not use."""
    if path != "/api/chat":
        return None
    answer = {
        "model": model,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "message": {"role": "assistant", "content": '{"text": ""}'},
        "done": True,
        "done_reason": "stop",
    }
    return json.dumps(answer).encode("ascii") + b"\n"
