"""A setting that we wrote holds another value now."""

import json

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.documents import same
from tray_app.core.tasks.ollama_connections import told_as, url_of
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.finding import SettingsDrift
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch, TaskSettings
from tray_app.core.values.version import Json


def check(facts: Facts) -> tuple[SettingsDrift, ...] | None:
    """Judged on settings that were read after the write. None where nobody can tell what was written."""
    if facts.written is None:
        return None
    if not facts.written:
        return ()
    if facts.settings is None or facts.settings_read_at is None:
        return None
    found = (_drift(change, record.at, facts) for record in facts.written for change in record.changes)
    return tuple(finding for finding in found if finding is not None)


def _drift(change: Change, written_at: float, facts: Facts) -> SettingsDrift | None:
    if change.setting is Setting.OLLAMA_CONNECTION:
        read_at, now = facts.overview.connections_read_at, _connection_now(change, facts.overview.connections)
    else:
        read_at, now = facts.settings_read_at, _now(change, facts.settings) if facts.settings is not None else None
    if read_at is None or written_at > read_at or now is None or same(change.setting, now[0], change.after):
        return None
    return SettingsDrift(setting=change.setting, written=change.after, now=now[0], written_at=written_at)


def _connection_now(change: Change, connections: tuple[OllamaConnection, ...] | None) -> tuple[Json] | None:
    """The connection that we led somewhere, wherever in the list it is by now. None where it is not there."""
    known = [one for one in connections or () if one.url == url_of(change.after)]
    known += [one for one in connections or () if str(one.index) == change.place]
    return (told_as(known[0].url, ours=known[0].tells_task),) if known else None


def _now(change: Change, tasks: TaskSettings) -> tuple[Json] | None:
    """The current value; None where this version has no such setting, or no poll reads it, as hosted connections."""
    if change.setting in TASKS:
        state = tasks.switch(change.setting)
        return None if state is Switch.UNSUPPORTED else (state is Switch.ON,)
    if change.setting in SLOTS:
        return (tasks.model(change.setting),)
    if change.setting is not Setting.TASK_MODEL_PARAMS or tasks.task_model_params is None:
        return None
    return (json.loads(tasks.task_model_params),)
