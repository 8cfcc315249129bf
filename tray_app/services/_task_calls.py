"""Bodies and answers of Open WebUI's task endpoints and of a streamed chat, for timing real calls."""

from msgspec import Struct

from tray_app.core.tasks.releases import TASK_KINDS
from tray_app.core.values.errors.service import Invalid
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Json
from tray_app.services._answer import short
from tray_app.services._decode import an_object, objects, part, text

_QUESTION = "How do I keep basil alive on a kitchen window?"
_REPLY = "Bright light, water when the top of the soil is dry, and regular pinching."


class TaskAnswer(Struct, frozen=True):
    """`model` is the one that really answered: the proof of a switch."""

    model: str
    seconds: float


def body(task: Setting, model: str) -> Json:
    """A short chat that any model can work on."""
    messages: list[Json] = [{"role": "user", "content": _QUESTION}, {"role": "assistant", "content": _REPLY}]
    made: dict[str, Json] = {"model": model, "messages": messages, "prompt": _QUESTION, "stream": False}
    if call_type := TASK_KINDS[task].call_type:
        made["type"] = call_type
    return made


def decode(answer: Json, seconds: float, url: str) -> TaskAnswer:
    """Titles, tags and follow-ups that are switched off answer 200 with a detail and no choices: Invalid."""
    found = an_object(answer, url)
    if "choices" not in found:
        raise Invalid(url, (), short(text(found, "detail")), 200)
    return TaskAnswer(text(found, "model"), seconds)


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
