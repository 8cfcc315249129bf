"""What each architecture remembers: which layers cache keys and values, over which window, and which keep a state.

Source of every rule: llama.cpp, `src/models/<architecture>.cpp` (load_arch_hparams), `src/llama-hparams.cpp` and
`llama_model::create_memory` in `src/llama-model.cpp` (builds b10434 and b11434 read). Rules belong to architectures,
never to model names. `/api/show` gives arrays as null, so what a per-layer array would say is read from the shapes of
the layers' tensors.
"""

from msgspec import Struct

from tray_app.core.fit.info import ModelInfo
from tray_app.core.fit.tensors import Tensors


class Layers(Struct, frozen=True):
    """What the layers remember. `kv_heads` 0: no cache. See ModelShape for the other fields."""

    kv_heads: tuple[int, ...]
    least_kv_heads: int = 0
    sliding_window: int = 0
    global_layers: tuple[int, ...] | None = None
    key_length_window: int = 0
    value_length_window: int = 0
    mla_cache_width: int = 0
    recurrent_layers: int = 0
    recurrent_state_values: int = 0
    recurrent_projection: int = 0
    caches: bool = True
    single_sequence: bool = False
    exact: bool = True


class Window(Struct, frozen=True):
    """Every `period`-th layer is global: the last of each group, or the first where `global_first`.

    `default` is the window where the file names none; 0: then there is no sliding layer.
    """

    period: int
    default: int = 0
    global_first: bool = False


# llama.cpp: load_swa_pattern(ml, period, dense_first) per architecture.
WINDOWS: dict[str, Window] = {
    "afmoe": Window(4),
    "cohere2": Window(4),
    "cohere2moe": Window(4, global_first=True),
    "exaone-moe": Window(4, default=128),
    "exaone4": Window(4, default=4096),
    "gemma2": Window(2, default=4096),
    "gemma3": Window(6),
    "gemma3n": Window(5),
    "gemma4": Window(6),
    "gpt-oss": Window(2),
    "gptoss": Window(2),
    "laguna": Window(4, global_first=True),
    "llama4": Window(4, default=8192),
    "mellum": Window(4),
    "olmo2": Window(4),
    "olmo3": Window(4),
    "plamo3": Window(8),
    "smallthinker": Window(4, global_first=True),
}
# The pattern is an array in the file and nowhere else.
ARRAY_WINDOWS = frozenset({"mimo2", "step35", "granite_swa", "spark2_5", "maple"})
# create_memory: no memory at all (embedding and diffusion models).
CACHELESS = frozenset(
    {
        "bert",
        "jina-bert-v2",
        "jina-bert-v3",
        "nomic-bert",
        "nomic-bert-moe",
        "neo-bert",
        "eurobert",
        "modern-bert",
        "gemma-embedding",
        "t5encoder",
        "dream",
        "llada",
        "llada-moe",
        "rnd1",
    }
)
# llm_arch_is_recurrent: every layer keeps a state, none caches keys.
RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
# llm_arch_is_hybrid: layers without KV heads keep a state.
HYBRID_BY_HEADS = frozenset({"jamba", "plamo2", "granitehybrid", "kimi-linear", "lfm2", "lfm2moe"})
# Neither heads nor a feed-forward part: a state. A feed-forward layer keeps nothing.
HYBRID_NEMOTRON = frozenset({"nemotron_h", "nemotron_h_moe"})
# Every `full_attention_interval`-th layer attends, the others keep a state.
HYBRID_BY_INTERVAL = frozenset({"qwen3next", "qwen35", "qwen35moe", "minimax-01"})
HYBRID_BOTH = frozenset({"falcon-h1"})
# Multi-head latent attention: one compressed row per token and layer, where `key_length_mla` is in the file.
LATENT = frozenset({"deepseek2", "deepseek2-ocr", "glm4moelite", "mistral4", "kimi-linear"})
# Every layer caches the whole context.
PLAIN_NAMES = """
apertus arcee arctic baichuan bailingmoe bailingmoe2 bitnet bloom chameleon chatglm codeshell cogvlm command-r dbrx
deci deepseek dots1 ernie4_5 ernie4_5-moe exaone falcon gemma glm4 glm4moe gpt2 gptj gptneox granite granitemoe grok
grovemoe hunyuan-dense hunyuan-moe internlm2 jais jais2 llama llama-embed maincoder minicpm minicpm3 minimax-m2
mistral3 mllama mpt nemotron olmo olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe plamo plm qwen qwen2
qwen25vl qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe refact seed_oss smollm3 stablelm starcoder starcoder2
xverse
"""
PLAIN = frozenset(PLAIN_NAMES.split())
# Ollama sched.go: more than one slot is never used for these, whatever OLLAMA_NUM_PARALLEL says.
SINGLE_SEQUENCE = ("mllama", "qwen3vl", "qwen35", "qwen3next", "lfm2", "nemotron_h")

