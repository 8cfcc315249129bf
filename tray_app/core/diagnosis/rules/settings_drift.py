"""A setting that we wrote holds another value now."""

import json

from tray_app.core.diagnosis.recent import History
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Unknown
from tray_app.core.values.snapshot import Snapshot, WrittenSetting
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch, TaskSettings


def check(snapshot: Snapshot, _history: History, _limits: Limits) -> tuple[Finding, ...] | Unknown:
    """Judged on settings that were read after the write."""
    if not snapshot.written:
        return ()
    if isinstance(snapshot.open_webui, Unknown):
        return snapshot.open_webui
    tasks = snapshot.open_webui.value.tasks
    if isinstance(tasks, Unknown):
        return tasks
    found = (_drift(one, tasks.value) for one in snapshot.written if one.written_at <= tasks.taken_at)
    return tuple(finding for finding in found if finding is not None)


def _drift(written: WrittenSetting, tasks: TaskSettings) -> Finding | None:
    now = _now(written.setting, tasks)
    if now is None or _same(now, written.value):
        return None
    evidence = (
        Evidence("written", written.value),
        Evidence("now", now),
        Evidence("written_at", written.written_at, "s"),
    )
    return Finding(Kind.SETTINGS_DRIFT, written.setting, Severity.TIGHT, evidence)


def _now(name: str, tasks: TaskSettings) -> str | None:
    """The current value as JSON text; None where this version has no such setting, or we know no such word."""
    setting = next((one for one in Setting if one.value == name), None)
    if setting is None:
        return None
    if setting in TASKS:
        state = tasks.switch(setting)
        return None if state is Switch.UNSUPPORTED else "true" if state is Switch.ON else "false"
    if setting in SLOTS:
        return json.dumps(tasks.model(setting))
    return tasks.task_model_params


def _same(one: str, other: str) -> bool:
    """Equal as JSON: key order and spaces do not count, and a model slot may hold null for empty."""
    try:
        first, second = json.loads(one), json.loads(other)
    except ValueError:
        return one == other
    return first == second or (first in ("", None) and second in ("", None))
