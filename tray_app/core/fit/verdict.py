"""Does another model fit beside the loaded ones? Answered by the rule of the Ollama at hand, then by this machine.

Ollama's rule decides whether it evicts (Ollama server/sched.go and llm/llama_server.go at v0.32.15; llm/server.go at
v0.12.11; llm/memory.go at v0.9.6). Whether the model then really has room is judged with the lower of the budget's
headroom and the memory that is available now.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.fit.need import (
    Offload,
    automatic_context,
    automatic_micro_batch,
    need,
    slots_for,
    used_context,
)
from tray_app.core.requests.releases import (
    CPU_EVICTS_SINCE,
    CPU_SHARES_SINCE,
    LAYOUT_SINCE,
    MLX_FITS_SINCE,
    SERVER_SINCE,
)
from tray_app.core.tasks.target import same_runner
from tray_app.core.values.fit import Basis, Fit, Need, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    InstalledModel,
    LoadedModel,
    Memory,
    Ollama,
    Pressure,
)
from tray_app.core.values.units import GIB, MIB
from tray_app.core.values.version import Version, parse_version

OLLAMA_SHARE = 0.8
"""sched.go from 0.30: a further model is loaded only while its estimate stays below this share of what is available."""
FIT_MARGIN = GIB
"""llama-server `--fit` keeps this much of a GPU free."""
# sched.go from 0.30, automaticGenerationBatch: what a larger batch costs, and the share of what is available that the
# model alone may be estimated at to get it.
BATCH_SURCHARGE = {1024: 768 * MIB, 2048: 2 * GIB}
BATCH_SHARE = {1024: 0.75, 2048: 0.6}
EMBEDDING_BATCH = 2048
"""llm/llama_server.go from 0.30: the batch of a model that makes embeddings, at most its context."""
MLX_MINIMUM = 512 * MIB
"""x/mlxrunner/client.go: the MLX runner leaves this much of a Metal GPU free."""
# llm/memory.go to 0.9: the smallest amount that is kept free on Metal.
ESTIMATE_MINIMUM = 512 * MIB


class Generation(StrEnum):
    """How Ollama decides; the values are the `basis` of a Fit."""

    ESTIMATES = "ollama-0.9-estimate"  # to 0.9
    LAYOUT = "ollama-0.12-layout"  # 0.10 to 0.24
    SERVER = "ollama-0.30-estimate"  # from 0.30


class Place(Struct, frozen=True):
    """The machine that a model would be loaded on. None: not known.

    `budget_bytes`: what models may use, GPU or RAM. `serves_open_webui`: it is this Ollama that Open WebUI uses.
    """

    ollama: Ollama | None
    gpu: Gpu | None
    memory: Memory | None
    budget_bytes: int | None
    serves_open_webui: bool | None = None
    may_be_another: bool = False
    """Nothing tells whether Open WebUI uses this Ollama."""

    @property
    def gpu_budget(self) -> int:
        """0: no GPU, or not known."""
        on_gpu = self.gpu is not None and self.gpu.basis is not BudgetBasis.RAM
        return self.budget_bytes or 0 if on_gpu else 0


class Room(Struct, frozen=True):
    """Bytes; `budget` 0: no GPU. `live`: what the machine can hand out. `for_ollama`: available to Ollama's eyes."""

    budget: int
    headroom: int
    live: int
    for_ollama: int
    gpu: bool
    unified: bool


class Loading(Struct, frozen=True):
    """How this machine's Ollama would load a model."""

    context: int
    parallel: int
    kv_cache_type: str
    micro_batch: int
    offload: Offload = Offload.FULL
    batch_logits: bool = False
    """Engines before 0.30 reserve logits for a whole batch."""


def generation(version: Version) -> Generation:
    if version >= SERVER_SINCE:
        return Generation.SERVER
    return Generation.LAYOUT if version >= LAYOUT_SINCE else Generation.ESTIMATES


