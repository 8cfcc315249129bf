"""A setting that we wrote holds another value now."""

import json

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.assignments import same
from tray_app.core.values.finding import SettingsDrift
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import SLOTS, TASKS, Switch, TaskSettings
from tray_app.core.values.version import Json


def check(facts: Facts) -> tuple[SettingsDrift, ...] | None:
    """Judged on settings that were read after the write. None where nobody can tell what was written."""
    if facts.written is None:
        return None
    if not facts.written:
        return ()
    settings, read_at = facts.settings, facts.settings_read_at
    if settings is None or read_at is None:
        return None
    found = (
        _drift(change, record.at, settings)
        for record in facts.written
        if record.at <= read_at
        for change in record.changes
    )
    return tuple(finding for finding in found if finding is not None)


def _drift(change: Change, written_at: float, tasks: TaskSettings) -> SettingsDrift | None:
    now = _now(change, tasks)
    if now is None or same(change.setting, now[0], change.after):
        return None
    return SettingsDrift(setting=change.setting, written=change.after, now=now[0], written_at=written_at)


def _now(change: Change, tasks: TaskSettings) -> tuple[Json] | None:
    """The current value; None where this version has no such setting."""
    if change.setting in TASKS:
        state = tasks.switch(change.setting)
        return None if state is Switch.UNSUPPORTED else (state is Switch.ON,)
    if change.setting in SLOTS:
        return (tasks.model(change.setting),)
    return None if tasks.task_model_params is None else (json.loads(tasks.task_model_params),)
