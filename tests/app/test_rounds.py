"""What a round and a click touch, counted: a quiet round opens no file twice, a click reaches the server in few steps."""

import sys
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.opens import opens
from tests.played import Played
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.values.command import ApplyRemedy, SetSettings, Undo, Unload
from tray_app.core.values.plan import Change, Event, Plan, Record
from tray_app.core.values.task_settings import Setting
from tray_app.services.http import Http
from tray_app.standins.models import BIG
from tray_app.standins.server import wait_until
from tray_app.storage.journal import Journal
from tray_app.storage.state import StateFile

TAGS_OFF = SetSettings(Plan((Change(Setting.TAGS, True, False),)))


class Screen:
    """Takes frames and notices and keeps none."""

    def show(self, view):
        pass

    def notify(self, notice):
        pass

    def copy(self, text):
        pass

    def stop(self):
        pass


class ByHand:
    """A worker whose rounds are called here, one after the other."""

    def __init__(self, played):
        self.played = played
        self.session = Session(played.overrides)
        self.worker = Worker(self.session, Screen())
        self.worker._show()
        for _ in range(3):
            self.round()

    def round(self):
        self.worker._due = 0.0
        self.worker._round()

    def opened(self):
        """The files that one round opens."""
        with opens() as seen:
            self.round()
        return [Path(one).name for one in seen]

    def do(self, command):
        """A command, its job to the end, and the round after it."""
        self.worker._handle(command)
        assert wait_until(lambda: not self.worker._mailbox.empty())
        while self.worker._jobs.running is not None:
            self.worker._handle(self.worker._mailbox.get(timeout=10))
        self.round()


@pytest.fixture
def by_hand(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with Played(tmp_path / "home") as played:
        (played.home / "settings.toml").write_text('language = "en"\n')
        Journal(played.home / "journal.jsonl").append(
            Record("a", 1.0, Event.INTENDED, played.webui.url, changes=TAGS_OFF.plan.changes)
        )
        made = ByHand(played)
        yield made
        made.session.close()


# --- a quiet round ----------------------------------------------------------------------------------


def test_a_quiet_round_opens_no_file(by_hand):
    home = by_hand.session.app.paths
    assert all(file.exists() for file in (home.settings_file, home.state_file, home.journal_file))
    assert [by_hand.opened() for _ in range(3)] == [[], [], []]


def test_what_changed_is_opened_once_in_the_next_round(by_hand):
    paths = by_hand.session.app.paths
    Journal(paths.journal_file).append(Record("b", 2.0, Event.INTENDED, "http://other:1"))
    assert by_hand.opened() == ["journal.jsonl"]
    StateFile(paths.state_file).update(lambda state: replace(state, notices_only_critical=True))
    assert by_hand.opened() == ["state.json"]
    paths.settings_file.write_text('language = "en"\npoll_s = 7\n')
    assert by_hand.opened() == ["settings.toml"]
    assert by_hand.opened() == []


@pytest.mark.skipif(sys.platform == "win32", reason="the registry keeps it there")
def test_starting_at_login_is_looked_up_again_when_its_file_changed(by_hand):
    off = by_hand.session.screen_state(None).autostart
    by_hand.session.autostart(on=True)
    with opens() as seen:
        on = by_hand.session.screen_state(None).autostart
        again = by_hand.session.screen_state(None).autostart
    assert (off, on, again) in {(False, True, True), (None, None, None)}  # None: this copy has no lasting place
    assert len(seen) == (on is not None) * 2  # the entry is read once for its command and once for the system's switch
    by_hand.session.autostart(on=False)
    assert by_hand.session.screen_state(None).autostart in {False, None}


# --- a click ---------------------------------------------------------------------------------------


class Way:
    """Which of our modules a click passes until the first byte goes out, in order of their first call.

    core/values is left out: what a value says of itself is no stop on the way.
    """

    def __init__(self):
        self.modules, self.sent = [], False

    def __call__(self, frame, event, _argument):
        name = frame.f_globals.get("__name__", "")
        if self.sent or event != "call" or not name.startswith("tray_app.") or name.startswith("tray_app.core.values"):
            return
        if name not in self.modules:
            self.modules.append(name)
        self.sent = frame.f_code is Http._ask.__code__

    def __enter__(self):
        threading.setprofile(self)
        sys.setprofile(self)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
        threading.setprofile(None)


def way(by_hand, command):
    with Way() as found:
        by_hand.do(command)
    assert found.sent
    return [name.removeprefix("tray_app.") for name in found.modules]


TO_OPEN_WEBUI = ["app.worker", "app.jobs", "app.changes", "services.open_webui", "services.http"]


def test_from_a_click_to_the_first_byte_there_are_five_modules(by_hand):
    before = by_hand.played.settings
    assert way(by_hand, TAGS_OFF) == TO_OPEN_WEBUI
    assert by_hand.played.settings == {**before, "ENABLE_TAGS_GENERATION": False}
    change = by_hand.session.app.carrier.undoable()[0]
    assert way(by_hand, Undo(change.id, change.changes)) == TO_OPEN_WEBUI
    assert by_hand.played.settings == before
    (remedy,) = (one for one in by_hand.worker._look.remedies if one.id == "follow-ups-off")
    assert way(by_hand, ApplyRemedy(remedy)) == TO_OPEN_WEBUI
    assert by_hand.played.settings == {**before, "ENABLE_FOLLOW_UP_GENERATION": False}


def test_unloading_goes_the_same_way(by_hand):
    assert way(by_hand, Unload(BIG)) == ["app.worker", "app.jobs", "app.changes", "services.ollama", "services.http"]
    assert by_hand.played.ollama.loaded() == ()