STATE_TENSORS = ("ssm_a", "ssm_in.weight", "ssm_conv1d_q.weight", "shortconv.conv.weight")
"""A layer with one of these keeps a state."""

KNOWN = (
    frozenset(WINDOWS)
    | ARRAY_WINDOWS
    | CACHELESS
    | RECURRENT
    | HYBRID_BY_HEADS
    | HYBRID_NEMOTRON
    | HYBRID_BY_INTERVAL
    | HYBRID_BOTH
    | LATENT
    | PLAIN
)

GEMMA3N_OWN_CACHE = 20
"""gemma3n: only the first 20 layers have a cache of their own, the others read theirs."""


def layers(info: ModelInfo, tensors: Tensors | None, blocks: int, key_length: int, head_count: int) -> Layers:
    """What this architecture's layers remember; an upper bound with `exact=False` where it is not known."""
    architecture = info.architecture
    if architecture in CACHELESS:
        return Layers((0,) * blocks, sliding_window=info.number("attention.sliding_window"), caches=False)
    state = _state_values(info, head_count)
    if architecture in RECURRENT:
        return Layers(
            (0,) * blocks,
            recurrent_layers=blocks,
            recurrent_state_values=state,
            recurrent_projection=_projection(tensors),
        )
    trunk = blocks - min(info.number("nextn_predict_layers"), blocks)
    heads = _kv_heads(info, tensors, blocks, key_length, head_count)
    # Ollama's estimate counts with them (fs/ggml, HeadCountKVMin): 1 where the file has none, or 0 in its list.
    least = max(1, min(heads)) if info.lists("attention.head_count_kv") else 1
    recurrent = _recurrent(info, tensors, heads, trunk)
    if architecture not in HYBRID_BOTH and architecture in KNOWN:
        heads = tuple(0 if layer in recurrent else count for layer, count in enumerate(heads))
    window, key_window, value_window, global_layers = _window(info, tensors, blocks, head_count)
    return Layers(
        _own_cache(info, heads, trunk),
        least_kv_heads=least,
        sliding_window=window,
        global_layers=global_layers,
        key_length_window=key_window,
        value_length_window=value_window,
        mla_cache_width=_latent_width(info),
        recurrent_layers=len(recurrent),
        recurrent_state_values=state if recurrent else 0,
        recurrent_projection=_projection(tensors) if recurrent else 0,
        single_sequence=architecture.startswith(SINGLE_SEQUENCE),
        exact=architecture in KNOWN,
    )


