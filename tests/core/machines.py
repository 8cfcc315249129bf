"""Machines, models and servers as values, for tests of what fits and what helps."""

import json
from pathlib import Path

from msgspec.structs import replace

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.fit import prediction, verdict
from tray_app.core.fit.need import need
from tray_app.core.fit.shape import decode_show
from tray_app.core.values.fit import Fit, FitReport
from tray_app.core.values.limits import Limits
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.reading import Known
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
    ServerConfig,
    Snapshot,
    WebUIModel,
)
from tray_app.core.values.task_settings import Switch, TaskSettings
from tray_app.core.values.units import GIB

RECORDED = Path(__file__).parents[1] / "recordings" / "ollama-0.32.15"
TAGS = {entry["name"]: entry for entry in json.loads((RECORDED / "tags.json").read_text())["models"]}
NOW = 1_000_000.0
NO_CONFIG = ServerConfig()
LIMITS = Limits()


def shown(name: str) -> dict:
    return json.loads((RECORDED / "show" / f"{name.replace(':', '_')}.json").read_text())


def shape_of(name: str) -> ModelShape:
    shape = decode_show(shown(name), TAGS[name]["size"])
    assert shape is not None
    return shape


def installed(name: str, **changes) -> InstalledModel:
    """One of the recorded models, as the poll completes it."""
    return replace(InstalledModel(name, f"d-{name}", TAGS[name]["size"], shape=shape_of(name)), **changes)


def loaded(name: str, size_gib: float, vram_gib: float | None = None, context: int = 4096) -> LoadedModel:
    vram = size_gib if vram_gib is None else vram_gib
    return LoadedModel(name, f"d-{name}", int(size_gib * GIB), int(vram * GIB), context)


def predicted(name: str, context: int = 4096) -> LoadedModel:
    total = need(shape_of(name), context=context).total
    return LoadedModel(name, f"d-{name}", total, total, context)


def settings(**changes) -> TaskSettings:
    on = Switch.ON
    made = TaskSettings(on, on, on, Switch.OFF, on, on, task_model="", task_model_external="", task_model_params="{}")
    return replace(made, **changes)


def listed(name: str, **changes) -> WebUIModel:
    """An Ollama base model in Open WebUI's list."""
    made = WebUIModel(name, name, "ollama", "local", ollama_name=name, size_bytes=TAGS.get(name, {}).get("size"))
    return replace(made, **changes)


HOSTED = WebUIModel("openai/gpt-5-mini", "GPT-5 mini", "openai", "external", host="openrouter.ai")


def machine(
    *models: LoadedModel,
    budget_gib: float = 21.33,
    available_gib: float = 6,
    total_gib: float = 32,
    pressure: Pressure = Pressure.NORMAL,
    version: str = "0.32.15",
    basis: BudgetBasis = BudgetBasis.METAL,
    unified: bool = True,
    have: tuple[InstalledModel, ...] = (),
    config: ServerConfig = NO_CONFIG,
    open_webui: OpenWebUI | None = None,
    system: str = "darwin",
    **changes,
) -> Snapshot:
    """A 32 GB Mac on macOS 15 unless told otherwise."""
    memory = Memory(int(total_gib * GIB), int(available_gib * GIB), pressure)
    ollama = Ollama("http://127.0.0.1:11434", Presence.RUNNING, version, True, models, have, config)
    made = Snapshot(
        NOW,
        NOW,
        Host(system, apple_silicon=system == "darwin"),
        memory=Known(memory, NOW),
        gpu=Known(Gpu(int(budget_gib * GIB), basis, unified=unified), NOW),
        ollama=Known(ollama, NOW),
    )
    if open_webui is not None:
        made = replace(made, open_webui=Known(open_webui, NOW))
    return replace(made, **changes)


def facts(snapshot: Snapshot, limits: Limits | None = None) -> Facts:
    return Facts(snapshot, History(), limits or Limits())


def beside(candidate: ModelShape | InstalledModel, snapshot: Snapshot, limits: Limits) -> Fit:
    """As the product asks it, with the machine of this poll."""
    return verdict.beside(candidate, facts(snapshot).place, limits)


def predict(model: str, snapshot: Snapshot, **options) -> FitReport:
    return prediction.predict(model, facts(snapshot).place, **options)


def web_ui(*models: WebUIModel, version: str = "0.12.4", tasks: TaskSettings | None = None, **changes) -> OpenWebUI:
    made = OpenWebUI(
        "http://127.0.0.1:8080",
        version,
        Access.ADMIN,
        tasks=Known(tasks or settings(), NOW),
        models=Known(models, NOW),
        user_count=Known(1, NOW),
        ollama_urls=Known(("http://localhost:11434",), NOW),
    )
    return replace(made, **changes)


QWEN_32B = loaded("qwen3:32b", 19.7)
