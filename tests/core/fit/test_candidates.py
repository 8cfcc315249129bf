"""The table of small models: its numbers agree with what is published, and with the real shapes that were recorded."""

import pytest
from msgspec.structs import asdict

from tests.core.machines import TAGS, shape_of
from tray_app.core.fit.candidates import CANDIDATES, chosen
from tray_app.core.fit.need import need
from tray_app.core.values.units import MIB

BY_NAME = {one.name: one for one in CANDIDATES}
# config.json of each model: hidden_size, num_hidden_layers, intermediate_size, num_attention_heads,
# num_key_value_heads, head_dim, vocab_size, max_position_embeddings; then the bytes that the library gives.
PUBLISHED = """
gemma3:1b     1152 26  6912  4 1 256 262144  32768  815_000_000
qwen2.5:1.5b  1536 28  8960 12 2 128 151936  32768  986_000_000
llama3.2:1b   2048 16  8192 32 8  64 128256 131072 1_300_000_000
qwen2.5:3b    2048 36 11008 16 2 128 151936  32768 1_900_000_000
llama3.2:3b   3072 28  8192 24 8 128 128256 131072 2_000_000_000
qwen3:0.6b    1024 28  3072 16 8 128 151936  40960  523_000_000
qwen3.5:0.8b  1024 24  3584  8 2 256 248320 262144 1_000_000_000
"""
ROWS = {name: tuple(map(int, numbers)) for name, *numbers in map(str.split, PUBLISHED.strip().splitlines())}
TOKENIZER = {"qwen3.5:0.8b": 6_000_000}
"""Bytes of the file that are no weights, where they are not 6 MiB."""


def test_every_candidate_is_small_named_once_and_dated():
    assert len({one.name for one in CANDIDATES}) == len(CANDIDATES)
    for one in CANDIDATES:
        assert 3e8 < one.download_bytes < 4e9
        assert one.checked[:2] == "20"
        assert need(one.shape, context=4096).total < 1.5 * one.download_bytes + 3e8


@pytest.mark.parametrize("name", BY_NAME)
def test_a_candidates_numbers_are_the_published_ones(name):
    embedding, blocks, feed_forward, heads, kv_heads, head, vocabulary, context, size = ROWS[name]
    one, shape = BY_NAME[name], BY_NAME[name].shape
    assert (shape.embedding_length, shape.block_count, shape.feed_forward_length) == (embedding, blocks, feed_forward)
    assert (shape.head_count, shape.key_length, shape.value_length) == (heads, head, head)
    assert (len(shape.kv_heads), {*shape.kv_heads} - {0}) == (blocks, {kv_heads})
    assert (shape.vocabulary_size, shape.context_length) == (vocabulary, context)
    assert (one.download_bytes, one.download_bytes - shape.weights_bytes) == (size, TOKENIZER.get(name, 6 * MIB))
    # Q6_K, 210 bytes for 256 values; the output is the same tensor.
    assert (shape.token_embedding_bytes, shape.has_output_tensor) == (vocabulary * embedding * 210 // 256, False)


def test_the_users_own_names_choose_from_the_table_in_their_order():
    assert [one.name for one in chosen(("llama3.2:3b", "no-such:1b", "gemma3:1b"))] == ["llama3.2:3b", "gemma3:1b"]
    assert chosen(("no-such:1b",)) == ()
    assert chosen(()) == CANDIDATES


def test_the_newer_qwens_think_before_they_answer():
    assert [one.name for one in CANDIDATES if one.reasoning] == ["qwen3:0.6b", "qwen3.5:0.8b"]


@pytest.mark.parametrize("name", [one.name for one in CANDIDATES if one.name in TAGS])
def test_a_candidates_architecture_is_the_recorded_one(name):
    mine, real = BY_NAME[name].shape, shape_of(name)
    # Sizes depend on the build of the file; qwen2.5 names a longer context in some.
    differ = {"weights_bytes", "token_embedding_bytes", "context_length", "least_kv_heads"}
    assert {key for key, value in asdict(mine).items() if value != getattr(real, key)} <= differ
    for context in (4096, 32768):
        assert need(mine, context=context).kv_cache_bytes == need(real, context=context).kv_cache_bytes
        assert need(mine, context=context).compute_bytes == need(real, context=context).compute_bytes


def test_the_smallest_qwen35_remembers_as_the_next_larger_one():
    mine, real = BY_NAME["qwen3.5:0.8b"].shape, shape_of("qwen3.5:2b")
    sizes = {"embedding_length", "feed_forward_length", "weights_bytes", "token_embedding_bytes", "vocabulary_size"}
    assert {key for key, value in asdict(mine).items() if value != getattr(real, key)} == {*sizes, "least_kv_heads"}