def _kv_heads(
    info: ModelInfo, tensors: Tensors | None, blocks: int, key_length: int, head_count: int
) -> tuple[int, ...]:
    """By the file's number or array; where an array came as null, by the rows of each layer's key tensor."""
    given = info.per_layer("attention.head_count_kv", blocks)
    if given is not None:
        return given
    if tensors is None or key_length == 0:
        return (head_count,) * blocks
    heads = []
    for layer in range(blocks):
        width = key_length
        if _is_sliding_shape(info, tensors, layer, head_count):
            width = info.number("attention.key_length_swa") or key_length
        rows = _rows(tensors, layer, "attn_k.weight")
        if rows is None and _has(tensors, layer, "attn_qkv.weight", "attn_kv_a_mqa.weight", "attn_q.weight"):
            heads.append(head_count)
        else:
            heads.append(-(-(rows or 0) // width))
    return tuple(heads)


def _rows(tensors: Tensors, layer: int, name: str) -> int | None:
    shape = tensors.shapes.get(f"blk.{layer}.{name}")
    return None if shape is None or len(shape) < 2 else shape[1]


def _has(tensors: Tensors, layer: int, *names: str) -> bool:
    return any(f"blk.{layer}.{name}" in tensors.shapes for name in names)


def _own_cache(info: ModelInfo, heads: tuple[int, ...], trunk: int) -> tuple[int, ...]:
    """Layers that read another layer's cache have none of their own; blocks for multi-token prediction do, mostly."""
    own = trunk if info.architecture in HYBRID_BY_INTERVAL else len(heads)
    if info.architecture == "gemma3n":
        own = min(own, GEMMA3N_OWN_CACHE)
    if info.architecture == "gemma4":
        own = min(own, max(0, len(heads) - info.number("attention.shared_kv_layers")))
    return tuple(count if layer < own else 0 for layer, count in enumerate(heads))


def _recurrent(info: ModelInfo, tensors: Tensors | None, heads: tuple[int, ...], trunk: int) -> frozenset[int]:
    architecture = info.architecture
    if architecture in HYBRID_BOTH:
        return frozenset(range(trunk))
    if architecture in HYBRID_BY_INTERVAL:
        interval = info.number("full_attention_interval", default=4) or 4
        return frozenset(layer for layer in range(trunk) if (layer + 1) % interval)
    if architecture in HYBRID_BY_HEADS:
        return frozenset(
            layer
            for layer in range(trunk)
            if heads[layer] == 0 or (tensors is not None and _has(tensors, layer, *STATE_TENSORS))
        )
    if architecture in HYBRID_NEMOTRON:
        return frozenset(
            layer for layer in range(trunk) if tensors is not None and _has(tensors, layer, *STATE_TENSORS)
        )
    if architecture not in KNOWN and info.has("ssm.state_size"):
        return frozenset(range(trunk))
    return frozenset()


def _state_values(info: ModelInfo, head_count: int) -> int:
    """Convolution and state values of one layer and sequence (llama-hparams.cpp n_embd_r, n_embd_s)."""
    embedding = info.number("embedding_length")
    if head := info.number("wkv.head_size"):
        return (info.number("token_shift_count", default=2) + head) * embedding
    if cached := info.number("shortconv.l_cache"):
        return embedding * (cached - 1)
    kernel, inner, state = (info.number(f"ssm.{key}") for key in ("conv_kernel", "inner_size", "state_size"))
    if head := info.number("kda.head_dim"):
        return 3 * (max(kernel, 1) - 1) * head_count * head + head * head * head_count
    return max(kernel - 1, 0) * (inner + 2 * info.number("ssm.group_count") * state) + state * inner


def _projection(tensors: Tensors | None) -> int:
    """Rows of the state layers' input projection (ssm_in)."""
    if tensors is None:
        return 0
    found = (shape[1] for name, shape in tensors.shapes.items() if name.endswith(".ssm_in.weight") and len(shape) > 1)
    return max(found, default=0)


def _latent_width(info: ModelInfo) -> int:
    """llama_hparams::is_mla: the file names the lengths after decompression; then V is a view of the cached row."""
    if not info.number("attention.key_length_mla"):
        return 0
    return info.number("attention.kv_lora_rank") + info.number("rope.dimension_count")


def _window(
    info: ModelInfo, tensors: Tensors | None, blocks: int, head_count: int
) -> tuple[int, int, int, tuple[int, ...] | None]:
    """Window, key and value length on sliding layers, and the layers that see the whole context."""
    architecture = info.architecture
    rule = WINDOWS.get(architecture)
    if rule is None and architecture not in ARRAY_WINDOWS:
        return 0, 0, 0, None
    window = info.number("attention.sliding_window", high=1 << 31)
    if rule is not None and not info.has("attention.sliding_window"):
        window = rule.default
    if architecture == "llama4" and window:
        window = rule.default if rule else 0  # llama4.cpp: chunks of 8192, whatever the file says
    if architecture == "exaone4" and blocks != 64:
        window = 0
    if window == 0:
        return 0, 0, 0, None
    key, value = info.number("attention.key_length_swa"), info.number("attention.value_length_swa")
    return window, key, value, _global_layers(info, tensors, blocks, head_count, rule)


def _global_layers(
    info: ModelInfo, tensors: Tensors | None, blocks: int, head_count: int, rule: Window | None
) -> tuple[int, ...] | None:
    listed = info.per_layer("attention.sliding_window_pattern", blocks)
    if listed is not None and isinstance(info.value("attention.sliding_window_pattern"), list):
        return tuple(layer for layer, sliding in enumerate(listed) if not sliding)
    if tensors is not None and info.number("attention.key_length_swa"):
        return tuple(layer for layer in range(blocks) if not _is_sliding_shape(info, tensors, layer, head_count))
    if rule is None:
        return None
    period = info.number("attention.sliding_window_pattern", default=rule.period)
    if period == 0:
        return ()
    rest = 0 if rule.global_first else period - 1
    return tuple(layer for layer in range(blocks) if layer % period == rest)


def _is_sliding_shape(info: ModelInfo, tensors: Tensors, layer: int, head_count: int) -> bool:
    """Sliding layers whose heads have another length (gemma4) show it in the rows of their query tensor."""
    length = info.number("attention.key_length_swa")
    if not length or length == info.number("attention.key_length"):
        return False
    return _rows(tensors, layer, "attn_q.weight") == length * head_count
