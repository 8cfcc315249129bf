"""The product's promise: whether Ollama would throw the chat model out, on both sides of every number that decides it.

The estimate is checked against Ollama's own formula (v0.32.15, llm/llama_server.go PredictServerVRAM), worked out from
each recorded model's file, and against the caches that real runners reported.
"""

import json

import pytest
from msgspec.structs import replace

from tests.core.fit.test_exact import TINY
from tests.core.machines import RECORDED, TAGS, installed, shape_of
from tray_app.core.fit.need import Offload, need
from tray_app.core.fit.verdict import (
    Generation,
    Loading,
    Place,
    beside,
    fitting_batch,
    loading,
    need_as,
    older_need,
    ollama_estimate,
    ram_bytes,
    room,
    with_loaded,
)
from tray_app.core.values.fit import Basis, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    InstalledModel,
    LoadedModel,
    Memory,
    Ollama,
    Presence,
    Pressure,
    ServerConfig,
)
from tray_app.core.values.units import GIB, MIB

LIMITS = Limits(fits_share=0.8)
MEASURED = json.loads((RECORDED / "measured.json").read_text())


def in_vram(size, vram=None, name="chat"):
    return LoadedModel(name, name, size, size if vram is None else vram, 4096)


def place(
    *loaded,
    budget=100 * GIB,
    available=100 * GIB,
    total=200 * GIB,
    version="0.32.15",
    unified=True,
    basis=BudgetBasis.METAL,
    used=None,
    pressure=Pressure.NORMAL,
    config=None,
):
    return Place(
        Ollama("http://o", Presence.RUNNING, version, True, loaded, (), config or ServerConfig(context_length=4096)),
        Gpu(budget, basis, unified=unified, used_bytes=used),
        Memory(total, available, pressure),
        budget,
    )


def way_of(shape, context, parallel=1):
    return Loading(context, parallel, "f16", 512)


# Model, context, slots; its file, and 2 x layers x least KV heads x (width / heads) x tokens x 2 bytes.
ESTIMATES = [
    ("gemma3:1b", 4096, 1, 773_531_231 + 2 * 26 * 1 * 288 * 4096 * 2),
    ("gemma3:4b", 4096, 1, 2_489_189_532 + 2 * 34 * 4 * 320 * 4096 * 2),
    ("llama3.1:8b", 8192, 1, 5_051_218_874 + 2 * 32 * 8 * 128 * 8192 * 2),
    ("llama3.2:3b", 4096, 1, 2_484_181_786),
    ("llama3.2:3b", 4096, 4, 2_014_419_738 + 4 * 469_762_048),
    ("qwen2.5:3b", 32768, 1, 1_927_381_050 + 2 * 36 * 2 * 128 * 32768 * 2),
    ("qwen3:1.7b", 4096, 1, 1_104_885_530 + 2 * 28 * 8 * 128 * 4096 * 2),
    ("qwen3:32b", 4096, 1, 20_631_270_171),
    ("qwen3:4b", 40960, 1, 2_494_757_242 + 2 * 36 * 8 * 80 * 40960 * 2),
    ("qwen3.5:2b", 4096, 1, 1_200_790_618 + 2 * 24 * 2 * 256 * 4096 * 2),
]


@pytest.mark.parametrize(("name", "context", "parallel", "estimate"), ESTIMATES)
def test_the_estimate_is_ollamas_own(name, context, parallel, estimate):
    shape = shape_of(name)
    assert ollama_estimate(shape, way_of(shape, context, parallel), TAGS[name]["size"]) == estimate


@pytest.mark.parametrize(
    "row", [row for row in MEASURED if row["model"] in {"llama3.1:8b", "llama3.2:3b", "qwen2.5:3b"}], ids=str
)
def test_its_cache_is_what_plain_models_really_take(row):
    """Within half a percent where heads are as wide as the estimate takes them to be, stored as f16."""
    if row["kv_cache_type"] != "f16":
        assert row["kv_cache_mib"] * MIB < ollama_estimate(shape_of(row["model"]), way_of(None, row["context"]), 0)
        return
    shape = shape_of(row["model"])
    cache = ollama_estimate(shape, way_of(shape, row["context"], row["parallel"]), 0)
    assert cache / MIB == pytest.approx(row["kv_cache_mib"], rel=0.005)


