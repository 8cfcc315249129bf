"""A model file of zeros for a real llama-server: every token is as likely as any other, so it answers until it is stopped.

GGUF version 3 (ggml's docs/gguf.md): header, key-value pairs, tensor headers, tensor data at multiples of 32 bytes.
"""

import hashlib
import struct
from pathlib import Path

EMBEDDING, LAYERS, HEADS, FEED_FORWARD, WORDS, CONTEXT = 64, 2, 4, 128, 512, 8192
ALIGNMENT = 32
U32, F32, STRING, ARRAY, I32 = 4, 6, 8, 9, 5  # value types of the format
TENSOR_F32 = 0
NORMAL, UNKNOWN_TOKEN, CONTROL, BYTE = 1, 2, 3, 6  # token types of llama.cpp


def _text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _pair(key, kind, data):
    return _text(key) + struct.pack("<I", kind) + data


def _list(kind, items):
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


def _pairs(name):
    def number(key, value):
        return _pair(f"llama.{key}", U32, struct.pack("<I", value))

    # Any ASCII text can be spelt; other bytes would make broken UTF-8 in answers, as each token comes by chance.
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(128))]
    kinds = [UNKNOWN_TOKEN, CONTROL, CONTROL, *[BYTE] * 128]
    words += ["\u2581", *(f"\u2581w{index}" for index in range(WORDS - len(words) - 1))]  # the format's own space
    kinds += [NORMAL] * (WORDS - len(kinds))
    return [
        _pair("general.architecture", STRING, _text("llama")),
        _pair("general.name", STRING, _text(name)),
        number("context_length", CONTEXT),
        number("embedding_length", EMBEDDING),
        number("block_count", LAYERS),
        number("feed_forward_length", FEED_FORWARD),
        number("attention.head_count", HEADS),
        number("attention.head_count_kv", HEADS),
        number("rope.dimension_count", EMBEDDING // HEADS),
        _pair("llama.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", 1e-5)),
        _pair("tokenizer.ggml.model", STRING, _text("llama")),
        _pair("tokenizer.ggml.tokens", ARRAY, _list(STRING, [_text(word) for word in words])),
        _pair("tokenizer.ggml.scores", ARRAY, _list(F32, [struct.pack("<f", 0.0)] * WORDS)),
        _pair("tokenizer.ggml.token_type", ARRAY, _list(I32, [struct.pack("<i", kind) for kind in kinds])),
        _pair("tokenizer.ggml.bos_token_id", U32, struct.pack("<I", 1)),
        _pair("tokenizer.ggml.eos_token_id", U32, struct.pack("<I", 2)),
    ]


def _tensors():
    """Name -> shape, the quick dimension first."""
    shapes = {"token_embd.weight": (EMBEDDING, WORDS), "output_norm.weight": (EMBEDDING,)}
    shapes["output.weight"] = (EMBEDDING, WORDS)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        shapes |= {f"{block}{part}.weight": (EMBEDDING, EMBEDDING) for part in ("attn_q", "attn_k", "attn_v")}
        shapes |= {f"{block}attn_output.weight": (EMBEDDING, EMBEDDING)}
        shapes |= {f"{block}{part}.weight": (EMBEDDING,) for part in ("attn_norm", "ffn_norm")}
        shapes |= {f"{block}{part}.weight": (EMBEDDING, FEED_FORWARD) for part in ("ffn_gate", "ffn_up")}
        shapes |= {f"{block}ffn_down.weight": (FEED_FORWARD, EMBEDDING)}
    return shapes


def write(models: Path, name: str) -> Path:
    """`models/blobs/sha256-<digest>`, as Ollama keeps it; two names give two files. Its size is below 1 MiB."""
    pairs, shapes = _pairs(name), _tensors()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(pairs)) + b"".join(pairs)
    offset = 0
    for tensor, shape in shapes.items():
        head += _text(tensor) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        head += struct.pack("<IQ", TENSOR_F32, offset)
        size = 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        offset += -(-size // ALIGNMENT) * ALIGNMENT
    data = head + bytes(-len(head) % ALIGNMENT + offset)
    path = models / "blobs" / f"sha256-{hashlib.sha256(data).hexdigest()}"
    if not path.exists():  # a file that a server has mapped must not be written again
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path
