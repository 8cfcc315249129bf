"""Needs of small made-up models, worked out by hand: to the byte, on both sides of every boundary."""

import pytest
from msgspec.structs import replace

from tray_app.core.fit import need as needs
from tray_app.core.fit.compute import compute_bytes
from tray_app.core.fit.need import (
    KV_TYPES,
    Offload,
    automatic_context,
    automatic_micro_batch,
    cells,
    need,
    slots_for,
    used_context,
    window_cells,
)
from tray_app.core.fit.tensors import BLOCKS
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.units import GIB, MIB

TINY = ModelShape(
    architecture="llama",
    block_count=3,
    embedding_length=32,
    context_length=2048,
    head_count=4,
    kv_heads=(2, 0, 4),
    key_length=8,
    value_length=6,
    feed_forward_length=100,
    weights_bytes=10_000,
    token_embedding_bytes=3_000,
    has_output_tensor=True,
    vocabulary_size=500,
    projector_bytes=700,
    input_bytes=50,
)
# 2 and 4 heads of 8 + 6 values.
PER_TOKEN = 6 * (8 + 6)


def cache_of(shape, context=300, **options):
    return need(shape, context=context, micro_batch=512, **options).kv_cache_bytes


def test_a_cache_has_all_heads_keys_and_values_in_whole_blocks():
    assert cache_of(TINY) == 512 * PER_TOKEN * 2
    assert cache_of(TINY, context=512) == 512 * PER_TOKEN * 2
    assert cache_of(TINY, context=513) == 768 * PER_TOKEN * 2
    assert cache_of(TINY, parallel=3) == 3 * 512 * PER_TOKEN * 2
    assert cache_of(replace(TINY, caches=False)) == 0


def test_a_block_has_256_tokens():
    assert [cells(tokens) for tokens in (1, 256, 257, 512)] == [256, 256, 512, 512]


# ggml.c type_traits: bytes of a block by its values.
@pytest.mark.parametrize(
    ("kind", "block_bytes", "values"),
    [
        ("f32", 4, 1),
        ("f16", 2, 1),
        ("bf16", 2, 1),
        ("q8_0", 34, 32),
        ("q5_1", 24, 32),
        ("q5_0", 22, 32),
        ("q4_1", 20, 32),
        ("q4_0", 18, 32),
        ("iq4_nl", 18, 32),
    ],
)
def test_each_cache_type(kind, block_bytes, values):
    assert cache_of(TINY, kv_cache_type=kind) == 512 * PER_TOKEN * block_bytes // values
    assert cache_of(TINY, kv_cache_type=kind.upper()) == cache_of(TINY, kv_cache_type=kind)


def test_no_cache_type_is_left_out():
    assert len(KV_TYPES) == 9
    assert cache_of(TINY, kv_cache_type="other") == 512 * PER_TOKEN * 2


# gguf-py GGML_QUANT_SIZES: values and bytes of a block.
QUANTS = """
F64 1 8  F32 1 4  F16 1 2  BF16 1 2  I8 1 1  I16 1 2  I32 1 4  I64 1 8
Q4_0 32 18  Q4_1 32 20  Q5_0 32 22  Q5_1 32 24  Q8_0 32 34  Q8_1 32 36
Q2_K 256 84  Q3_K 256 110  Q4_K 256 144  Q5_K 256 176  Q6_K 256 210  Q8_K 256 292
IQ1_S 256 50  IQ1_M 256 56  IQ2_XXS 256 66  IQ2_XS 256 74  IQ2_S 256 82  IQ3_XXS 256 98  IQ3_S 256 110
IQ4_NL 32 18  IQ4_XS 256 136  TQ1_0 256 54  TQ2_0 256 66  MXFP4 32 17  NVFP4 64 36
"""


def test_the_sizes_of_stored_types():
    words = QUANTS.split()
    sizes = zip(map(int, words[1::3]), map(int, words[2::3]), strict=True)
    assert dict(zip(words[::3], sizes, strict=True)) == BLOCKS


SLIDING = replace(TINY, sliding_window=100, global_layers=(0,))


def test_a_sliding_layer_keeps_its_window_and_one_batch():
    """Layer 0 sees all 1024 cells; layer 2 keeps 100 + 512 tokens in whole blocks."""
    seen = cache_of(SLIDING, context=1024)
    assert seen == (1024 * 2 * 14 + 768 * 4 * 14) * 2
    assert window_cells(SLIDING, 1024, 512) == 768
    assert window_cells(SLIDING, 300, 512) == 512
    assert window_cells(TINY, 1024, 512) == 0


