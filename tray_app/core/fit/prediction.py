"""`elbowroom fit MODEL [--with MODEL] [--context N]`: what a model needs here, and whether it fits."""

from typing import Any

from msgspec import Struct

from tray_app.core.fit.need import Need
from tray_app.core.fit.verdict import Loading, budget_of, loading, need_as, with_loaded
from tray_app.core.values.errors import UsageError
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import value_of
from tray_app.core.values.snapshot import Gpu, InstalledModel, LoadedModel, Ollama, Snapshot

SCHEMA = 1


class FitReport(Struct, frozen=True):
    """Prediction for one model. Bytes; None: not known. `exact` False: the needs are an upper bound.

    `beside` names the other model, `beside_bytes` what it takes; `reverse` is the verdict when `model` is loaded first
    and the other comes second.
    """

    model: str
    verdict: Verdict
    basis: str
    need: Need | None = None
    budget_bytes: int | None = None
    room_bytes: int | None = None
    context: int | None = None
    parallel: int | None = None
    exact: bool = True
    beside: str | None = None
    beside_bytes: int | None = None
    reverse: Verdict | None = None
    host: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Stable names: need_bytes = weights_bytes + kv_cache_bytes + state_bytes + compute_bytes."""
        parts = self.need
        return {
            "schema": SCHEMA,
            "model": self.model,
            "with": self.beside,
            "verdict": self.verdict.value,
            "basis": self.basis,
            "need_bytes": parts.total if parts else None,
            "weights_bytes": parts.weights_bytes if parts else None,
            "kv_cache_bytes": parts.kv_cache_bytes if parts else None,
            "state_bytes": parts.state_bytes if parts else None,
            "compute_bytes": parts.compute_bytes if parts else None,
            "overhead_bytes": parts.overhead_bytes if parts else None,
            "exact": self.exact,
            "budget_bytes": self.budget_bytes,
            "room_bytes": self.room_bytes,
            "with_bytes": self.beside_bytes,
            "reverse_verdict": self.reverse.value if self.reverse else None,
            "context": self.context,
            "parallel": self.parallel,
        }


def predict(
    model: str, snapshot: Snapshot, *, with_model: str | None = None, context: int | None = None, limits: Limits
) -> FitReport:
    """UsageError where a model is not installed. Without `with_model`: alone on this machine.

    `context` is for `model`; the other one is taken as it is loaded, or as Ollama would load it.
    """
    ollama = value_of(snapshot.ollama)
    if ollama is None:
        return FitReport(model, Verdict.UNKNOWN, "ollama", beside=with_model)
    chosen = _installed(model, ollama)
    if chosen.remote_host:
        return FitReport(chosen.name, Verdict.NOT_LOCAL, "remote-host", beside=with_model, host=chosen.remote_host)
    other = _installed(with_model, ollama) if with_model else None
    gpu = value_of(snapshot.gpu)
    if not ollama.local or gpu is None:
        basis = "budget-unknown" if ollama.local else "ollama"
        return FitReport(chosen.name, Verdict.UNKNOWN, basis, beside=other.name if other else None)
    return _report(chosen, other, snapshot, ollama, gpu, context, limits)


def _installed(name: str, ollama: Ollama) -> InstalledModel:
    found = next((one for one in ollama.installed if same_model(one.name, name)), None)
    if found is None:
        raise UsageError("model", name, "", tuple(one.name for one in ollama.installed))
    return found


def _report(
    chosen: InstalledModel,
    other: InstalledModel | None,
    snapshot: Snapshot,
    ollama: Ollama,
    gpu: Gpu,
    context: int | None,
    limits: Limits,
) -> FitReport:
    budget = budget_of(ollama, gpu)
    there = _as_loaded(other, ollama, budget, None) if other else None
    way = _loading(chosen, ollama, budget, context)
    fit = _verdict(chosen, there, snapshot, limits, context)
    if other is not None and there is None and not other.remote_host:
        fit = Fit(Verdict.UNKNOWN, fit.need_bytes, fit.room_bytes, "model-shape")
    first = _as_loaded(chosen, ollama, budget, context)
    reverse = _verdict(other, first, snapshot, limits, None).verdict if other and there and first else None
    return FitReport(
        model=chosen.name,
        verdict=fit.verdict,
        basis=fit.basis,
        need=need_as(chosen.shape, way) if chosen.shape and way else None,
        budget_bytes=budget or _ram(snapshot),
        room_bytes=fit.room_bytes,
        context=way.context if way else None,
        parallel=way.parallel if way else None,
        exact=chosen.shape is not None and chosen.shape.exact,
        beside=other.name if other else None,
        beside_bytes=there.size_bytes if there else None,
        reverse=reverse,
    )


def _loading(model: InstalledModel, ollama: Ollama, budget: int, context: int | None) -> Loading | None:
    if model.shape is None:
        return None
    return loading(model.shape, ollama, budget, context=context, model_context=model.num_ctx)


def _as_loaded(model: InstalledModel, ollama: Ollama, budget: int, context: int | None) -> LoadedModel | None:
    """As /api/ps lists it, or as it would be listed; None where its size in memory cannot be told."""
    if context is None:
        now = next((one for one in ollama.loaded if same_model(one.name, model.name)), None)
        if now is not None:
            return now
    way = _loading(model, ollama, budget, context)
    if model.remote_host or model.shape is None or way is None:
        return None
    total = need_as(model.shape, way).total
    return LoadedModel(model.name, model.digest, total, min(total, budget), way.context)


def _verdict(
    model: InstalledModel, there: LoadedModel | None, snapshot: Snapshot, limits: Limits, context: int | None
) -> Fit:
    if model.remote_host:
        return Fit(Verdict.NOT_LOCAL, basis="remote-host")
    loaded = (there,) if there else ()
    return with_loaded(
        model.shape, model.size_bytes, snapshot, limits, loaded, context=context, model_context=model.num_ctx
    )


def _ram(snapshot: Snapshot) -> int | None:
    """Without a GPU, models may use what the machine has, or what its container allows."""
    memory = value_of(snapshot.memory)
    if memory is None:
        return None
    return min(memory.total_bytes, memory.limit_bytes or memory.total_bytes)
