"""What each setting of Open WebUI is called: all words of a task stand here."""

from collections.abc import Collection

from msgspec import Struct

from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.task_settings import Setting


class TaskWords(Struct, frozen=True):
    """`name`: as Open WebUI's users know it; `inline`: within a sentence; `turn_off`: a row that does it; `lacks`:
    what a version without the setting has not, with the place {version}.
    """

    name: str
    inline: str
    turn_off: str
    lacks: str


def task_words(tr: Translator) -> dict[Setting, TaskWords]:
    """By task, in the order in which they are listed."""
    return {
        Setting.TITLES: TaskWords(
            tr.gettext("Titles"),
            tr.gettext("titles"),
            tr.gettext("Turn titles off"),
            tr.gettext("Open WebUI {version} has no switch for titles: it always makes them."),
        ),
        Setting.TAGS: TaskWords(
            tr.gettext("Tags"),
            tr.gettext("tags"),
            tr.gettext("Turn tags off"),
            tr.gettext("Open WebUI {version} has no switch for tags."),
        ),
        Setting.FOLLOW_UPS: TaskWords(
            tr.gettext("Follow-ups"),
            tr.gettext("follow-ups"),
            tr.gettext("Turn follow-ups off"),
            tr.gettext("Open WebUI {version} has no follow-ups."),
        ),
        Setting.AUTOCOMPLETE: TaskWords(
            tr.gettext("Autocomplete"),
            tr.gettext("autocomplete"),
            tr.gettext("Turn autocomplete off"),
            tr.gettext("Open WebUI {version} has no autocomplete."),
        ),
        Setting.SEARCH_QUERIES: TaskWords(
            tr.gettext("Search queries"),
            tr.gettext("search queries"),
            tr.gettext("Turn search queries off"),
            tr.gettext("Open WebUI {version} has no switch for search queries."),
        ),
        Setting.RETRIEVAL_QUERIES: TaskWords(
            tr.gettext("Retrieval queries"),
            tr.gettext("retrieval queries"),
            tr.gettext("Turn retrieval queries off"),
            tr.gettext("Open WebUI {version} has no retrieval queries."),
        ),
    }


def tasks_named(tasks: Collection[Setting], tr: Translator) -> str:
    """`titles, tags, follow-ups`."""
    return listed((words.inline for task, words in task_words(tr).items() if task in tasks), tr)


def setting_name(setting: Setting, tr: Translator) -> str:
    """The name as Open WebUI's users know it."""
    others = {
        Setting.TASK_MODEL: tr.gettext("Task model"),
        Setting.TASK_MODEL_EXTERNAL: tr.gettext("Task model (external)"),
        Setting.TASK_MODEL_PARAMS: tr.gettext("Task model parameters"),
        Setting.OLLAMA_CONNECTION: tr.gettext("Ollama connection"),
        Setting.OPENAI_CONNECTION: tr.gettext("Hosted connection"),
        Setting.OPENAI_API: tr.gettext("Hosted connections"),
    }
    return others[setting] if setting in others else task_words(tr)[setting].name


def unsupported(setting: str, tr: Translator) -> str:
    """What a version that lacks this setting has not, with the places {version} and {setting}."""
    if setting == Setting.TASK_MODEL_PARAMS.value:
        return tr.gettext("Open WebUI {version} has no parameters for the task model.")
    if setting == Setting.OLLAMA_CONNECTION.value:
        return tr.gettext("The connection to Ollama is no longer in Open WebUI's list.")
    known = (words.lacks for task, words in task_words(tr).items() if task.value == setting)
    return next(known, tr.gettext("Open WebUI {version} has no setting `{setting}`."))


def prove_words(tr: Translator) -> str:
    """Of a row or button; what is stored need not be what takes effect."""
    return tr.gettext("Prove it with one title call")


def unless_bypassed(tr: Translator) -> str:
    """Of a model that only some may use."""
    return tr.gettext("Nobody's fail where Open WebUI runs with BYPASS_MODEL_ACCESS_CONTROL, which it does not tell.")
