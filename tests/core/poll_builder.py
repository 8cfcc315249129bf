"""Snapshots for the rules' tests: a 32 GB Mac with a 32B model, changed where a test says so."""

from collections import defaultdict

from msgspec.structs import replace

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.report.status import finding_of
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
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
    OtherProcess,
    Presence,
    Pressure,
    Processes,
    ProcessRole,
    Snapshot,
    WatchedProcess,
    WebUIModel,
)
from tray_app.core.values.task_settings import Switch, TaskSettings

GIB = 2**30
BIG = "qwen3:32b"
LIMITS = Limits()
ON, OFF = Switch.ON, Switch.OFF


def settings(**changed):
    plain = TaskSettings(ON, ON, ON, OFF, ON, ON, "", "", "{}")
    return replace(plain, **changed)


def listed(name, **changed):
    entry = WebUIModel(name, name, "ollama", "local", ollama_name=name, public=True)
    return replace(entry, **changed)


def server(tasks=None, models=None, version="0.12.4", busy=1, users=1, **changed):
    made = OpenWebUI(
        "http://127.0.0.1:3000",
        version,
        Access.ADMIN,
        tasks=Known(tasks or settings(), 0.0),
        models=Known((listed(BIG),) if models is None else tuple(models), 0.0),
        busy_chats=Known(busy, 0.0),
        user_count=Known(users, 0.0),
    )
    return replace(made, **changed)


def loaded(name=BIG, size=20 * GIB, vram=None, context=4096):
    return LoadedModel(name, f"digest-{name}", size, size if vram is None else vram, context)


def active(kind=RequestKind.CHAT, model=BIG):
    return RunningRequest(model, kind, "sequence")


def requests(running=(), waiting=0, wait_s=None):
    return Requests(Known(len(running), 0.0), Known(waiting, 0.0), active=tuple(running), longest_wait_s=wait_s)


def runner(pid=501, model=BIG, loading=False, memory=None, context=4096):
    return WatchedProcess(
        pid,
        float(pid),
        ProcessRole.OLLAMA_RUNNER,
        "llama-server",
        memory,
        model=model,
        loading=loading,
        context_length=context,
        blob_digest=f"sha256-{model}",
    )


def poll(
    at=1000.0,
    *,
    pressure=Pressure.NORMAL,
    models=None,
    asks=None,
    open_webui=None,
    runners=None,
    other=None,
    budget=int(21.33 * GIB),
    basis=BudgetBasis.METAL,
    system="darwin",
    wall=None,
    installed=(),
    **changed,
):
    """One poll; a keyword of Snapshot's own (memory=Unknown(...)) wins."""
    wall = 1.8e9 + at if wall is None else wall
    largest = other if other is not None else OtherProcess("Slack", GIB)
    made = Snapshot(
        wall,
        at,
        Host(system, apple_silicon=system == "darwin"),
        memory=Known(Memory(32 * GIB, 3 * GIB, pressure), wall),
        gpu=Known(Gpu(budget, basis, unified=True), wall),
        processes=Known(Processes((runner(),) if runners is None else tuple(runners), largest), wall),
        ollama=Known(
            Ollama(
                "http://127.0.0.1:11434",
                Presence.RUNNING,
                "0.32.15",
                loaded=(loaded(),) if models is None else tuple(models),
                installed=(InstalledModel(BIG, f"digest-{BIG}", 20 * GIB), *installed),
            ),
            wall,
        ),
        requests=Known(asks if asks is not None else requests(), wall),
        open_webui=Known(open_webui if open_webui is not None else server(), wall),
    )
    return replace(made, **changed)


def facts(snapshot, before=None, limits=LIMITS):
    return Facts(snapshot, before or History(), limits)


def seen(snapshot):
    """What later polls ask of this one."""
    return facts(snapshot).seen


def history(*polls):
    made = History()
    for one in polls:
        made = made.add(seen(one))
    return made


def told(finding):
    """Its evidence as the JSON has it: name -> value; None for what is not there."""
    return defaultdict(lambda: None, ((one["name"], one["value"]) for one in finding_of(finding)["evidence"]))


GONE = Unknown(Why.TIMED_OUT)
CHAT, TASK = active(), active(RequestKind.TASK)
