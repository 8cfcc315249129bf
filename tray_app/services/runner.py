"""The process that runs a model for Ollama 0.30 and later (llama-server): its request slots, on loopback only."""

from collections.abc import Mapping
from typing import Any

import httpx

from tray_app.core.values.errors.service import BadAnswer, Instead, NotThatServer
from tray_app.core.values.requests import RunnerSlot
from tray_app.core.values.version import Json
from tray_app.services._decode import number, part
from tray_app.services.http import Http

Slot = RunnerSlot


def slots(port: int, *, deadline_s: float = 2.0, transport: httpx.BaseTransport | None = None) -> tuple[Slot, ...]:
    """The slots of the model served at this port of this machine.

    ServerFailed while the model loads (503), NotFound from runners before 0.30, NotThatServer where the port
    belongs to something else by now, TimedOut where a large batch keeps the runner from answering.
    """
    http = Http(f"http://127.0.0.1:{port}", deadline_s=deadline_s, transport=transport)
    try:
        return decode(http.get_json("/slots"), http.url)
    finally:
        http.close()


def decode(answer: Json, url: str) -> tuple[Slot, ...]:
    """`GET /slots` of llama.cpp's tools/server; an object instead of a list is an error that came with status 200."""
    if isinstance(answer, dict) and "error" in answer:
        raise BadAnswer(url, "loading")
    if not isinstance(answer, list) or not answer:
        raise NotThatServer(url, Instead.OTHER_JSON)
    return tuple(_slot(entry, url) for entry in answer)


def _slot(entry: Json, url: str) -> Slot:
    if not isinstance(entry, dict) or not isinstance(entry.get("is_processing"), bool):
        raise NotThatServer(url, Instead.OTHER_JSON)
    identity = number(entry, "id")
    if identity is None:
        raise NotThatServer(url, Instead.OTHER_JSON)
    following = _first(entry.get("next_token"))
    limit = number(part(entry, "params"), "n_predict")
    return Slot(
        id=identity,
        is_processing=bool(entry["is_processing"]),
        task_id=number(entry, "id_task"),
        prompt_tokens=number(entry, "n_prompt_tokens"),
        decoded=number(following, "n_decoded"),
        limit_tokens=limit or None,
    )


def _first(following: Any) -> Mapping[str, Any]:
    """A list with one object since llama.cpp 2025-09, the object itself before."""
    found = following[0] if isinstance(following, list) and following else following
    return found if isinstance(found, dict) else {}
