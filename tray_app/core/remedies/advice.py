"""Remedies outside the settings: unload, stop, and advice for Ollama's own settings, which need its restart."""

from msgspec.structs import replace

from tray_app.core.fit.need import automatic_context, need
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ollama_settings import InEffect, in_effect, setting_now, started_by
from tray_app.core.requests.releases import SERVER_SINCE
from tray_app.core.tasks.releases import GENERATIONS_SINCE
from tray_app.core.values.finding import MemoryPressure, ModelSpills, ModelThrash, PromptCacheGrowth, Stuck, TaskStorm
from tray_app.core.values.names import same_model
from tray_app.core.values.plan import Action, ActionKind, Plan
from tray_app.core.values.remedy import (
    Advice,
    AdviceKind,
    Effect,
    EndRunner,
    Reason,
    Remedy,
    StopGenerations,
    UnloadModel,
)
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, WatchedProcess
from tray_app.core.values.version import parse_version

SMALL_CONTEXT = 4096
SHARED_KV_TYPE = "q8_0"


def advice(here: Case) -> list[Advice]:
    """What only the user can do, most helpful first."""
    made = [_context(here), _kv_cache_type(here), _parallel(here), _cache_limit(here), _two_models(here), _stay(here)]
    start = started_by(here.facts)
    return [
        replace(remedy, start=start, now=setting_now(remedy.kind, here.facts)) for remedy in made if remedy is not None
    ]


def spills_alone(here: Case) -> LoadedModel | None:
    """The chat model when it does not fit even without any other: then less context helps most."""
    if here.facts.ollama is None or here.facts.chat_model is None or len(here.facts.ollama.loaded) != 1:
        return None
    return here.facts.chat_model if here.facts.spilled_bytes(here.facts.chat_model) else None


def _shape_of(model: LoadedModel | None, here: Case) -> InstalledModel | None:
    found = here.facts.installed_as(model.name) if model is not None else None
    return found if found is not None and found.shape is not None else None


def _memory_pressed(here: Case) -> bool:
    return any(here.found(kind) for kind in (ModelSpills, MemoryPressure, TaskStorm))


def _context(here: Case) -> Advice | None:
    """From the context it has to 4096 tokens: what that saves."""
    if here.facts.chat_model is None or here.blames_program or not _memory_pressed(here):
        return None
    now = here.facts.chat_model.context_length or _automatic(here)
    if now is None or now <= SMALL_CONTEXT:
        return None
    saved = _saved(here, now, SMALL_CONTEXT, here.kv_cache_type, here.kv_cache_type)
    return _advice(AdviceKind.CONTEXT_LENGTH, _why_less_context(here, saved), here.facts.chat_model.name, saved)


def _why_less_context(here: Case, saved: int | None) -> Reason:
    """`saved`: what a small one would; None: not known. The context is to blame only where that is enough."""
    alone = spills_alone(here)
    if alone is None:
        return Reason.LONG_CONTEXT
    enough = saved is not None and saved >= (here.facts.spilled_bytes(alone) or 0)
    return Reason.CONTEXT_SPILLS if enough else Reason.CHAT_MODEL_ALONE_SPILLS


def _automatic(here: Case) -> int | None:
    if here.facts.ollama is None or here.facts.gpu is None:
        return None
    version = parse_version(here.facts.ollama.version)
    return automatic_context(version, here.facts.place.gpu_budget) if version else None


def _saved(here: Case, context: int, new_context: int, kv_type: str, new_kv_type: str) -> int | None:
    model = _shape_of(here.facts.chat_model, here)
    if model is None or model.shape is None or here.facts.ollama is None:
        return None
    slots = here.facts.ollama.config.num_parallel or 1
    before = need(model.shape, context=context, parallel=slots, kv_cache_type=kv_type)
    after = need(model.shape, context=new_context, parallel=slots, kv_cache_type=new_kv_type)
    return max(0, before.total - after.total)


def _kv_cache_type(here: Case) -> Advice | None:
    if here.facts.chat_model is None or here.blames_program or not _memory_pressed(here) or here.kv_cache_type != "f16":
        return None
    context = here.facts.chat_model.context_length or _automatic(here)
    saved = _saved(here, context, context, "f16", SHARED_KV_TYPE) if context else None
    if saved == 0:
        return None
    return _advice(AdviceKind.KV_CACHE_TYPE, Reason.SMALLER_CONTEXT_MEMORY, here.facts.chat_model.name, saved)


