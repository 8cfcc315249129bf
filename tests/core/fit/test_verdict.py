"""Does a second model fit: the table of Ollama's own rule, live memory, and every reason for not knowing."""

import pytest
from msgspec.structs import replace

from tests.core.machines import (
    LIMITS,
    NOW,
    QWEN_32B,
    beside,
    installed,
    loaded,
    machine,
    predict,
    predicted,
    shape_of,
    web_ui,
)
from tray_app.core.fit.verdict import Room, loading
from tray_app.core.report.status import fit_of
from tray_app.core.values.fit import Verdict
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, InstalledModel, Ollama, Presence, Pressure, ServerConfig
from tray_app.core.values.units import GIB

FITTING = {Verdict.FITS, Verdict.TIGHT}


@pytest.mark.parametrize(
    ("chat", "in_use", "fitting", "evicting"),
    [
        ("qwen3:32b", 19.7, ["gemma3:1b"], ["llama3.2:3b", "qwen3:1.7b"]),
        ("qwen3:30b-a3b", 17.8, ["gemma3:1b", "llama3.2:3b", "qwen3:1.7b"], []),
        ("gemma3:27b", 17.6, ["gemma3:1b", "llama3.2:3b", "qwen3:1.7b"], []),
        ("gpt-oss:20b", 13.2, ["gemma3:1b", "llama3.2:3b", "qwen3:1.7b"], []),
        ("qwen3:14b", 9.4, ["gemma3:1b", "llama3.2:3b", "qwen3:1.7b", "llama3.1:8b"], []),
    ],
)
def test_ollamas_rule_on_a_32_gb_mac_with_macos_15(chat, in_use, fitting, evicting):
    """Computed by hand from Ollama 0.32.15 server/sched.go: budget 21.33 GiB, context 4096, f16."""
    snapshot = machine(loaded(chat, in_use), available_gib=32 - in_use)
    assert [
        name for name in fitting + evicting if beside(installed(name), snapshot, LIMITS).verdict in FITTING
    ] == fitting
    assert {beside(installed(name), snapshot, LIMITS).verdict for name in evicting} <= {Verdict.EVICTS}


def test_the_small_model_fits_beside_the_32b_and_says_its_numbers():
    fit = beside(installed("gemma3:1b"), machine(QWEN_32B), LIMITS)
    assert fit.verdict is Verdict.FITS
    assert fit.basis == "ollama-0.30-estimate"
    assert fit.need_bytes is not None
    assert fit.need_bytes / GIB == pytest.approx(0.80, abs=0.01)
    assert fit.room_bytes is not None
    assert fit.room_bytes / GIB == pytest.approx(1.63, abs=0.01)


def test_under_macos_26_a_3b_fits_with_context_4096_if_live_memory_allows():
    config = ServerConfig(context_length=4096)
    there = machine(QWEN_32B, budget_gib=24.96, config=config, available_gib=8)
    assert beside(installed("llama3.2:3b"), there, LIMITS).verdict in FITTING
    short = machine(QWEN_32B, budget_gib=24.96, config=config, available_gib=2.5)
    assert beside(installed("llama3.2:3b"), short, LIMITS).verdict is Verdict.EVICTS


def test_under_macos_26_the_automatic_context_makes_the_chat_model_spill():
    snapshot = machine(budget_gib=24.96, have=(installed("qwen3:32b"),), available_gib=28)
    report = predict("qwen3:32b", snapshot, limits=LIMITS)
    assert report.context == 32768
    assert report.verdict is Verdict.SPILLS
    smaller = predict("qwen3:32b", snapshot, context=4096, limits=LIMITS)
    assert smaller.verdict in FITTING


@pytest.mark.parametrize("pressure", [Pressure.WARNING, Pressure.CRITICAL])
def test_under_pressure_nothing_is_called_fitting(pressure):
    for name in ("gemma3:1b", "llama3.2:3b"):
        fit = beside(installed(name), machine(loaded("a", 5), pressure=pressure, available_gib=20), LIMITS)
        assert fit.verdict is Verdict.TIGHT
        assert fit.basis == "memory-pressure"


def test_live_memory_counts_as_much_as_the_budget():
    fit = beside(installed("gemma3:1b"), machine(loaded("a", 5), available_gib=1.3), LIMITS)
    assert fit.verdict is Verdict.TIGHT
    assert fit.basis == "available-memory"
    assert fit.room_bytes == int(1.3 * GIB)


