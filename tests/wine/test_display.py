"""Display scaling as user32 and shcore take it. That a second screen is scaled otherwise is played on a fake library."""

import pytest

pytestmark = pytest.mark.wine
DESKTOP = r"HKCU\Control Panel\Desktop"
SCALES = "DpiScalingVer"
"""Where it is 0, as in a fresh Wine, every program counts as one that asked for the screens' own scale."""
ASK = """
import ctypes
from tray_app.tray import _dpi
user32 = ctypes.windll.user32
before = user32.IsProcessDPIAware()
_dpi.become_aware()
answer = [before, user32.IsProcessDPIAware(), _dpi._per_monitor(), _dpi._by_system(), _dpi.small_icon_size()]
"""


@pytest.fixture
def at_scale(windows):
    """Read by every program at its start. A screen in memory has no other way to have a scale."""

    def change(*arguments):
        assert windows.run(*arguments, "/f", program="reg").returncode == 0

    def set_to(dpi):
        for name, value in ((SCALES, 0x1000), ("LogPixels", dpi)):
            change("add", DESKTOP, "/v", name, "/t", "REG_DWORD", "/d", str(value))

    yield set_to
    for name in (SCALES, "LogPixels"):
        change("delete", DESKTOP, "/v", name)


@pytest.mark.parametrize(("dpi", "pixels"), [(96, 16), (144, 24)])
def test_the_scale_is_asked_for_once_and_gives_the_icon_its_size(ask, at_scale, dpi, pixels):
    """What is chosen is chosen for the life of the process: later calls are refused, and raise nothing."""
    at_scale(dpi)
    before, after, again, _, size = ask(ASK)
    assert (before, after, again) == (0, 1, False)
    assert size == pixels