def _parallel(here: Case) -> Advice | None:
    """Each slot reserves a context of its own; more than one only helps where memory is plenty."""
    slots = here.facts.ollama.config.num_parallel if here.facts.ollama is not None else None
    if here.facts.chat_model is None or slots is None or slots <= 1 or here.blames_program or not _memory_pressed(here):
        return None
    model = _shape_of(here.facts.chat_model, here)
    saved = None
    if model is not None and model.shape is not None and here.facts.chat_model.context_length:
        several = need(model.shape, context=here.facts.chat_model.context_length, parallel=slots)
        saved = several.total - need(model.shape, context=here.facts.chat_model.context_length).total
    return _advice(AdviceKind.NUM_PARALLEL, Reason.SLOTS_RESERVE_MEMORY, here.facts.chat_model.name, saved)


def _two_models(here: Case) -> Advice | None:
    """Where Ollama was told to keep one model, chat and task model take each other's place."""
    ollama = here.facts.ollama
    if ollama is None or ollama.config.max_loaded_models != 1 or here.found(ModelThrash) is None:
        return None
    model = here.facts.chat_model.name if here.facts.chat_model is not None else ""
    return _advice(AdviceKind.MAX_LOADED_MODELS, Reason.ONE_MODEL_ONLY, model, None)


def _stay(here: Case) -> Advice | None:
    """What is loaded beside the chat model holds memory for minutes after its last request."""
    ollama, chat = here.facts.ollama, here.facts.chat_model
    if ollama is None or chat is None or len(ollama.loaded) < 2 or here.blames_program or not _memory_pressed(here):
        return None
    if in_effect(AdviceKind.KEEP_ALIVE, here.facts) is InEffect.YES:
        return None
    saved = sum(model.size_bytes for model in ollama.loaded if model is not chat)
    return _advice(AdviceKind.KEEP_ALIVE, Reason.MODELS_STAY, chat.name, saved)


def _cache_limit(here: Case) -> Advice | None:
    found = here.found(PromptCacheGrowth)
    version = parse_version(here.facts.ollama.version) if here.facts.ollama is not None else None
    if found is None or version is None or version < SERVER_SINCE:
        return None
    return _advice(AdviceKind.CACHE_RAM, Reason.PROMPT_CACHE, found.subject, found.grown_bytes)


def _advice(kind: AdviceKind, reason: Reason, model: str, saved: int | None) -> Advice:
    return Advice(kind=kind, model=model, reason=reason, effect=Effect(memory_bytes=saved))


_WHOSE_ANSWERS = {
    False: Reason.ENDS_ANSWERS,
    True: Reason.ENDS_ANSWERS_OF_ALL,
    None: Reason.MAY_END_ANSWERS_OF_OTHERS,
}


def ends(here: Case) -> list[EndRunner]:
    """Runners that were left behind, where our own user may end them."""
    found = {one.pid for one in (*here.diagnosis.findings, *here.diagnosis.explained) if isinstance(one, Stuck)}
    return [_end(one) for one in here.facts.strangers if one.pid in found and one.mine is not False]


def _end(runner: WatchedProcess) -> EndRunner:
    model, held = runner.model or runner.name, runner.memory_bytes
    action = Action(ActionKind.END, model, held, runner.pid, runner.started_at)
    return EndRunner(
        model=model,
        pid=runner.pid,
        plan=Plan(actions=(action,)),
        reason=Reason.SERVES_NOBODY,
        effect=Effect(memory_bytes=held),
    )


def last_resorts(here: Case) -> list[Remedy]:
    """Not undoable and always asked about: stop the answers, unload a model."""
    made: list[Remedy] = []
    may_stop = here.may_write and here.facts.release >= GENERATIONS_SINCE
    if may_stop and here.overloaded and here.tasks_hurt:
        plan = Plan(actions=(Action(ActionKind.STOP_GENERATIONS),))
        made.append(StopGenerations(plan=plan, reason=_WHOSE_ANSWERS[here.other_users]))
    return [*made, *(_unload(model) for model in _worth_unloading(here))]


def _worth_unloading(here: Case) -> list[LoadedModel]:
    """The other models where one spills, else the one that memory or the prompt cache is short of."""
    ollama = here.facts.ollama
    if ollama is None or not ollama.local or here.blames_program:
        return []
    if here.found(ModelSpills) and len(ollama.loaded) > 1:
        return [model for model in ollama.loaded if model is not here.facts.chat_model]
    grown = here.found(PromptCacheGrowth)
    if grown is not None:
        return [model for model in ollama.loaded if same_model(model.name, grown.subject)]
    short = here.found(MemoryPressure) or here.found(TaskStorm)
    return [here.facts.chat_model] if short and here.facts.chat_model is not None else []


def _unload(model: LoadedModel) -> UnloadModel:
    return UnloadModel(
        model=model.name,
        plan=Plan(actions=(Action(ActionKind.UNLOAD, model.name, model.size_bytes),)),
        reason=Reason.FREES_MEMORY,
        effect=Effect(memory_bytes=model.size_bytes),
    )
