"""The words for memory, CPU and GPU: as much as is known, and Unknown is never a zero."""

import pytest

from tests.english import TR
from tray_app.core.report.programs import ProgramLoad
from tray_app.core.text.load import gpu_used, part, program, used
from tray_app.core.values.snapshot import BudgetBasis, Gpu, ProcessRole
from tray_app.core.values.units import GIB, MIB

RUNNER, WEB = ProcessRole.OLLAMA_RUNNER, ProcessRole.OPEN_WEBUI


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (ProgramLoad(WEB, memory_bytes=700 * MIB, cpu_percent=12.4), "700 MiB memory, 12% of one core"),
        (ProgramLoad(WEB, memory_bytes=700 * MIB), "700 MiB memory"),
        (ProgramLoad(WEB, cpu_percent=0.0), "memory unknown, 0% of one core"),
        (ProgramLoad(WEB), "memory unknown"),
    ],
)
def test_what_a_program_uses(load, words):
    assert used(load, TR) == words


def test_a_row_that_must_hold_still_is_rounded():
    assert used(ProgramLoad(WEB, memory_bytes=GIB, cpu_percent=124), TR, step_percent=10).endswith("120% of one core")


@pytest.mark.parametrize(
    ("load", "below", "alone"),
    [
        (ProgramLoad(ProcessRole.OLLAMA_SERVER), "server", "Ollama"),
        (ProgramLoad(RUNNER, "qwen3:32b"), "runner of qwen3:32b", "runner of qwen3:32b"),
        (ProgramLoad(RUNNER), "runner", "runner"),
        (ProgramLoad(WEB, container="web"), "container web", "Open WebUI (container web)"),
    ],
)
def test_what_a_program_is_called(load, below, alone):
    assert (part(load, TR), program(load, TR)) == (below, alone)


@pytest.mark.parametrize(
    ("used_bytes", "busy", "words"),
    [
        (12 * GIB, 45.4, "12.0 GiB used, 45% busy"),
        (12 * GIB, None, "12.0 GiB used"),
        (None, 0.0, "0% busy"),
        (None, None, ""),
    ],
)
def test_what_a_gpu_tells(used_bytes, busy, words):
    assert gpu_used(Gpu(21 * GIB, BudgetBasis.VRAM, used_bytes=used_bytes, busy_percent=busy), TR) == words
