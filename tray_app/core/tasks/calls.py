"""What a call of Open WebUI is for, by the word that it gives it itself ({{TASK}}, 0.10 and later)."""

from tray_app.core.values.requests import TaskCall

WORDS = {
    TaskCall.TITLES: "title_generation",
    TaskCall.TAGS: "tags_generation",
    TaskCall.FOLLOW_UPS: "follow_up_generation",
    TaskCall.AUTOCOMPLETE: "autocomplete_generation",
    TaskCall.QUERIES: "query_generation",
    TaskCall.EMOJI: "emoji_generation",
    TaskCall.IMAGE_PROMPT: "image_prompt_generation",
    TaskCall.MERGED_ANSWER: "moa_response_generation",
    TaskCall.TOOL_CHOICE: "function_calling",
    TaskCall.COMPACTION: "context_compaction",
    TaskCall.MEMORY_REVIEW: "memory_review",
}
"""constants.py, TASKS, and the placeholders of utils/task.py."""
_CALLS = {word: call for call, word in WORDS.items()}


def call_of(word: str) -> TaskCall | None:
    """None for a chat and for other clients."""
    return _CALLS.get(word, TaskCall.OTHER) if word else None