@pytest.mark.parametrize(
    ("changes", "cache"),
    [
        # 3 layers of 32 / 4 values, 300 tokens; the fewest heads of a caching layer where the file does not tell.
        ({}, 2 * 3 * 2 * 8 * 300 * 2),
        ({"least_kv_heads": 1}, 2 * 3 * 1 * 8 * 300 * 2),
        ({"kv_heads": (0, 0, 0)}, 2 * 3 * 1 * 8 * 300 * 2),
        ({"head_count": 0}, 0),
    ],
)
def test_the_estimates_cache(changes, cache):
    assert ollama_estimate(replace(TINY, **changes), way_of(TINY, 300), 7) == 7 + cache


SMALL = installed("gemma3:1b")
ESTIMATE = ESTIMATES[0][3]  # 896,214,623: 80 % of 1,120,268,278.75
CHAT = in_vram(10 * GIB)


@pytest.mark.parametrize(
    ("left", "verdict", "basis"),
    [(1_120_268_279, Verdict.FITS, Basis.ESTIMATE), (1_120_268_278, Verdict.EVICTS, Basis.ESTIMATE)],
)
def test_eighty_percent_of_what_the_budget_leaves(left, verdict, basis):
    fit = beside(SMALL, place(CHAT, budget=10 * GIB + left), LIMITS)
    assert (fit.verdict, fit.basis, fit.room_bytes) == (verdict, basis, left)


def test_on_shared_memory_the_live_memory_counts_as_well():
    enough, short = (beside(SMALL, place(CHAT, available=left), LIMITS) for left in (1_120_268_279, 1_120_268_278))
    assert enough.verdict is not Verdict.EVICTS
    assert short.verdict is Verdict.EVICTS
    card = place(CHAT, available=1_120_268_278, unified=False, basis=BudgetBasis.VRAM)
    assert beside(SMALL, card, LIMITS).verdict is not Verdict.EVICTS


def test_the_first_model_is_never_weighed():
    assert beside(SMALL, place(budget=GIB), LIMITS).verdict is Verdict.SPILLS


def test_without_a_gpu_nothing_is_evicted():
    cpu = place(CHAT, budget=32 * GIB, available=GIB, basis=BudgetBasis.RAM)
    assert beside(SMALL, cpu, LIMITS).verdict is Verdict.SPILLS


@pytest.mark.parametrize(
    ("batch", "estimate", "available", "chosen"),
    [
        (512, 10**12, 1, 512),
        # 1024: the estimate is at most 75 %, and at most 80 % with 768 MiB on top.
        (1024, 75 * GIB, 100 * GIB, 1024),
        (1024, 75 * GIB + 1, 100 * GIB, 512),
        (1024, 8 * GIB - 768 * MIB, 10 * GIB, 1024),
        (1024, 8 * GIB - 768 * MIB + 1, 10 * GIB, 512),
        # 2048: at most 60 %, and at most 80 % with 2 GiB on top; else what 1024 needs.
        (2048, 60 * GIB, 100 * GIB, 2048),
        (2048, 60 * GIB + 1, 100 * GIB, 1024),
        (2048, 4 * GIB, 7.5 * GIB, 2048),
        (2048, 4 * GIB + 1, 7.5 * GIB, 1024),
        (2048, 76 * GIB, 100 * GIB, 512),
    ],
)
def test_ollama_makes_the_batch_smaller_before_it_evicts(batch, estimate, available, chosen):
    assert fitting_batch(batch, estimate, available) == chosen


