"""The switches of the details page: background tasks, the model that does them, chat first. The menu's commands."""

from tray_app.core.menu.details.document import Choice, Offered, PageButton, PageQuestion, TasksView, Toggle
from tray_app.core.menu.details.fixes import fix_of, plan_sentences
from tray_app.core.menu.screen import ScreenState
from tray_app.core.menu.tasks import choice_words, model_change
from tray_app.core.text import details as view
from tray_app.core.text.lines import clean
from tray_app.core.text.tasks import prove_words, setting_name
from tray_app.core.text.text import Translator
from tray_app.core.values.command import Prove, Refresh, SetChatFirst, SetSettings
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.remedy import TaskModelChoice
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import TASKS, Setting, Switch, TaskSettings


def tasks_view(screen: ScreenState, offered: Offered, tr: Translator) -> TasksView:
    """Nothing where Open WebUI's settings are not known: there would be nothing true to show."""
    server = screen.overview.open_webui if screen.overview is not None else None
    settings = screen.overview.settings if screen.overview is not None else None
    chat_first = _chat_first(screen, offered, tr)
    if server is None or settings is None:
        return TasksView((), chat_first, (), None, (), view.settings_unknown(tr))
    may_write = server.access is Access.ADMIN
    switches = tuple(_switch(task, settings, screen, offered, tr, may_write=may_write) for task in TASKS)
    if not may_write:
        return TasksView(switches, chat_first, (), None, (), view.only_told(tr))
    models = screen.task_models
    used = settings.model(models.slot)
    choices = (_same(models.slot, used, screen, offered, tr), *_choices(used, screen, offered, tr))
    proof = PageButton(prove_words(tr), offered.act(Prove(models.slot)), busy=screen.busy) if used else None
    to_get = tuple(fix_of(remedy, screen, offered, tr) for remedy in models.to_get)
    return TasksView(switches, chat_first, choices, proof, to_get, "")


def _switch(
    task: Setting, settings: TaskSettings, screen: ScreenState, offered: Offered, tr: Translator, *, may_write: bool
) -> Toggle:
    name, now, key = setting_name(task, tr), settings.switch(task), f"task:{task.value}"
    if now is Switch.UNSUPPORTED:
        return Toggle(key, name, None, note=view.no_switch(tr))
    on = now is Switch.ON
    if not may_write:
        return Toggle(key, name, on)
    plan = Plan((Change(task, before=on, after=not on),))
    return Toggle(key, name, on, offered.act(SetSettings(plan)), busy=screen.busy)


def _chat_first(screen: ScreenState, offered: Offered, tr: Translator) -> Toggle | None:
    on = screen.chat_first
    if on is None:
        return None
    command = offered.act(SetChatFirst(not on))
    return Toggle("chat-first", tr.gettext("Chat first"), on, command, view.chat_first_note(tr), busy=screen.busy)


def _same(slot: Setting, used: str, screen: ScreenState, offered: Offered, tr: Translator) -> Choice:
    command = Refresh() if not used else SetSettings(model_change("", slot, used))
    text = tr.gettext("Same as the chat model")
    return Choice("task-model:", text, "", not used, offered.act(command), busy=screen.busy)


def _choices(used: str, screen: ScreenState, offered: Offered, tr: Translator) -> tuple[Choice, ...]:
    slot = screen.task_models.slot
    return tuple(_choice(item, slot, used, screen, offered, tr) for item in screen.task_models.choices)


def _choice(
    item: TaskModelChoice, slot: Setting, used: str, screen: ScreenState, offered: Offered, tr: Translator
) -> Choice:
    """As in the menu: where the model would evict or spill, or send text elsewhere, it asks."""
    key, name, chosen = f"task-model:{item.id}", clean(item.id), item.id == used
    note = choice_words(item, tr) if item.usable else view.not_usable(tr)
    plan = model_change(item.id, slot, used)
    if chosen:
        return Choice(key, name, note, chosen, offered.act(Refresh()), busy=screen.busy)
    act = offered.act(SetSettings(plan))
    if not item.usable or (not item.fit.verdict.is_bad and item.host is None):
        return Choice(key, name, note, chosen, act, busy=screen.busy)
    lines = plan_sentences(plan, tr)
    if item.host is not None:
        lines = (*lines, tr.gettext("Chat text will be sent to {host}").format(host=clean(item.host)))
    yes = PageButton(tr.gettext("Do it anyway"), act, busy=screen.busy)
    return Choice(key, name, note, chosen, asked=PageQuestion(f"{name}: {note}", lines, yes), busy=screen.busy)
