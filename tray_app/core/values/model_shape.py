"""What of a model decides how much memory it needs."""

from msgspec import Struct


class ModelShape(Struct, frozen=True):
    """One model's architecture. Per-layer tuples have one entry per block; 0 heads means no KV cache."""

    architecture: str
    block_count: int
    embedding_length: int
    context_length: int
    head_count: int
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    feed_forward_length: int
    weights_bytes: int
    """All tensors as stored, projector left out."""
    token_embedding_bytes: int
    has_output_tensor: bool
    vocabulary_size: int
    projector_bytes: int = 0
    experts_used: int = 0
    expert_feed_forward_length: int = 0
    sliding_window: int = 0
    """Tokens; 0 where all layers see the whole context."""
    global_layers: tuple[int, ...] | None = None
    """Indices of layers that see the whole context; None where it is not known (then all)."""
    mla_cache_width: int = 0
    """Cached values per token and layer of multi-head latent attention (kv_lora_rank + rope dims); 0: none."""
    recurrent_layers: int = 0
    recurrent_state_values: int = 0
    """Float32 values per recurrent layer and sequence."""
    exact: bool = True
    """False where the architecture is not known: the result is then an upper bound."""
    key_length_window: int = 0
    """Key length on sliding layers where it differs (gemma4); 0: the same."""
    value_length_window: int = 0
    input_bytes: int = 0
    """Other tensors that are only looked up per token (per-layer embeddings): they stay in RAM beside a GPU."""
    caches: bool = True
    """False for embedding models: nothing is remembered between tokens."""
    single_sequence: bool = False
    """Ollama forces one slot for this architecture (Ollama sched.go)."""
    dense_layers: bool = True
    """Some layer has a plain feed-forward part beside or instead of experts."""
    shared_feed_forward_length: int = 0
    latent_key_length: int = 0
    """Key length after decompression, with multi-head latent attention."""
    latent_value_length: int = 0
    recurrent_projection: int = 0
    """Width of the input projection of a recurrent layer."""
    least_kv_heads: int = 0
    """The fewest KV heads of a layer by the file's own word, at least 1; 0: not told, then those of `kv_heads`."""
    deepstack_layers: int = 0
    per_layer_input_length: int = 0
