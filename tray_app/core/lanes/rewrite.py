"""The body of a task, written anew: its model, its context length, how long its model is to stay in memory.

Only what must change is changed, and only in bodies that are certain: everything else passes byte for byte. No chat
comes here.
"""

import json
from collections.abc import Collection
from typing import Any

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.names import full_name

OWN_PATHS = frozenset({"/api/chat", "/api/generate"})
"""Ollama's own. The other ones know a model, but neither options nor how long it stays."""
MODEL, OPTIONS, CONTEXT, STAY, THINK = "model", "options", "num_ctx", "keep_alive", "think"
LOADED_WITH = frozenset({CONTEXT, "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread"})
"""Options with which a model is loaded: other ones make Ollama load it anew (server/sched.go, needsReload)."""


class _Unclear(ValueError):
    """Two readers could take the body for different things."""


def rewritten(body: bytes, path: str, task: str, rules: LanesRules, chat_models: Collection[str]) -> bytes:
    """What goes to Ollama instead. `task`: Open WebUI's word; `chat_models`: the models of chats, by their full names.

    A task's own model is asked for without what was meant for another one. On a chat's model a task changes nothing
    about how long that stays: Ollama goes by the last request that says so. On a loaded model it gets the context
    length with which that was loaded.
    """
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
        if not _is_clear(document):
            return body
        before = json.dumps(document)
        moved = _give_model(document, dict(rules.task_models).get(task, ""))
        if path.partition("?")[0].rstrip("/") in OWN_PATHS:
            _keep_loaded(document, rules, stays=moved or full_name(document[MODEL]) in chat_models)
        return body if json.dumps(document) == before else json.dumps(document, allow_nan=False).encode("ascii")
    except (ValueError, RecursionError):
        return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Ollama takes a key in any case."""
    if len({name.lower() for name, _ in pairs}) < len(pairs):
        raise _Unclear
    return dict(pairs)


def _is_clear(document: Any) -> bool:
    """A request as Open WebUI writes it."""
    if not isinstance(document, dict) or not isinstance(document.get(OPTIONS), dict | None):
        return False
    names = {*document, *(document.get(OPTIONS) or ())}
    ours = {MODEL, OPTIONS, STAY, THINK, *LOADED_WITH}
    return (
        bool(document.get(MODEL))
        and isinstance(document[MODEL], str)
        and not any(name.lower() in ours and name not in ours for name in names)
    )


def _give_model(document: dict[str, Any], model: str) -> bool:
    """Whether it is another one than it asks for."""
    if not model or full_name(model) == full_name(document[MODEL]):
        return False
    document[MODEL] = model
    for name in LOADED_WITH & set(document.get(OPTIONS) or ()):
        del document[OPTIONS][name]
    if document.get(THINK):
        del document[THINK]  # a model that cannot think refuses such a request
    return True


def _keep_loaded(document: dict[str, Any], rules: LanesRules, *, stays: bool) -> None:
    """`stays`: how long is not for this task to say."""
    if stays:
        document.pop(STAY, None)
    context = {full_name(model): length for model, length in rules.contexts}.get(full_name(document[MODEL]))
    options = document.get(OPTIONS) or {}
    if context is not None and CONTEXT not in options:
        document[OPTIONS] = {**options, CONTEXT: context}
