"""The budget of a Mac: a limit that was set, Metal's answer asked once per boot, a table."""

import ctypes
import errno
import json
import struct
import sys
from pathlib import Path

import pytest

from tests.readers.fake_mac import GIB, FakeMac
from tray_app.autostart import launch
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis
from tray_app.readers import _gpu_macos, _metal
from tray_app.readers._darwin import Kernel
from tray_app.readers._gpu_macos import Collector, decode, table_bytes

GOLDEN = Path(__file__).parents[1] / "golden/macos"
METAL = b"26800603136"
FAILED = Unknown(Why.MISSING, "Metal: exit 1")


class Metal:
    """The child process; counts how often it was started."""

    def __init__(self, answer=METAL):
        self.answer, self.started = answer, 0

    def __call__(self):
        self.started += 1
        return self.answer


def budget(mac, metal, path=None):
    gpu = decode(Collector(path, Kernel(mac), metal).collect())
    return gpu.budget_bytes, gpu.basis


def test_metals_answer_is_the_budget_and_asked_once_per_run():
    metal = Metal()
    collector = Collector(None, Kernel(FakeMac()), metal)
    for _ in range(5):
        gpu = decode(collector.collect())
        assert (gpu.budget_bytes, gpu.basis, gpu.name, gpu.unified) == (int(METAL), BudgetBasis.METAL, "Apple M4", True)
    assert metal.started == 1


def test_a_limit_that_someone_set_wins_and_metal_is_not_asked():
    mac, metal = FakeMac(), Metal()
    mac.sysctls["iogpu.wired_limit_mb"] = struct.pack("<i", 28672)
    assert budget(mac, metal) == (28 * GIB, BudgetBasis.WIRED_LIMIT)
    mac.sysctls["iogpu.wired_limit_mb"] = struct.pack("<i", 1 << 20)
    assert budget(mac, metal) == (32 * GIB, BudgetBasis.WIRED_LIMIT), "never more than there is"
    assert metal.started == 0


def test_the_answer_is_kept_until_the_next_boot_or_update(tmp_path):
    path, mac, metal = tmp_path / "cache" / "gpu.json", FakeMac(), Metal()
    for _ in range(3):
        assert budget(mac, metal, path) == (int(METAL), BudgetBasis.METAL)
    assert metal.started == 1
    mac.sysctls["kern.osproductversion"] = b"27.0\0"
    metal.answer = b"27000000000"
    assert budget(mac, metal, path)[0] == 27_000_000_000
    mac.sysctls["kern.bootsessionuuid"] = b"another\0"
    budget(mac, metal, path)
    assert metal.started == 3
    assert [one.name for one in path.parent.iterdir()] == ["gpu.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"boot": 1}', '{"boot": "KEY", "working_set_bytes": true}', '{"boot": "KEY", "working_set_bytes": -1}',
     '{"boot": "KEY", "working_set_bytes": "9"}', "[" * 100_000],
)  # fmt: skip
def test_a_broken_cache_is_as_good_as_none(tmp_path, text):
    path, metal = tmp_path / "gpu.json", Metal()
    path.write_text(text.replace("KEY", "5E6FFEBE-0000-4000-8000-000000000001 26.1"))
    assert budget(FakeMac(), metal, path) == (int(METAL), BudgetBasis.METAL)
    assert metal.started == 1
    assert json.loads(path.read_text())["working_set_bytes"] == int(METAL)


def test_a_cache_that_cannot_be_written_only_costs_the_next_question(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    assert budget(FakeMac(), Metal(), blocked / "gpu.json") == (int(METAL), BudgetBasis.METAL)


def test_without_a_boot_identity_nothing_is_kept(tmp_path):
    mac = FakeMac()
    mac.sysctls["kern.bootsessionuuid"] = errno.ENOENT
    budget(mac, Metal(), tmp_path / "gpu.json")
    assert list(tmp_path.iterdir()) == []


def test_a_metal_that_fails_is_not_asked_again_and_not_kept(tmp_path):
    metal = Metal(FAILED)
    collector = Collector(tmp_path / "gpu.json", Kernel(FakeMac()), metal)
    for _ in range(3):
        assert decode(collector.collect()).basis is BudgetBasis.OS_TABLE
    assert metal.started == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("gib", "version", "measured_gib"),
    [
        (16, "14.7", 10.67),
        (32, "15.4.1", 21.33),
        (512, "15.0", 384),
        (16, "26.0", 11.84),
        (32, "26.1", 24.96),
        (128, "26.1", 107.5),
        (8, "26.1", 5.33),
        (32, "27.0", 24.96),
        (32, "", 21.33),
    ],
)
def test_the_table_agrees_with_what_was_measured(gib, version, measured_gib):
    assert table_bytes(gib * GIB, version) / GIB == pytest.approx(measured_gib, rel=0.005)


def test_the_table_grows_with_memory():
    sizes = [table_bytes(gib * GIB, "26.1") for gib in (16, 18, 24, 32, 36, 48, 64, 96, 128, 192, 256, 512)]
    assert sizes == sorted(sizes)


def test_an_intel_mac_has_no_gpu_budget():
    mac, metal = FakeMac(), Metal()
    mac.sysctls["hw.optional.arm64"] = errno.ENOENT
    assert decode(Collector(None, Kernel(mac), metal).collect()) is None
    assert metal.started == 0


def test_without_the_size_of_memory_nothing_is_known():
    mac = FakeMac()
    mac.sysctls["hw.memsize"] = errno.EPERM
    assert decode(Collector(None, Kernel(mac), Metal()).collect()) == Unknown(Why.DENIED, "hw.memsize: EPERM")


class FakeFrameworks:
    """CoreGraphics, Metal and libobjc with real C calling; a device answers only to its own selector."""

    DEVICE, SELECTOR = 0x1000_0000_0010, 0x2000_0000_0020

    def __init__(self, device=DEVICE):
        self.loaded = []
        pointer = ctypes.c_void_p
        self.MTLCreateSystemDefaultDevice = ctypes.CFUNCTYPE(pointer)(lambda: device)
        self.sel_registerName = ctypes.CFUNCTYPE(pointer, ctypes.c_char_p)(
            lambda name: self.SELECTOR if name == b"recommendedMaxWorkingSetSize" else 0
        )
        self.objc_msgSend = ctypes.CFUNCTYPE(ctypes.c_uint64, pointer, pointer)(
            lambda this, selector: int(METAL) if (this, selector) == (self.DEVICE, self.SELECTOR) else 1
        )

    def __call__(self, path):
        self.loaded.append(path)
        return self


def test_the_child_asks_metal_with_core_graphics_loaded_first():
    frameworks = FakeFrameworks()
    assert _metal.working_set_bytes(frameworks) == int(METAL)
    assert "CoreGraphics" in frameworks.loaded[0]
    assert _metal.working_set_bytes(FakeFrameworks(device=None)) == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="has a Metal of its own")
def test_where_there_is_no_metal_the_real_child_says_so():
    assert _gpu_macos.ask_metal(launch.metal_command()) == FAILED
    assert _gpu_macos.ask_metal(()) == _gpu_macos.NOT_ASKED
