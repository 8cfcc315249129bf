"""The footprint call against a fake libproc: the layout, and what the kernel refuses."""

import ctypes
import errno

import psutil
import pytest

from tray_app.readers import footprint_macos, processes
from tray_app.readers.footprint_macos import RusageInfo, footprint_bytes


class FakeLibproc:
    """Fills the structure as the kernel does, or sets errno."""

    def __init__(self, footprint=0, error=0):
        self.footprint, self.error = footprint, error

    def proc_pid_rusage(self, pid, flavor, buffer):
        assert flavor == footprint_macos.RUSAGE_INFO_V0
        ctypes.set_errno(self.error)
        ctypes.cast(buffer, ctypes.POINTER(RusageInfo)).contents.phys_footprint = self.footprint
        return -1 if self.error else 0


def test_the_layout_of_rusage_info_v0():
    assert ctypes.sizeof(RusageInfo) == 96
    assert RusageInfo.phys_footprint.offset == 72
    assert RusageInfo.resident_size.offset == 64


def test_more_than_four_gigabytes():
    assert footprint_bytes(FakeLibproc(20 * 2**30), 1) == 20 * 2**30


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EPERM, PermissionError), (errno.ESRCH, ProcessLookupError), (errno.EINVAL, OSError)]
)
def test_errors(number, error):
    with pytest.raises(error):
        footprint_bytes(FakeLibproc(error=number), 1)


class Process:
    pid = 7

    def memory_info(self):
        return type("Memory", (), {"rss": 123})


class TestOnDarwin:
    @pytest.fixture
    def measured(self, monkeypatch):
        def with_library(library):
            monkeypatch.setattr(footprint_macos, "load", lambda: library)
            return processes._memory_call("darwin")(Process())

        return with_library

    def test_the_footprint(self, measured):
        assert measured(FakeLibproc(5 * 2**30)) == 5 * 2**30

    def test_another_users_process_is_hidden_not_zero(self, measured):
        assert measured(FakeLibproc(error=errno.EPERM)) is None

    def test_a_process_that_has_ended(self, measured):
        with pytest.raises(psutil.NoSuchProcess):
            measured(FakeLibproc(error=errno.ESRCH))

    def test_the_resident_size_where_the_call_fails(self, measured):
        assert measured(FakeLibproc(error=errno.EINVAL)) == 123

    def test_the_resident_size_without_the_library(self, monkeypatch):
        def missing():
            raise OSError(2, "no libproc")

        monkeypatch.setattr(footprint_macos, "load", missing)
        assert processes._memory_call("darwin")(Process()) == 123
