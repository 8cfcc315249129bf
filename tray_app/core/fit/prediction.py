"""`elbowroom fit MODEL [--with MODEL] [--context N]`: what a model needs here, and whether it fits."""

from tray_app.core.fit.verdict import Loading, Place, loading, need_as, room, with_loaded
from tray_app.core.values.errors import Slip, UsageError
from tray_app.core.values.fit import Basis, Fit, FitReport, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, Ollama, Presence


def predict(
    model: str, here: Place, *, with_model: str | None = None, context: int | None = None, limits: Limits
) -> FitReport:
    """UsageError where a model is not installed. Without `with_model`: beside the largest that is loaded now, if any.

    `context` is for `model`; the other one is taken as it is loaded, or as Ollama would load it.
    """
    ollama = here.ollama
    if ollama is None:
        return FitReport(model, Verdict.UNKNOWN, Basis.OLLAMA_UNKNOWN, beside=with_model)
    if ollama.presence is Presence.ABSENT:
        return FitReport(model, Verdict.UNKNOWN, Basis.NO_OLLAMA, beside=with_model)
    chosen = _installed(model, ollama)
    if chosen.remote_host:
        return FitReport(chosen.name, Verdict.NOT_LOCAL, Basis.CLOUD, beside=with_model, host=chosen.remote_host)
    other = _installed(with_model, ollama) if with_model else _there_now(chosen, ollama)
    if not ollama.local or here.gpu is None:
        basis = Basis.BUDGET_UNKNOWN if ollama.local else Basis.OLLAMA_UNKNOWN
        return FitReport(chosen.name, Verdict.UNKNOWN, basis, beside=other.name if other else None)
    return _report(chosen, other, here, ollama, context, limits)


def _installed(name: str, ollama: Ollama) -> InstalledModel:
    found = next((one for one in ollama.installed if same_model(one.name, name)), None)
    if found is None:
        raise UsageError(Slip.MODEL, name, "", tuple(one.name for one in ollama.installed))
    return found


def _there_now(chosen: InstalledModel, ollama: Ollama) -> InstalledModel | None:
    """The largest other model in memory: that is the one that is crowded, or crowds."""
    others = [one for one in ollama.loaded if not same_model(one.name, chosen.name)]
    largest = max(others, key=lambda one: one.size_bytes, default=None)
    return next((one for one in ollama.installed if largest and same_model(one.name, largest.name)), None)


def _report(
    chosen: InstalledModel,
    other: InstalledModel | None,
    here: Place,
    ollama: Ollama,
    context: int | None,
    limits: Limits,
) -> FitReport:
    there = _as_loaded(other, here, ollama, None) if other else None
    way = _loading(chosen, there, here, ollama, context)
    fit = _verdict(chosen, there, here, limits, context)
    if other is not None and there is None and not other.remote_host:
        fit = Fit(Verdict.UNKNOWN, fit.need_bytes, fit.room_bytes, Basis.OTHER_SHAPE_UNKNOWN)
    first = _as_loaded(chosen, here, ollama, context)
    reverse = _verdict(other, first, here, limits, None).verdict if other and there and first else None
    return FitReport(
        model=chosen.name,
        verdict=fit.verdict,
        basis=fit.basis,
        need=need_as(chosen.shape, way) if chosen.shape and way else None,
        budget_bytes=here.budget_bytes,
        room_bytes=fit.room_bytes,
        context=way.context if way else None,
        parallel=way.parallel if way else None,
        exact=chosen.shape is not None and chosen.shape.exact,
        beside=other.name if other else None,
        beside_bytes=there.size_bytes if there else None,
        reverse=reverse,
    )


def _loading(
    model: InstalledModel, there: LoadedModel | None, here: Place, ollama: Ollama, context: int | None
) -> Loading | None:
    if model.shape is None or here.gpu is None:
        return None
    space = room((there,) if there else (), ollama, here.gpu, here.memory, here.gpu_budget)
    return loading(model.shape, model.size_bytes, ollama, space, context=context, model_context=model.num_ctx)


def _as_loaded(model: InstalledModel, here: Place, ollama: Ollama, context: int | None) -> LoadedModel | None:
    """As /api/ps lists it, or as it would be listed; None where its size in memory cannot be told."""
    if context is None:
        now = next((one for one in ollama.loaded if same_model(one.name, model.name)), None)
        if now is not None:
            return now
    way = _loading(model, None, here, ollama, context)
    if model.remote_host or model.shape is None or way is None:
        return None
    total = need_as(model.shape, way).total
    return LoadedModel(model.name, model.digest, total, min(total, here.gpu_budget), way.context)


def _verdict(model: InstalledModel, there: LoadedModel | None, here: Place, limits: Limits, context: int | None) -> Fit:
    if model.remote_host:
        return Fit(Verdict.NOT_LOCAL, basis=Basis.CLOUD)
    loaded = (there,) if there else ()
    return with_loaded(
        model.shape, model.size_bytes, here, limits, loaded, context=context, model_context=model.num_ctx
    )
