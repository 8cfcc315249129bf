"""What is believed of `/api/show`, to the last number on both sides of every limit."""

import pytest
from msgspec.structs import asdict

from tray_app.core.fit.architectures import layers
from tray_app.core.fit.info import MAX_WIDTH, ModelInfo, whole
from tray_app.core.fit.shape import decode_show
from tray_app.core.fit.tensors import sum_tensors


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (0, 0),
        (1, 1),
        (2**24, 2**24),
        (2**24 + 1, None),
        (-1, None),
        (3.0, 3),
        (2.5, None),
        (True, None),
        ("3", None),
        (None, None),
    ],
)
def test_a_whole_number(given, read):
    assert whole(given) == read


def test_another_limit_and_its_default():
    assert (whole(10, 10), whole(11, 10), MAX_WIDTH) == (10, None, 2**24)


@pytest.mark.parametrize(
    ("name", "known"), [("llama", True), ("x" * 64, True), ("x" * 65, False), ("", False), (7, False), (None, False)]
)
def test_an_architectures_name(name, known):
    assert (ModelInfo.decode({"general.architecture": name}) is not None) is known
    assert ModelInfo.decode([]) is None


def info(**keys):
    return ModelInfo("llama", {f"llama.{key}": value for key, value in keys.items()})


def test_numbers_and_arrays():
    found = info(one=5, many=[3, 9, None, -1, 4], none=[None, "x"], null=None, wild=2**24 + 1)
    assert [found.number(key) for key in ("one", "many", "none", "null", "wild", "missing")] == [5, 9, 0, 0, 0, 0]
    assert found.number("missing", default=7) == found.number("none", default=7) == found.number("wild", default=7) == 7
    assert found.number("wild", high=2**25) == 2**24 + 1
    assert (found.has("one"), found.has("null"), found.has("missing")) == (True, False, False)
    assert (found.lists("one"), found.lists("null"), found.lists("missing")) == (True, True, False)
    assert info(long=[1] * 4096 + [8]).number("long") == 1
    assert info(long=[1] * 4095 + [8]).number("long") == 8


def test_per_layer():
    found = info(one=5, many=[3, 9, True, 4], broken=[1, None, 2], null=None)
    assert found.per_layer("one", 3) == (5, 5, 5)
    assert found.per_layer("many", 3) == (3, 9, 1)
    assert found.per_layer("many", 4) == (3, 9, 1, 4)
    assert found.per_layer("many", 5) is None
    assert found.per_layer("broken", 3) is None
    assert found.per_layer("broken", 1) == (1,)
    assert found.per_layer("null", 3) is None


# --- tensors ---


def tensor(name, *shape, kind="F32"):
    return {"name": name, "type": kind, "shape": list(shape)}


EMBEDDING = tensor("token_embd.weight", 32, 500)


def test_each_tensor_is_stored_in_whole_blocks():
    found = sum_tensors([EMBEDDING, tensor("a", 257, kind="Q4_K"), tensor("b", 256, kind="q4_k"), tensor("c", 1)])
    assert found is not None
    assert found.weights_bytes == 32 * 500 * 4 + 2 * 144 + 144 + 4
    assert (found.token_embedding_bytes, found.vocabulary_size, found.has_output) == (64_000, 500, False)
    assert found.shapes["a"] == (257,)


def test_what_is_looked_up_what_is_a_projector_and_what_each_layer_takes():
    found = sum_tensors(
        [
            EMBEDDING,
            tensor("output.weight", 1),
            tensor("per_layer_token_embd.weight", 2),
            tensor("token_types.weight", 3),
            tensor("position_embd.weight", 4),
            *(tensor(f"{prefix}x", 10) for prefix in ("v.", "mm.", "a.", "vision.", "audio.")),
            tensor("blk.0.a", 5),
            tensor("blk.0.b", 6),
            tensor("blk.12345.a", 7),
            tensor("blk.123456.a", 8),
            tensor("blk.x.a", 9),
            tensor("blk.3", 9),
            tensor("enc.3.a", 9),
        ]
    )
    assert found is not None
    assert found.has_output
    assert found.input_bytes == 4 * (2 + 3 + 4)
    assert found.projector_bytes == 4 * 50
    assert found.weights_bytes == 64_000 + 4 * (1 + 9 + 5 + 6 + 7 + 8 + 9 + 9 + 9)
    assert found.layer_bytes == {0: 44, 12345: 28}


