"""A Mac on which three requests wait behind a 32B model, as a value: the tests change what they are about."""

from msgspec.structs import replace

from tests.core.findings import example
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.menu.screen import ScreenState
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.choices import task_models
from tray_app.core.values.finding import Diagnosis, Level, TaskStorm
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Action, ActionKind, Change, Event, Plan, Record
from tray_app.core.values.reading import Known
from tray_app.core.values.remedy import Effect, Reason, StopGenerations, SwitchOff, UseModel
from tray_app.core.values.requests import RequestKind, Requests, RunningRequest
from tray_app.core.values.snapshot import (
    Access,
    BudgetBasis,
    Gpu,
    Host,
    InstalledModel,
    LoadedModel,
    Memory,
    Ollama,
    OpenWebUI,
    Presence,
    Pressure,
    Snapshot,
    WebUIModel,
)
from tray_app.core.values.task_settings import Setting, Switch, TaskSettings
from tray_app.core.values.units import GIB

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
BIG = "qwen3:32b"


def known(value):
    return Known(value, NOW)


SETTINGS = TaskSettings(
    titles=Switch.ON,
    tags=Switch.ON,
    follow_ups=Switch.ON,
    autocomplete=Switch.OFF,
    search_queries=Switch.ON,
    retrieval_queries=Switch.UNSUPPORTED,
    task_model="",
    task_model_external="",
)


def listed(name, **more):
    entry = WebUIModel(name, name, "ollama", connection_type="local", ollama_name=name)
    return replace(entry, **more)


MODELS = (listed(BIG), listed("gemma3:1b"), listed("llama3.2:3b"))
SERVER = OpenWebUI("http://127.0.0.1:8080", "0.12.4", access=Access.ADMIN, tasks=known(SETTINGS), models=known(MODELS))
LOADED = LoadedModel(
    BIG, "digest-1", int(19.7 * GIB), int(19.7 * GIB), 4096, expires_at=NOW + 290, quantization="Q4_K_M"
)
OLLAMA = Ollama(
    "http://127.0.0.1:11434",
    Presence.RUNNING,
    "0.32.15",
    loaded=(LOADED,),
    installed=tuple(InstalledModel(model.id, f"digest {model.id}", GIB) for model in MODELS),
)
SNAPSHOT = Snapshot(
    NOW,
    1000.0,
    Host("darwin"),
    memory=known(Memory(32 * GIB, 4 * GIB, Pressure.WARNING)),
    gpu=known(Gpu(int(21.3 * GIB), BudgetBasis.METAL, unified=True)),
    ollama=known(OLLAMA),
    requests=known(Requests(known(1), known(3), active=(RunningRequest(BIG, RequestKind.CHAT, "slots"),))),
    open_webui=known(SERVER),
)
STORM = example(TaskStorm)
FOLLOW_UPS = Change(Setting.FOLLOW_UPS, True, False)
FOLLOW_UPS_OFF = SwitchOff(
    task=Setting.FOLLOW_UPS, plan=Plan((FOLLOW_UPS,)), reason=Reason.EVERY_MESSAGE, effect=Effect(1)
)
SMALL = UseModel(
    model="gemma3:1b",
    plan=Plan((Change(Setting.TASK_MODEL, "", "gemma3:1b"),)),
    reason=Reason.BARELY_FITS,
    fit=Fit(Verdict.TIGHT, int(0.9 * GIB), int(1.2 * GIB)),
)
EVICTING = UseModel(
    model="llama3.2:3b",
    plan=Plan((Change(Setting.TASK_MODEL, "", "llama3.2:3b"),), (Action(ActionKind.PULL, "llama3.2:3b", 2 * GIB),)),
    reason=Reason.FIT_UNKNOWN,
    fit=Fit(Verdict.EVICTS, 3 * GIB, GIB),
    asks=True,
)
STOP = StopGenerations(plan=Plan(actions=(Action(ActionKind.STOP_GENERATIONS),)), reason=Reason.ENDS_ANSWERS)
UNDOABLE = Record(
    "change-1",
    NOW - 680,
    Event.APPLIED,
    "http://127.0.0.1:8080",
    changes=(Change(Setting.AUTOCOMPLETE, True, False),),
)


def at(snapshot, state):
    """The state after this poll: what follows from it comes along."""
    facts = Facts(snapshot, History(), Limits())
    return replace(
        state,
        overview=facts.overview,
        used_bytes=facts.used_bytes,
        budget_bytes=facts.budget_bytes,
        task_models=task_models(Case(facts, state.diagnosis)),
    )


STATE = at(
    SNAPSHOT,
    ScreenState(
        diagnosis=Diagnosis(Level.OVERLOADED, (STORM,)),
        remedies=(FOLLOW_UPS_OFF, SMALL, EVICTING, STOP),
        undoable=(UNDOABLE,),
        autostart=False,
        languages=(("en", "English"), ("ko", "한국어")),
    ),
)


def with_server(state=STATE, **more):
    """The same state with other words from Open WebUI."""
    return at(replace(SNAPSHOT, open_webui=known(replace(SERVER, **more))), state)


def with_models(models, state=STATE, loaded=(LOADED,), **more):
    """Open WebUI lists these; Ollama has all that are Ollama's."""
    installed = tuple(InstalledModel(one.id, f"digest {one.id}", GIB) for one in models if one.ollama_name)
    ollama = replace(OLLAMA, installed=installed, loaded=loaded)
    server = replace(SERVER, models=known(models), **more)
    return at(replace(SNAPSHOT, open_webui=known(server), ollama=known(ollama)), state)


def calm(state=STATE):
    return replace(state, diagnosis=Diagnosis(Level.CALM), remedies=())