def test_lengths_of_their_own_on_sliding_layers():
    shape = replace(SLIDING, key_length_window=10, value_length_window=3)
    assert cache_of(shape, context=1024) == (1024 * 2 * 14 + 768 * 4 * 13) * 2


def test_without_a_list_every_layer_sees_the_whole_context():
    assert cache_of(replace(SLIDING, global_layers=None), context=1024) == 1024 * PER_TOKEN * 2
    assert cache_of(replace(TINY, global_layers=(0,)), context=1024) == 1024 * PER_TOKEN * 2


def test_latent_attention_keeps_one_row():
    assert cache_of(replace(TINY, mla_cache_width=20)) == 512 * 2 * 20 * 2


def test_a_state_is_kept_for_each_slot():
    shape = replace(TINY, recurrent_layers=2, recurrent_state_values=70)
    assert need(shape, context=300, parallel=3).state_bytes == 3 * 4 * 2 * 70
    assert need(TINY, context=300).state_bytes == 0


def test_the_total_is_all_that_the_runner_reports():
    counted = need(replace(TINY, recurrent_layers=2, recurrent_state_values=70), context=300)
    parts = (counted.weights_bytes, counted.kv_cache_bytes, counted.state_bytes, counted.compute_bytes)
    assert counted.total == sum(parts)
    assert all(parts)
    assert counted.overhead_bytes == 400 * MIB


@pytest.mark.parametrize(
    ("shape", "offload", "weights"),
    [
        (TINY, Offload.FULL, 10_700 - 3_000 - 50),
        (replace(TINY, has_output_tensor=False), Offload.FULL, 10_700 - 50),
        (TINY, Offload.PARTIAL, 10_700),
        (TINY, Offload.CPU, 10_700),
        (replace(TINY, weights_bytes=0, projector_bytes=0), Offload.FULL, 0),
    ],
)
def test_what_stays_in_ram_is_not_reported(shape, offload, weights):
    assert need(shape, context=300, offload=offload).weights_bytes == weights


def test_slots():
    assert [slots_for(TINY, given) for given in (-1, 0, 1, 2, 1024, 1025)] == [1, 1, 1, 2, 1024, 1024]
    assert slots_for(replace(TINY, single_sequence=True), 4) == 1


def test_tokens():
    assert [used_context(TINY, given) for given in (0, 1, 2048, 2049)] == [1, 1, 2048, 2048]
    endless = replace(TINY, context_length=0)
    assert [used_context(endless, given) for given in (2**31, 2**31 + 1)] == [2**31, 2**31]
    assert used_context(replace(TINY, context_length=2**40), 2**40) == 2**31


@pytest.mark.parametrize(
    ("context", "slots", "batch"),
    [(4096, 1, 512), (4097, 1, 1024), (2049, 2, 1024), (32768, 1, 1024), (32769, 1, 2048), (8192, 4, 1024)],
)
def test_the_batch_grows_with_all_slots_tokens(context, slots, batch):
    assert automatic_micro_batch(context, slots) == batch


@pytest.mark.parametrize(
    ("version", "budget", "context"),
    [
        ((0, 15, 5), 23 * GIB - 1, 4096),
        ((0, 15, 5), 23 * GIB, 32768),
        ((0, 15, 5), 47 * GIB - 1, 32768),
        ((0, 15, 5), 47 * GIB, 262144),
        ((0, 15, 4), 47 * GIB, 4096),
        ((0, 6, 6), 47 * GIB, 2048),
    ],
)
def test_the_automatic_context_on_both_sides(version, budget, context):
    assert automatic_context(version, budget) == context


def test_a_batch_is_never_larger_than_all_that_is_cached():
    """300 tokens are 512 cells: a batch of 2048 counts as one of 512."""
    assert (
        need(TINY, context=300, micro_batch=2048).compute_bytes
        == need(TINY, context=300, micro_batch=512).compute_bytes
    )
    assert (
        need(TINY, context=300, micro_batch=511).compute_bytes < need(TINY, context=300, micro_batch=512).compute_bytes
    )
    two = need(TINY, context=300, parallel=2, micro_batch=2048)
    assert two.compute_bytes == need(TINY, context=300, parallel=2, micro_batch=1024).compute_bytes
    assert need(TINY, context=300, micro_batch=1) != need(TINY, context=300, micro_batch=2)
    assert need(TINY, context=300, micro_batch=-5) == need(TINY, context=300, micro_batch=1)
    assert need(TINY, context=300) == need(TINY, context=300, micro_batch=512)