@pytest.mark.parametrize(
    ("entry", "useful"),
    [
        (tensor("a", *[1] * 8), True),
        (tensor("a", *[1] * 9), False),
        (tensor("a", 0), False),
        (tensor("a", -1), False),
        (tensor("a", 32, 0), False),
        (tensor("a", True), False),
        (tensor("a", 1.0), False),
        (tensor("a", 2**50), True),
        (tensor("a", 2**50 + 1), False),
        (tensor("a", 2**49, 2), True),
        (tensor("a", 2**49, 3), False),
        (tensor("a", 1, kind="Q9"), False),
        ({"type": "F32", "shape": [1]}, False),
        ({"name": "a", "shape": [1]}, False),
        ({"name": "a", "type": "F32"}, False),
        ("a", False),
    ],
)
def test_one_unreadable_tensor_makes_the_list_useless(entry, useful):
    assert (sum_tensors([EMBEDDING, entry]) is not None) is useful


def test_no_list_and_too_long_a_list():
    assert sum_tensors(None) is sum_tensors([]) is sum_tensors([tensor("a", 1)]) is None
    many = [EMBEDDING, *(tensor(f"t{number}", 1) for number in range(99_999))]
    assert sum_tensors(many) is not None
    assert sum_tensors([*many, tensor("last", 1)]) is None


def test_an_embedding_of_one_row_has_no_vocabulary():
    found = sum_tensors([tensor("token_embd.weight", 32)])
    assert found is not None
    assert found.vocabulary_size == 0


# --- shapes ---


def shape(size=10_000, tensors=None, projector=None, architecture="llama", **keys):
    numbers = {"block_count": 3, "embedding_length": 32, "attention.head_count": 4} | keys
    known = {f"{architecture}.{key}": value for key, value in numbers.items() if value is not None}
    show = {"model_info": {"general.architecture": architecture, **known}}
    if tensors is not None:
        show["tensors"] = tensors
    if projector is not None:
        show["projector_info"] = projector
    return decode_show(show, size)


@pytest.mark.parametrize(
    ("change", "useful"),
    [
        ({"block_count": 4096}, True),
        ({"block_count": 4097}, False),
        ({"block_count": 0}, False),
        ({"embedding_length": 0}, False),
        ({"size": 2**50}, True),
        ({"size": 2**50 + 1}, False),
        ({"size": -1}, False),
    ],
)
def test_a_usable_shape(change, useful):
    assert (shape(**change) is not None) is useful


def test_plain_numbers():
    made = shape(context_length=2**31, feed_forward_length=70, vocab_size=9, expert_used_count=2)
    assert (made.context_length, made.feed_forward_length, made.vocabulary_size) == (2**31, 70, 9)
    assert shape(context_length=2**31 + 1).context_length == 0
    assert (made.key_length, made.value_length) == (8, 8)
    assert (made.experts_used, made.dense_layers, made.weights_bytes) == (2, True, 10_000)
    own = shape(**{"attention.key_length": 5})
    assert (own.key_length, own.value_length) == (5, 5)
    assert shape(**{"attention.value_length": 6}).value_length == 6
    assert shape(**{"attention.head_count": None}).key_length == 0
    assert shape(expert_shared_feed_forward_length=77).shared_feed_forward_length == 77
    many = shape(
        **{
            "attention.key_length_mla": 11,
            "attention.value_length_mla": 12,
            "n_deepstack_layers": 4,
            "embedding_length_per_layer_input": 13,
            "expert_feed_forward_length": 14,
        }
    )
    assert (many.latent_key_length, many.latent_value_length, many.deepstack_layers) == (11, 12, 4)
    assert (many.per_layer_input_length, many.expert_feed_forward_length) == (13, 14)
    assert shape(n_deepstack_layers=4096).deepstack_layers == 4096
    assert shape(n_deepstack_layers=4097).deepstack_layers == 0


BLOCKS = [EMBEDDING, *(tensor(f"blk.{layer}.ffn_up.weight", 10, 20) for layer in range(3))]


def test_blocks_for_prediction_of_several_tokens_stay_on_the_disk():
    whole_bytes = 64_000 + 3 * 800
    assert shape(tensors=BLOCKS).weights_bytes == whole_bytes
    assert shape(tensors=BLOCKS, nextn_predict_layers=1).weights_bytes == whole_bytes - 800
    assert shape(tensors=BLOCKS, nextn_predict_layers=9).weights_bytes == 64_000


