"""What each setting of Open WebUI is called: all words of a task stand here."""

from collections.abc import Collection

from msgspec import Struct

from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.task_settings import TASKS, Setting


class TaskWords(Struct, frozen=True):
    """`name`: as Open WebUI's users know it; `inline`: within a sentence; `turn_off`: a row that does it; `lacks`:
    what a version without the setting has not, with the place {version}.
    """

    name: str
    inline: str
    turn_off: str
    lacks: str


def task_words(task: Setting, tr: Translator) -> TaskWords:
    """Of one of TASKS; of another setting, KeyError."""
    match task:
        case Setting.TITLES:
            return TaskWords(
                tr.gettext("Titles"),
                tr.gettext("titles"),
                tr.gettext("Turn titles off"),
                tr.gettext("Open WebUI {version} has no switch for titles: it always makes them."),
            )
        case Setting.TAGS:
            return TaskWords(
                tr.gettext("Tags"),
                tr.gettext("tags"),
                tr.gettext("Turn tags off"),
                tr.gettext("Open WebUI {version} has no switch for tags."),
            )
        case Setting.FOLLOW_UPS:
            return TaskWords(
                tr.gettext("Follow-ups"),
                tr.gettext("follow-ups"),
                tr.gettext("Turn follow-ups off"),
                tr.gettext("Open WebUI {version} has no follow-ups."),
            )
        case Setting.AUTOCOMPLETE:
            return TaskWords(
                tr.gettext("Autocomplete"),
                tr.gettext("autocomplete"),
                tr.gettext("Turn autocomplete off"),
                tr.gettext("Open WebUI {version} has no autocomplete."),
            )
        case Setting.SEARCH_QUERIES:
            return TaskWords(
                tr.gettext("Search queries"),
                tr.gettext("search queries"),
                tr.gettext("Turn search queries off"),
                tr.gettext("Open WebUI {version} has no switch for search queries."),
            )
        case Setting.RETRIEVAL_QUERIES:
            return TaskWords(
                tr.gettext("Retrieval queries"),
                tr.gettext("retrieval queries"),
                tr.gettext("Turn retrieval queries off"),
                tr.gettext("Open WebUI {version} has no retrieval queries."),
            )
    raise KeyError(task)


def tasks_named(tasks: Collection[Setting], tr: Translator) -> str:
    """`titles, tags, follow-ups`."""
    return listed((task_words(task, tr).inline for task in TASKS if task in tasks), tr)


def setting_name(setting: Setting, tr: Translator) -> str:
    """The name as Open WebUI's users know it."""
    if setting in TASKS:
        return task_words(setting, tr).name
    return {
        Setting.TASK_MODEL: tr.gettext("Task model"),
        Setting.TASK_MODEL_EXTERNAL: tr.gettext("Task model (external)"),
        Setting.TASK_MODEL_PARAMS: tr.gettext("Task model parameters"),
        Setting.OLLAMA_CONNECTION: tr.gettext("Ollama connection"),
        Setting.OPENAI_CONNECTION: tr.gettext("Hosted connection"),
        Setting.OPENAI_API: tr.gettext("Hosted connections"),
    }[setting]


def unsupported(setting: str, tr: Translator) -> str:
    """What a version that lacks this setting has not, with the places {version} and {setting}."""
    if setting == Setting.TASK_MODEL_PARAMS.value:
        return tr.gettext("Open WebUI {version} has no parameters for the task model.")
    if setting == Setting.OLLAMA_CONNECTION.value:
        return tr.gettext("The connection to Ollama is no longer in Open WebUI's list.")
    known = (task_words(task, tr).lacks for task in TASKS if task.value == setting)
    return next(known, tr.gettext("Open WebUI {version} has no setting `{setting}`."))


def prove_words(tr: Translator) -> str:
    """Of a row or button; what is stored need not be what takes effect."""
    return tr.gettext("Prove it with one title call")


def unless_bypassed(tr: Translator) -> str:
    """Of a model that only some may use."""
    return tr.gettext("Nobody's fail where Open WebUI runs with BYPASS_MODEL_ACCESS_CONTROL, which it does not tell.")
