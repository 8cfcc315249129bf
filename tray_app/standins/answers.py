"""What the played models answer: JSON where a task's prompt asks for it, else plain sentences."""

import json

# A word of the prompt template, and an answer that Open WebUI's parser accepts.
_TASK_ANSWERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("autocompletion system", {"text": " and keep the chat fast"}),
    ('"follow_ups"', {"follow_ups": ["Why is it slow?", "How much memory is left?", "What can I switch off?"]}),
    ('"queries"', {"queries": ["local model memory"]}),
    ('"tags"', {"tags": ["Technology", "Hardware"]}),
    ('"title"', {"title": "Memory and Models"}),
)
_SENTENCE = (
    "A large model fills most of the memory, so every further request has to wait its turn. "
    "Short background calls are cheap for a small model and expensive for a big one."
)


def answer(prompt: str) -> str:
    for mark, value in _TASK_ANSWERS:
        if mark in prompt:
            return json.dumps(value)
    if "concise, 3-5 word title" in prompt:
        return "Memory and Models"
    return _SENTENCE


def words(text: str, limit: int | None = None) -> list[str]:
    """Pieces as a model streams them; joined again they are the text. At most `limit` of them."""
    pieces = [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))]
    return pieces if limit is None or limit < 0 else pieces[:limit]
