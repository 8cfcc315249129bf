"""All rules, listed by hand. A rule answers with its findings, or None where it cannot judge."""

from collections.abc import Callable

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.rules import (
    autocomplete_on,
    memory_pressure,
    model_spills,
    model_thrash,
    prompt_cache_growth,
    queue_backlog,
    settings_drift,
    task_model_does_not_fit,
    task_model_unusable,
    task_storm,
    tasks_on_big_model,
)
from tray_app.core.values.finding import Finding, Kind

Check = Callable[[Facts], tuple[Finding, ...] | None]

# In order of importance among findings of one severity.
RULES: tuple[tuple[Kind, Check], ...] = (
    (Kind.MODEL_THRASH, model_thrash.check),
    (Kind.TASK_STORM, task_storm.check),
    (Kind.QUEUE_BACKLOG, queue_backlog.check),
    (Kind.MEMORY_PRESSURE, memory_pressure.check),
    (Kind.TASK_MODEL_UNUSABLE, task_model_unusable.check),
    (Kind.TASK_MODEL_DOES_NOT_FIT, task_model_does_not_fit.check),
    (Kind.MODEL_SPILLS, model_spills.check),
    (Kind.TASKS_ON_BIG_MODEL, tasks_on_big_model.check),
    (Kind.AUTOCOMPLETE_ON, autocomplete_on.check),
    (Kind.SETTINGS_DRIFT, settings_drift.check),
    (Kind.PROMPT_CACHE_GROWTH, prompt_cache_growth.check),
)
