"""One finding of each type, as it is told of a 32 GB Mac with a 32B model; a test changes what it is about."""

from msgspec.structs import replace

from tray_app.core.values.finding import (
    AutocompleteOn,
    CauseKind,
    GrowthSource,
    MemoryPressure,
    ModelSpills,
    ModelThrash,
    PromptCacheGrowth,
    QueueBacklog,
    SettingsDrift,
    Severity,
    Stuck,
    StuckBy,
    TaskModelDoesNotFit,
    TaskModelUnusable,
    TasksBy,
    TasksOnBigModel,
    TaskStorm,
    ThrashCause,
    Unusable,
    UsedBy,
)
from tray_app.core.values.fit import Verdict
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import GIB

BIG = "qwen3:32b"
TASKS = (Setting.TITLES, Setting.TAGS)
EXAMPLES = (
    TaskStorm(
        model=BIG,
        running=1,
        waiting=3,
        model_bytes=20 * GIB,
        budget_share=93.8,
        pressure=Pressure.WARNING,
        tasks=TASKS,
        tasks_by=TasksBy.SETTINGS,
        chat_waits=False,
        budget_bytes=21 * GIB,
    ),
    ModelThrash(model=BIG, loads=3, window_s=600.0, cause=ThrashCause.RELOAD),
    QueueBacklog(model=BIG, severity=Severity.OVERLOADED, waiting=3, longest_wait_s=12.0),
    Stuck(
        severity=Severity.TIGHT,
        about=BIG,
        reason=StuckBy.LEFT_BEHIND,
        held_bytes=20 * GIB,
        pid=4711,
        command="kill 4711",
    ),
    MemoryPressure(
        severity=Severity.TIGHT,
        taken_by=BIG,
        pressure=Pressure.WARNING,
        cause=CauseKind.UNKNOWN,
        available_bytes=2 * GIB,
        total_bytes=32 * GIB,
    ),
    TaskModelUnusable(model="gemma3:1b", reason=Unusable.MISSING, slot=Setting.TASK_MODEL, falls_back_to=BIG),
    TaskModelDoesNotFit(model="llama3.2:3b", verdict=Verdict.EVICTS, chat_model=BIG),
    ModelSpills(model=BIG, spilled_bytes=3 * GIB, model_bytes=27 * GIB, spilled_share=11.1),
    TasksOnBigModel(model=BIG, model_bytes=20 * GIB, budget_share=93.8, tasks=TASKS),
    AutocompleteOn(model=BIG, severity=Severity.TIGHT, used_by=UsedBy.EVERYONE),
    SettingsDrift(setting=Setting.TITLES, written=False, now=True, written_at=0.0),
    PromptCacheGrowth(model=BIG, grown_bytes=5 * GIB, source=GrowthSource.LOG),
)
_BY_TYPE = {type(one): one for one in EXAMPLES}


def example(kind, **changed):
    return replace(_BY_TYPE[kind], **changed)
