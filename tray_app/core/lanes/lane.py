"""In which lane a request goes: by its path, and by the word that Open WebUI puts into the header for us."""

from tray_app.core.tasks.calls import WORDS
from tray_app.core.values.relay import Lane
from tray_app.core.values.requests import TaskCall

GENERATES = "POST"
GENERATIONS = frozenset(
    {
        "/api/chat",
        "/api/generate",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/messages",
        "/v1/responses",
    }
)
"""Paths at which Ollama generates. All others answer at once, or have nothing to do with the model that runs."""
AFTER_ANSWER = frozenset(
    WORDS[call]
    for call in (TaskCall.TITLES, TaskCall.TAGS, TaskCall.FOLLOW_UPS, TaskCall.EMOJI, TaskCall.MEMORY_REVIEW)
)
WHILE_TYPING = frozenset({WORDS[TaskCall.AUTOCOMPLETE]})
BEFORE_ANSWER = frozenset(
    WORDS[call] for call in (TaskCall.QUERIES, TaskCall.TOOL_CHOICE, TaskCall.IMAGE_PROMPT, TaskCall.COMPACTION)
)
"""Once one of these has ended, its answer is sure to be asked for."""


def lane(method: str, path: str, word: str) -> Lane:
    """`path` as it is asked for at Ollama, `word` empty where the header is missing: another client, or a chat.

    A word that is not known is a chat's: a new kind of call may stand before an answer, and none may wait by mistake.
    """
    if method.upper() != GENERATES or path.partition("?")[0].rstrip("/") not in GENERATIONS:
        return Lane.OTHER
    if word in AFTER_ANSWER:
        return Lane.TASK
    return Lane.TYPING if word in WHILE_TYPING else Lane.CHAT