def test_experts_and_dense_parts_are_read_from_the_tensors():
    experts = tensor("blk.1.ffn_up_exps.weight", 10, 20, 4)
    shared = tensor("blk.1.ffn_up_shexp.weight", 10, 33)
    flat = tensor("blk.2.ffn_up_shexp.weight", 99)
    assert shape(tensors=BLOCKS, expert_used_count=2).experts_used == 0
    both = shape(tensors=[*BLOCKS, experts, shared, flat], expert_used_count=2)
    assert (both.experts_used, both.dense_layers, both.shared_feed_forward_length) == (2, True, 33)
    only = shape(tensors=[EMBEDDING, experts], expert_used_count=2)
    assert (only.experts_used, only.dense_layers, only.shared_feed_forward_length) == (2, False, 0)
    none = shape(tensors=[EMBEDDING, tensor("x.ffn_up.weight", 1), tensor("blk.0.ffn_up.bias", 1)])
    assert none.dense_layers
    assert not shape(tensors=[EMBEDDING, experts, tensor("x.ffn_up.weight", 1)], expert_used_count=2).dense_layers


@pytest.mark.parametrize(
    ("projector", "inside", "taken", "weights"),
    [
        (None, False, 0, 10_000),
        ({"general.parameter_count": 100, "general.file_type": 0}, False, 400, 9_600),
        ({"general.parameter_count": 100, "general.file_type": 1}, False, 200, 9_800),
        ({"general.parameter_count": 100, "general.file_type": 7}, False, 106, 9_894),
        ({"general.parameter_count": 100}, False, 200, 9_800),
        ({"general.parameter_count": 10**9}, False, 10_000, 0),
        ({"general.parameter_count": 2**50 + 1}, False, 0, 10_000),
        ({}, False, 0, 10_000),
        ([], False, 0, 10_000),
    ],
)
def test_a_projector_without_a_list_of_tensors(projector, inside, taken, weights):
    made = shape(projector=projector)
    assert (made.projector_bytes, made.weights_bytes) == (taken, weights)


def test_a_projector_beside_a_list_of_tensors():
    size = 64_000 + 3 * 800
    rest = {"general.parameter_count": 10**9}
    assert shape(size=size + 50, tensors=BLOCKS, projector=rest).projector_bytes == 50
    assert shape(size=size + 50, tensors=BLOCKS, projector={}).projector_bytes == 50
    assert shape(size=size - 50, tensors=BLOCKS, projector={}).projector_bytes == 0
    within = shape(size=size, tensors=[*BLOCKS, tensor("v.x", 6)], projector=rest)
    assert (within.projector_bytes, within.weights_bytes) == (24, size)


# --- what layers remember ---


def remembered(architecture, blocks=6, tensors=None, heads=4, **keys):
    known = {f"{architecture}.{key}": value for key, value in keys.items()}
    found = sum_tensors([EMBEDDING, *tensors]) if tensors is not None else None
    return layers(ModelInfo(architecture, known), found, blocks, 8, heads)


@pytest.mark.parametrize(
    ("architecture", "seen"),
    [
        ("afmoe", (3,)),
        ("cohere2", (3,)),
        ("cohere2moe", (0, 4)),
        ("exaone-moe", (3,)),
        ("gemma2", (1, 3, 5)),
        ("gemma3", (5,)),
        ("gemma3n", (4,)),
        ("gemma4", (5,)),
        ("gpt-oss", (1, 3, 5)),
        ("gptoss", (1, 3, 5)),
        ("laguna", (0, 4)),
        ("llama4", (3,)),
        ("mellum", (3,)),
        ("olmo2", (3,)),
        ("olmo3", (3,)),
        ("plamo3", ()),
        ("smallthinker", (0, 4)),
    ],
)
def test_which_layers_see_the_whole_context(architecture, seen):
    made = remembered(architecture, **{"attention.sliding_window": 100, "attention.head_count_kv": 2})
    assert made.global_layers == seen
    assert made.sliding_window == (8192 if architecture == "llama4" else 100)
    assert made.exact


@pytest.mark.parametrize(
    ("architecture", "window"),
    [("exaone-moe", 128), ("gemma2", 4096), ("llama4", 8192), ("gemma3", 0), ("gpt-oss", 0)],
)
def test_the_window_where_the_file_names_none(architecture, window):
    made = remembered(architecture, **{"attention.head_count_kv": 2})
    assert made.sliding_window == window
    assert (made.global_layers is None) is (window == 0)


