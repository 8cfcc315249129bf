"""Who is at the model now, and who waits: for `status`, `watch` and the menu."""

from collections.abc import Sequence

from tray_app.core.text.lines import clean
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.requests import RequestKind, Requests, RunningRequest, TaskCall, WaitingRequest
from tray_app.core.values.task_settings import Setting

STEP_S = 10.0
"""A menu that changed with every look would be pushed to the screen each time."""


def call_name(kind: RequestKind, task: str | None, tr: Translator) -> str:
    """`chat`, `title of a chat`; a background task where it is not told which."""
    if kind is RequestKind.CHAT:
        return tr.gettext("chat")
    if kind is RequestKind.UNKNOWN:
        return tr.gettext("a request")
    names: dict[str, str] = {
        TaskCall.TITLES: tr.gettext("title of a chat"),
        TaskCall.TAGS: tr.gettext("tags of a chat"),
        TaskCall.FOLLOW_UPS: tr.gettext("follow-ups of a chat"),
        TaskCall.AUTOCOMPLETE: tr.gettext("autocomplete"),
        TaskCall.QUERIES: tr.gettext("search queries for a chat"),
        Setting.SEARCH_QUERIES: tr.gettext("search queries for a chat"),
        Setting.RETRIEVAL_QUERIES: tr.gettext("queries for a chat's files"),
        TaskCall.EMOJI: tr.gettext("emoji for a chat"),
        TaskCall.IMAGE_PROMPT: tr.gettext("description of an image to make"),
        TaskCall.MERGED_ANSWER: tr.gettext("answer merged from several"),
        TaskCall.TOOL_CHOICE: tr.gettext("choice of a tool for a chat"),
        TaskCall.COMPACTION: tr.gettext("summary of a long chat"),
        TaskCall.MEMORY_REVIEW: tr.gettext("review of memories"),
    }
    return names.get(task or "", tr.gettext("background task"))


def running(one: RunningRequest, tr: Translator, *, steady: bool = False) -> str:
    """`qwen3:32b: chat, for 12 s`; `steady`: without what changes with every look."""
    what = call_name(one.kind, one.task, tr)
    if steady or one.running_s is None:
        return tr.gettext("{model}: {what}").format(model=_model(one.model), what=what)
    return tr.gettext("{model}: {what}, for {seconds} s").format(
        model=_model(one.model), what=what, seconds=f"{max(0.0, one.running_s):.0f}"
    )


def waiting(one: WaitingRequest, tr: Translator, *, steady: bool = False) -> str:
    """`qwen3:32b: title of a chat, held 4 s`; whoever waits at Ollama waits, who is kept back before it is held."""
    if one.held:
        text = tr.gettext("{model}: {what}, held {seconds} s")
    else:
        text = tr.gettext("{model}: {what}, waits {seconds} s")
    seconds = one.waited_s if not steady or one.waited_s < STEP_S else one.waited_s // STEP_S * STEP_S
    told = text.format(model=_model(one.model), what=call_name(one.kind, one.task, tr), seconds=f"{seconds:.0f}")
    if not one.broken_off:
        return told
    gave_way = tr.ngettext("gave way to a chat {count} time", "gave way to a chat {count} times", one.broken_off)
    return f"{told}, {gave_way.format(count=one.broken_off)}"


def who(requests: Requests, most: int, tr: Translator, *, steady: bool = False) -> list[str]:
    """Those that run, then those that wait, then those that are held; how many more there are where there are many."""
    told: Sequence[str] = [running(one, tr, steady=steady) for one in requests.active]
    told = [*told, *(waiting(one, tr, steady=steady) for one in requests.queue or ())]
    if len(told) <= most:
        return list(told)
    left = len(told) - most + 1
    return [*told[: most - 1], tr.ngettext("{count} more", "{count} more", left).format(count=left)]


def _model(name: str | None) -> str:
    return short(clean(name)) if name else "?"
