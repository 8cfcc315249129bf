"""The menu's switches: each background task, and the model that does them."""

from tray_app.core.menu.fixes import remedy_row
from tray_app.core.menu.paging import paged
from tray_app.core.menu.screen import SEPARATOR, Row, ScreenState
from tray_app.core.menu.ways import way_rows
from tray_app.core.text import hosted as hosted_view
from tray_app.core.text.fit import verdict_words
from tray_app.core.text.names import row_text, short, wrapped
from tray_app.core.text.plan import change_sentence
from tray_app.core.text.tasks import prove_words, setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.command import CopyText, OpenDetails, PageForm, Prove, Refresh, SetSettings
from tray_app.core.values.fit import Basis
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import TaskModelChoice
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import TASKS, Setting, Switch, TaskSettings


def task_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Nothing where Open WebUI's settings are not known: there would be nothing true to show."""
    server = state.overview.open_webui if state.overview is not None else None
    settings = state.overview.settings if state.overview is not None else None
    if server is None or settings is None:
        return ()
    may_write = server.access is Access.ADMIN
    switches = tuple(task_switch(task, settings, tr, may_write=may_write, busy=state.busy) for task in TASKS)
    ways = () if state.remedies else way_rows(state, tr)
    beneath = (*switches, SEPARATOR, *ways) if ways else switches
    rows = [Row(tr.gettext("Background tasks"), children=beneath, id="tasks")]
    if may_write:
        rows.append(task_model_row(state, settings, tr))
    return tuple(rows)


def task_switch(task: Setting, settings: TaskSettings, tr: Translator, *, may_write: bool, busy: bool) -> Row:
    """A switch, a plain statement where the account may only read, or the word that this version has none."""
    name, now, identity = setting_name(task, tr), settings.switch(task), f"task:{task.value}"
    if now is Switch.UNSUPPORTED:
        return Row(tr.gettext("{task}: no switch in this version").format(task=name), id=identity)
    on = now is Switch.ON
    if not may_write:
        return Row(name, checked=on, id=identity)
    change = Change(task, before=on, after=not on)
    return Row(name, SetSettings(Plan((change,))), checked=on, id=identity, busy=busy)


def task_model_row(state: ScreenState, settings: TaskSettings, tr: Translator) -> Row:
    """One radio list: the same as the chat model, then Open WebUI's models with their verdicts."""
    models, busy = state.task_models, state.busy
    used = settings.model(models.slot)
    same = model_radio("", tr.gettext("Same as the chat model"), models.slot, used, busy=busy)
    offered = [choice_row(item, models.slot, used, tr, busy=busy) for item in models.choices]
    pulls = tuple(remedy_row(remedy, state, tr) for remedy in models.to_get)
    get = (SEPARATOR, Row(tr.gettext("Get a small model"), children=pulls, id="get-model")) if pulls else ()
    proof = (SEPARATOR, Row(prove_words(tr), Prove(models.slot), id="prove", busy=busy)) if used else ()
    hosted = (SEPARATOR, hosted_row(tr)) if not state.played else ()
    return Row(tr.gettext("Task model"), children=(same, *paged(offered, tr), *proof, *get, *hosted), id="task-model")


def hosted_row(tr: Translator) -> Row:
    """What it is, the form that adds one, and the command that does the same."""
    told = [Row(one) for one in wrapped(hosted_view.what_it_is(tr))]
    command = typed(tr, "hosted", "add", "openrouter.ai")
    opens = Row(tr.gettext("Add a hosted model..."), OpenDetails(PageForm.HOSTED), id="hosted:add")
    copy = Row(row_text(tr.gettext("Copy: {text}").format(text=command)), CopyText(command), id="copy:hosted")
    return Row(tr.gettext("A hosted model"), children=(*told, SEPARATOR, opens, copy), id="hosted")


def model_change(model: str, slot: Setting, used: str) -> Plan:
    return Plan((Change(slot, used, model),))


def model_radio(model: str, text: str, slot: Setting, used: str, *, busy: bool) -> Row:
    """A click on the one in use only looks again."""
    chosen = model == used
    command = Refresh() if chosen else SetSettings(model_change(model, slot, used))
    return Row(row_text(text), command, checked=chosen, radio=True, id=f"task-model:{model}", busy=busy)


def choice_row(item: TaskModelChoice, slot: Setting, used: str, tr: Translator, *, busy: bool) -> Row:
    """A radio row; where the model would evict or spill, or send text elsewhere, a submenu that asks."""
    name = short(item.id)
    if not item.usable:
        text = tr.gettext("{name}: not usable, the chat model does the tasks").format(name=name)
        return model_radio(item.id, text, slot, used, busy=busy)
    text = tr.gettext("{name} - {verdict}").format(name=name, verdict=choice_words(item, tr))
    if item.id == used or (not item.fit.verdict.is_bad and item.host is None):
        return model_radio(item.id, text, slot, used, busy=busy)
    plan = model_change(item.id, slot, used)
    told = [Row(row_text(change_sentence(change, tr))) for change in plan.changes]
    if item.host is not None:
        told.append(Row(tr.gettext("Chat text will be sent to {host}").format(host=short(item.host))))
    confirm = Row(tr.gettext("Do it anyway"), SetSettings(plan), id=f"confirm:task-model:{item.id}", busy=busy)
    return Row(row_text(text), children=(*told, SEPARATOR, confirm), id=f"task-model:{item.id}")


def choice_words(item: TaskModelChoice, tr: Translator) -> str:
    if item.host is not None:
        return tr.gettext("hosted at {host}").format(host=short(item.host))
    return tr.gettext("loaded now") if item.fit.basis is Basis.LOADED else verdict_words(item.fit, tr)
