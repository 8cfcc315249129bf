"""Bounded access to `model_info` of `POST /api/show`: what is missing, null or absurd reads as absent."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

MAX_BLOCKS = 4096
MAX_WIDTH = 1 << 24
"""Widest vector, vocabulary or head count that is believed."""
MAX_CONTEXT = 1 << 31


def whole(value: Any, high: int = MAX_WIDTH) -> int | None:
    """A whole number from 0 to `high`, or None. JSON numbers may arrive as floats; booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= high or value != int(value):
        return None
    return int(value)


class ModelInfo(Struct, frozen=True):
    """Keys without their architecture prefix: `number("attention.head_count")` reads `llama.attention.head_count`."""

    architecture: str
    raw: Mapping[str, Any]

    @classmethod
    def decode(cls, model_info: Any) -> "ModelInfo | None":
        """None where there is no usable `general.architecture`."""
        if not isinstance(model_info, dict):
            return None
        architecture = model_info.get("general.architecture")
        if not isinstance(architecture, str) or not 0 < len(architecture) <= 64:
            return None
        return cls(architecture, model_info)

    def value(self, key: str) -> Any:
        return self.raw.get(f"{self.architecture}.{key}")

    def lists(self, key: str) -> bool:
        """Whether the file has the key, as a number or as an array, which comes as null."""
        return f"{self.architecture}.{key}" in self.raw

    def has(self, key: str) -> bool:
        return self.value(key) is not None

    def number(self, key: str, default: int = 0, high: int = MAX_WIDTH) -> int:
        """A number, the largest of a per-layer array, or `default`."""
        value = self.value(key)
        if isinstance(value, list):
            read = [whole(item, high) for item in value[:MAX_BLOCKS]]
            known = [item for item in read if item is not None]
            return max(known, default=default)
        number = whole(value, high)
        return default if number is None else number

    def per_layer(self, key: str, blocks: int) -> tuple[int, ...] | None:
        """One entry per block from an array (cut or refused when it does not match), or a number repeated."""
        value = self.value(key)
        if isinstance(value, list):
            read = [whole(int(item) if isinstance(item, bool) else item) for item in value[:blocks]]
            if len(read) < blocks or any(item is None for item in read):
                return None
            return tuple(item for item in read if item is not None)
        number = whole(value)
        return None if number is None else (number,) * blocks
