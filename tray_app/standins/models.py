"""Models with the real shapes of well-known ones, so that sizes and predictions are those of the real thing.

Numbers: the models' published configurations; tensor types as llama.cpp's Q4_K_M recipe stores them.
"""

import hashlib
from typing import Any

from msgspec import Struct

# Bytes per 256 values of a tensor type (ggml block sizes).
_BYTES_PER_256 = {"F32": 1024, "Q8_0": 272, "Q6_K": 210, "Q4_K": 144, "Q4_0": 144}
CHAT_TEMPLATE = "{{ if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}"


class DemoModel(Struct, frozen=True):
    """`published_bytes`: what the real file weighs, licence and template included."""

    name: str
    architecture: str
    parameter_size: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_size: int
    feed_forward: int
    vocabulary: int
    context_length: int
    separate_output: bool = False
    qk_norm: bool = False
    qkv_bias: bool = False
    window: int = 0
    capabilities: tuple[str, ...] = ("completion",)
    embedding_type: str = "Q6_K"
    low_type: str = "Q4_K"
    high_type: str = "Q6_K"

    @property
    def digest(self) -> str:
        """The manifest digest that /api/tags and /api/ps show."""
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def blob_digest(self) -> str:
        return hashlib.sha256(b"blob " + self.name.encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        """Bytes on disk: all tensors, and the tokenizer with its merges (about 40 bytes a word)."""
        tensors = sum(_tensor_bytes(tensor) for tensor in self.tensors())
        return tensors + self.vocabulary * 40

    @property
    def parameters(self) -> int:
        total = 0
        for tensor in self.tensors():
            total += _values(tensor)
        return total

    def tensors(self) -> list[dict[str, Any]]:
        found = [_tensor("token_embd.weight", self.embedding_type, self.width, self.vocabulary)]
        found.append(_tensor("output_norm.weight", "F32", self.width))
        if self.separate_output:
            found.append(_tensor("output.weight", self.embedding_type, self.width, self.vocabulary))
        for layer in range(self.layers):
            found += self._block(layer)
        return found

    def _block(self, layer: int) -> list[dict[str, Any]]:
        width, query, key = self.width, self.heads * self.head_size, self.kv_heads * self.head_size
        # Half of the value and down projections are stored with more bits.
        special = self.high_type if layer < self.layers / 8 or layer % 3 == 2 else self.low_type
        rows = [
            ("attn_norm.weight", "F32", width),
            ("attn_q.weight", self.low_type, width, query),
            ("attn_k.weight", self.low_type, width, key),
            ("attn_v.weight", special, width, key),
            ("attn_output.weight", self.low_type, query, width),
            ("ffn_norm.weight", "F32", width),
            ("ffn_gate.weight", self.low_type, width, self.feed_forward),
            ("ffn_up.weight", self.low_type, width, self.feed_forward),
            ("ffn_down.weight", special, self.feed_forward, width),
        ]
        if self.qk_norm:
            rows += [("attn_q_norm.weight", "F32", self.head_size), ("attn_k_norm.weight", "F32", self.head_size)]
        if self.qkv_bias:
            rows += [("attn_q.bias", "F32", query), ("attn_k.bias", "F32", key), ("attn_v.bias", "F32", key)]
        if self.window:
            rows += [("post_attention_norm.weight", "F32", width), ("post_ffw_norm.weight", "F32", width)]
        return [_tensor(f"blk.{layer}.{name}", kind, *shape) for name, kind, *shape in rows]  # type: ignore[arg-type]

    def details(self) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": self.architecture,
            "families": [self.architecture],
            "parameter_size": self.parameter_size,
            "quantization_level": "Q4_K_M",
        }

    def model_info(self) -> dict[str, Any]:
        own: dict[str, Any] = {
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            "attention.key_length": self.head_size,
            "attention.layer_norm_rms_epsilon": 1e-06,
            "attention.value_length": self.head_size,
            "block_count": self.layers,
            "context_length": self.context_length,
            "embedding_length": self.width,
            "feed_forward_length": self.feed_forward,
            "rope.freq_base": 1000000,
        }
        if self.window:
            own["attention.sliding_window"] = self.window
        general = {
            "general.architecture": self.architecture,
            "general.file_type": 15,
            "general.parameter_count": self.parameters,
        }
        tokenizer = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.merges": None, "tokenizer.ggml.tokens": None}
        return {**general, **{f"{self.architecture}.{name}": value for name, value in own.items()}, **tokenizer}

    def kv_bytes(self, context: int) -> int:
        """The key and value cache at 16 bits for one sequence; sliding layers (five of six) keep their window only."""
        cells = [context] * self.layers
        if self.window:
            cells = [context if layer % 6 == 5 else min(context, self.window + 512) for layer in range(self.layers)]
        return sum(cells) * self.kv_heads * self.head_size * 2 * 2

    def loaded_bytes(self, context: int) -> int:
        """What /api/ps shows when all of it is on the GPU: weights, cache and compute buffers."""
        buffers = 4 * 512 * (2 * self.feed_forward + 8 * max(self.width, self.heads * self.head_size))
        token_table = _tensor_bytes(self.tensors()[0]) if self.separate_output else 0
        return self.size_bytes - self.vocabulary * 40 - token_table + self.kv_bytes(context) + buffers


def _tensor(name: str, kind: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": list(shape)}


def _values(tensor: dict[str, Any]) -> int:
    total = 1
    for length in tensor["shape"]:
        total *= length
    return total


def _tensor_bytes(tensor: dict[str, Any]) -> int:
    return _values(tensor) * _BYTES_PER_256[tensor["type"]] // 256


_TOOLS = ("completion", "tools")
LIBRARY = {
    model.name: model
    for model in (
        DemoModel(
            "qwen3:32b", "qwen3", "32.8B", 64, 5120, 64, 8, 128, 25600, 151936, 40960,
            separate_output=True, qk_norm=True, capabilities=("completion", "tools", "thinking"),
        ),
        DemoModel(
            "qwen3:1.7b", "qwen3", "2.0B", 28, 2048, 16, 8, 128, 6144, 151936, 40960,
            qk_norm=True, capabilities=("completion", "tools", "thinking"),
        ),
        DemoModel("qwen2.5:3b", "qwen2", "3.1B", 36, 2048, 16, 2, 128, 11008, 151936, 32768,
                  qkv_bias=True, capabilities=_TOOLS),
        DemoModel("llama3.1:8b", "llama", "8.0B", 32, 4096, 32, 8, 128, 14336, 128256, 131072,
                  separate_output=True, capabilities=_TOOLS),
        DemoModel("llama3.2:3b", "llama", "3.2B", 28, 3072, 24, 8, 128, 8192, 128256, 131072, capabilities=_TOOLS),
        DemoModel("gemma3:1b", "gemma3", "999.89M", 26, 1152, 4, 1, 256, 6912, 262144, 32768, qk_norm=True,
                  window=512, embedding_type="Q8_0", low_type="Q4_0", high_type="Q8_0"),
    )
}  # fmt: skip
"""What a pull can bring, by name."""
BIG = "qwen3:32b"
SMALL = "gemma3:1b"
INSTALLED = (BIG, "llama3.2:3b", SMALL)
