"""Every boundary between two releases of Ollama: what we do at the release before it, and at it."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.core.machines import beside, installed, loaded, machine, shape_of
from tests.core.offers import ids, offered
from tests.core.requests.test_count import OLD_RUNNER, World, clients, numbers
from tray_app.core.fit.need import automatic_context
from tray_app.core.fit.verdict import Room, loading, need_as
from tray_app.core.requests import releases
from tray_app.core.requests.loaded import told_apart
from tray_app.core.values.finding import PromptCacheGrowth
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import BudgetBasis, Ollama, Presence
from tray_app.core.values.units import GIB
from tray_app.core.values.version import parse_version


def room(budget: int) -> Room:
    """An empty machine with shared memory."""
    return Room(budget, budget, budget, budget, gpu=True, unified=True)


def automatic(release: str) -> int:
    """Tokens on a GPU with 30 GiB."""
    return automatic_context(parse_version(release) or (0, 0, 0), 30 * GIB)


def rule(release: str) -> str:
    """The rule by which a small model fits beside another."""
    return beside(installed("gemma3:1b"), machine(loaded("a", 10), version=release, available_gib=20), Limits()).basis


def running_and_waiting(release: str) -> tuple[Any, Any]:
    """Of three requests at a runner that tells nothing, with no setting for its slots."""
    return numbers(World("0.8.12", ollama=release).poll(clients(3), None, runners=(OLD_RUNNER,)))


def micro_batch(release: str) -> int:
    """For a context above 4096 tokens."""
    there = Ollama("http://o", Presence.RUNNING, release)
    return loading(shape_of("llama3.2:3b"), 0, there, room(40 * GIB), context=8192, model_context=None).micro_batch


def logits_are_reserved(release: str) -> bool:
    """The compute buffer then holds a whole batch's logits: 4 bytes x 512 x (3072 + 128256)."""
    shape = shape_of("llama3.2:3b")
    there = Ollama("http://o", Presence.RUNNING, release)
    way = loading(shape, 0, there, room(40 * GIB), context=4096, model_context=None)
    return need_as(shape, way).compute_bytes == 4 * 512 * (3072 + 128256)


def layers_offloaded(release: str) -> str:
    """With half a GiB more budget than the model needs: a margin of 1 GiB does not fit any more."""
    shape = shape_of("llama3.2:3b")
    there = Ollama("http://o", Presence.RUNNING, release)
    total = need_as(shape, loading(shape, 0, there, room(40 * GIB), context=4096, model_context=None)).total
    return loading(shape, 0, there, room(total + GIB // 2), context=4096, model_context=None).offload.value


def cache_limit_is_offered(release: str) -> bool:
    return "cache-ram" in ids(offered(machine(loaded("qwen3:32b", 19.7), version=release), PromptCacheGrowth))


def without_a_gpu(release: str) -> str:
    """A small model beside another one, with room for both."""
    there = machine(
        loaded("a", 2, 0), version=release, basis=BudgetBasis.RAM, budget_gib=32, available_gib=20, system="linux"
    )
    return beside(installed("gemma3:1b"), there, Limits()).verdict.value


def spill_is_told(release: str) -> bool:
    """/api/ps tells a size that is what the GPU holds and the file."""
    model = replace(installed("gemma3:1b"), size_bytes=GIB)
    there = Ollama("http://o", Presence.RUNNING, release, loaded=(loaded("gemma3:1b", 2, 1),), installed=(model,))
    return not told_apart(there).doubtful


def mlx_beside_a_large_one(release: str) -> str:
    """Half a GiB of weights for the MLX runner, where half a GiB less one byte is left beside what Metal keeps free."""
    model = replace(installed("gemma3:1b"), mlx=True, size_bytes=GIB // 2)
    return beside(model, machine(loaded("a", 20.34), version=release, available_gib=20), Limits()).verdict.value


BEHAVIOUR = [
    ("CONTEXT_4096_SINCE", "0.6.6", "0.6.7", automatic, 2048, 4096),
    ("LAYOUT_SINCE", "0.9.6", "0.10.0", rule, "ollama-0.9-estimate", "ollama-0.12-layout"),
    ("ONE_SLOT_SINCE", "0.9.6", "0.10.0", running_and_waiting, ("unsupported", "unsupported"), (1, 2)),
    ("MLX_FITS_SINCE", "0.18.1", "0.18.2", mlx_beside_a_large_one, "unknown", "evicts"),
    ("CPU_EVICTS_SINCE", "0.12.10", "0.12.11", without_a_gpu, "fits", "evicts"),
    ("CPU_SHARES_SINCE", "0.13.0", "0.13.1", without_a_gpu, "evicts", "fits"),
    ("MAPPED_TWICE_SINCE", "0.24.0", "0.30.0", spill_is_told, True, False),
    ("MAPPED_ONCE_SINCE", "0.30.10", "0.30.11", spill_is_told, False, True),
    ("CONTEXT_BY_MEMORY_SINCE", "0.15.4", "0.15.5", automatic, 4096, 32768),
    ("SERVER_SINCE", "0.24.0", "0.30.0", rule, "ollama-0.12-layout", "ollama-0.30-estimate"),
    ("SERVER_SINCE", "0.24.0", "0.30.0", micro_batch, 512, 1024),
    ("SERVER_SINCE", "0.24.0", "0.30.0", logits_are_reserved, True, False),
    ("SERVER_SINCE", "0.24.0", "0.30.0", layers_offloaded, "full", "partial"),
    ("SERVER_SINCE", "0.24.0", "0.30.0", cache_limit_is_offered, False, True),
]


@pytest.mark.parametrize(
    ("name", "before", "at", "does", "then", "now"), BEHAVIOUR, ids=[f"{row[0]}-{row[3].__name__}" for row in BEHAVIOUR]
)
def test_a_boundary_changes_what_we_do(name, before, at, does, then, now):
    assert getattr(releases, name) == parse_version(at)
    assert (does(before), does(at)) == (then, now)


OTHERS = {"NEWEST_KNOWN"}
"""Tested in tests/core/report/test_versions.py."""


def test_no_boundary_is_left_out():
    boundaries = {name for name, value in vars(releases).items() if isinstance(value, tuple) and len(value) == 3}
    assert boundaries == {row[0] for row in BEHAVIOUR} | OTHERS
