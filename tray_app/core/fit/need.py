"""What a runner will need for a model, before it is loaded.

The parts are those that llama-server reports when it loads a model: weights, KV cache, recurrent state and compute
buffer. Sources: llama.cpp `llama-kv-cache.cpp`, `llama-kv-cache-iswa.cpp`, `llama-memory-recurrent.cpp`,
`llama-hparams.cpp`; Ollama `llm/llama_server.go` and `server/sched.go`. Compute is the highest of the graph's peaks,
checked against the buffer sizes of real servers (`bench/footprint.py`).
"""

from enum import StrEnum

from tray_app.core.fit.compute import compute_bytes
from tray_app.core.requests.releases import CONTEXT_4096_SINCE, CONTEXT_BY_MEMORY_SINCE
from tray_app.core.values.fit import Need
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.version import Version

CELL_BLOCK = 256
"""The KV cache grows in blocks of this many tokens."""
MAX_PARALLEL = 1024
MAX_TOKENS = 1 << 31

# Bytes per cached value (ggml.c type_traits).
KV_TYPES: dict[str, float] = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
    "iq4_nl": 18 / 32,
}


class Offload(StrEnum):
    """Where the layers run. It decides which buffers the runner reports."""

    CPU = "cpu"
    PARTIAL = "partial"
    FULL = "full"


def need(
    shape: ModelShape,
    *,
    context: int,
    parallel: int = 1,
    kv_cache_type: str = "f16",
    micro_batch: int | None = None,
    offload: Offload = Offload.FULL,
    flash_attention: bool = True,
) -> Need:
    """Memory for `parallel` slots of `context` tokens each. Out-of-range numbers are brought into range.

    `micro_batch` None: the one Ollama 0.30 and later chooses. An unknown `kv_cache_type` counts as f16.
    """
    slots = slots_for(shape, parallel)
    tokens = used_context(shape, context)
    batch = min(max(micro_batch or automatic_micro_batch(tokens, slots), 1), MAX_TOKENS)
    return Need(
        weights_bytes=_weights_bytes(shape, offload),
        kv_cache_bytes=_kv_cache_bytes(shape, tokens, slots, kv_cache_type, batch),
        state_bytes=slots * 4 * shape.recurrent_layers * shape.recurrent_state_values,
        compute_bytes=compute_bytes(
            shape,
            cells=cells(tokens),
            window_cells=window_cells(shape, tokens, batch),
            micro_batch=min(batch, cells(tokens) * slots),
            slots=slots,
            flash_attention=flash_attention,
        ),
    )


def slots_for(shape: ModelShape, parallel: int) -> int:
    """Slots that Ollama uses: one for architectures that cannot share a batch (Ollama sched.go)."""
    return 1 if shape.single_sequence else min(max(parallel, 1), MAX_PARALLEL)


def used_context(shape: ModelShape, context: int) -> int:
    """Never more than the model was trained for (Ollama llm/server.go: "requested context size too large")."""
    most = shape.context_length or MAX_TOKENS
    return min(max(context, 1), most, MAX_TOKENS)


def automatic_micro_batch(context: int, slots: int) -> int:
    """Ollama sched.go from 0.30: by all slots' tokens. Older versions always used 512."""
    tokens = context * slots
    if tokens > 32768:
        return 2048
    return 1024 if tokens > 4096 else 512


def automatic_context(version: Version, budget_bytes: int) -> int:
    """Tokens per slot that Ollama takes when neither request nor model nor setting names a number.

    By all GPUs' memory, a fixed number before (Ollama server/routes.go). `budget_bytes` 0: no GPU.
    """
    if version >= CONTEXT_BY_MEMORY_SINCE:
        if budget_bytes >= 47 << 30:
            return 262144
        return 32768 if budget_bytes >= 23 << 30 else 4096
    return 4096 if version >= CONTEXT_4096_SINCE else 2048


def cells(tokens: int) -> int:
    return -(-tokens // CELL_BLOCK) * CELL_BLOCK


def window_cells(shape: ModelShape, context: int, micro_batch: int) -> int:
    """Cells of a sliding layer: the window and one batch, never more than the whole context; 0 without a window."""
    if not shape.sliding_window:
        return 0
    return min(cells(context), cells(shape.sliding_window + micro_batch))


def _kv_cache_bytes(shape: ModelShape, context: int, slots: int, kv_cache_type: str, micro_batch: int) -> int:
    if not shape.caches:
        return 0
    whole, window = cells(context), window_cells(shape, context, micro_batch)
    seen = None if shape.global_layers is None or not window else frozenset(shape.global_layers)
    values = 0
    for layer, heads in enumerate(shape.kv_heads):
        if heads == 0:
            continue
        if seen is None or layer in seen:
            values += whole * (shape.mla_cache_width or heads * (shape.key_length + shape.value_length))
        else:
            key = shape.key_length_window or shape.key_length
            value = shape.value_length_window or shape.value_length
            values += window * heads * (key + value)
    return round(slots * values * KV_TYPES.get(kv_cache_type.lower(), 2.0))


def _weights_bytes(shape: ModelShape, offload: Offload) -> int:
    """On the GPU the token embedding stays in RAM, unless it is the output matrix as well: then the GPU has a copy.

    With all layers on the GPU the runner reports the GPU's buffers only (Ollama llm/llama_server.go).
    """
    weights = shape.weights_bytes + shape.projector_bytes
    if offload is not Offload.FULL:
        return weights
    stays = shape.input_bytes + (shape.token_embedding_bytes if shape.has_output_tensor else 0)
    return max(0, weights - stays)
