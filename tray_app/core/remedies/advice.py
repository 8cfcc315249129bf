"""Remedies outside the settings: unload, stop, and advice for Ollama's own settings, which need its restart."""

from tray_app.core.diagnosis.big_model import spilled_bytes
from tray_app.core.fit.need import automatic_context, need
from tray_app.core.fit.verdict import budget_of
from tray_app.core.remedies.situation import Situation
from tray_app.core.requests.releases import SERVER_SINCE
from tray_app.core.tasks.releases import GENERATIONS_SINCE
from tray_app.core.values.finding import Kind
from tray_app.core.values.names import same_model
from tray_app.core.values.plan import Action, ActionKind, Plan
from tray_app.core.values.reading import value_of
from tray_app.core.values.remedy import Effect, Remedy
from tray_app.core.values.snapshot import InstalledModel, LoadedModel
from tray_app.core.values.version import parse_version

SMALL_CONTEXT = 4096
SHARED_KV_TYPE = "q8_0"


def advice(here: Situation) -> list[Remedy]:
    """What only the user can do, most helpful first."""
    made = [_context(here), _kv_cache_type(here), _parallel(here), _cache_limit(here)]
    return [remedy for remedy in made if remedy is not None]


def spills_alone(here: Situation) -> LoadedModel | None:
    """The chat model when it does not fit even without any other: then less context helps most."""
    if here.ollama is None or here.chat is None or len(here.ollama.loaded) != 1:
        return None
    return here.chat if spilled_bytes(here.chat, here.snapshot) else None


def _shape_of(model: LoadedModel | None, here: Situation) -> InstalledModel | None:
    if model is None or here.ollama is None:
        return None
    found = next((one for one in here.ollama.installed if same_model(one.name, model.name)), None)
    return found if found is not None and found.shape is not None else None


def _memory_pressed(here: Situation) -> bool:
    return any(here.found(kind) for kind in (Kind.MODEL_SPILLS, Kind.MEMORY_PRESSURE, Kind.TASK_STORM))


def _context(here: Situation) -> Remedy | None:
    """From the context it has to 4096 tokens: what that saves."""
    if here.chat is None or here.blames_program or not _memory_pressed(here):
        return None
    now = here.chat.context_length or _automatic(here)
    if now is None or now <= SMALL_CONTEXT:
        return None
    reason = "chat-model-alone-spills" if spills_alone(here) else "long-context"
    saved = _saved(here, now, SMALL_CONTEXT, here.kv_cache_type, here.kv_cache_type)
    return Remedy(
        "context-length", Plan(), reason, Effect(memory_bytes=saved), subject=here.chat.name, advice_only=True
    )


def _automatic(here: Situation) -> int | None:
    gpu = value_of(here.snapshot.gpu)
    if here.ollama is None or gpu is None:
        return None
    version = parse_version(here.ollama.version)
    return automatic_context(version, budget_of(here.ollama, gpu)) if version else None


def _saved(here: Situation, context: int, new_context: int, kv_type: str, new_kv_type: str) -> int | None:
    model = _shape_of(here.chat, here)
    if model is None or model.shape is None or here.ollama is None:
        return None
    slots = here.ollama.config.num_parallel or 1
    before = need(model.shape, context=context, parallel=slots, kv_cache_type=kv_type)
    after = need(model.shape, context=new_context, parallel=slots, kv_cache_type=new_kv_type)
    return max(0, before.total - after.total)


def _kv_cache_type(here: Situation) -> Remedy | None:
    if here.chat is None or here.blames_program or not _memory_pressed(here) or here.kv_cache_type != "f16":
        return None
    context = here.chat.context_length or _automatic(here)
    saved = _saved(here, context, context, "f16", SHARED_KV_TYPE) if context else None
    if saved == 0:
        return None
    return Remedy(
        "kv-cache-type",
        Plan(),
        "smaller-context-memory",
        Effect(memory_bytes=saved),
        subject=here.chat.name,
        advice_only=True,
    )


def _parallel(here: Situation) -> Remedy | None:
    """Each slot reserves a context of its own; more than one only helps where memory is plenty."""
    slots = here.ollama.config.num_parallel if here.ollama is not None else None
    if here.chat is None or slots is None or slots <= 1 or here.blames_program or not _memory_pressed(here):
        return None
    model = _shape_of(here.chat, here)
    saved = None
    if model is not None and model.shape is not None and here.chat.context_length:
        several = need(model.shape, context=here.chat.context_length, parallel=slots)
        saved = several.total - need(model.shape, context=here.chat.context_length).total
    return Remedy(
        "num-parallel",
        Plan(),
        "slots-reserve-memory",
        Effect(memory_bytes=saved),
        subject=here.chat.name,
        advice_only=True,
    )


def _cache_limit(here: Situation) -> Remedy | None:
    found = here.found(Kind.PROMPT_CACHE_GROWTH)
    version = parse_version(here.ollama.version) if here.ollama is not None else None
    if found is None or version is None or version < SERVER_SINCE:
        return None
    grown = found.value("grown_bytes")
    saved = grown if isinstance(grown, int) else None
    return Remedy(
        "cache-ram", Plan(), "prompt-cache", Effect(memory_bytes=saved), subject=found.subject, advice_only=True
    )


def last_resorts(here: Situation) -> list[Remedy]:
    """Not undoable and always asked about: stop the answers, unload a model."""
    made = []
    may_stop = here.may_write and here.version >= GENERATIONS_SINCE
    if may_stop and here.overloaded and here.tasks_hurt:
        plan = Plan(actions=(Action(ActionKind.STOP_GENERATIONS),))
        made.append(Remedy("stop-generations", plan, "ends-answers", undoable=False, asks=True))
    return [*made, *(_unload(model) for model in _worth_unloading(here))]


def _worth_unloading(here: Situation) -> list[LoadedModel]:
    """The other models where one spills, else the one that memory or the prompt cache is short of."""
    ollama = here.ollama
    if ollama is None or not ollama.local or here.blames_program:
        return []
    if here.found(Kind.MODEL_SPILLS) and len(ollama.loaded) > 1:
        return [model for model in ollama.loaded if model is not here.chat]
    grown = here.found(Kind.PROMPT_CACHE_GROWTH)
    if grown is not None:
        return [model for model in ollama.loaded if same_model(model.name, grown.subject)]
    short = here.found(Kind.MEMORY_PRESSURE) or here.found(Kind.TASK_STORM)
    return [here.chat] if short and here.chat is not None else []


def _unload(model: LoadedModel) -> Remedy:
    return Remedy(
        f"unload:{model.name}",
        Plan(actions=(Action(ActionKind.UNLOAD, model.name, model.size_bytes),)),
        "frees-memory",
        Effect(memory_bytes=model.size_bytes),
        subject=model.name,
        undoable=False,
        asks=True,
    )
