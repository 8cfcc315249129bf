"""The numbers of a model that its memory follows from, as `POST /api/show` gives them."""

from collections.abc import Mapping
from typing import Any

from tray_app.core.fit.architectures import layers
from tray_app.core.fit.info import MAX_BLOCKS, MAX_CONTEXT, ModelInfo, whole
from tray_app.core.fit.tensors import Tensors, sum_tensors
from tray_app.core.values.model_shape import ModelShape

MAX_BYTES = 1 << 50
"""A petabyte: more than any model; larger numbers from a server are taken for nonsense."""


def decode_show(show: Mapping[str, Any], size_bytes: int) -> ModelShape | None:
    """The shape from an answer of `POST /api/show` and the model's size on disk from `/api/tags`.

    None where the answer carries no usable architecture (no `model_info`, absurd numbers).
    """
    info = ModelInfo.decode(show.get("model_info"))
    size = whole(size_bytes, MAX_BYTES)
    if info is None or size is None:
        return None
    blocks = info.number("block_count", high=MAX_BLOCKS)
    embedding = info.number("embedding_length")
    if not blocks or not embedding:
        return None
    tensors = sum_tensors(show.get("tensors"))
    projector = _projector_bytes(show.get("projector_info"), tensors, size)
    head_count = info.number("attention.head_count")
    key_length = info.number("attention.key_length") or (embedding // head_count if head_count else 0)
    remembered = layers(info, tensors, blocks, key_length, head_count)
    return ModelShape(
        architecture=info.architecture,
        block_count=blocks,
        embedding_length=embedding,
        context_length=info.number("context_length", high=MAX_CONTEXT),
        head_count=head_count,
        key_length=key_length,
        value_length=info.number("attention.value_length") or key_length,
        feed_forward_length=info.number("feed_forward_length"),
        experts_used=_experts_used(info, tensors),
        expert_feed_forward_length=info.number("expert_feed_forward_length"),
        weights_bytes=_loaded_bytes(info, tensors, blocks) if tensors else max(0, size - projector),
        token_embedding_bytes=tensors.token_embedding_bytes if tensors else 0,
        input_bytes=tensors.input_bytes if tensors else 0,
        has_output_tensor=tensors.has_output if tensors else False,
        vocabulary_size=tensors.vocabulary_size if tensors else info.number("vocab_size"),
        projector_bytes=projector,
        kv_heads=remembered.kv_heads,
        least_kv_heads=remembered.least_kv_heads,
        sliding_window=remembered.sliding_window,
        global_layers=remembered.global_layers,
        key_length_window=remembered.key_length_window,
        value_length_window=remembered.value_length_window,
        mla_cache_width=remembered.mla_cache_width,
        recurrent_layers=remembered.recurrent_layers,
        recurrent_state_values=remembered.recurrent_state_values,
        caches=remembered.caches,
        single_sequence=remembered.single_sequence,
        exact=remembered.exact,
        dense_layers=_has_dense_layers(info, tensors),
        shared_feed_forward_length=_shared_width(info, tensors),
        latent_key_length=info.number("attention.key_length_mla"),
        latent_value_length=info.number("attention.value_length_mla"),
        recurrent_projection=remembered.recurrent_projection,
        deepstack_layers=info.number("n_deepstack_layers", high=MAX_BLOCKS),
        per_layer_input_length=info.number("embedding_length_per_layer_input"),
    )


def _loaded_bytes(info: ModelInfo, tensors: Tensors, blocks: int) -> int:
    """Blocks for multi-token prediction stay on the disk unless drafting is switched on (TENSOR_SKIP in llama.cpp)."""
    extra = min(info.number("nextn_predict_layers"), blocks)
    skipped = sum(tensors.layer_bytes.get(layer, 0) for layer in range(blocks - extra, blocks))
    return tensors.weights_bytes - skipped


def _experts_used(info: ModelInfo, tensors: Tensors | None) -> int:
    """None where the file has no expert matrices, whatever its keys say."""
    if tensors is not None and not any("_exps." in name for name in tensors.shapes):
        return 0
    return info.number("expert_used_count")


def _has_dense_layers(info: ModelInfo, tensors: Tensors | None) -> bool:
    """A mixture of experts may have none; without the list of tensors it may have some."""
    if tensors is None or not _experts_used(info, tensors):
        return True
    return any(name.startswith("blk.") and name.endswith(".ffn_up.weight") for name in tensors.shapes)


def _shared_width(info: ModelInfo, tensors: Tensors | None) -> int:
    if tensors is not None:
        shapes = (shape for name, shape in tensors.shapes.items() if name.endswith(".ffn_up_shexp.weight"))
        return max((shape[1] for shape in shapes if len(shape) > 1), default=0)
    return info.number("expert_shared_feed_forward_length")


def _projector_bytes(projector_info: Any, tensors: Tensors | None, size_bytes: int) -> int:
    """Vision and audio parts: inside the file, or a file of their own whose parameters `projector_info` counts."""
    if tensors is not None and tensors.projector_bytes:
        return tensors.projector_bytes
    if not isinstance(projector_info, Mapping):
        return 0
    parameters = whole(projector_info.get("general.parameter_count"), MAX_BYTES) or 0
    rest = max(0, size_bytes - tensors.weights_bytes) if tensors else size_bytes
    # llama.h llama_ftype: 0 is F32, 7 is Q8_0; projectors are F16 or BF16 otherwise.
    file_type = whole(projector_info.get("general.file_type"))
    width = {0: 4.0, 7: 1.0625}.get(1 if file_type is None else file_type, 2.0)
    return min(int(parameters * width), rest) if parameters else (rest if tensors else 0)
