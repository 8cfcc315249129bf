"""The remarks of a plan file, and what is said when one is followed or cannot be."""

from collections.abc import Iterable, Mapping

from tray_app.core.text.lines import clean, line, wrapped
from tray_app.core.text.tasks import setting_name, unsupported
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed
from tray_app.core.values.errors.plan_file import PlanFileError, PlanFileFault
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting
from tray_app.core.values.version import Json

COLUMNS = 100
Entry = tuple[tuple[str, ...], str, Json]
"""Remarks, key, value; None for a value that the file cannot hold."""


def _wrapped(text: str) -> tuple[str, ...]:
    pieces = wrapped(line(text), COLUMNS)
    return tuple("".join(span.text for span in piece).strip() for piece in pieces)


def head(url: str, version: str, tr: Translator) -> tuple[str, ...]:
    """What the file is, and what to do with it."""
    told = tr.gettext("Task settings of Open WebUI {version} at {url}.").format(version=clean(version), url=clean(url))
    use = tr.gettext("With `apply FILE`, Elbowroom makes a server like this.")
    left = tr.gettext("A key that is left out stays on the server as it is.")
    return *_wrapped(told), *_wrapped(use), *_wrapped(left)


def entries(values: Mapping[Setting, Json], tr: Translator) -> list[Entry]:
    """The keys with their remarks. `values`: what the server holds; what it does not have is told as a remark."""
    remarks = {
        TASKS[0]: tr.gettext("Background tasks: true for on, false for off."),
        Setting.TASK_MODEL: tr.gettext("The model for tasks of chats with local models. Empty: the chat model itself."),
        Setting.TASK_MODEL_EXTERNAL: tr.gettext("The same for chats with hosted models."),
        Setting.TASK_MODEL_PARAMS: tr.gettext("Parameters that the task model gets with each call."),
    }
    made: list[Entry] = []
    for setting in (*TASKS, *SLOTS, Setting.TASK_MODEL_PARAMS):
        said = ("", *_wrapped(remarks[setting])) if setting in remarks else ()
        if setting not in values:
            lacks = tr.gettext("{setting}: not in this version.").format(setting=setting.value)
            made.append(((*said, *_wrapped(lacks)), setting.value, None))
        elif values[setting] is None:
            odd = tr.gettext("{setting}: left out, because TOML cannot hold what the server has.")
            made.append(((*said, *_wrapped(odd.format(setting=setting.value))), setting.value, None))
        else:
            made.append((said, setting.value, values[setting]))
    return made


def written(path: str, tr: Translator) -> str:
    """Where it is, and the command that follows it."""
    told = tr.gettext("Written to {path}. A server is made like this with: {command}")
    return told.format(path=clean(path, 400), command=typed(tr, "apply", path, without="--open-webui"))


def lacking(settings: Iterable[Setting], version: str, tr: Translator) -> list[str]:
    """What the server's version does not have is said, one sentence a setting, and left."""
    return [
        unsupported(one.value, tr).format(version=clean(version), setting=setting_name(one, tr)) for one in settings
    ]


def said(error: PlanFileError, tr: Translator) -> tuple[str, str]:
    """A sentence and a next step."""
    key = clean(error.key)
    if error.fault is PlanFileFault.UNKNOWN_KEY:
        text = tr.gettext("A plan file has no key `{key}`. Nothing was changed.").format(key=key)
        if error.nearest:
            return text, tr.gettext("Did you mean `{word}`?").format(word=error.nearest)
        return text, tr.gettext("Possible: {words}.").format(words=listed(error.choices, tr))
    if error.fault is PlanFileFault.WRONG_TYPE:
        text = tr.gettext("`{key}` in the plan file needs {expected}. Nothing was changed.")
        return text.format(key=key, expected=_expected(error.setting, tr)), ""
    return _of_the_whole(error, tr)


def _of_the_whole(error: PlanFileError, tr: Translator) -> tuple[str, str]:
    way = tr.gettext("`{command}` writes one.").format(command=typed(tr, "plan", "FILE"))
    at = error.line is not None
    texts = {
        PlanFileFault.NOT_TOML: tr.gettext("Line {line} of the plan file cannot be read as TOML. Nothing was changed.")
        if at
        else tr.gettext("The plan file cannot be read as TOML. Nothing was changed."),
        PlanFileFault.NOT_UTF8: tr.gettext("Line {line} of the plan file is not UTF-8. Nothing was changed."),
        PlanFileFault.TOO_BIG: tr.gettext("This is far too large for a plan file. Nothing was changed."),
        PlanFileFault.EMPTY: tr.gettext("The plan file holds no setting. Nothing was changed."),
        PlanFileFault.NEWER: tr.gettext("The plan file was written by a newer Elbowroom. Nothing was changed."),
    }
    steps = {
        PlanFileFault.NOT_TOML: tr.gettext("Mend it, or write a new one with: {command}").format(
            command=typed(tr, "plan", "FILE")
        ),
        PlanFileFault.NOT_UTF8: tr.gettext("Save it as UTF-8 in an editor first."),
        PlanFileFault.NEWER: tr.gettext("Update Elbowroom to follow it."),
    }
    return texts[error.fault].format(line=error.line), steps.get(error.fault, way)


def _expected(setting: Setting | None, tr: Translator) -> str:
    if setting in TASKS:
        return tr.gettext("true or false")
    if setting in SLOTS:
        return tr.gettext("a text in quotes")
    if setting is Setting.TASK_MODEL_PARAMS:
        return tr.gettext("a table of JSON values")
    return tr.gettext("a whole number")
