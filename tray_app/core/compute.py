"""The compute buffer: the most memory that the tensors between the layers take at one moment of a batch.

ggml's allocator reuses a block as soon as its tensor is no longer needed, so the size is the highest of a few peaks.
Each peak below is the set of tensors alive at one node of llama.cpp's graph (`src/llama-graph.cpp`: build_attn,
build_ffn, build_moe_ffn), in values of 4 bytes per token of the micro-batch.
"""

from tray_app.core.model_shape import ModelShape


def compute_bytes(shape: ModelShape, *, cells: int, window_cells: int, micro_batch: int, flash_attention: bool) -> int:
    """Bytes; `cells` of one slot. Masks are 2 bytes per cell and token with flash attention, else 4."""
    query = shape.head_count * shape.key_length
    residual = 3 * shape.embedding_length + query
    peaks = [
        3 * shape.feed_forward_length + residual,
        _experts(shape) + residual,
    ]
    masks = cells + window_cells if shape.caches else micro_batch
    if flash_attention:
        return 4 * micro_batch * max(peaks) + 2 * micro_batch * masks
    scores = shape.head_count * (cells if shape.caches else micro_batch)
    peaks.append(scores + residual)
    return 4 * micro_batch * (max(peaks) + masks)


def _experts(shape: ModelShape) -> int:
    if not shape.experts_used:
        return 0
    width = shape.expert_feed_forward_length or shape.feed_forward_length
    return 3 * shape.experts_used * width
