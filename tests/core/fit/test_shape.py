"""What /api/show says about a model, and what is made of nonsense."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.machines import TAGS, shape_of, shown
from tray_app.core.fit.shape import decode_show
from tray_app.core.fit.tensors import BLOCKS, sum_tensors

MANY = Path(__file__).parents[2] / "recordings" / "llama.cpp-b10434" / "shapes.jsonl"
SHAPES = {entry["name"]: entry for entry in map(json.loads, MANY.read_text().splitlines())}


def without_arrays(entry: dict) -> dict:
    """As Ollama answers unless it is asked for everything: arrays come as null."""
    info = {key: None if isinstance(value, list) else value for key, value in entry["model_info"].items()}
    return {"model_info": info, "tensors": entry["tensors"]}


@pytest.mark.parametrize("name", SHAPES)
def test_arrays_that_come_as_null_are_read_from_the_tensors(name):
    entry = SHAPES[name]
    whole, bare = decode_show(entry, 10**10), decode_show(without_arrays(entry), 10**10)
    assert whole is not None
    assert bare is not None
    cached = [layer for layer, heads in enumerate(whole.kv_heads) if heads]
    assert [layer for layer, heads in enumerate(bare.kv_heads) if heads] == cached
    assert bare.recurrent_layers == whole.recurrent_layers
    # Only sliding layers without another head length hide which they are; then the usual pattern counts.
    assert set(bare.global_layers or ()) == set(whole.global_layers or ())
    assert whole.exact


def test_tied_embeddings_and_the_vocabulary():
    llama = shape_of("llama3.2:3b")
    assert not llama.has_output_tensor
    assert shape_of("llama3.1:8b").has_output_tensor
    assert llama.vocabulary_size == 128256
    assert llama.token_embedding_bytes == 128256 * 3072 * 210 // 256


def test_gemma3_sees_the_whole_context_in_every_sixth_layer():
    shape = shape_of("gemma3:4b")
    assert shape.sliding_window == 1024
    assert shape.global_layers == (5, 11, 17, 23, 29)


def test_qwen35_keeps_a_state_in_three_of_four_layers():
    shape = shape_of("qwen3.5:2b")
    assert shape.recurrent_layers == 18
    assert [layer for layer, heads in enumerate(shape.kv_heads) if heads] == [3, 7, 11, 15, 19, 23]
    assert shape.single_sequence


def test_a_projector_of_its_own_is_counted_but_not_as_weights():
    show = {**shown("gemma3:4b"), "projector_info": {"general.parameter_count": 420_000_000, "general.file_type": 1}}
    shape = decode_show(show, TAGS["gemma3:4b"]["size"] + 850_000_000)
    assert shape is not None
    assert shape.projector_bytes == 840_000_000
    assert shape.weights_bytes == shape_of("gemma3:4b").weights_bytes


def test_a_projector_inside_the_file_is_told_apart():
    show = shown("gemma3:4b")
    show["tensors"].append({"name": "v.blk.0.attn_q.weight", "type": "F16", "shape": [1152, 1152]})
    shape = decode_show(show, TAGS["gemma3:4b"]["size"])
    assert shape is not None
    assert shape.projector_bytes == 1152 * 1152 * 2


def test_without_tensors_the_size_on_disk_serves():
    show = shown("llama3.1:8b")
    del show["tensors"]
    shape = decode_show(show, 5_000_000_000)
    assert shape is not None
    assert shape.weights_bytes == 5_000_000_000


def test_an_unknown_tensor_type_makes_the_list_useless():
    show = shown("llama3.1:8b")
    show["tensors"][3]["type"] = "Q99_Z"
    shape = decode_show(show, 5_000_000_000)
    assert shape is not None
    assert shape.weights_bytes == 5_000_000_000


def test_an_unknown_architecture_is_an_upper_bound():
    show = shown("gemma3:4b")
    show["model_info"] = {
        key.replace("gemma3.", "gemma9."): ("gemma9" if value == "gemma3" else value)
        for key, value in show["model_info"].items()
    }
    shape = decode_show(show, TAGS["gemma3:4b"]["size"])
    assert shape is not None
    assert not shape.exact
    assert shape.global_layers is None


@pytest.mark.parametrize(
    "change",
    [
        {"llama.block_count": 10**30},
        {"llama.block_count": -1},
        {"llama.block_count": "many"},
        {"llama.block_count": 0},
        {"llama.embedding_length": None},
        {"llama.embedding_length": float("nan")},
        {"llama.embedding_length": float("inf")},
        {"general.architecture": 7},
        {"general.architecture": ""},
    ],
)
def test_no_usable_architecture_is_none(change):
    show = shown("llama3.1:8b")
    assert decode_show({**show, "model_info": {**show["model_info"], **change}}, 10**9) is None


def test_an_embedding_model_remembers_nothing():
    shape = decode_show(SHAPES["nomic-bert"], 10**9)
    assert shape is not None
    assert not shape.caches


ABSURD = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
)
KEYS = sorted(shown("qwen3.5:2b")["model_info"])


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(KEYS), ABSURD), ABSURD, ABSURD, st.integers() | st.none() | st.text())
def test_nothing_that_a_server_says_raises(changes, tensors, projector, size):
    show = shown("qwen3.5:2b")
    show = {"model_info": {**show["model_info"], **changes}, "tensors": tensors, "projector_info": projector}
    shape = decode_show(show, size)
    assert shape is None or shape.weights_bytes >= 0


@given(st.lists(st.fixed_dictionaries({"name": ABSURD, "type": st.sampled_from(sorted(BLOCKS)), "shape": ABSURD})))
def test_no_list_of_tensors_raises(listed):
    assert sum_tensors(listed) is None


@pytest.mark.parametrize(
    ("listed", "least"),
    [(4, 4), ([8, 2, 4], 2), ([8, 0, 4], 1), ("missing", 1)],
)
def test_the_fewest_kv_heads_are_those_of_the_files_own_word(listed, least):
    """Ollama fs/ggml HeadCountKVMin, and PredictServerVRAM counts 0 as 1."""
    info = {"general.architecture": "llama", "llama.block_count": 3, "llama.embedding_length": 32}
    info |= {"llama.attention.head_count": 8} | (
        {} if listed == "missing" else {"llama.attention.head_count_kv": listed}
    )
    shape = decode_show({"model_info": info}, 1000)
    assert shape is not None
    assert shape.least_kv_heads == least


def test_a_list_that_came_as_null_is_read_from_the_tensors():
    """lfm2 caches in few of its layers: its list holds zeros, which count as one head."""
    hybrid, plain = SHAPES["lfm2"], SHAPES["llama"]
    assert decode_show(without_arrays(hybrid), 10**10).least_kv_heads == 1
    assert (
        decode_show(without_arrays(plain), 10**10).least_kv_heads
        == plain["model_info"]["llama.attention.head_count_kv"]
    )
