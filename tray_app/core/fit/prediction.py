"""`elbowroom fit MODEL [--with MODEL | --alone] [--context N]`: what a model needs here, and whether it fits."""

from tray_app.core.fit.candidates import CANDIDATES
from tray_app.core.fit.verdict import Loading, Place, loading, model_with_loaded, need_as, room
from tray_app.core.tasks.assignments import nearest
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.fit import Basis, Beside, Fit, FitReport, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, Ollama, Presence


def predict(
    model: str,
    here: Place,
    *,
    with_model: str | None = None,
    alone: bool = False,
    context: int | None = None,
    limits: Limits,
) -> FitReport:
    """Beside all that is loaded now, beside `with_model`, or `alone`. UsageError where `with_model` is not known.

    A model that is not installed is judged by the numbers of the candidates, where it is one. `context` is for `model`;
    another one is taken as it is loaded, or as Ollama would load it.
    """
    ollama = here.ollama
    if ollama is None:
        return FitReport(model, Verdict.UNKNOWN, Basis.OLLAMA_UNKNOWN, beside=with_model)
    if ollama.presence is Presence.ABSENT:
        return FitReport(model, Verdict.UNKNOWN, Basis.NO_OLLAMA, beside=with_model)
    chosen = _installed(model, ollama) or _published(model)
    if chosen is None:
        return FitReport(model, Verdict.UNKNOWN, Basis.NOT_INSTALLED, beside=with_model, nearest=_meant(model, ollama))
    if chosen.remote_host:
        return FitReport(chosen.name, Verdict.NOT_LOCAL, Basis.CLOUD, beside=with_model, host=chosen.remote_host)
    question, others = _others(chosen, with_model, ollama, alone=alone)
    if not ollama.local or here.gpu is None:
        basis = Basis.BUDGET_UNKNOWN if ollama.local else Basis.OLLAMA_ELSEWHERE
        return FitReport(chosen.name, Verdict.UNKNOWN, basis, beside=_names(others), question=question)
    return _report(chosen, others, question, here, ollama, context, limits)


Other = InstalledModel | LoadedModel


def _installed(name: str, ollama: Ollama) -> InstalledModel | None:
    return next((one for one in ollama.installed if same_model(one.name, name)), None)


def _published(name: str) -> InstalledModel | None:
    """As it would be installed. Only few models' numbers are known before they are here."""
    found = next((one for one in CANDIDATES if same_model(one.name, name)), None)
    return InstalledModel(found.name, "", found.download_bytes, shape=found.shape) if found else None


def _meant(name: str, ollama: Ollama) -> str:
    """The closest known name; another size of a known family is no slip."""
    known = (*(one.name for one in ollama.installed), *(one.name for one in CANDIDATES))
    family = name.partition(":")[0]
    return "" if family in {one.partition(":")[0] for one in known} else nearest(name, known)


def _others(
    chosen: InstalledModel, with_model: str | None, ollama: Ollama, *, alone: bool
) -> tuple[Beside, tuple[Other, ...]]:
    if with_model is not None:
        other = _installed(with_model, ollama) or _published(with_model)
        if other is None:
            raise UsageError(Slip.MODEL, with_model, "", tuple(one.name for one in ollama.installed))
        return Beside.NAMED, (other,)
    if alone:
        return Beside.ALONE, ()
    loaded = tuple(one for one in ollama.loaded if not same_model(one.name, chosen.name))
    return (Beside.LOADED, loaded) if loaded else (Beside.NOTHING_LOADED, ())


def _names(others: tuple[Other, ...]) -> str | None:
    return ", ".join(one.name for one in others) or None


def _report(
    chosen: InstalledModel,
    others: tuple[Other, ...],
    question: Beside,
    here: Place,
    ollama: Ollama,
    context: int | None,
    limits: Limits,
) -> FitReport:
    seen = [one if isinstance(one, LoadedModel) else _as_loaded(one, here, ollama, None) for one in others]
    there = tuple(one for one in seen if one is not None)
    way = _loading(chosen, there, here, ollama, context)
    fit = model_with_loaded(chosen, here, limits, there, context)
    if any(known is None and not _is_cloud(one) for one, known in zip(others, seen, strict=True)):
        fit = Fit(Verdict.UNKNOWN, fit.need_bytes, fit.room_bytes, Basis.OTHER_SHAPE_UNKNOWN)
    return FitReport(
        model=chosen.name,
        settings_told=ollama.config.told,
        verdict=fit.verdict,
        basis=fit.basis,
        need=need_as(chosen.shape, way) if chosen.shape and way else None,
        budget_bytes=here.budget_bytes,
        room_bytes=fit.room_bytes,
        context=way.context if way else None,
        parallel=way.parallel if way else None,
        exact=chosen.shape is not None and chosen.shape.exact,
        beside=_names(others),
        beside_bytes=sum(one.size_bytes for one in there) if there else None,
        reverse=_reverse(chosen, others, here, ollama, context, limits),
        question=question,
        download_bytes=None if _installed(chosen.name, ollama) else chosen.size_bytes,
    )


def _is_cloud(other: Other) -> bool:
    return isinstance(other, InstalledModel) and other.remote_host is not None


def _reverse(
    chosen: InstalledModel,
    others: tuple[Other, ...],
    here: Place,
    ollama: Ollama,
    context: int | None,
    limits: Limits,
) -> Verdict | None:
    """For one other model whose needs are known: when it comes second."""
    first = _as_loaded(chosen, here, ollama, context)
    if len(others) != 1 or first is None:
        return None
    other = _installed(others[0].name, ollama) or _published(others[0].name)
    if other is None or other.remote_host or _as_loaded(other, here, ollama, None) is None:
        return None
    return model_with_loaded(other, here, limits, (first,)).verdict


def _loading(
    model: InstalledModel, there: tuple[LoadedModel, ...], here: Place, ollama: Ollama, context: int | None
) -> Loading | None:
    if model.shape is None or here.gpu is None:
        return None
    space = room(there, ollama, here.gpu, here.memory, here.gpu_budget)
    return loading(
        model.shape,
        model.size_bytes,
        ollama,
        space,
        context=context,
        model_context=model.num_ctx,
        embeds=model.embeds,
    )


def _as_loaded(model: InstalledModel, here: Place, ollama: Ollama, context: int | None) -> LoadedModel | None:
    """As /api/ps lists it, or as it would be listed; None where its size in memory cannot be told."""
    if context is None:
        now = next((one for one in ollama.loaded if same_model(one.name, model.name)), None)
        if now is not None:
            return now
    way = _loading(model, (), here, ollama, context)
    if model.remote_host or model.shape is None or way is None:
        return None
    total = model.size_bytes if model.mlx else need_as(model.shape, way).total
    return LoadedModel(model.name, model.digest, total, min(total, here.gpu_budget), way.context)
