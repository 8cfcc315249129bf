"""The worker with the real session on the stand-ins; only the screen is played."""

import threading
import time
import webbrowser

import pytest
from msgspec.structs import replace

from tests.played import Played
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.menu import menu as menu_view
from tray_app.core.values.command import (
    ApplyRemedy,
    Autostart,
    Cancel,
    Connect,
    MuteForModel,
    NoticeProblem,
    NoticesUnseen,
    NotificationsOnlyCritical,
    Quit,
    Refresh,
    SetLanguage,
    SetSettings,
    Snooze,
    SnoozeUntil,
    SpeedTest,
    Undo,
    Unload,
)
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.job import JobKind
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.task_settings import Setting
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.server import FaultKind, wait_until

TAGS_OFF = SetSettings(Plan((Change(Setting.TAGS, True, False),)))


class Screen:
    """Keeps what it was given. `slow`: a screen that blocks must never be waited for, so this one only notes."""

    def __init__(self):
        self.views, self.notices, self.copied = [], [], []
        self.stopped = threading.Event()

    def show(self, view):
        self.views.append(view)

    def notify(self, notice):
        self.notices.append(notice)

    def copy(self, text):
        self.copied.append(text)

    def stop(self):
        self.stopped.set()

    def texts(self):
        def walk(rows):
            for row in rows:
                yield row.text
                yield from walk(row.children)

        return "\n".join(walk(self.views[-1].menu.rows)) if self.views else ""


class Running:
    """A worker in its thread."""

    def __init__(self, played, overrides=None):
        self.played = played
        self.screen = Screen()
        self.session = Session(overrides or played.overrides)
        self.worker = Worker(self.session, self.screen)
        self.thread = threading.Thread(target=self.worker.run)
        self.thread.start()

    def send(self, *commands):
        for command in commands:
            self.worker.send(command)

    def remedies(self):
        assert wait_until(lambda: self.worker._look is not None)
        return {one.id: one for one in self.worker._look.remedies}

    def says(self, text):
        return wait_until(lambda: text in self.screen.texts())

    def idle(self):
        return wait_until(lambda: self.worker._jobs.running is None and self.worker._mailbox.empty())

    def journal(self):
        return self.played.app().journal.changes().all

    def state(self):
        return self.played.app().state.read()

    def close(self):
        self.send(Quit())
        self.thread.join(20)
        self.session.close()
        assert not self.thread.is_alive()


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home") as made:
        (made.home / "settings.toml").write_text('language = "en"\npoll_s = 1\npoll_busy_s = 1\npoll_idle_s = 1\n')
        yield made


@pytest.fixture
def running(played):
    made = Running(played)
    yield made
    made.close()


# --- changes --------------------------------------------------------------------------------


def test_a_toggle_changes_the_server_and_can_be_taken_back(running, played):
    before = played.settings
    running.send(TAGS_OFF)
    assert wait_until(lambda: [one.event.value for one in running.journal()] == ["applied"])
    assert played.settings == {**before, "ENABLE_TAGS_GENERATION": False}
    assert wait_until(lambda: running.screen.notices)
    assert running.says("Undo")
    (change,) = running.journal()
    assert running.idle()
    running.send(Undo(change.id, TAGS_OFF.plan.changes))
    assert wait_until(lambda: played.settings == before)


class Browser(webbrowser.BaseBrowser):
    def __init__(self):
        self.opened = []

    def open(self, url, _new=0, _autoraise=True):
        self.opened.append(url)
        return True


def test_a_page_that_waits_for_the_person_holds_nothing_up_and_opens_again(running, played, monkeypatch):
    """Its tab may be closed: for ten minutes there is no other sign of that."""
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    browser = Browser()
    running.send(Connect(""))
    assert wait_until(lambda: browser.opened)
    assert running.says("Connecting to Open WebUI...")
    running.send(Connect(""))
    assert wait_until(lambda: len(browser.opened) == 2)
    running.send(TAGS_OFF)
    assert wait_until(lambda: [one.event.value for one in running.journal()] == ["applied"])
    assert running.idle()
    running.send(Cancel(running.worker._signing_in.running.id))
    assert running.says("Not connected.")
    assert running.worker._signing_in.running is None


def test_a_remedy_downloads_sets_and_says_so(running, played):
    running.send(ApplyRemedy(running.remedies()[f"task-model:{SMALL}"]))
    assert wait_until(lambda: played.settings["TASK_MODEL"] == SMALL)
    assert wait_until(lambda: any("Undo" in button.text for one in running.screen.notices for button in one.buttons))