def loading(
    shape: ModelShape,
    file_bytes: int,
    ollama: Ollama,
    space: Room,
    *,
    context: int | None,
    model_context: int | None,
    embeds: bool = False,
) -> Loading:
    """Context: asked for, the model's own, the server's setting, else Ollama's automatic one; slots by its setting. One
    that `embeds` has one slot and a batch of its own.
    """
    version = parse_version(ollama.version) or SERVER_SINCE
    by_server = version >= SERVER_SINCE
    wanted = context or model_context or ollama.config.context_length or automatic_context(version, space.budget)
    tokens = used_context(shape, wanted)
    parallel = 1 if embeds else slots_for(shape, ollama.config.num_parallel or 1)
    batch = automatic_micro_batch(tokens, parallel) if by_server else 512
    if embeds and by_server:
        batch = min(EMBEDDING_BATCH, tokens)
    way = Loading(tokens, parallel, ollama.config.kv_cache_type or "f16", batch, batch_logits=not by_server)
    if not space.gpu:
        return replace(way, offload=Offload.CPU)
    if by_server and not embeds:
        estimate = ollama_estimate(shape, way, file_bytes)
        way = replace(way, micro_batch=fitting_batch(batch, estimate, space.for_ollama))
    spills = need_as(shape, way).total > space.budget - (FIT_MARGIN if by_server else 0)
    return replace(way, offload=Offload.PARTIAL) if spills else way


def need_as(shape: ModelShape, way: Loading) -> Need:
    counted = need(
        shape,
        context=way.context,
        parallel=way.parallel,
        kv_cache_type=way.kv_cache_type,
        micro_batch=way.micro_batch,
        offload=way.offload,
    )
    if not way.batch_logits:
        return counted
    logits = 4 * way.micro_batch * (shape.embedding_length + shape.vocabulary_size)
    return replace(counted, compute_bytes=max(counted.compute_bytes, logits))


def ollama_estimate(shape: ModelShape, way: Loading, file_bytes: int) -> int:
    """What Ollama from 0.30 takes a model to need before it is loaded (llm/llama_server.go, PredictServerVRAM).

    Wrong for many, but it decides. A large batch does not count: it is made smaller first.
    """
    head = shape.embedding_length // shape.head_count if shape.head_count else 0
    heads = shape.least_kv_heads or min((count for count in shape.kv_heads if count), default=1)
    cache = 2 * shape.block_count * heads * head * way.context * way.parallel * 2
    return file_bytes + cache


def fitting_batch(batch: int, estimate: int, available: int) -> int:
    """The micro-batch that Ollama from 0.30 comes down to until it fits into what is available."""
    while batch in BATCH_SURCHARGE and (
        estimate > BATCH_SHARE[batch] * available or estimate + BATCH_SURCHARGE[batch] > OLLAMA_SHARE * available
    ):
        batch //= 2
    return batch


def older_need(shape: ModelShape, way: Loading, rule: Generation) -> int:
    """What Ollama before 0.30 compares with what is left; to 0.9 a layer and its cache are kept free as well."""
    counted = need_as(shape, way)
    if rule is Generation.LAYOUT:
        return counted.total
    return counted.total + (counted.weights_bytes + counted.kv_cache_bytes) // shape.block_count + ESTIMATE_MINIMUM


def beside(candidate: ModelShape | InstalledModel, here: Place, limits: Limits) -> Fit:
    """Can this model live in memory beside the models that are loaded now?"""
    if isinstance(candidate, InstalledModel) and candidate.remote_host:
        return Fit(Verdict.NOT_LOCAL, basis=Basis.CLOUD)
    ollama = here.ollama
    if ollama is None or not ollama.local:
        return Fit(Verdict.UNKNOWN, basis=Basis.OLLAMA_UNKNOWN if ollama is None else Basis.OLLAMA_ELSEWHERE)
    if here.serves_open_webui is False or here.may_be_another:
        other = here.serves_open_webui is False
        return Fit(Verdict.UNKNOWN, basis=Basis.OTHER_OLLAMA if other else Basis.WHICH_OLLAMA)
    name = candidate.name if isinstance(candidate, InstalledModel) else ""
    already = next((one for one in ollama.loaded if name and same_runner(one.name, name, ollama.installed)), None)
    if already is not None:
        return _loaded(already, here)
    if isinstance(candidate, InstalledModel):
        return model_with_loaded(candidate, here, limits, ollama.loaded)
    return with_loaded(candidate, candidate.weights_bytes, here, limits, ollama.loaded)


def model_with_loaded(
    model: InstalledModel, here: Place, limits: Limits, loaded: tuple[LoadedModel, ...], context: int | None = None
) -> Fit:
    """The same for an installed model and any set of loaded ones. `context`: asked for with the request."""
    if model.mlx:
        return _mlx_with_loaded(model.size_bytes, here, limits, loaded)
    return with_loaded(
        model.shape,
        model.size_bytes,
        here,
        limits,
        loaded,
        context=context,
        model_context=model.num_ctx,
        embeds=model.embeds,
    )