def test_bounds_that_no_model_reaches():
    assert (needs.MAX_PARALLEL, needs.MAX_TOKENS) == (1024, 2**31)


# --- compute, in values of 4 bytes per token of the batch; the masks beside it ---

STREAM = 3 * 32 + 4 * 6  # input, norm and sum; the output of attention


def peak_of(shape, *, flash=True, batch=16, window=0, slots=1, cells=256):
    """The peak in values per token, without the masks of 2 bytes per cell."""
    total = compute_bytes(
        shape, cells=cells, window_cells=window, micro_batch=batch, slots=slots, flash_attention=flash
    )
    masks = 2 * batch * (cells + window)
    assert (total - masks) % (4 * batch) == 0
    return (total - masks) // (4 * batch)


def test_a_plain_feed_forward_part():
    assert peak_of(TINY) == 3 * 100 + STREAM
    assert peak_of(TINY, batch=7, window=512) == 3 * 100 + STREAM


@pytest.mark.parametrize(
    ("changes", "peak"),
    [
        ({"architecture": "gpt2"}, 100 + STREAM),
        ({"architecture": "cohere2"}, 300 + STREAM + 32),
        ({"architecture": "phi2"}, 100 + STREAM + 32),
        ({"architecture": "phi3"}, 300 + 3 * 32),
        ({"architecture": "exaone4", "feed_forward_length": 64}, 2 * 64 + STREAM),
        ({"architecture": "exaone4", "feed_forward_length": 65}, 3 * 65 + STREAM),
        ({"architecture": "llama", "feed_forward_length": 64}, 3 * 64 + STREAM),
        ({"recurrent_layers": 1}, 300 + 3 * 32),
        ({"value_length_window": 9}, 300 + 3 * 32 + 4 * 9),
        ({"latent_value_length": 11, "value_length_window": 9}, 300 + 3 * 32 + 4 * 11),
        ({"deepstack_layers": 2}, 300 + STREAM + 2 * 2 * 32),
        ({"per_layer_input_length": 5}, 300 + STREAM + 2 * 3 * 5 + 32),
        ({"per_layer_input_length": 5, "architecture": "gemma3n"}, 300 + STREAM + 2 * 3 * 5 + 6 * 32),
    ],
)
def test_what_a_feed_forward_part_lives_beside(changes, peak):
    assert peak_of(replace(TINY, **changes)) == peak


EXPERTS = replace(TINY, dense_layers=False, experts_used=5, expert_feed_forward_length=40)


@pytest.mark.parametrize(
    ("changes", "peak"),
    [
        ({}, 3 * 40 * 5 + STREAM),
        ({"expert_feed_forward_length": 0}, 3 * 100 * 5 + STREAM),
        ({"architecture": "nemotron_h_moe"}, 2 * 40 * 5 + STREAM),
        # The experts' outputs fit into what is free as long as the stream is at most twice as wide.
        ({"expert_feed_forward_length": 16}, 3 * 16 * 5 + STREAM),
        ({"expert_feed_forward_length": 15}, 3 * 15 * 5 + 5 * 32 + STREAM),
        ({"shared_feed_forward_length": 300}, 3 * 300 + 32 + STREAM),
        ({"shared_feed_forward_length": 1}, 3 * 40 * 5 + STREAM),
        ({"shared_feed_forward_length": 300, "recurrent_layers": 1}, 3 * 300 + 32 + 3 * 32 + 32),
        ({"recurrent_layers": 1}, 3 * 40 * 5 + 3 * 32),
        ({"dense_layers": True, "feed_forward_length": 500}, 3 * 500 + STREAM),
        ({"experts_used": 0, "dense_layers": True}, 300 + STREAM),
    ],
)
def test_experts(changes, peak):
    assert peak_of(replace(EXPERTS, **changes)) == peak


WIDE = replace(TINY, dense_layers=False, key_length=80)


