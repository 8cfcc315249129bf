"""Plans, settings and changes as tables and words."""

import json
from collections.abc import Iterable

from tray_app.core.tasks import openai_connections as openai
from tray_app.core.tasks.ollama_connections import HEADERS, switches, url_of
from tray_app.core.tasks.releases import runs
from tray_app.core.text.lines import Line, Span, Style, clean, line, table
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.words import listed
from tray_app.core.values.plan import ActionKind, Change, Plan
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch, TaskSettings
from tray_app.core.values.units import format_bytes
from tray_app.core.values.version import Json, parse_version


def value_word(setting: Setting, value: Json, tr: Translator) -> str:
    """A value as a word: on, off, a model id, `same as chat`."""
    if setting in SLOTS:
        return clean(str(value)) if value else tr.gettext("same as chat")
    if setting is Setting.OLLAMA_CONNECTION:
        return clean(url_of(value)) or tr.gettext("none")
    if setting is Setting.OPENAI_CONNECTION:
        return _hosted(value, tr)
    if value is True:
        return tr.gettext("on")
    if value is False:
        return tr.gettext("off")
    return clean(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _hosted(value: Json, tr: Translator) -> str:
    """`https://openrouter.ai/api/v1 (only qwen/qwen3-4b)`; its key is not in a value."""
    url, models = clean(openai.url_of(value)), [clean(one) for one in openai.models_of(value)]
    if not url:
        return tr.gettext("none")
    text = tr.gettext("{url} (only {models})") if models else tr.gettext("{url} (all its models)")
    return text.format(url=url, models=listed(models, tr))


def change_sentence(change: Change, tr: Translator) -> str:
    """`Follow-ups: on -> off`."""
    return tr.gettext("{setting}: {before} -> {after}").format(
        setting=setting_name(change.setting, tr),
        before=value_word(change.setting, change.before, tr),
        after=value_word(change.setting, change.after, tr),
    )


def done_sentences(changes: Iterable[Change], tr: Translator, *, places: bool = False) -> list[str]:
    """What changes that were made come to, one sentence each. Those of chat first are one, whatever connections it
    took; `places`: with the addresses."""
    made, led = [], dict[bool, list[str]]()
    for change in changes:
        on = switches(change)
        if on is None:
            made.append(change_sentence(change, tr))
        else:
            value = tr.gettext("{before} -> {after}")
            before, after = (value_word(change.setting, one, tr) for one in (change.before, change.after))
            led.setdefault(on, []).append(value.format(before=before, after=after))
    words = {True: tr.gettext("Chat first on"), False: tr.gettext("Chat first off")}
    told = [f"{words[on]} ({listed(ways, tr)})" if places else words[on] for on, ways in led.items()]
    return [*told, *made]


def plan_lines(plan: Plan, tr: Translator) -> list[Line]:
    """What would happen, in order: actions, then the settings as a table (setting, from, to)."""
    lines: list[Line] = []
    for action in plan.actions:
        size = format_bytes(action.size_bytes) if action.size_bytes is not None else tr.gettext("size unknown")
        words = {
            ActionKind.PULL: tr.gettext("Download {name} ({size})"),
            ActionKind.UNLOAD: tr.gettext("Unload {name} from memory"),
            ActionKind.END: tr.gettext("End process {pid}, which holds {name} for nobody ({size})"),
            ActionKind.STOP_GENERATIONS: tr.gettext("Stop every answer that Open WebUI is writing now"),
            ActionKind.START_RELAY: tr.gettext("Start Elbowroom's relay in front of Ollama at port {port}"),
        }
        lines.append(
            line(words[action.kind].format(name=clean(action.subject), size=size, pid=action.pid, port=action.port))
        )
    if plan.changes:
        rows = [
            (
                setting_name(change.setting, tr),
                value_word(change.setting, change.before, tr),
                value_word(change.setting, change.after, tr),
            )
            for change in plan.changes
        ]
        lines += table((tr.gettext("setting"), tr.gettext("from"), tr.gettext("to")), rows)
    if any(change.setting is Setting.OLLAMA_CONNECTION for change in plan.changes):
        told = tr.gettext("With it come or go the headers {names}; everything else of the connection stays.")
        lines.append(line(told.format(names=", ".join(HEADERS))))
    return lines


def settings_lines(settings: TaskSettings, version: str, url: str, tr: Translator) -> list[Line]:
    """Open WebUI's task settings now."""
    words = {
        Switch.ON: tr.gettext("on"),
        Switch.OFF: tr.gettext("off"),
        Switch.UNSUPPORTED: tr.gettext("not in this version"),
    }
    number = parse_version(version)

    def word(task: Setting) -> str:
        """Before a switch existed, some tasks ran all the same."""
        switch = settings.switch(task)
        if switch is Switch.UNSUPPORTED and number is not None and runs(number, task):
            return tr.gettext("always on (no switch in this version)")
        return words[switch]

    rows = [(task.value, word(task)) for task in TASKS]
    rows += [(slot.value, clean(settings.model(slot)) or tr.gettext("same as chat")) for slot in SLOTS]
    if settings.task_model_params is not None:
        given = clean(settings.task_model_params)
        rows.append((Setting.TASK_MODEL_PARAMS.value, given if given.strip("{} ") else tr.gettext("none")))
    title = tr.gettext("Open WebUI {version} at {url}").format(version=version, url=url)
    return [line(Span(title, Style.STRONG)), *table((tr.gettext("setting"), tr.gettext("value")), rows)]