def test_exaone4_slides_only_in_its_large_model():
    for blocks, window in ((63, 0), (64, 4096), (65, 0)):
        assert remembered("exaone4", blocks, **{"attention.head_count_kv": 2}).sliding_window == window


def test_a_window_may_be_as_long_as_any_context():
    for given, read in ((2**31, 2**31), (2**31 + 1, 0)):
        assert remembered("gemma3", **{"attention.sliding_window": given}).sliding_window == read


def test_a_pattern_in_the_file_wins():
    keys = {"attention.sliding_window": 100}
    made = remembered("gemma3", **keys, **{"attention.sliding_window_pattern": [1, 0, True, False, 1, 0]})
    assert made.global_layers == (1, 3, 5)
    assert remembered("gemma3", **keys, **{"attention.sliding_window_pattern": 2}).global_layers == (1, 3, 5)
    assert remembered("gemma3", **keys, **{"attention.sliding_window_pattern": 0}).global_layers == ()
    assert remembered("step35", **keys).global_layers is None
    assert remembered("llama", **keys).sliding_window == 0


def test_sliding_layers_with_another_length_are_seen_in_their_tensors():
    """Queries of 4 heads: 16 rows wide on sliding layers, 32 on the others; keys tell how many heads are kept."""
    keys = {
        "attention.sliding_window": 100,
        "attention.key_length": 8,
        "attention.key_length_swa": 4,
        "attention.value_length_swa": 3,
        "attention.head_count_kv": None,
    }
    tensors = [tensor(f"blk.{n}.attn_q.weight", 32, 32 if n in {2, 5} else 16) for n in range(6)]
    tensors += [tensor(f"blk.{n}.attn_k.weight", 32, 17 if n in {2, 5} else 9) for n in range(6)]
    made = remembered("gemma4", tensors=tensors, **keys)
    assert made.global_layers == (2, 5)
    assert (made.key_length_window, made.value_length_window) == (4, 3)
    assert made.kv_heads == (3, 3, 3, 3, 3, 3)
    same = remembered("gemma4", tensors=tensors, **(keys | {"attention.key_length_swa": 8}))
    assert same.global_layers == (0, 1, 2, 3, 4, 5)
    assert same.kv_heads == (2, 2, 3, 2, 2, 3)


def test_heads_where_no_key_tensor_tells():
    tensors = [
        tensor("blk.0.attn_k.weight", 32, 16),
        tensor("blk.1.attn_qkv.weight", 32, 99),
        tensor("blk.2.attn_kv_a_mqa.weight", 32, 99),
        tensor("blk.3.attn_q.weight", 32, 99),
        tensor("blk.4.attn_k.weight", 16),
    ]
    made = remembered("llama", tensors=tensors, **{"attention.head_count_kv": None})
    assert made.kv_heads == (2, 4, 4, 4, 0, 0)
    assert remembered("llama").kv_heads == (4,) * 6
    assert layers(ModelInfo("llama", {}), sum_tensors([EMBEDDING, *tensors]), 6, 0, 4).kv_heads == (4,) * 6


def test_layers_that_read_anothers_cache():
    keys = {"attention.head_count_kv": 2}
    assert remembered("gemma3n", 30, **keys).kv_heads == (2,) * 20 + (0,) * 10
    assert remembered("gemma4", **keys, **{"attention.shared_kv_layers": 2}).kv_heads == (2, 2, 2, 2, 0, 0)
    assert remembered("gemma4", **keys, **{"attention.shared_kv_layers": 9}).kv_heads == (0,) * 6
    # Blocks for the prediction of several tokens cache, but not where layers take turns.
    assert remembered("llama", **keys, nextn_predict_layers=2).kv_heads == (2,) * 6
    turns = remembered("qwen35", **keys, nextn_predict_layers=2, full_attention_interval=2)
    assert (turns.kv_heads, turns.recurrent_layers) == ((0, 2, 0, 2, 0, 0), 2)


