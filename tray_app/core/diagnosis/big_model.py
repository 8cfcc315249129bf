"""Which loaded models are big for this machine: their share of the memory that models may use."""

from msgspec import Struct

from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Reading, Unknown, Why, value_of
from tray_app.core.values.snapshot import BudgetBasis, LoadedModel, Ollama, Presence, Snapshot

NO_GPU = (BudgetBasis.RAM,)
SPILL_SHARE = 0.01
"""Rounding between what Ollama adds up as total and as GPU part is below this share."""


class Weighed(Struct, frozen=True):
    """A loaded model and its share of the budget. `budget_bytes` None: it overflows a GPU whose size is not known."""

    model: LoadedModel
    share: float
    budget_bytes: int | None


def has_gpu(snapshot: Snapshot) -> bool | None:
    """None where nothing tells."""
    if isinstance(snapshot.gpu, Known):
        return snapshot.gpu.value.basis not in NO_GPU
    ollama = value_of(snapshot.ollama)
    if ollama is not None and any(model.size_vram_bytes > 0 for model in ollama.loaded):
        return True
    return True if snapshot.host.apple_silicon else None


def spilled_bytes(model: LoadedModel, snapshot: Snapshot) -> int:
    """What of the model runs on the CPU although there is a GPU (GET /api/ps: size - size_vram); 0: nothing."""
    if not has_gpu(snapshot) or model.size_bytes <= 0:
        return 0
    spilled = model.size_bytes - max(model.size_vram_bytes, 0)
    return spilled if spilled > SPILL_SHARE * model.size_bytes else 0


def _budget(model: LoadedModel, snapshot: Snapshot) -> int | None:
    """Bytes models may use. Without a GPU reading, all RAM where the model lies in RAM: never less than the budget."""
    if isinstance(snapshot.gpu, Known):
        return snapshot.gpu.value.budget_bytes
    memory = value_of(snapshot.memory)
    in_ram = snapshot.host.apple_silicon or model.size_vram_bytes <= 0
    return memory.total_bytes if memory is not None and in_ram else None


def weigh(model: LoadedModel, snapshot: Snapshot) -> Weighed | None:
    """None where its share cannot be told."""
    if model.size_bytes <= 0:
        return None
    budget = _budget(model, snapshot)
    if budget is not None and budget > 0:
        return Weighed(model, model.size_bytes / budget, budget)
    if model.size_vram_bytes > 0 and spilled_bytes(model, snapshot):
        return Weighed(model, 1.0, None)
    return None


def local_ollama(snapshot: Snapshot) -> Reading[Ollama]:
    """The Ollama whose memory is this machine's; Unknown for one that runs elsewhere."""
    ollama = snapshot.ollama
    if isinstance(ollama, Known) and ollama.value.presence is Presence.RUNNING and not ollama.value.local:
        return Unknown(Why.REMOTE)
    return ollama


def big_models(snapshot: Snapshot, limits: Limits) -> tuple[Weighed, ...] | Unknown:
    """Loaded models from `big_model_share` of the budget on, the largest first."""
    ollama = local_ollama(snapshot)
    if isinstance(ollama, Unknown):
        return ollama
    weighed = [weigh(model, snapshot) for model in ollama.value.loaded]
    if weighed and all(one is None for one in weighed):
        return snapshot.gpu if isinstance(snapshot.gpu, Unknown) else Unknown(Why.BAD_ANSWER)
    big = [one for one in weighed if one is not None and one.share >= limits.big_model_share]
    return tuple(sorted(big, key=lambda one: one.share, reverse=True))
