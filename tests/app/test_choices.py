"""What is chosen in the menu without an editor: the icon, automatic relief, and the way to the settings file."""

import pytest
from msgspec.structs import replace

from tests.app.test_worker import Screen
from tests.played import Played
from tray_app.app import opened
from tray_app.app.doing.reliever import wish_of
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.menu.screen import IconWish, ReliefChoice
from tray_app.core.values.command import (
    CheckUpdates,
    CopyText,
    Link,
    OpenLink,
    SetIcon,
    SetRelief,
    SetReliefClear,
    TryRelief,
)
from tray_app.storage.settings import load
from tray_app.storage.settings_keys import Settings


class ByHand:
    """A worker that does one thing after the other, without a poll between."""

    def __init__(self, played):
        self.session, self.screen = Session(played.overrides), Screen()
        self.worker = Worker(self.session, self.screen)

    def __call__(self, command):
        self.worker._handle(command)
        return self.session.screen_state(None)


@pytest.fixture
def click(tmp_path):
    with Played(tmp_path) as played:
        made = ByHand(played)
        yield made
        made.session.close()


@pytest.fixture
def started(monkeypatch):
    """The programs that would have been started."""
    commands = []
    monkeypatch.setattr(opened, "start", commands.append)
    return commands


def test_the_icon_can_be_chosen_and_is_remembered(click):
    assert click(SetIcon(when_tight=True)).icon == IconWish(when_tight=True)
    assert Session(click.session._overrides).screen_state(None).icon.when_tight
    assert click(SetIcon(when_tight=False)).icon == IconWish()


def test_automatic_relief_can_be_chosen_and_switched_off(click):
    assert click(SetRelief("follow-ups-off")).relief == ReliefChoice("follow-ups-off")
    assert wish_of(click.session.app).enabled
    assert click(SetRelief("")).relief == ReliefChoice()
    assert not wish_of(click.session.app).enabled


def test_the_settings_file_wins_over_the_menu(click, tmp_path):
    click(SetRelief("follow-ups-off"))
    (tmp_path / "settings.toml").write_text('automatic_relief = true\nautomatic_relief_remedy = "tags-off"\n')
    click.session.app.follow_settings()
    assert click.session.screen_state(None).relief == ReliefChoice("tags-off", by_file=True)
    assert wish_of(click.session.app).remedy_id == "tags-off"


def test_where_the_file_decides_the_menu_sets_it_there(click, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('# ours\nautomatic_relief = true\nautomatic_relief_remedy = "tags-off" # for now\n')
    click.session.app.follow_settings()
    assert click(SetRelief("titles-off")).relief == ReliefChoice("titles-off", by_file=True)
    assert file.read_text() == '# ours\nautomatic_relief = true\nautomatic_relief_remedy = "titles-off" # for now\n'
    assert click(SetRelief("")).relief == ReliefChoice()
    assert file.read_text().startswith("# ours\n")


def test_how_long_the_calm_must_last_is_kept_in_the_file(click, tmp_path):
    assert click(SetReliefClear(120.0)).relief.clear_s == 120
    assert load(tmp_path / "settings.toml") == (Settings(automatic_relief_clear_s=120.0), ())
    (tmp_path / "settings.toml").write_text("poll_s = = 1\n")
    click(SetReliefClear(300.0))
    assert "cannot be read as TOML, so nothing was written into it." in click.worker._message
    assert (tmp_path / "settings.toml").read_text() == "poll_s = = 1\n"


def test_what_it_would_have_done_is_told_by_a_notice_and_in_the_menu(click):
    click(SetRelief("follow-ups-off"))
    click(TryRelief())
    told = "The history knows nothing of the last day: it is written while the tray runs."
    assert [one.body for one in click.screen.notices] == [told]
    assert click.worker._message == told


def test_the_settings_row_never_opens_a_file_that_is_not_there(click, tmp_path, started):
    file = tmp_path / "settings.toml"
    click(OpenLink(Link.SETTINGS_FILE))
    assert started == [opened.editor(file)]
    assert load(file) == (Settings(), ())
    file.write_text("poll_s = 9\n")
    click(OpenLink(Link.SETTINGS_FILE))
    assert file.read_text() == "poll_s = 9\n"


def test_a_command_to_type_is_copied(click):
    click(CopyText("sudo systemctl restart ollama"))
    assert click.screen.copied == ["sudo systemctl restart ollama"]


@pytest.mark.parametrize(("system", "program"), [("darwin", "open"), ("win32", "notepad.exe"), ("linux", "xdg-open")])
def test_a_file_is_opened_with_an_editor_of_the_system(monkeypatch, tmp_path, system, program):
    monkeypatch.setattr(opened.sys, "platform", system)
    assert opened.editor(tmp_path)[0] == program
    assert opened.editor(tmp_path)[-1] == str(tmp_path)


def test_no_monitor_is_offered_where_none_is_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(opened.sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert opened._monitor.__wrapped__(0.0) == ()


def test_the_demo_s_first_notice_is_its_own(tmp_path):
    """What was found on this machine is not what the demo shows."""
    with Played(tmp_path) as played:
        session = Session(replace(played.overrides, played=True))
        look = session.look()
        assert session.tell(look) == ()
        assert session.screen_state(look).played
        session.close()


def test_open_webui_is_asked_for_a_newer_version_and_its_answer_is_told(click):
    click(CheckUpdates())
    told = "Open WebUI names no newer version than 0.12.4; it may be told not to look. "
    assert click.worker._message.startswith(told)
    assert [one.title for one in click.screen.notices] == ["Versions"]
