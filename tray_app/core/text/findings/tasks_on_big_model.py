"""Tasks run on the big model."""

from tray_app.core.text.names import short
from tray_app.core.text.tasks import tasks_named
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import TasksOnBigModel


def sentence(finding: TasksOnBigModel, tr: Translator) -> str:
    tasks, share = tasks_named(finding.tasks, tr), round(finding.budget_share)
    if share > 100:
        text = tr.gettext("Background tasks also run on {model}, which is larger than the memory for models.")
    elif tasks:
        text = tr.gettext(
            "Background tasks ({tasks}) also run on {model}, which takes {share}% of the memory for models."
        )
    else:
        text = tr.gettext("Background tasks also run on {model}, which takes {share}% of the memory for models.")
    return text.format(tasks=tasks, model=short(finding.model), share=share)


def headline(finding: TasksOnBigModel, tr: Translator) -> str:
    return tr.gettext("Tasks run on {model}").format(model=short(finding.model))


def labels(_tr: Translator) -> dict[str, str]:
    return {}
