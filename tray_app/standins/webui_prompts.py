"""The task prompts of the played Open WebUI. The opening lines are those of its releases (config.py, main.py)."""

from collections.abc import Sequence
from typing import Any

from tray_app.core.values.version import Version

# Task -> opening and the release it came with, newest first; then what the answer must look like.
_OPENINGS: dict[str, tuple[tuple[Version, str], ...]] = {
    "title": (
        ((0, 11, 0), "### Task:\nGenerate a concise title summarizing the chat history.\n### Guidelines:"),
        ((0, 5, 8), "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."),
        ((0, 3, 0), "Create a concise, 3-5 word title with an emoji as a title for the chat history, "),
    ),
    "tags": (((0, 3, 0), "### Task:\nGenerate 1-3 broad tags categorizing the main themes of the chat history"),),
    "follow_up": (
        ((0, 12, 1), "### Task:\nPredict 3-5 useful messages this user might naturally send next to advance the chat."),
        ((0, 6, 14), "### Task:\nSuggest 3-5 relevant follow-up questions or prompts that the user might ask next"),
    ),
    "queries": (
        ((0, 4, 6), "### Task:\nAnalyze the chat history to determine the necessity of generating search queries"),
        ((0, 4, 0), "### Task:\nBased on the chat history, determine whether a search is necessary, and if so"),
        ((0, 3, 0), "Given the user's message and interaction history, decide if a web search is necessary."),
    ),
    "auto": (((0, 4, 7), "### Task:\nYou are an autocompletion system. Continue the text in `<text>` based on"),),
}
_SHAPES = {
    "title": 'JSON format: { "title": "..." }',
    "tags": 'JSON format: { "tags": ["..."] }',
    "follow_up": 'JSON format: { "follow_ups": ["..."] }',
    "queries": 'JSON format: { "queries": ["..."] }',
    "auto": 'JSON format: { "text": "..." }',
}
_PLAIN_TITLES_BEFORE: Version = (0, 5, 8)


def prompt(task: str, version: Version, messages: Sequence[dict[str, Any]], text: str = "") -> str:
    """The one user message of a task call: opening, wanted shape, and the end of the chat."""
    opening = next(line for since, line in _OPENINGS[task] if version >= since)
    plain = task == "title" and version < _PLAIN_TITLES_BEFORE
    shape = "RESPOND ONLY WITH THE TITLE TEXT." if plain else _SHAPES[task]
    history = "\n".join(f"{message.get('role', '')}: {message.get('content', '')}" for message in messages[-6:])
    return f"{opening}\n{shape}\n<chat_history>\n{history}\n</chat_history>\n<text>{text}</text>"


def task_of(text: str) -> str | None:
    """The task whose prompt begins like this; None for anything else, such as a person's own words."""
    return next((task for task, lines in _OPENINGS.items() if any(line[:40] == text[:40] for _, line in lines)), None)


def length_limit(task: str, version: Version) -> dict[str, Any]:
    """What a release sends to Ollama to end a title: in `options`, uselessly beside them, or not at all."""
    if task != "title":
        return {}
    if version < (0, 5, 8):
        return {"options": {"num_predict": 50}}
    if version < (0, 5, 15) or version >= (0, 11, 1):
        return {"options": {"num_predict": 1000}}
    return {"num_predict": 1000} if version >= (0, 6, 36) else {}