@pytest.mark.parametrize(
    ("changes", "peak"),
    [
        # Queries twice, keys and values of the layer with the most heads, and three copies of the stream.
        ({}, 3 * 32 + 2 * 4 * 80 + 4 * (80 + 6)),
        ({"kv_heads": (1, 0, 0)}, 3 * 32 + 2 * 4 * 80 + (80 + 6)),
        ({"sliding_window": 9, "global_layers": (0,), "key_length_window": 90}, 3 * 32 + 2 * 4 * 90 + 4 * (90 + 6)),
        ({"sliding_window": 9, "global_layers": (2,), "key_length_window": 90}, 3 * 32 + 2 * 4 * 80 + 4 * (80 + 6)),
        ({"sliding_window": 9, "global_layers": (0,), "value_length_window": 90}, 3 * 32 + 2 * 4 * 80 + 4 * (80 + 90)),
        ({"sliding_window": 9, "global_layers": None, "key_length_window": 90}, 3 * 32 + 2 * 4 * 80 + 4 * (80 + 6)),
        ({"sliding_window": 0, "global_layers": (0,), "key_length_window": 90}, 3 * 32 + 2 * 4 * 80 + 4 * (80 + 6)),
        ({"mla_cache_width": 1}, 0),
    ],
)
def test_attention_with_wide_heads(changes, peak):
    assert peak_of(replace(WIDE, **changes)) == peak


LATENT = replace(TINY, dense_layers=False, mla_cache_width=50, latent_key_length=20, value_length=40)


@pytest.mark.parametrize(
    ("changes", "peak"),
    [
        # 20 decompressed, 40 of rank, 50 cached, and the 20 - (50 - 40) that rotation leaves alone.
        ({}, 4 * (20 + 40 + 50 + 10) + 4 * 32),
        ({"mla_cache_width": 61}, 4 * (20 + 40 + 61) + 4 * 32),
        ({"mla_cache_width": 60}, 4 * (20 + 40 + 60) + 4 * 32),
        ({"latent_key_length": 0}, 0),
    ],
)
def test_latent_attention(changes, peak):
    assert peak_of(replace(LATENT, **changes)) == peak


def test_nothing_to_compute_takes_nothing():
    nothing = replace(WIDE, kv_heads=(0, 0, 0))
    assert compute_bytes(nothing, cells=256, window_cells=0, micro_batch=16, slots=1, flash_attention=True) == 0


def test_a_state_layers_projection_and_states():
    shape = replace(TINY, dense_layers=False, recurrent_projection=500, recurrent_state_values=33, recurrent_layers=1)
    assert peak_of(shape, batch=16, slots=1) == 3 * 500 + 32 + 3
    assert peak_of(shape, batch=33, slots=2) == 3 * 500 + 32 + 2
    assert peak_of(replace(shape, recurrent_projection=0)) < 500


def test_masks():
    """2 bytes per cell and token with flash attention; none where no layer caches."""
    args = {"window_cells": 0, "micro_batch": 16, "slots": 1, "flash_attention": True}
    assert compute_bytes(TINY, cells=512, **args) - compute_bytes(TINY, cells=256, **args) == 2 * 16 * 256
    without = replace(TINY, kv_heads=(0, 0, 0), recurrent_layers=3)
    assert compute_bytes(without, cells=512, **args) == compute_bytes(without, cells=256, **args) == 4 * 16 * (300 + 96)


def test_without_a_cache_the_mask_is_the_batchs_own():
    embedding = replace(TINY, caches=False, kv_heads=(0, 0, 0), architecture="bert")
    args = {"cells": 256, "window_cells": 0, "micro_batch": 16, "slots": 1}
    stream = 3 * 32
    assert compute_bytes(embedding, flash_attention=True, **args) == 4 * 16 * (100 + stream) + 2 * 16 * 16
    both = replace(embedding, sliding_window=8)
    assert compute_bytes(both, flash_attention=True, **args) == 4 * 16 * (100 + stream) + 2 * 16 * 32
    post = replace(embedding, architecture="nomic-bert")
    assert compute_bytes(post, flash_attention=True, **args) == 4 * 16 * (300 + 2 * 32) + 2 * 16 * 16
    # Without flash attention the scores of each head with all tokens of the batch.
    assert compute_bytes(embedding, flash_attention=False, **args) == 4 * 16 * (max(196, 4 * 16 + 8 + 96) + 16)
    many = replace(embedding, head_count=40)
    assert compute_bytes(many, flash_attention=False, **args) == 4 * 16 * (40 * 16 + 8 + 96 + 16)


def test_without_flash_attention_the_scores_of_all_cells():
    args = {"cells": 256, "window_cells": 0, "micro_batch": 16, "slots": 1, "flash_attention": False}
    assert compute_bytes(TINY, **args) == 4 * 16 * (4 * 256 + 128 + STREAM + 256)
    small = replace(TINY, feed_forward_length=2000)
    assert compute_bytes(small, **args) == 4 * 16 * (6000 + STREAM + 256)