def with_loaded(
    shape: ModelShape | None,
    file_bytes: int,
    here: Place,
    limits: Limits,
    loaded: tuple[LoadedModel, ...],
    *,
    context: int | None = None,
    model_context: int | None = None,
    embeds: bool = False,
) -> Fit:
    """The same for a shape."""
    ollama, gpu, memory = here.ollama, here.gpu, here.memory
    if ollama is None or gpu is None:
        return Fit(Verdict.UNKNOWN, basis=Basis.OLLAMA_UNKNOWN if ollama is None else Basis.BUDGET_UNKNOWN)
    version = parse_version(ollama.version)
    if version is None:
        return Fit(Verdict.UNKNOWN, basis=Basis.VERSION_UNKNOWN)
    space = room(loaded, ollama, gpu, memory, here.gpu_budget)
    if shape is None:
        return _by_size(file_bytes, space, memory, limits, loaded)
    way = loading(shape, file_bytes, ollama, space, context=context, model_context=model_context, embeds=embeds)
    counted = need_as(shape, way)
    rule = generation(version)
    if loaded and ollama.config.max_loaded_models is not None and ollama.config.max_loaded_models <= len(loaded):
        return Fit(Verdict.EVICTS, counted.total, _room_bytes(space, memory), Basis.MAX_LOADED)
    alone = not space.gpu and CPU_EVICTS_SINCE <= version < CPU_SHARES_SINCE
    if loaded and (alone or _evicts(shape, way, file_bytes, space, rule)):
        return Fit(Verdict.EVICTS, counted.total, _room_bytes(space, memory), Basis(rule.value))
    return _in_memory(counted, space, memory, limits, rule)


def _mlx_with_loaded(file_bytes: int, here: Place, limits: Limits, loaded: tuple[LoadedModel, ...]) -> Fit:
    """Of a model that the MLX runner serves, Ollama looks at the weights alone."""
    ollama, gpu, memory = here.ollama, here.gpu, here.memory
    if ollama is None or gpu is None:
        return Fit(Verdict.UNKNOWN, basis=Basis.OLLAMA_UNKNOWN if ollama is None else Basis.BUDGET_UNKNOWN)
    space = room(loaded, ollama, gpu, memory, here.gpu_budget)
    version = parse_version(ollama.version) or SERVER_SINCE
    crowded = space.gpu and version >= MLX_FITS_SINCE and file_bytes > space.headroom - MLX_MINIMUM
    held = ollama.config.max_loaded_models
    if loaded and (crowded or (held is not None and held <= len(loaded))):
        basis = Basis.SIZE_ONLY if crowded else Basis.MAX_LOADED
        return Fit(Verdict.EVICTS, file_bytes, _room_bytes(space, memory), basis)
    return _by_size(file_bytes, space, memory, limits, ())


def room(loaded: tuple[LoadedModel, ...], ollama: Ollama, gpu: Gpu, memory: Memory | None, budget: int) -> Room:
    """What is left. On shared memory Ollama also looks at the live memory (sched.go from 0.30); Metal's own free memory
    is never read again after the start, so other programs' use of the GPU does not count there. `budget` 0: no GPU.
    """
    # Models of the poll that are not in the set would be gone; those of the set that are not loaded would be there.
    in_ram = sum(ram_bytes(model, gpu) for model in ollama.loaded) - sum(ram_bytes(model, gpu) for model in loaded)
    live = max(0, memory.available_bytes + in_ram) if memory is not None else 0
    if not budget:
        # Mapped weights count as available to the OS, but taking them away is what we must not do.
        left = max(0, gpu.budget_bytes - sum(ram_bytes(model, gpu) for model in loaded))
        live = min(live, left) if gpu.budget_bytes else live
        return Room(0, live, live, live, gpu=False, unified=True)
    ours = sum(max(model.size_vram_bytes, 0) for model in loaded)
    others = max(0, (gpu.used_bytes or 0) - sum(max(model.size_vram_bytes, 0) for model in ollama.loaded))
    used = ours if gpu.unified else ours + others
    headroom = max(0, budget - used)
    both = gpu.unified and memory is not None
    return Room(budget, headroom, live, min(headroom, live) if both else headroom, gpu=True, unified=gpu.unified)