def test_what_the_notifier_found_out_is_told_in_the_menu(running):
    running.send(NoticesUnseen(NoticeProblem.NO_SERVICE))
    assert running.says("Nothing on this desktop shows them")
    running.send(NoticesUnseen(None))
    assert wait_until(lambda: "may not be seen" not in running.screen.texts())


def test_two_clicks_at_once_are_one_change(running, played):
    running.send(TAGS_OFF, TAGS_OFF)
    assert wait_until(lambda: len(running.journal()) == 1)
    assert running.idle()
    assert len(running.journal()) == 1


def test_a_row_that_is_no_longer_true_says_so_and_changes_nothing(running, played):
    running.remedies()
    played.webui.settings["TASK_MODEL"] = "somebody-elses:1b"
    before = played.settings
    running.send(SetSettings(Plan((Change(Setting.TASK_MODEL, "", SMALL),))))
    assert running.says("changed elsewhere since")
    assert played.settings == before
    assert running.journal() == ()


def test_an_undo_of_another_change_than_the_row_showed_does_nothing(running, played):
    running.send(TAGS_OFF)
    assert wait_until(lambda: [one.event.value for one in running.journal()] == ["applied"])
    before = played.settings
    (change,) = running.journal()
    assert running.idle()
    running.send(Undo(change.id, (Change(Setting.TITLES, True, False),)))
    assert running.says("no longer as it was shown")
    running.send(Undo("no-such-change"))
    assert running.idle()
    assert played.settings == before


def test_a_click_while_offline_says_so(running, played):
    running.remedies()
    played.webui.stop()
    running.send(TAGS_OFF)
    assert running.says("Nothing answers at")
    assert running.journal() == ()


def test_a_remedy_that_asks_does_nothing_unless_confirmed(running, played):
    from msgspec.structs import replace

    remedy = replace(running.remedies()["follow-ups-off"], asks=True)
    before = played.settings
    running.send(ApplyRemedy(remedy))
    assert running.says("needs your confirmation first")
    assert running.idle()
    assert played.settings == before
    assert running.journal() == ()
    running.send(ApplyRemedy(remedy, confirmed=True))
    assert wait_until(lambda: played.settings != before)


def test_unload_of_another_model_than_the_row_showed_does_nothing(running, played):
    running.send(Unload(BIG, "sha256:of-another-one"))
    assert running.says("left alone")
    assert played.ollama.loaded() == (BIG,)
    running.send(Unload(SMALL))
    assert running.says("nothing to change")
    digest = played.app().ollama.ps()[0].digest
    running.send(Unload(BIG, digest))
    assert wait_until(lambda: played.ollama.loaded() == ())


def test_a_speed_test_tells_its_sentence_and_changes_nothing(running, played):
    before = played.settings
    running.send(SpeedTest())
    assert running.says(f"on {BIG}")
    assert played.settings == before
    assert running.journal() == ()


# --- cancel and quit ------------------------------------------------------------------------


def pulling(running, played):
    played.ollama.pull_step_s = 60.0
    running.send(ApplyRemedy(running.remedies()[f"task-model:{SMALL}"]))
    assert wait_until(lambda: (job := running.worker._jobs.running) is not None and job.total_bytes)
    return running.worker._jobs.running


def test_cancel_of_a_download_leaves_the_settings_and_says_what_stays(running, played):
    before = played.settings
    job = pulling(running, played)
    assert job.kind is JobKind.PULL
    running.send(Cancel("job-of-yesterday"), TAGS_OFF)
    assert running.says("Something else is still running")
    running.send(Cancel(job.id))
    assert running.says("a new try goes on")
    assert (played.settings, running.journal()) == (before, ())


def test_quit_while_a_download_runs(played):
    made = Running(played)
    pulling(made, played)
    made.send(Quit())
    assert made.screen.stopped.wait(10)  # long before the download or the server would have answered
    made.close()


@pytest.mark.parametrize("which", ["ollama", "webui"])
def test_quit_while_a_server_hangs(played, which):
    made = Running(played)
    made.remedies()
    server = getattr(played, which)
    server.fail(FaultKind.HANG)
    made.session.app.observer.poll.ollama.look_again()
    made.session.app.observer.poll.look_again()
    server.asked.clear()
    made.send(Refresh())
    assert wait_until(lambda: server.asked)
    made.send(Quit())
    assert made.screen.stopped.wait(10)  # long before the download or the server would have answered
    made.close()


# --- what is remembered ---------------------------------------------------------------------


