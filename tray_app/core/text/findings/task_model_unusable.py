"""The chosen task model is not used, or fails."""

from tray_app.core.text.lines import in_turn
from tray_app.core.text.names import short
from tray_app.core.text.tasks import unless_bypassed
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import TaskModelUnusable, Unusable


def sentence(finding: TaskModelUnusable, tr: Translator) -> str:
    match finding.reason:
        case Unusable.PRIVATE:
            text = tr.gettext(
                "Only some users may use the task model {model}: background tasks of the others may fail. "
                "Make it public in Open WebUI: Admin Panel > Settings > Models, or Workspace > Models."
            )
        case Unusable.INACTIVE:
            text = tr.gettext("The task model {model} is switched off in Open WebUI, so tasks run on {chat} instead.")
        case Unusable.WRONG_SLOT:
            text = tr.gettext(
                "The task model {model} is set in the slot that {chat} does not use, so tasks run on {chat} itself."
            )
        case Unusable.BASE_GONE:
            text = tr.gettext(
                "Open WebUI does not list the model on which the task model {model} is built: tasks with it may fail."
            )
        case Unusable.PRESETS:
            text = tr.gettext(
                "Chats with {presets} do not use the task model {model}: in this version they look into the other "
                "slot, so their tasks run on {chat}."
            )
        case Unusable.MISSING:
            text = tr.gettext("Open WebUI does not list the task model {model}, so tasks run on {chat} instead.")
    presets = ", ".join(short(one) for one in finding.presets or ())
    said = text.format(model=short(finding.model), chat=short(finding.falls_back_to), presets=presets)
    return in_turn(said, unless_bypassed(tr)) if finding.reason is Unusable.PRIVATE else said


def headline(finding: TaskModelUnusable, tr: Translator) -> str:
    if finding.reason is Unusable.PRIVATE:
        return tr.gettext("Tasks of other users may fail with {model}").format(model=short(finding.model))
    if finding.reason is Unusable.BASE_GONE:
        return tr.gettext("Tasks may fail with {model}").format(model=short(finding.model))
    if finding.reason is Unusable.PRESETS:
        return tr.gettext("Presets do not use the task model {model}").format(model=short(finding.model))
    return tr.gettext("The task model {model} is not used").format(model=short(finding.model))


def labels(tr: Translator) -> dict[str, str]:
    return {
        "falls_back_to": tr.gettext("Used instead"),
        "presets": tr.gettext("Presets"),
        "users": tr.gettext("Users"),
    }