def ram_bytes(model: LoadedModel, gpu: Gpu) -> int:
    """What of a loaded model lies in RAM: all of it where GPU and CPU share the memory, else what is not in VRAM."""
    shared = gpu.unified or gpu.basis is BudgetBasis.RAM
    return max(0, model.size_bytes if shared else model.size_bytes - model.size_vram_bytes)


def _evicts(shape: ModelShape, way: Loading, file_bytes: int, space: Room, rule: Generation) -> bool:
    """Ollama's own decision. Without a GPU the test from 0.30 does not run (no GPU list)."""
    if rule is Generation.SERVER:
        return space.gpu and ollama_estimate(shape, way, file_bytes) > OLLAMA_SHARE * space.for_ollama
    return older_need(shape, way, rule) > space.headroom


def _in_memory(counted: Need, space: Room, memory: Memory | None, limits: Limits, rule: Generation) -> Fit:
    """Ollama loads it. Does it really have room?"""
    total, left = counted.total, _room_bytes(space, memory)
    over = _over_budget(total, space, rule)
    if over:
        return Fit(Verdict.SPILLS, total, left, over)
    if memory is None or memory.pressure is Pressure.UNKNOWN:
        return Fit(Verdict.UNKNOWN, total, left, Basis.MEMORY_UNKNOWN)
    live_need = counted.overhead_bytes + (total if space.unified else 0)
    if live_need > space.live:
        return Fit(Verdict.SPILLS, total, left, Basis.AVAILABLE)
    tight: Basis | None = None
    if memory.pressure is not Pressure.NORMAL:
        tight = Basis.PRESSURE
    elif live_need > limits.fits_share * space.live:
        tight = Basis.AVAILABLE
    elif space.gpu and total > limits.fits_share * space.headroom:
        tight = Basis.BUDGET
    return Fit(Verdict.TIGHT if tight else Verdict.FITS, total, left, tight or Basis(rule.value))


def _over_budget(total: int, space: Room, rule: Generation) -> Basis | None:
    """The reason why part of it would run on the CPU; None where the GPU has room for all.

    Metal tells each process of its own memory only, so llama-server's margin counts against the whole budget there.
    """
    if not space.gpu:
        return None
    if rule is Generation.SERVER and total > (space.budget if space.unified else space.headroom) - FIT_MARGIN:
        return Basis.FIT_MARGIN
    return Basis.BUDGET if total > space.headroom else None


def _by_size(
    file_bytes: int, space: Room, memory: Memory | None, limits: Limits, loaded: tuple[LoadedModel, ...]
) -> Fit:
    """Without the model's numbers only extremes are told: the file alone is too much, or twice its size still fits."""
    left = _room_bytes(space, memory)
    whole = space.headroom if space.gpu else space.live
    if loaded and space.gpu and file_bytes > OLLAMA_SHARE * whole:
        return Fit(Verdict.EVICTS, file_bytes, left, Basis.SIZE_ONLY)
    generous = 2 * file_bytes + GIB
    calm = memory is not None and memory.pressure is Pressure.NORMAL
    if calm and left is not None and generous <= limits.fits_share * left:
        return Fit(Verdict.FITS, file_bytes, left, Basis.SIZE_ONLY)
    return Fit(Verdict.UNKNOWN, file_bytes, left, Basis.SIZE_ONLY)


def _room_bytes(space: Room, memory: Memory | None) -> int | None:
    """What may still be used: the lower of budget and live memory on shared memory."""
    if not space.gpu:
        return space.live if memory is not None else None
    if space.unified and memory is not None:
        return min(space.headroom, space.live)
    return space.headroom


def _loaded(model: LoadedModel, here: Place) -> Fit:
    """It is there already: it needs nothing more."""
    gpu, memory = here.gpu, here.memory
    if gpu is not None and gpu.basis is not BudgetBasis.RAM and model.size_vram_bytes < model.size_bytes:
        return Fit(Verdict.SPILLS, 0, None, Basis.LOADED)
    if memory is None or memory.pressure is Pressure.UNKNOWN:
        return Fit(Verdict.UNKNOWN, 0, None, Basis.LOADED)
    return Fit(Verdict.FITS if memory.pressure is Pressure.NORMAL else Verdict.TIGHT, 0, None, Basis.LOADED)