def test_one_model_at_a_time_always_evicts():
    only_one = machine(loaded("a", 1), config=ServerConfig(max_loaded_models=1), available_gib=25)
    fit = beside(installed("gemma3:1b"), only_one, LIMITS)
    assert (fit.verdict, fit.basis) == (Verdict.EVICTS, "max-loaded-models")


@pytest.mark.parametrize(
    ("version", "in_use", "verdict", "basis"),
    [
        # All layers must fit with their real sizes: 0.8 GiB and logits for a batch of 512.
        ("0.12.11", 19.8, Verdict.TIGHT, "budget"),
        ("0.12.11", 20.4, Verdict.EVICTS, "ollama-0.12-layout"),
        ("0.24.0", 15.0, Verdict.FITS, "ollama-0.12-layout"),
        # 0.9 adds a layer and 512 MiB of its own.
        ("0.9.6", 19.7, Verdict.EVICTS, "ollama-0.9-estimate"),
        ("0.9.6", 15.0, Verdict.FITS, "ollama-0.9-estimate"),
        ("0.5.7", 15.0, Verdict.FITS, "ollama-0.9-estimate"),
    ],
)
def test_older_ollamas_have_rules_of_their_own(version, in_use, verdict, basis):
    fit = beside(installed("gemma3:1b"), machine(loaded("a", in_use), version=version), LIMITS)
    assert (fit.verdict, fit.basis) == (verdict, basis)


def test_without_a_gpu_live_memory_decides():
    cpu = {"basis": BudgetBasis.RAM, "budget_gib": 16, "total_gib": 16, "system": "linux"}
    there = loaded("a", 4, 0)
    assert beside(installed("llama3.2:3b"), machine(there, available_gib=10, **cpu), LIMITS).verdict is Verdict.FITS
    assert beside(installed("llama3.2:3b"), machine(there, available_gib=3, **cpu), LIMITS).verdict is Verdict.TIGHT
    assert beside(installed("llama3.2:3b"), machine(there, available_gib=2, **cpu), LIMITS).verdict is Verdict.SPILLS


def test_on_a_discrete_gpu_the_margin_is_the_whole_cards():
    card = {"unified": False, "basis": BudgetBasis.VRAM, "budget_gib": 22, "system": "win32", "available_gib": 12}
    assert beside(installed("gemma3:1b"), machine(loaded("a", 20.4), **card), LIMITS).verdict is Verdict.SPILLS
    assert beside(installed("gemma3:1b"), machine(loaded("a", 19), **card), LIMITS).verdict is Verdict.FITS


def test_what_is_not_known_is_not_guessed():
    snapshot = machine(QWEN_32B)
    model = installed("gemma3:1b")
    unknown = Unknown(Why.MISSING)
    assert beside(model, replace(snapshot, gpu=unknown), LIMITS).verdict is Verdict.UNKNOWN
    assert beside(model, replace(snapshot, memory=unknown), LIMITS).verdict is Verdict.UNKNOWN
    assert beside(model, replace(snapshot, ollama=unknown), LIMITS).verdict is Verdict.UNKNOWN
    assert beside(model, machine(QWEN_32B, pressure=Pressure.UNKNOWN), LIMITS).verdict is Verdict.UNKNOWN
    assert beside(model, machine(QWEN_32B, version="dev"), LIMITS).verdict is Verdict.UNKNOWN


def test_an_ollama_that_open_webui_does_not_use_says_nothing():
    other = web_ui(ollama_urls=Known(("http://nas:9999",), NOW))
    fit = beside(installed("gemma3:1b"), machine(QWEN_32B, open_webui=other), LIMITS)
    assert (fit.verdict, fit.basis) == (Verdict.UNKNOWN, "other-ollama")


def test_a_remote_ollama_has_a_memory_that_is_not_seen():
    snapshot = machine(QWEN_32B)
    assert isinstance(snapshot.ollama, Known)
    away = replace(snapshot, ollama=Known(replace(snapshot.ollama.value, local=False), NOW))
    assert beside(installed("gemma3:1b"), away, LIMITS).verdict is Verdict.UNKNOWN


def test_cloud_models_need_no_memory():
    cloud = InstalledModel("gpt-oss:120b-cloud", "d", 400, remote_host="https://ollama.com:443")
    assert beside(cloud, machine(QWEN_32B, pressure=Pressure.CRITICAL), LIMITS).verdict is Verdict.NOT_LOCAL


def test_a_loaded_model_needs_nothing_more():
    there = machine(QWEN_32B, predicted("gemma3:1b"))
    assert beside(installed("gemma3:1b"), there, LIMITS).verdict is Verdict.FITS
    assert beside(installed("gemma3:1b"), there, LIMITS).need_bytes == 0


