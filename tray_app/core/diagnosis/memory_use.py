"""What the models of one poll take of the memory, and what one more would need: for whoever draws it."""

from collections.abc import Sequence

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.candidates import Candidate
from tray_app.core.fit.prediction import predict
from tray_app.core.report.details.memory_use import LoadedUse, MemoryUse, PartKind
from tray_app.core.tasks.target import Where
from tray_app.core.values.fit import FitReport, Verdict
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import LoadedModel

MOST_ASKED = 8
_ORDER = (Verdict.FITS, Verdict.TIGHT, Verdict.EVICTS, Verdict.SPILLS, Verdict.UNKNOWN, Verdict.NOT_LOCAL)


def memory_use(facts: Facts, candidates: Sequence[Candidate]) -> MemoryUse:
    """`candidates`: small models that are not here yet, which one may ask about as well."""
    memory = facts.memory
    here = facts.here
    unread = facts.used_bytes is None and bool(here)
    return MemoryUse(
        budget=None if facts.is_remote else facts.budget,
        models=None if here is None else tuple(_loaded(facts, one, unread=unread) for one in here),
        total_bytes=memory.total_bytes if memory is not None else None,
        available_bytes=memory.available_bytes if memory is not None else None,
        unified=facts.gpu is not None and (facts.gpu.unified or not facts.has_gpu),
        what_if=_asked(facts, candidates),
        elsewhere=facts.is_remote,
    )


def _loaded(facts: Facts, model: LoadedModel, *, unread: bool) -> LoadedUse:
    chat = facts.chat_model
    is_chat = chat is not None and chat.name == model.name
    size = max(0, model.size_vram_bytes if facts.has_gpu else model.size_bytes)
    kind = PartKind.CHAT_MODEL if is_chat else PartKind.OTHER_MODEL
    if not is_chat and chat is not None:
        target = facts.target(chat.name)
        if target is not None and target.where is Where.OTHER and same_model(target.model, model.name):
            kind = PartKind.TASK_MODEL
    return LoadedUse(
        model.name,
        kind,
        None if unread else size,
        facts.ram_bytes(model),
        _context_bytes(facts, model),
        model.context_length,
    )


def _context_bytes(facts: Facts, model: LoadedModel) -> int | None:
    if not model.context_length:
        return None
    told = predict(model.name, facts.place, alone=True, context=model.context_length, limits=facts.limits)
    return None if told.need is None else told.need.kv_cache_bytes + told.need.state_bytes


def _asked(facts: Facts, candidates: Sequence[Candidate]) -> tuple[FitReport, ...]:
    """Installed models first, those that fit before those that hurt; then small ones that could be downloaded."""
    ollama = facts.ollama
    if ollama is None or facts.is_remote:
        return ()
    loaded = [one.name for one in ollama.loaded]
    names = [one.name for one in ollama.installed if not one.embeds and not one.remote_host]
    names += [one.name for one in candidates if not any(same_model(one.name, name) for name in names)]
    asked = [name for name in names if not any(same_model(name, other) for other in loaded)]
    told = [predict(name, facts.place, limits=facts.limits) for name in asked]
    told.sort(key=lambda one: (one.download_bytes is not None, _ORDER.index(one.verdict)))
    return tuple(one for one in told if one.need is not None)[:MOST_ASKED]
