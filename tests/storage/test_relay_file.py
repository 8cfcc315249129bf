"""How the relay is found: one small file, whole or not there, for this user only."""

import json
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.storage.relay_file import RelayDoor, RelayFile

DOOR = RelayDoor(41, 11435, "http://127.0.0.1:11434", 40001, "s" * 43, "1.2.3", 1.8e9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "relay.json"


def test_what_the_relay_writes_others_read(path):
    RelayFile(path).write(DOOR)
    assert RelayFile(path).read() == DOOR
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_relay_there_is_no_door(path):
    file = RelayFile(path)
    assert file.read() is None
    file.write(DOOR)
    assert file.read() == DOOR
    file.remove()
    file.remove()
    assert file.read() is None


def test_another_relay_is_noticed_and_the_same_file_is_not_read_again(path, monkeypatch):
    file = RelayFile(path)
    file.write(DOOR)
    assert file.read() == DOOR
    with monkeypatch.context() as unread:
        unread.setattr("tray_app.storage.relay_file.read_file", lambda _: pytest.fail("it was read again"))
        assert file.read() == DOOR
    RelayFile(path).write(RelayDoor(42, 11435, "", 40002, "t" * 43, "1.2.3", 1.9e9))
    assert file.read().pid == 42


def test_the_secret_is_not_shown():
    assert DOOR.secret not in repr(DOOR)


@pytest.mark.parametrize(
    "changed", [{"pid": "x"}, {"port": 0}, {"control_port": 65536}, {"secret": ""}, {"started_at": None}]
)
def test_a_door_that_leads_nowhere_is_none(path, changed):
    file = RelayFile(path)
    file.write(DOOR)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    assert RelayFile(path).read() is None


@given(st.binary(max_size=80))
def test_a_damaged_file_is_no_door(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("home") / "relay.json"
    path.write_bytes(content)
    assert RelayFile(path).read() is None


def test_a_folder_in_its_place_is_no_door(path):
    path.mkdir(parents=True)
    assert RelayFile(path).read() is None
