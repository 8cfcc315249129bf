"""What a call of Open WebUI is for, by the word that it gives it itself ({{TASK}}, 0.10 and later)."""

from tray_app.core.values.requests import TaskCall

CALLS: dict[str, TaskCall] = {
    "title_generation": TaskCall.TITLES,
    "tags_generation": TaskCall.TAGS,
    "follow_up_generation": TaskCall.FOLLOW_UPS,
    "autocomplete_generation": TaskCall.AUTOCOMPLETE,
    "query_generation": TaskCall.QUERIES,
    "emoji_generation": TaskCall.EMOJI,
    "image_prompt_generation": TaskCall.IMAGE_PROMPT,
    "moa_response_generation": TaskCall.MERGED_ANSWER,
    "function_calling": TaskCall.TOOL_CHOICE,
    "context_compaction": TaskCall.COMPACTION,
    "memory_review": TaskCall.MEMORY_REVIEW,
}
"""constants.py, TASKS, and the placeholders of utils/task.py."""


def call_of(word: str) -> TaskCall | None:
    """None for a chat and for other clients."""
    return CALLS.get(word, TaskCall.OTHER) if word else None
