"""Whether we are started at login: right after every change of the entry, and looked up only then."""

import pytest

from tray_app import autostart
from tray_app.app.doing import at_login
from tray_app.app.doing.at_login import AtLogin


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """The command of each look into the entry."""
    found, status = [], autostart.status
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(at_login.autostart, "status", lambda command: found.append(command) or status(command))
    return found


@pytest.mark.skipif("sys.platform != 'linux'", reason="the entry is a file that a test may touch on Linux alone")
def test_the_entry_is_read_again_only_where_it_was_touched(looked):
    asked = AtLogin()
    assert [asked.is_on() for _ in range(3)] == [False] * 3
    assert len(looked) == 1
    autostart.switch_on(asked.command)
    assert [asked.is_on() for _ in range(3)] == [True] * 3
    autostart.switch_off()
    assert [asked.is_on() for _ in range(3)] == [False] * 3
    assert len(looked) == 3


def test_a_copy_that_runs_from_a_temporary_place_offers_none_and_looks_nowhere(looked, monkeypatch):
    monkeypatch.setattr(at_login, "has_lasting_place", lambda: False)
    assert AtLogin().is_on() is None
    assert looked == []
