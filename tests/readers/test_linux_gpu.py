"""GPUs on Linux: NVIDIA's library as a real shared object, AMD's files, and no GPU at all."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Gpu
from tray_app.core.values.units import GIB, MIB
from tray_app.readers._gpu_linux import Collector, Raw, decode
from tray_app.readers._nvml import Nvml
from tray_app.readers._raw import sources
from tray_app.readers.gpu import GpuReader, Spill

GOLDEN = Path(__file__).parents[1] / "golden/linux"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shared objects and files of Linux")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    made = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("nvml.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source)], check=True)
    return str(made)


@pytest.fixture
def machine(tmp_path, library):
    """A collector on a machine whose NVIDIA driver is loaded."""
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    return lambda nvml=None: Collector(tmp_path, nvml or Nvml(library))


def test_cards_are_added_up_and_the_busiest_counts(machine):
    collector = machine()
    for _ in range(2):
        gpu = decode(collector.collect())
        assert (gpu.budget_bytes, gpu.used_bytes) == (36 * GIB, 21 * GIB)
        assert gpu.basis is BudgetBasis.VRAM
        assert gpu.busy_percent == 97.0
        assert gpu.name == "NVIDIA GeForce RTX 4090[2J", "no control characters of a driver reach the screen"
        assert not gpu.unified


def test_a_lost_card_leaves_the_other(machine, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "lost")
    gpu = decode(machine().collect())
    assert gpu.budget_bytes == 24 * GIB


def test_without_utilization_only_it_is_unknown(machine, monkeypatch):
    monkeypatch.setenv("FAKE_NVML", "no utilization")
    gpu = decode(machine().collect())
    assert gpu.busy_percent is None
    assert gpu.used_bytes == 21 * GIB


@pytest.mark.parametrize("story", ["shared memory", "no card"])
def test_a_card_without_memory_of_its_own_leaves_models_in_ram(machine, monkeypatch, story):
    monkeypatch.setenv("FAKE_NVML", story)
    assert decode(machine().collect()) is None


def test_a_driver_that_is_not_loaded_yet_is_asked_again(machine, monkeypatch, tmp_path, library):
    copy = tmp_path / "other.so"
    shutil.copy(library, copy)  # a library that no other test initialised
    collector = machine(Nvml(str(copy)))
    monkeypatch.setenv("FAKE_NVML", "no driver")
    assert decode(collector.collect()) == Unknown(Why.MISSING, "nvmlInit: 9")
    monkeypatch.delenv("FAKE_NVML")
    assert isinstance(decode(collector.collect()), Gpu)


def test_a_driver_without_its_library_is_unknown_not_ram(machine):
    found = decode(machine(Nvml("libnvidia-none.so.1")).collect())
    assert isinstance(found, Unknown)
    assert found.why is Why.MISSING


def test_without_a_driver_the_library_is_not_loaded(tmp_path):
    assert Collector(tmp_path, Nvml("/nonexistent")).collect() == Raw()


def test_the_real_library_is_missing_here_or_answers():
    assert Nvml().collect()


def test_amds_card_counts_and_the_processors_graphics_do_not():
    gpu = decode(Collector(GOLDEN / "amdgpu").collect())
    assert (gpu.budget_bytes, gpu.used_bytes, gpu.shared_used_bytes) == (25753026560, 18 * GIB, 150 * MIB)
    assert (gpu.busy_percent, gpu.name) == (87.0, "Radeon RX 7900 XTX")


def test_only_a_processors_graphics_is_no_gpu():
    raw = Collector(GOLDEN / "amdgpu").collect()
    small = replace(raw, parts=tuple(part for part in raw.parts if part[0].startswith("card0")))
    assert decode(small) is None


@pytest.mark.parametrize("text", [b"", b"-1\n", b"x" * 4000, Unknown(Why.DENIED, "x")])
def test_amd_files_that_cannot_be_read_are_unknown(text):
    raw = Collector(GOLDEN / "amdgpu").collect()
    broken = Raw(tuple((name, text if "total" not in name else value) for name, value in raw.parts))
    gpu = decode(broken)
    assert gpu.budget_bytes == 25753026560
    assert (gpu.used_bytes, gpu.shared_used_bytes, gpu.busy_percent) == (None, None, None)


@pytest.mark.parametrize("memory", [b"", b"\0" * 23])
def test_an_nvidia_answer_cut_off_is_unknown(memory):
    found = decode(Raw((("nvml0-name", b"x"), ("nvml0-memory", memory), ("nvml0-utilization", b"\1"))))
    assert found == Unknown(Why.BAD_ANSWER, "nvml")


def test_a_short_utilization_is_unknown():
    memory = struct.pack("<QQQ", 8 * GIB, 8 * GIB, 0)
    assert decode(Raw((("nvml0-memory", memory), ("nvml0-utilization", b"\1\0")))).busy_percent is None


def test_spill_is_what_shared_memory_grew_after_vram_was_full():
    spill = Spill()
    card = Gpu(budget_bytes=12 * GIB, basis=BudgetBasis.VRAM, used_bytes=4 * GIB, shared_used_bytes=300 * MIB)
    full = replace(card, used_bytes=int(11.5 * GIB), shared_used_bytes=300 * MIB + 2 * GIB)
    assert spill.measure(full) is None, "never seen with room left: nobody knows the floor"
    assert spill.measure(card) == 0
    assert spill.measure(full) == 2 * GIB
    assert spill.measure(replace(full, shared_used_bytes=200 * MIB)) == 0
    assert spill.measure(replace(full, unified=True)) is None
    assert spill.measure(replace(full, shared_used_bytes=None)) is None


class Cards:
    """A collector whose cards the test changes."""

    def __init__(self, parts=()):
        self.parts = parts

    def collect(self):
        return Raw(tuple(self.parts))


def test_without_a_gpu_the_budget_is_ram():
    reading = GpuReader(collector=Cards()).read(5.0)
    assert isinstance(reading, Known)
    assert reading.taken_at == 5.0
    assert reading.value.basis is BudgetBasis.RAM
    assert reading.value.budget_bytes > 1 * GIB


def test_the_reader_carries_spill_and_reasons():
    def amd(used, shared):
        return (
            ("card1-mem_info_vram_total", b"%d" % (8 * GIB)),
            ("card1-mem_info_vram_used", b"%d" % used),
            ("card1-mem_info_gtt_used", b"%d" % shared),
        )

    cards = Cards(amd(GIB, 0))
    reader = GpuReader(collector=cards)
    assert reader.read(1.0).value.spilled_bytes == 0
    cards.parts = amd(8 * GIB, GIB)
    assert reader.read(2.0).value.spilled_bytes == GIB
    assert set(sources(reader.collect())) == {name for name, _ in cards.parts}
    cards.parts = (("nvml", Unknown(Why.MISSING, "nvmlInit: 9")),)
    assert reader.read(3.0) == Unknown(Why.MISSING, "nvmlInit: 9")
