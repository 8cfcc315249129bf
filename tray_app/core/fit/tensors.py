"""How many bytes the tensors of a GGUF file take, from the list in `POST /api/show` (Ollama 0.6.1 and later)."""

from collections.abc import Mapping
from math import prod
from typing import Any

from msgspec import Struct

MAX_TENSORS = 100_000
MAX_ELEMENTS = 1 << 50

# Type -> (values per block, bytes per block). Source: ggml.c type_traits, gguf-py GGML_QUANT_SIZES.
BLOCKS: dict[str, tuple[int, int]] = {
    "F64": (1, 8),
    "F32": (1, 4),
    "F16": (1, 2),
    "BF16": (1, 2),
    "I8": (1, 1),
    "I16": (1, 2),
    "I32": (1, 4),
    "I64": (1, 8),
    "Q4_0": (32, 18),
    "Q4_1": (32, 20),
    "Q5_0": (32, 22),
    "Q5_1": (32, 24),
    "Q8_0": (32, 34),
    "Q8_1": (32, 36),
    "Q2_K": (256, 84),
    "Q3_K": (256, 110),
    "Q4_K": (256, 144),
    "Q5_K": (256, 176),
    "Q6_K": (256, 210),
    "Q8_K": (256, 292),
    "IQ1_S": (256, 50),
    "IQ1_M": (256, 56),
    "IQ2_XXS": (256, 66),
    "IQ2_XS": (256, 74),
    "IQ2_S": (256, 82),
    "IQ3_XXS": (256, 98),
    "IQ3_S": (256, 110),
    "IQ4_NL": (32, 18),
    "IQ4_XS": (256, 136),
    "TQ1_0": (256, 54),
    "TQ2_0": (256, 66),
    "MXFP4": (32, 17),
    "NVFP4": (64, 36),
}
EMBEDDING = "token_embd.weight"
OUTPUT = "output.weight"
# Looked up per token, never multiplied: llama.cpp keeps them in RAM (llama-arch.cpp, LLM_TENSOR_LAYER_INPUT).
_INPUTS = ("per_layer_token_embd.weight", "token_types.weight", "position_embd.weight")
# Vision and audio parts that some GGUF files carry inside (Ollama's own conversions).
_PROJECTOR = ("v.", "mm.", "a.", "vision.", "audio.")


class Tensors(Struct, frozen=True):
    """Bytes as stored. `rows` of the token embedding are the vocabulary."""

    weights_bytes: int
    projector_bytes: int
    token_embedding_bytes: int
    input_bytes: int
    has_output: bool
    vocabulary_size: int
    layer_bytes: Mapping[int, int]
    """By index N of the tensors `blk.N.*`."""
    shapes: Mapping[str, tuple[int, ...]]
    """Shapes by name, for rules that look at one tensor."""


def sum_tensors(listed: Any) -> Tensors | None:
    """None where the list is missing, or one entry is unreadable or of an unknown type: then the file size serves."""
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_TENSORS:
        return None
    sizes: dict[str, int] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for entry in listed:
        read = _tensor(entry)
        if read is None:
            return None
        name, shapes[name], sizes[name] = read[0], read[1], read[2]
    if EMBEDDING not in sizes:
        return None
    return _summed(sizes, shapes)


def _tensor(entry: Any) -> tuple[str, tuple[int, ...], int] | None:
    if not isinstance(entry, dict):
        return None
    name, kind, shape = entry.get("name"), entry.get("type"), entry.get("shape")
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(shape, list) or len(shape) > 8:
        return None
    if not all(type(side) is int and 0 < side <= MAX_ELEMENTS for side in shape):
        return None
    block = BLOCKS.get(kind.upper())
    elements = prod(shape)
    if block is None or elements > MAX_ELEMENTS:
        return None
    return name, tuple(shape), -(-elements // block[0]) * block[1]


def _summed(sizes: Mapping[str, int], shapes: Mapping[str, tuple[int, ...]]) -> Tensors:
    layers: dict[int, int] = {}
    weights = projector = inputs = 0
    for name, size in sizes.items():
        if name.startswith(_PROJECTOR):
            projector += size
            continue
        weights += size
        if name in _INPUTS:
            inputs += size
        parts = name.split(".", 2)
        if parts[0] == "blk" and len(parts) == 3 and parts[1].isdecimal() and len(parts[1]) < 6:
            layers[int(parts[1])] = layers.get(int(parts[1]), 0) + size
    embedding = shapes[EMBEDDING]
    return Tensors(
        weights_bytes=weights,
        projector_bytes=projector,
        token_embedding_bytes=sizes[EMBEDDING],
        input_bytes=inputs,
        has_output=OUTPUT in sizes,
        vocabulary_size=embedding[1] if len(embedding) > 1 else 0,
        layer_bytes=layers,
        shapes=shapes,
    )