def test_layers_that_keep_a_state():
    keys = {"attention.head_count_kv": 2, "ssm.conv_kernel": 4, "ssm.inner_size": 10, "ssm.state_size": 3}
    every_fourth = remembered("qwen3next", 8, **keys)
    assert every_fourth.kv_heads == (0, 0, 0, 2, 0, 0, 0, 2)
    assert every_fourth.recurrent_layers == 6
    # Convolution: 3 columns of the inner width (and two groups' states); state: one for each inner value.
    assert every_fourth.recurrent_state_values == 3 * 10 + 3 * 10
    assert remembered("qwen3next", 8, **keys, **{"ssm.group_count": 5}).recurrent_state_values == 3 * (10 + 30) + 30
    assert remembered("qwen3next", 8, **keys, full_attention_interval=0).recurrent_layers == 6
    assert remembered("falcon-h1", **keys).kv_heads == (2,) * 6
    assert remembered("falcon-h1", **keys).recurrent_layers == 6
    assert remembered("llama", **keys).recurrent_layers == 0
    assert remembered("llama", **keys).recurrent_state_values == 0
    unknown = remembered("brand-new", **keys)
    assert (unknown.exact, unknown.kv_heads, unknown.recurrent_layers) == (False, (2,) * 6, 6)
    assert remembered("brand-new").recurrent_layers == 0


def test_layers_without_heads_or_with_a_state_tensor():
    state = [tensor("blk.1.ssm_in.weight", 32, 70), tensor("blk.2.ssm_in.weight", 32, 60), tensor("x.ssm_in.weight", 1)]
    made = remembered("jamba", tensors=state, **{"attention.head_count_kv": [2, 2, 2, 0, 2, 2]})
    assert made.kv_heads == (2, 0, 0, 0, 2, 2)
    assert (made.recurrent_layers, made.recurrent_projection) == (3, 70)
    assert remembered("jamba", **{"attention.head_count_kv": 2}).recurrent_projection == 0
    nemotron = remembered("nemotron_h", tensors=state, **{"attention.head_count_kv": [2, 0, 2, 0, 2, 2]})
    assert (nemotron.kv_heads, nemotron.recurrent_layers) == ((2, 0, 0, 0, 2, 2), 2)
    assert remembered("nemotron_h", **{"attention.head_count_kv": 2}).recurrent_layers == 0
    assert remembered("mamba", tensors=state).recurrent_projection == 70


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        ({"wkv.head_size": 5, "embedding_length": 7}, (2 + 5) * 7),
        ({"wkv.head_size": 5, "embedding_length": 7, "token_shift_count": 1}, (1 + 5) * 7),
        ({"shortconv.l_cache": 3, "embedding_length": 7}, 7 * 2),
        ({"kda.head_dim": 6, "ssm.conv_kernel": 4}, 3 * 3 * 4 * 6 + 6 * 6 * 4),
        ({"kda.head_dim": 6}, 6 * 6 * 4),
        ({"ssm.inner_size": 9, "ssm.state_size": 2}, 18),
        ({"ssm.conv_kernel": 1, "ssm.inner_size": 9, "ssm.state_size": 2}, 18),
    ],
)
def test_values_of_a_state(keys, values):
    made = remembered("mamba", **keys)
    assert made.recurrent_state_values == values
    assert (made.kv_heads, made.recurrent_layers, made.exact) == ((0,) * 6, 6, True)


def test_latent_attention_keeps_its_rank_and_the_rotated_part():
    keys = {"attention.kv_lora_rank": 50, "rope.dimension_count": 7}
    assert remembered("deepseek2", **keys).mla_cache_width == 0
    assert remembered("deepseek2", **keys, **{"attention.key_length_mla": 1}).mla_cache_width == 57


def told(made):
    """What is not empty, zero or false."""
    return {name: value for name, value in asdict(made).items() if value}


def test_models_that_remember_nothing():
    made = remembered("bert", **{"attention.sliding_window": 9, "attention.head_count_kv": 2})
    assert told(made) == {"kv_heads": (0,) * 6, "sliding_window": 9, "exact": True}


def test_models_that_remember_a_state_alone():
    made = remembered("mamba", **{"ssm.inner_size": 9, "ssm.state_size": 2, "attention.head_count_kv": 2})
    states = {"recurrent_layers": 6, "recurrent_state_values": 18}
    assert told(made) == {"kv_heads": (0,) * 6, **states, "caches": True, "exact": True}


@pytest.mark.parametrize("architecture", ["mllama", "qwen3vl", "qwen35", "qwen3next", "lfm2", "nemotron_h"])
def test_one_slot_only(architecture):
    assert remembered(architecture).single_sequence
    assert not remembered("llama").single_sequence
