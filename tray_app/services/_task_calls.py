"""Bodies and answers of Open WebUI's task endpoints and of a streamed chat, for timing real calls."""

import itertools
import time
from collections.abc import Callable

from msgspec import Struct

from tray_app.core.tasks.conversations import Conversation
from tray_app.core.tasks.releases import TASK_KINDS
from tray_app.core.values.errors.service import BadAnswer, Invalid
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Json
from tray_app.services._answer import short
from tray_app.services._decode import an_object, number, objects, part, text
from tray_app.services.http import Http

CALL_DEADLINE_S = 600.0
WRITTEN_LIMIT = 20_000
"""Characters of an answer that are looked at: a title has a hundred."""


class TaskAnswer(Struct, frozen=True):
    """`model` is the one that really answered: the proof of a switch. `tokens`: read and written; None where the answer
    does not tell."""

    model: str
    seconds: float
    text: str = ""
    tokens: tuple[int, int] | None = None


def body(task: Setting, model: str, about: Conversation) -> Json:
    """A short chat that any model can work on."""
    roles = itertools.cycle(("user", "assistant"))
    messages: list[Json] = [{"role": role, "content": said} for role, said in zip(roles, about.turns, strict=False)]
    made: dict[str, Json] = {"model": model, "messages": messages, "prompt": about.question, "stream": False}
    if call_type := TASK_KINDS[task].call_type:
        made["type"] = call_type
    return made


def decode(answer: Json, seconds: float, url: str) -> TaskAnswer:
    """Titles, tags and follow-ups that are switched off answer 200 with a detail and no choices: Invalid."""
    found = an_object(answer, url)
    if "choices" not in found:
        raise Invalid(url, (), short(text(found, "detail")), 200)
    message = next((part(choice, "message") for choice in objects(found, "choices", url)), {})
    said = text(message, "content") or text(message, "reasoning_content")  # as Open WebUI itself takes it
    return TaskAnswer(text(found, "model"), seconds, said[:WRITTEN_LIMIT], _tokens(part(found, "usage")))


def _tokens(usage: dict[str, Json]) -> tuple[int, int] | None:
    """As endpoints of OpenAI's type count them, or as Open WebUI passes Ollama's own count on."""
    read = number(usage, "prompt_tokens") or number(usage, "prompt_eval_count")
    written = number(usage, "completion_tokens") or number(usage, "eval_count")
    return None if not read or written is None else (read, written)


def has_words(event: Json, url: str) -> bool:
    """Whether a chunk of a streamed answer brings text, words of thinking included. Invalid where it is an error."""
    entry = event if isinstance(event, dict) else {}
    if problem := entry.get("error") or entry.get("detail"):
        said = part(entry, "error").get("message", problem)
        raise Invalid(url, (), short(str(said)), 200)
    if "choices" not in entry:
        return False
    return any(_words(part(choice, "delta")) for choice in objects(entry, "choices", url))


def _words(delta: dict[str, Json]) -> bool:
    return any(text(delta, key) for key in ("content", "reasoning_content", "reasoning"))


def timed(http: Http, path: str, body: Json, cancelled: Callable[[], bool] | None) -> TaskAnswer:
    """One call, and how long it took."""
    started = time.monotonic()
    answer = http.post_json(path, body, deadline_s=CALL_DEADLINE_S, cancelled=cancelled)
    return decode(answer, time.monotonic() - started, http.url)


def first_token(http: Http, model: str, prompt: str, cancelled: Callable[[], bool]) -> float:
    """Seconds from asking to the first word; the answer is then cut off."""
    body: Json = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": True}
    started = time.monotonic()
    events = http.post_events("/api/chat/completions", body, cancelled=cancelled)
    for event in events:
        if has_words(event, http.url):
            events.close()
            return time.monotonic() - started
    raise BadAnswer(http.url, "an answer without words")
