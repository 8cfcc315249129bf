"""What may be changed in Open WebUI, by name, and its task settings as values."""

from enum import StrEnum

from msgspec import Struct


class Switch(StrEnum):
    ON = "on"
    OFF = "off"
    UNSUPPORTED = "unsupported"


class DocumentKind(StrEnum):
    """The documents that may be changed. Each is carried whole, with only the keys of a plan changed."""

    TASK_SETTINGS = "task-settings"
    OLLAMA_CONNECTIONS = "ollama-connections"
    OPENAI_CONNECTIONS = "openai-connections"


class Setting(StrEnum):
    """What a plan changes: the words of `elbowroom set`, and what other documents hold. Values are stable."""

    TITLES = "titles"
    TAGS = "tags"
    FOLLOW_UPS = "follow-ups"
    AUTOCOMPLETE = "autocomplete"
    SEARCH_QUERIES = "search-queries"
    RETRIEVAL_QUERIES = "retrieval-queries"
    TASK_MODEL = "task-model"
    TASK_MODEL_EXTERNAL = "task-model-external"
    TASK_MODEL_PARAMS = "task-model-params"
    OLLAMA_CONNECTION = "ollama-connection"
    OPENAI_CONNECTION = "openai-connection"
    OPENAI_API = "openai-api"

    @property
    def document(self) -> DocumentKind:
        return _ELSEWHERE.get(self, DocumentKind.TASK_SETTINGS)


_ELSEWHERE = {
    Setting.OLLAMA_CONNECTION: DocumentKind.OLLAMA_CONNECTIONS,
    Setting.OPENAI_CONNECTION: DocumentKind.OPENAI_CONNECTIONS,
    Setting.OPENAI_API: DocumentKind.OPENAI_CONNECTIONS,
}

SLOTS = (Setting.TASK_MODEL, Setting.TASK_MODEL_EXTERNAL)

TASKS = tuple(setting for setting in Setting if setting not in {*SLOTS, Setting.TASK_MODEL_PARAMS, *_ELSEWHERE})


class Comes(StrEnum):
    """What makes a task run, in order of the calls it causes. Values are stable words of the remedies' reasons."""

    EVERY_MESSAGE = "every-message"
    FIRST_MESSAGE = "first-message"
    WHILE_TYPING = "while-typing"
    FILES = "files"
    WEB_SEARCH = "web-search"


_FIELD = {one: one.value.replace("-", "_") for one in Setting}


class TaskSettings(Struct, frozen=True):
    """The document as values. `task_model_params` is None where the version has no such field (before 0.11.1)."""

    titles: Switch
    tags: Switch
    follow_ups: Switch
    autocomplete: Switch
    search_queries: Switch
    retrieval_queries: Switch
    task_model: str
    task_model_external: str
    task_model_params: str | None = None
    """Canonical JSON (sorted keys), so that the value stays hashable."""

    def switch(self, task: Setting) -> Switch:
        """The state of one of TASKS."""
        state: Switch = getattr(self, _FIELD[task])
        return state

    def model(self, slot: Setting) -> str:
        """The model id in one of SLOTS; empty: same as the chat model."""
        return self.task_model if slot is Setting.TASK_MODEL else self.task_model_external