def test_choices_are_kept(running):
    running.send(
        MuteForModel(BIG), NotificationsOnlyCritical(on=True), SetLanguage("ko"), Snooze(SnoozeUntil.HOUR), Refresh()
    )
    assert wait_until(lambda: running.state().snoozed_until is not None)
    state = running.state()
    assert (state.muted, state.notices_only_critical, state.language) == ((BIG,), True, "ko")
    assert 3500 < state.snoozed_until - time.time() <= 3600
    running.send(MuteForModel(BIG, muted=False), Snooze(SnoozeUntil.NOW))
    assert wait_until(lambda: running.state().muted == () and running.state().snoozed_until is None)


def test_until_tomorrow_ends_in_the_morning(running):
    running.send(Snooze(SnoozeUntil.TOMORROW))
    assert wait_until(lambda: running.state().snoozed_until is not None)
    ends = time.localtime(running.state().snoozed_until)
    assert (ends.tm_hour, ends.tm_min) == (8, 0)
    assert 0 < running.state().snoozed_until - time.time() < 48 * 3600


def test_the_language_changes_without_a_restart(running, played):
    (played.home / "settings.toml").write_text("poll_s = 1\npoll_busy_s = 1\npoll_idle_s = 1\n")
    running.send(SetLanguage("ko"), Refresh())
    assert running.says("작업")
    running.send(SetLanguage("en"), Refresh())
    assert running.says("Quit")


def test_settings_that_change_on_the_disk_count_at_the_next_poll(running, played):
    (played.home / "settings.toml").write_text('language = "en"\npoll_s = 4\npoll_busy_s = 3\n')
    assert wait_until(lambda: running.session.settings().poll_busy_s == 3)


# --- what goes wrong ------------------------------------------------------------------------


def test_a_bug_in_one_round_is_told_and_the_next_round_goes_on(running, monkeypatch, caplog):
    running.remedies()
    real = running.session.look

    def broken(**_options):
        monkeypatch.setattr(running.session, "look", real)
        raise ZeroDivisionError

    monkeypatch.setattr(running.session, "look", broken)
    running.send(Refresh())
    assert wait_until(lambda: "ZeroDivisionError" in caplog.text)
    seen = running.worker._look
    assert wait_until(lambda: running.worker._look is not seen)


def test_an_unreadable_journal_is_one_sentence_and_no_end(running, played):
    running.remedies()
    journal = running.session.app.paths.journal_file
    journal.unlink(missing_ok=True)
    journal.mkdir()
    running.send(Refresh())
    assert wait_until(lambda: any(row.id == "message" for row in running.screen.views[-1].menu.rows))
    assert "journal.jsonl cannot be used" in running.session.complaint()
    assert running.remedies(), "the rest of the screen is as it was"
    journal.rmdir()
    running.send(Refresh())
    assert wait_until(lambda: all(row.id != "message" for row in running.screen.views[-1].menu.rows))
    running.send(TAGS_OFF)
    assert wait_until(lambda: [one.event.value for one in running.journal()] == ["applied"])


def test_autostart_that_cannot_be_written_does_not_end_the_worker(running, monkeypatch, caplog):
    monkeypatch.setattr(running.session, "autostart", lambda *, on: (_ for _ in ()).throw(OSError("read-only")))
    running.send(Autostart(on=True), TAGS_OFF)
    assert wait_until(lambda: [one.event.value for one in running.journal()] == ["applied"])


def test_a_part_of_the_menu_that_breaks_is_a_sentence_and_the_rest_is_there(running, monkeypatch, caplog):
    running.remedies()

    def broken(*_):
        raise OverflowError("a time that no clock can show")

    monkeypatch.setattr(menu_view, "undo_rows", broken)
    monkeypatch.setattr(menu_view, "tooltip", broken)
    for _ in range(3):
        running.send(Refresh())
        assert wait_until(lambda: "A part of this menu cannot be shown" in running.screen.texts())
    assert "Quit" in running.screen.texts()
    assert "Background tasks" in running.screen.texts()
    assert caplog.text.count("a part of the menu cannot be shown") == 1


def test_a_screen_that_cannot_be_made_at_all_still_has_an_icon_the_reason_and_quit(played, monkeypatch):
    monkeypatch.setenv("OPEN_WEBUI_URL", "ittp://nowhere")
    monkeypatch.setattr(Session, "screen_state", lambda *_: (_ for _ in ()).throw(ChangeError(Problem.DRIFT, "x")))
    screen = Screen()
    worker = Worker(Session(played.overrides), screen)
    worker._show_whatever_is_there()
    assert "x was changed elsewhere since" in screen.texts()
    assert screen.views[-1].menu.rows[-1].command == Quit()


def test_an_address_that_is_none_is_told_in_the_menu(played, monkeypatch):
    monkeypatch.setenv("OPEN_WEBUI_URL", "ittp://nowhere")
    running = Running(played, replace(played.overrides, open_webui=""))
    assert running.says("ittp://nowhere")
    running.close()