def test_only_the_size_known():
    bare = replace(installed("llama3.2:3b"), shape=None)
    assert beside(bare, machine(QWEN_32B), LIMITS).verdict is Verdict.EVICTS
    assert beside(bare, machine(loaded("a", 5), available_gib=20), LIMITS).verdict is Verdict.FITS
    tiny = replace(installed("gemma3:1b"), shape=None)
    assert beside(tiny, machine(QWEN_32B), LIMITS).verdict is Verdict.UNKNOWN


def test_a_bare_shape_is_judged_like_a_model():
    assert beside(shape_of("gemma3:1b"), machine(QWEN_32B), LIMITS).verdict is Verdict.FITS
    assert beside(shape_of("llama3.2:3b"), machine(QWEN_32B), LIMITS).verdict is Verdict.EVICTS


def test_a_report_adds_up_and_knows_the_reverse_order():
    have = (installed("qwen3:32b"), installed("gemma3:1b"))
    report = predict("gemma3:1b", machine(have=have, available_gib=27), with_model="qwen3:32b", limits=LIMITS)
    told = fit_of(report)
    parts = ("weights_bytes", "kv_cache_bytes", "state_bytes", "compute_bytes")
    assert told["need_bytes"] == sum(told[part] for part in parts)
    assert told["verdict"] == "fits"
    assert told["reverse_verdict"] == "evicts"
    assert told["context"] == 4096
    assert told["parallel"] == 1
    assert told["budget_bytes"] == int(21.33 * GIB)
    # All on the GPU: its token embedding stays outside, as in the runner's own sum.
    assert report.beside_bytes is not None
    assert report.beside_bytes / GIB == pytest.approx(19.2, abs=0.1)


def test_a_pair_may_be_loaded_already():
    have = (installed("qwen3:32b"), installed("gemma3:1b"))
    both = machine(QWEN_32B, predicted("gemma3:1b"), have=have, available_gib=5)
    assert predict("gemma3:1b", both, with_model="qwen3:32b", limits=LIMITS).verdict is Verdict.FITS


def test_without_a_gpu_the_whole_embedding_is_in_ram():
    have = (installed("llama3.1:8b"),)
    cpu = machine(have=have, basis=BudgetBasis.RAM, total_gib=16, available_gib=12, system="linux")
    gpu = machine(have=have, available_gib=20)
    on_cpu = predict("llama3.1:8b", cpu, limits=LIMITS).need
    on_gpu = predict("llama3.1:8b", gpu, limits=LIMITS).need
    assert on_cpu is not None
    assert on_gpu is not None
    assert on_cpu.weights_bytes - on_gpu.weights_bytes == shape_of("llama3.1:8b").token_embedding_bytes


def test_a_report_without_ollama_or_budget_is_unknown():
    have = (installed("gemma3:1b"),)
    assert predict("x", machine(ollama=Unknown(Why.UNREACHABLE)), limits=LIMITS).verdict is Verdict.UNKNOWN
    unknown = predict("gemma3:1b", machine(have=have, gpu=Unknown(Why.DENIED)), limits=LIMITS)
    assert unknown.verdict is Verdict.UNKNOWN
    assert fit_of(unknown)["budget_bytes"] is None


@pytest.mark.parametrize(
    ("release", "context", "embeds", "batch", "slots"),
    [
        ("0.32.15", 8192, True, 2048, 1),
        ("0.32.15", 1024, True, 1024, 1),  # no more than its context
        ("0.32.15", 8192, False, 1024, 4),
        ("0.30.0", 8192, True, 2048, 1),
        ("0.24.0", 8192, True, 512, 1),
    ],
)
def test_a_model_that_makes_embeddings_has_one_slot_and_a_batch_of_its_own(release, context, embeds, batch, slots):
    there = Ollama("http://o", Presence.RUNNING, release, config=ServerConfig(num_parallel=4))
    space = Room(40 * GIB, 40 * GIB, 40 * GIB, 40 * GIB, gpu=True, unified=True)
    way = loading(shape_of("llama3.2:3b"), 0, there, space, context=context, model_context=None, embeds=embeds)
    assert (way.micro_batch, way.parallel) == (batch, slots)


@pytest.mark.parametrize(
    ("capabilities", "embeds"),
    [
        (("embedding",), True),
        (("completion", "embedding"), False),
        (("completion",), False),
        ((), False),
        (None, False),
    ],
)
def test_which_models_make_embeddings(capabilities, embeds):
    assert InstalledModel("m", "d", 1, capabilities=capabilities).embeds is embeds
