"""Small models that are known to do background tasks well, for machines that have none installed.

Sizes and names are those of Ollama's public library (README of Ollama 0.12.11; Open WebUI's documentation on task
models as of 2026-08 for qwen3.5). Architecture numbers follow from the models' published configurations. A table in the
user's settings replaces this one.
"""

from msgspec import Struct

from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.units import MIB


class Candidate(Struct, frozen=True):
    """`download_bytes` is what `ollama pull` loads. `reasoning`: it thinks before it answers unless told not to."""

    name: str
    download_bytes: int
    shape: ModelShape
    reasoning: bool
    checked: str
    """Date of the source, year-month."""


def _dense(
    architecture: str,
    size: int,
    *,
    blocks: int,
    embedding: int,
    feed_forward: int,
    heads: tuple[int, int],
    head: int,
    vocabulary: int,
    context: int,
    window: int = 0,
    global_layers: tuple[int, ...] | None = None,
) -> ModelShape:
    """All of these tie the output to the token embedding. The tokenizer in the file (some MiB) is no weight."""
    return ModelShape(
        architecture=architecture,
        block_count=blocks,
        embedding_length=embedding,
        context_length=context,
        head_count=heads[0],
        kv_heads=(heads[1],) * blocks,
        key_length=head,
        value_length=head,
        feed_forward_length=feed_forward,
        weights_bytes=size - 6 * MIB,
        token_embedding_bytes=vocabulary * embedding * 210 // 256,
        has_output_tensor=False,
        vocabulary_size=vocabulary,
        sliding_window=window,
        global_layers=global_layers,
    )


CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        "gemma3:1b",
        815_000_000,
        _dense(
            "gemma3",
            815_000_000,
            blocks=26,
            embedding=1152,
            feed_forward=6912,
            heads=(4, 1),
            head=256,
            vocabulary=262144,
            context=32768,
            window=512,
            global_layers=(5, 11, 17, 23),
        ),
        reasoning=False,
        checked="2025-11",
    ),
    Candidate(
        "qwen2.5:1.5b",
        986_000_000,
        _dense(
            "qwen2",
            986_000_000,
            blocks=28,
            embedding=1536,
            feed_forward=8960,
            heads=(12, 2),
            head=128,
            vocabulary=151936,
            context=32768,
        ),
        reasoning=False,
        checked="2025-11",
    ),
    Candidate(
        "llama3.2:1b",
        1_300_000_000,
        _dense(
            "llama",
            1_300_000_000,
            blocks=16,
            embedding=2048,
            feed_forward=8192,
            heads=(32, 8),
            head=64,
            vocabulary=128256,
            context=131072,
        ),
        reasoning=False,
        checked="2025-11",
    ),
    Candidate(
        "qwen2.5:3b",
        1_900_000_000,
        _dense(
            "qwen2",
            1_900_000_000,
            blocks=36,
            embedding=2048,
            feed_forward=11008,
            heads=(16, 2),
            head=128,
            vocabulary=151936,
            context=32768,
        ),
        reasoning=False,
        checked="2025-11",
    ),
    Candidate(
        "llama3.2:3b",
        2_000_000_000,
        _dense(
            "llama",
            2_000_000_000,
            blocks=28,
            embedding=3072,
            feed_forward=8192,
            heads=(24, 8),
            head=128,
            vocabulary=128256,
            context=131072,
        ),
        reasoning=False,
        checked="2025-11",
    ),
    Candidate(
        "qwen3:0.6b",
        523_000_000,
        _dense(
            "qwen3",
            523_000_000,
            blocks=28,
            embedding=1024,
            feed_forward=3072,
            heads=(16, 8),
            head=128,
            vocabulary=151936,
            context=40960,
        ),
        reasoning=True,
        checked="2025-11",
    ),
    Candidate(
        "qwen3.5:0.8b",
        1_000_000_000,
        ModelShape(
            architecture="qwen35",
            block_count=24,
            embedding_length=1024,
            context_length=262144,
            head_count=8,
            kv_heads=tuple(0 if (layer + 1) % 4 else 2 for layer in range(24)),
            key_length=256,
            value_length=256,
            feed_forward_length=3584,
            weights_bytes=994_000_000,
            token_embedding_bytes=248320 * 1024 * 210 // 256,
            has_output_tensor=False,
            vocabulary_size=248320,
            recurrent_layers=18,
            recurrent_state_values=3 * (2048 + 2 * 16 * 128) + 2048 * 128,
            single_sequence=True,
        ),
        reasoning=True,
        checked="2026-08",
    ),
)


def chosen(names: tuple[str, ...]) -> tuple[Candidate, ...]:
    """The table as the user's settings name it, best first; all of it without names. Unknown names have no numbers."""
    by_name = {one.name: one for one in CANDIDATES}
    return tuple(by_name[name] for name in names if name in by_name) if names else CANDIDATES