def test_a_long_context_alone_evicts_nobody():
    """8192 tokens would be read in batches of 1024 and 768 MiB more; the estimate alone is what decides."""
    config = ServerConfig(context_length=8192)
    estimate = 773_531_231 + 2 * 26 * 1 * 288 * 8192 * 2
    left = -(-estimate * 5 // 4)
    fit = beside(SMALL, place(CHAT, budget=10 * GIB + left, config=config), LIMITS)
    assert fit.verdict is not Verdict.EVICTS
    assert fit.need_bytes == need(shape_of("gemma3:1b"), context=8192, micro_batch=512).total
    assert beside(SMALL, place(CHAT, budget=10 * GIB + left - 1, config=config), LIMITS).verdict is Verdict.EVICTS
    plenty = beside(SMALL, place(CHAT, config=config), LIMITS)
    assert plenty.need_bytes == need(shape_of("gemma3:1b"), context=8192, micro_batch=1024).total


# --- llama-server's margin, and what really has room ---

TOTAL = need(shape_of("gemma3:1b"), context=4096).total


@pytest.mark.parametrize(
    ("budget", "verdict", "basis"),
    [(TOTAL + GIB, Verdict.FITS, Basis.ESTIMATE), (TOTAL + GIB - 1, Verdict.SPILLS, Basis.FIT_MARGIN)],
)
def test_llama_servers_margin_of_a_gibibyte(budget, verdict, basis):
    fit = beside(SMALL, place(budget=budget), LIMITS)
    assert (fit.verdict, fit.basis) == (verdict, basis)


def test_the_margin_is_of_the_whole_budget_on_metal_and_of_what_is_left_on_a_card():
    """Metal tells each process of its own memory only."""
    left = TOTAL + GIB - 1
    mac = beside(SMALL, place(in_vram(50 * GIB), budget=50 * GIB + left), LIMITS)
    assert mac.verdict is Verdict.FITS
    card = {"unified": False, "basis": BudgetBasis.VRAM}
    assert beside(SMALL, place(in_vram(50 * GIB), budget=50 * GIB + left + 1, **card), LIMITS).verdict is Verdict.FITS
    tight = beside(SMALL, place(in_vram(50 * GIB), budget=50 * GIB + left, **card), LIMITS)
    assert (tight.verdict, tight.basis) == (Verdict.SPILLS, Basis.FIT_MARGIN)


def test_before_0_30_there_is_no_margin():
    way = need_as(shape_of("gemma3:1b"), Loading(4096, 1, "f16", 512, batch_logits=True))
    there = place(budget=way.total, version="0.24.0")
    assert beside(SMALL, there, LIMITS).basis is Basis.BUDGET
    assert beside(SMALL, there, LIMITS).verdict is Verdict.TIGHT
    less = beside(SMALL, place(budget=way.total - 1, version="0.24.0"), LIMITS)
    assert (less.verdict, less.basis) == (Verdict.SPILLS, Basis.BUDGET)


LIVE = TOTAL + 400 * MIB


@pytest.mark.parametrize(
    ("available", "verdict", "basis"),
    [
        (LIVE - 1, Verdict.SPILLS, Basis.AVAILABLE),
        (LIVE, Verdict.TIGHT, Basis.AVAILABLE),
        (LIVE * 5 // 4 - 1, Verdict.TIGHT, Basis.AVAILABLE),
        (LIVE * 5 // 4 + 1, Verdict.FITS, Basis.ESTIMATE),
    ],
)
def test_what_the_machine_can_hand_out(available, verdict, basis):
    """The model and 400 MiB of its process, comfortable up to 80 %."""
    fit = beside(SMALL, place(available=available), LIMITS)
    assert (fit.verdict, fit.basis) == (verdict, basis)


@pytest.mark.parametrize(
    ("available", "verdict"),
    [(400 * MIB - 1, Verdict.SPILLS), (400 * MIB, Verdict.TIGHT), (500 * MIB, Verdict.FITS)],
)
def test_on_a_card_only_the_process_needs_ram(available, verdict):
    card = place(unified=False, basis=BudgetBasis.VRAM, available=available)
    assert beside(SMALL, card, LIMITS).verdict is verdict


@pytest.mark.parametrize(("more", "verdict"), [(-1, Verdict.TIGHT), (1, Verdict.FITS)])
def test_eighty_percent_of_the_headroom_is_comfortable(more, verdict):
    """Before 0.30, as from there on the estimate or the margin speaks first."""
    needed = need_as(shape_of("gemma3:1b"), Loading(4096, 1, "f16", 512, batch_logits=True)).total
    fit = beside(SMALL, place(CHAT, budget=10 * GIB + needed * 5 // 4 + more, version="0.24.0"), LIMITS)
    assert (fit.verdict, fit.need_bytes) == (verdict, needed)
    assert fit.basis is (Basis.BUDGET if verdict is Verdict.TIGHT else Basis.LAYOUT_TO_0_24)


# --- the older rules ---


def test_to_0_9_a_layer_its_cache_and_512_mib_are_kept_free():
    shape, way = replace(TINY, vocabulary_size=5000), Loading(300, 1, "f16", 512, batch_logits=True)
    counted = need_as(shape, way)
    assert counted.compute_bytes == 4 * 512 * (32 + 5000)
    assert need_as(TINY, way).compute_bytes == need(TINY, context=300, micro_batch=512).compute_bytes
    assert older_need(shape, way, Generation.LAYOUT) == counted.total
    layer = (counted.weights_bytes + counted.kv_cache_bytes) // 3
    assert older_need(shape, way, Generation.ESTIMATES) == counted.total + layer + 512 * MIB


@pytest.mark.parametrize(("version", "rule"), [("0.9.6", Generation.ESTIMATES), ("0.24.0", Generation.LAYOUT)])
def test_older_servers_weigh_what_they_need_against_the_headroom(version, rule):
    needed = older_need(shape_of("gemma3:1b"), Loading(4096, 1, "f16", 512, batch_logits=True), rule)
    enough = beside(SMALL, place(CHAT, budget=10 * GIB + needed, version=version), LIMITS)
    assert enough.verdict is not Verdict.EVICTS
    short = beside(SMALL, place(CHAT, budget=10 * GIB + needed - 1, version=version), LIMITS)
    assert (short.verdict, short.basis) == (Verdict.EVICTS, Basis(rule.value))


# --- what is left ---


def space_of(*loaded, there=(), **options):
    here = place(*there, **options)
    return room(loaded, here.ollama, here.gpu, here.memory, here.gpu_budget)


def test_room_on_shared_memory():
    chat = in_vram(10 * GIB)
    space = space_of(chat, there=(chat,), budget=30 * GIB, available=5 * GIB, used=29 * GIB)
    assert (space.budget, space.headroom, space.live, space.for_ollama) == (30 * GIB, 20 * GIB, 5 * GIB, 5 * GIB)
    assert (space.gpu, space.unified) == (True, True)
    # Without the chat model its memory would be free; with one that is not loaded it would be gone.
    assert space_of(there=(chat,), budget=30 * GIB, available=5 * GIB).live == 15 * GIB
    assert space_of(chat, budget=30 * GIB, available=5 * GIB).live == 0
    assert space_of(in_vram(31 * GIB), budget=30 * GIB).headroom == 0


def test_room_on_a_card_counts_what_others_use():
    chat = in_vram(12 * GIB, 10 * GIB)
    card = {"unified": False, "basis": BudgetBasis.VRAM, "budget": 24 * GIB, "available": 9 * GIB}
    space = space_of(chat, there=(chat,), used=13 * GIB, **card)
    assert (space.headroom, space.for_ollama, space.live) == (11 * GIB, 11 * GIB, 9 * GIB)
    assert space_of(chat, there=(chat,), used=None, **card).headroom == 14 * GIB
    assert space_of(chat, there=(chat,), used=9 * GIB, **card).headroom == 14 * GIB
    # Only what is not in VRAM lies in RAM.
    assert space_of(there=(chat,), used=13 * GIB, **card).live == 11 * GIB


def test_room_without_a_gpu():
    chat = in_vram(10 * GIB, 0)
    cpu = {"basis": BudgetBasis.RAM, "unified": False, "budget": 16 * GIB}
    space = space_of(chat, there=(chat,), available=9 * GIB, **cpu)
    assert (space.budget, space.headroom, space.live, space.for_ollama) == (0, 6 * GIB, 6 * GIB, 6 * GIB)
    assert (space.gpu, space.unified) == (False, True)
    assert space_of(chat, there=(chat,), available=5 * GIB, **cpu).live == 5 * GIB
    assert space_of(in_vram(17 * GIB, 0), available=40 * GIB, **cpu).live == 0


@pytest.mark.parametrize(
    ("gpu", "in_ram"),
    [
        (Gpu(1, BudgetBasis.METAL, unified=True), 12),
        (Gpu(1, BudgetBasis.RAM), 12),
        (Gpu(1, BudgetBasis.VRAM), 2),
    ],
)
def test_what_spills_is_the_size_without_the_vram(gpu, in_ram):
    assert ram_bytes(in_vram(12, 10), gpu) == in_ram
    assert ram_bytes(in_vram(12, 13), Gpu(1, BudgetBasis.VRAM)) == 0


# --- how it would be loaded ---


def loaded_as(config=None, version="0.32.15", budget=100 * GIB, **asked):
    here = place(budget=budget, version=version, config=config)
    space = room((), here.ollama, here.gpu, here.memory, here.gpu_budget)
    options = {"context": None, "model_context": None} | asked
    return loading(shape_of("llama3.2:3b"), TAGS["llama3.2:3b"]["size"], here.ollama, space, **options)


def test_whose_word_the_context_is():
    config = ServerConfig(context_length=3000)
    assert loaded_as(config, context=1000, model_context=2000).context == 1000
    assert loaded_as(config, model_context=2000).context == 2000
    assert loaded_as(config).context == 3000
    assert loaded_as(ServerConfig(), budget=22 * GIB).context == 4096
    assert loaded_as(ServerConfig(), budget=23 * GIB).context == 32768


def test_slots_and_cache_are_the_servers_settings():
    way = loaded_as(ServerConfig(num_parallel=3, kv_cache_type="q8_0"), context=4096)
    assert (way.parallel, way.kv_cache_type, way.micro_batch) == (3, "q8_0", 1024)
    assert (loaded_as(context=4096).parallel, loaded_as(context=4096).kv_cache_type) == (1, "f16")


def test_layers_stay_in_ram_where_not_all_fit():
    total = need(shape_of("llama3.2:3b"), context=4096).total
    assert loaded_as(context=4096, budget=total + GIB).offload is Offload.FULL
    assert loaded_as(context=4096, budget=total + GIB - 1).offload is Offload.PARTIAL
    older = need_as(shape_of("llama3.2:3b"), Loading(4096, 1, "f16", 512, batch_logits=True)).total
    assert loaded_as(context=4096, budget=older, version="0.24.0").offload is Offload.FULL
    assert loaded_as(context=4096, budget=older - 1, version="0.24.0").offload is Offload.PARTIAL


def test_a_version_that_cannot_be_read_is_loaded_like_a_new_one():
    assert loaded_as(version="dev", context=8192).micro_batch == 1024
    assert not loaded_as(version="dev", context=8192).batch_logits


# --- extremes, and models that are there ---


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (10 * GIB, Verdict.UNKNOWN),
        (10 * GIB - 1, Verdict.EVICTS),
        # Twice the file and a GiB within 80 %: 17 GiB of 21.25.
        (21.25 * GIB, Verdict.FITS),
        (21.25 * GIB - 2, Verdict.UNKNOWN),
    ],
)
def test_by_the_file_alone(left, verdict):
    unknown = InstalledModel("x", "x", 8 * GIB)
    fit = beside(unknown, place(CHAT, budget=10 * GIB + int(left)), LIMITS)
    assert (fit.verdict, fit.basis, fit.need_bytes) == (verdict, Basis.SIZE_ONLY, 8 * GIB)
    assert fit.room_bytes == int(left)
    warned = beside(unknown, place(CHAT, budget=10 * GIB + int(left), pressure=Pressure.WARNING), LIMITS)
    assert warned.verdict is (verdict if verdict is Verdict.EVICTS else Verdict.UNKNOWN)


def test_a_file_alone_evicts_nobody_where_nobody_is_or_no_gpu():
    unknown = InstalledModel("x", "x", 8 * GIB)
    assert beside(unknown, place(budget=9 * GIB), LIMITS).verdict is Verdict.UNKNOWN
    cpu = place(in_vram(GIB, 0), budget=9 * GIB, basis=BudgetBasis.RAM, unified=False)
    assert beside(unknown, cpu, LIMITS).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("vram", "basis", "pressure", "verdict"),
    [
        (10, BudgetBasis.METAL, Pressure.NORMAL, Verdict.FITS),
        (9, BudgetBasis.METAL, Pressure.NORMAL, Verdict.SPILLS),
        (0, BudgetBasis.RAM, Pressure.NORMAL, Verdict.FITS),
        (10, BudgetBasis.METAL, Pressure.WARNING, Verdict.TIGHT),
    ],
)
def test_a_model_that_is_there(vram, basis, pressure, verdict):
    here = place(in_vram(10, vram, "gemma3:1b"), basis=basis, pressure=pressure)
    fit = beside(SMALL, here, LIMITS)
    assert (fit.verdict, fit.need_bytes, fit.basis) == (verdict, 0, Basis.LOADED)


@pytest.mark.parametrize(("most", "verdict"), [(1, Verdict.EVICTS), (2, Verdict.FITS), (None, Verdict.FITS)])
def test_as_many_models_as_the_server_keeps(most, verdict):
    config = ServerConfig(context_length=4096, max_loaded_models=most)
    fit = beside(SMALL, place(CHAT, config=config), LIMITS)
    assert fit.verdict is verdict
    assert (fit.basis is Basis.MAX_LOADED) is (verdict is Verdict.EVICTS)
    alone = place(config=ServerConfig(context_length=4096, max_loaded_models=0))
    assert beside(SMALL, alone, LIMITS).verdict is Verdict.FITS


def test_what_cannot_be_told():
    here = place(CHAT)
    for changes, basis in (
        ({"ollama": None}, Basis.OLLAMA_UNKNOWN),
        ({"gpu": None}, Basis.BUDGET_UNKNOWN),
        ({"memory": None}, Basis.MEMORY_UNKNOWN),
        ({"serves_open_webui": False}, Basis.OTHER_OLLAMA),
    ):
        fit = beside(SMALL, replace(here, **changes), LIMITS)
        assert (fit.verdict, fit.basis) == (Verdict.UNKNOWN, basis)
    assert with_loaded(SMALL.shape, 1, replace(here, ollama=None), LIMITS, ()).basis is Basis.OLLAMA_UNKNOWN
    blind = beside(InstalledModel("x", "x", GIB), replace(here, memory=None), LIMITS)
    assert blind.room_bytes == 90 * GIB
    cpu = place(budget=9 * GIB, basis=BudgetBasis.RAM)
    assert beside(InstalledModel("x", "x", GIB), replace(cpu, memory=None), LIMITS).room_bytes is None


def test_exactly_at_a_share_is_still_within_it():
    """800,000,000 of 1,000,000,000; half of twice as much."""
    small = replace(SMALL, size_bytes=800_000_000 - 2 * 26 * 1 * 288 * 4096 * 2)
    assert beside(small, place(CHAT, budget=10 * GIB + 1_000_000_000), LIMITS).verdict is not Verdict.EVICTS
    half = Limits(fits_share=0.5)
    assert beside(SMALL, place(available=2 * LIVE), half).verdict is Verdict.FITS
    needed = need_as(shape_of("gemma3:1b"), Loading(4096, 1, "f16", 512, batch_logits=True)).total
    older = place(CHAT, budget=10 * GIB + 2 * needed, version="0.24.0")
    assert beside(SMALL, older, half).verdict is Verdict.FITS


def test_what_is_not_there_takes_nothing():
    card = {"unified": False, "basis": BudgetBasis.VRAM, "budget": 24 * GIB}
    assert space_of(used=None, **card).headroom == 24 * GIB
    idle = in_vram(10 * GIB, 0)
    assert space_of(idle, there=(idle,), used=5, **card).headroom == 24 * GIB - 5
    blind = replace(place(), memory=None)
    assert room((), blind.ollama, blind.gpu, blind.memory, blind.gpu_budget).live == 0
    assert replace(place(), budget_bytes=None).gpu_budget == 0
    cpu = place(basis=BudgetBasis.RAM, unified=False, budget=16 * GIB, available=5 * GIB)
    assert beside(SMALL, cpu, LIMITS).room_bytes == 5 * GIB
    plain = replace(TINY, vocabulary_size=50_000)
    assert need_as(plain, Loading(300, 1, "f16", 512)) == need(plain, context=300, micro_batch=512)
