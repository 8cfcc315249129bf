"""What a call of Open WebUI is for, by the word that it gives it itself ({{TASK}}, 0.10 and later)."""

from tray_app.core.values.requests import Call

CALLS: dict[str, Call] = {
    "title_generation": Call.TITLES,
    "tags_generation": Call.TAGS,
    "follow_up_generation": Call.FOLLOW_UPS,
    "autocomplete_generation": Call.AUTOCOMPLETE,
    "query_generation": Call.QUERIES,
    "emoji_generation": Call.EMOJI,
    "image_prompt_generation": Call.IMAGE_PROMPT,
    "moa_response_generation": Call.MERGED_ANSWER,
    "function_calling": Call.TOOL_CHOICE,
    "context_compaction": Call.COMPACTION,
    "memory_review": Call.MEMORY_REVIEW,
}
"""constants.py, TASKS, and the placeholders of utils/task.py."""


def call_of(word: str) -> Call | None:
    """None for a chat and for other clients."""
    return CALLS.get(word, Call.OTHER) if word else None
