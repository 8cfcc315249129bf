"""The compute buffer: the most memory that the tensors between the layers take at one moment of a batch.

ggml's allocator reuses a block as soon as its tensor is no longer needed, so the size is the highest of a few peaks.
Each peak below is the set of tensors alive at one node of llama.cpp's graph (`src/llama-graph.cpp`: build_attn,
build_ffn, build_moe_ffn; `src/models/<architecture>.cpp`), in values of 4 bytes per token of the micro-batch. The sums
were checked against the sizes that llama-server reports for some sixty shapes of fifty architectures.
"""

from tray_app.core.values.model_shape import ModelShape

# Attention and feed-forward run side by side on the same input, so that input stays alive for both.
PARALLEL_BLOCKS = frozenset({"cohere2", "cohere2moe", "phi2", "falcon", "gptneox", "gptj"})
# One matrix up and one down, no gate.
UNGATED = frozenset(
    {
        "arcee",
        "bert",
        "bloom",
        "codeshell",
        "falcon",
        "gpt2",
        "gptj",
        "gptneox",
        "jais",
        "mpt",
        "nemotron",
        "nemotron_h",
        "nemotron_h_moe",
        "phi2",
        "starcoder",
        "starcoder2",
    }
)
# No norm before attention and feed-forward: one copy of the stream less.
POST_NORM = frozenset({"nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3"})
# The output of attention is gone before the feed-forward part.
WITHOUT_ATTENTION = frozenset({"phi3"})
# Copies of the stream that live beside the per-layer embeddings; gemma3n runs four streams side by side.
PER_LAYER_STREAMS = {"gemma3n": 6}


def compute_bytes(
    shape: ModelShape, *, cells: int, window_cells: int, micro_batch: int, slots: int, flash_attention: bool
) -> int:
    """Bytes; `cells` of one slot. Masks are 2 bytes per cell and token with flash attention, else 4."""
    peak = max(_dense(shape), _experts(shape), _attention(shape), _latent(shape), _recurrent(shape, micro_batch, slots))
    peak += _inputs(shape)
    masks = cells + window_cells if any(shape.kv_heads) else 0
    if not shape.caches:
        masks = micro_batch * (2 if shape.sliding_window else 1)
    if flash_attention:
        return 4 * micro_batch * peak + 2 * micro_batch * masks
    scores = shape.head_count * (cells if shape.caches else micro_batch) + masks // 2 + _stream(shape)
    return 4 * micro_batch * (max(peak, scores) + masks)


def _stream(shape: ModelShape) -> int:
    """What lives beside a feed-forward part: the input, its norm and sum, and the output of attention."""
    copies = 2 if shape.architecture in POST_NORM else 3
    if shape.architecture in PARALLEL_BLOCKS:
        copies += 1
    if shape.recurrent_layers or not shape.caches or shape.architecture in WITHOUT_ATTENTION:
        return copies * shape.embedding_length
    value = shape.latent_value_length or shape.value_length_window or shape.value_length
    return copies * shape.embedding_length + shape.head_count * value


def _dense(shape: ModelShape) -> int:
    if not shape.dense_layers:
        return 0
    parts = 1 if shape.architecture in UNGATED else 3
    if shape.architecture == "exaone4" and shape.feed_forward_length <= 2 * shape.embedding_length:
        parts = 2  # the product of gate and up fits into what the norms left
    return parts * shape.feed_forward_length + _stream(shape)


def _experts(shape: ModelShape) -> int:
    """Gate, up and product of the used experts; their outputs as well where these do not fit into what is free by then.

    Shared experts come after: their own feed-forward part beside the sum of the others.
    """
    if not shape.experts_used:
        return 0
    width = shape.expert_feed_forward_length or shape.feed_forward_length
    parts = 2 if shape.architecture in UNGATED else 3
    routed = parts * width * shape.experts_used
    if shape.embedding_length > 2 * width:
        routed += shape.experts_used * shape.embedding_length
    shared = 3 * shape.shared_feed_forward_length + shape.embedding_length if shape.shared_feed_forward_length else 0
    kept = shape.embedding_length if shape.recurrent_layers and shared else 0
    return max(routed, shared) + _stream(shape) + kept


def _attention(shape: ModelShape) -> int:
    """Queries before and after their rotation, keys and values: the highest only where heads are many and wide."""
    if shape.mla_cache_width or not shape.caches:
        return 0
    seen = None if shape.global_layers is None or not shape.sliding_window else frozenset(shape.global_layers)
    widest = 0
    for layer, heads in enumerate(shape.kv_heads):
        sliding = seen is not None and layer not in seen
        key = (shape.key_length_window if sliding else 0) or shape.key_length
        value = (shape.value_length_window if sliding else 0) or shape.value_length
        if heads:
            widest = max(widest, 2 * shape.head_count * key + heads * (key + value))
    return 3 * shape.embedding_length + widest if widest else 0


def _latent(shape: ModelShape) -> int:
    """Latent attention works on decompressed queries, their absorbed form and both joined (models/deepseek2.cpp)."""
    if not shape.mla_cache_width or not shape.latent_key_length:
        return 0
    rank, width = shape.value_length, shape.mla_cache_width
    plain = shape.latent_key_length - (width - rank)
    per_head = shape.latent_key_length + rank + width + max(plain, 0)
    return shape.head_count * per_head + 4 * shape.embedding_length


def _recurrent(shape: ModelShape, micro_batch: int, slots: int) -> int:
    """Three tensors of the width of a state layer's input projection, and each slot's state (models/mamba-base.cpp)."""
    if not shape.recurrent_projection:
        return 0
    states = -(-slots * shape.recurrent_state_values // micro_batch)
    return 3 * shape.recurrent_projection + shape.embedding_length + states


def _inputs(shape: ModelShape) -> int:
    """Inputs that stay alive over all layers: deepstack images (qwen3vl), per-layer embeddings (gemma3n, gemma4)."""
    extra = 2 * shape.deepstack_layers * shape.embedding_length
    if shape.per_layer_input_length:
        extra += 2 * shape.block_count * shape.per_layer_input_length
        extra += PER_LAYER_STREAMS.get(shape.architecture, 1) * shape.embedding_length
    return extra
