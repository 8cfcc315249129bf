"""The session on the stand-ins: what it remembers, automatic relief from overload to undo, servers that come later."""

import contextlib
import threading
import time

import pytest

from tests.played import GIB, Played
from tray_app.app.changes import Carrier
from tray_app.app.jobs import JobControl, JobDone, job_of
from tray_app.app.session import Session
from tray_app.app.wiring import Overrides
from tray_app.core.values.command import ApplyRemedy, Undo
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.finding import Level
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.reading import Known, Moment
from tray_app.demo.machine import CLOCK, played_machine
from tray_app.standins.models import BIG
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.server import FaultKind, wait_until
from tray_app.standins.upstream import Call, UpstreamError

RELIEF = """
automatic_relief = true
automatic_relief_remedy = "follow-ups-off"
automatic_relief_clear_s = 60
[limits]
cool_down_s = 300
"""


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", budget_bytes=int(21.33 * GIB)) as made:
        yield made


class Life:
    """Rounds of a worker by hand, on a clock of its own: look, tell, relieve, and the job to its end."""

    def __init__(self, played):
        self.played = played
        self.at = 10_000.0
        self.orders = []
        self.session = None
        # The played kernel would ease by the wall's clock, in which a whole minute here takes a moment or a long while.
        played.machine = played_machine(played.ollama, settle_s=0.0, pressure_clock=lambda: CLOCK * self.at)
        self.start()

    def start(self):
        """Also a restart: another session on the same folder."""
        self.stop()
        self.session = Session(self.played.overrides)
        self.wind()

    def wind(self):
        """Sets the clock of the session's present observer."""
        poll = self.session.app.observer.poll
        poll.now = poll.uptime = lambda: self.at

    def stop(self):
        if self.session is not None:
            self.session.close()

    def round(self):
        self.at += 2.0
        look = self.session.look()
        self.session.tell(look)
        order = self.session.relief.wants(look)
        if order is not None:
            self.orders.append(order)
            self.session.relief.ended(order, self.done(order), Moment(self.at, self.at))
        return look

    def done(self, order):
        work = job_of(order, self.session.app.carrier, self.session.translator).work
        try:
            done = work(JobControl(RunningJob("job", JobKind.CHANGE), lambda _: None))
        except ElbowroomError as error:
            done = JobDone("", error=error)
        self.session.look_again(models=False)
        return done

    def rounds(self, seconds):
        for _ in range(int(seconds / 2)):
            look = self.round()
        return look


@pytest.fixture
def life(played):
    def make(settings=RELIEF):
        (played.home / "settings.toml").write_text(settings)
        opened.append(Life(played))
        return opened[-1]

    opened = []
    yield make
    for one in opened:
        one.stop()


@contextlib.contextmanager
def crowd(life, count=4):
    """So many requests at a model that makes no progress; afterwards they are answered."""
    played = life.played
    played.ollama.hold()
    life.rounds(4)  # connections that are there at the first look may be idle ones
    calls = [
        Call(played.ollama.url, "/api/chat", {"model": BIG, "messages": [{"role": "user", "content": "x"}]})
        for _ in range(count)
    ]

    def run(call):
        with contextlib.suppress(UpstreamError):
            list(call.lines())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: played.ollama.running + played.ollama.waiting == count)
    try:
        yield
    finally:
        played.ollama.release()
        for thread in threads:
            thread.join(20)
        assert wait_until(lambda: played.ollama.running + played.ollama.waiting == 0)


def follow_ups(played):
    return played.webui.settings["ENABLE_FOLLOW_UP_GENERATION"]


def relieved(life, played):
    """A session whose relief has acted."""
    with crowd(life):
        look = life.rounds(60)
        assert look.diagnosis.level is Level.OVERLOADED
    assert [type(one) for one in life.orders] == [ApplyRemedy]
    assert follow_ups(played) is False


def test_relief_acts_at_overload_and_takes_it_back_when_all_is_calm(life, played):
    before = played.settings
    lived = life()
    relieved(lived, played)
    lived.rounds(40)
    assert follow_ups(played) is False
    lived.rounds(60)
    assert [type(one) for one in lived.orders] == [ApplyRemedy, Undo]
    assert played.settings == before
    lived.rounds(60)
    assert len(lived.orders) == 2


def test_relief_waits_for_the_hold_time(life, played):
    lived = life()
    with crowd(lived):
        lived.rounds(8)
        assert lived.orders == []
        assert follow_ups(played) is True


def test_relief_is_not_repeated_within_the_cool_down(life, played):
    lived = life()
    relieved(lived, played)
    lived.rounds(100)
    assert follow_ups(played) is True
    with crowd(lived):
        lived.rounds(60)
        assert len(lived.orders) == 2
        lived.rounds(300)
        assert len(lived.orders) == 3


def test_a_restart_in_between_takes_it_back_all_the_same(life, played):
    before = played.settings
    lived = life()
    relieved(lived, played)
    lived.start()
    lived.rounds(100)
    assert isinstance(lived.orders[-1], Undo)
    assert played.settings == before


def test_what_the_user_took_back_is_not_applied_again(life, played):
    before = played.settings
    lived = life()
    relieved(lived, played)
    waiting = lived.session.screen_state(None).undoable
    assert lived.done(Undo(waiting[0].id, waiting[0].changes)).error is None
    assert played.settings == before
    with crowd(lived):
        lived.rounds(400)
    assert len(lived.orders) == 1
    lived.start()
    with crowd(lived):
        lived.rounds(400)
    assert len(lived.orders) == 1
    assert played.settings == before


def test_a_server_that_restarts_in_between_is_no_reason_to_forget(life, played):
    before = played.settings
    lived = life()
    relieved(lived, played)
    played.webui.stop()
    lived.rounds(80)
    assert follow_ups(played) is False
    played.webui.start()
    lived.rounds(200)
    assert played.settings == before


def test_off_by_default(life, played):
    lived = life("")
    with crowd(lived):
        lived.rounds(100)
    assert lived.orders == []


# --- settings, memory and servers -----------------------------------------------------------


def test_a_changed_settings_file_counts_from_the_next_look(life, played):
    lived = life("")
    lived.round()
    assert lived.session.settings().poll_s == 5.0
    (played.home / "settings.toml").write_text('poll_s = 7\nlanguage = "ko"\n')
    lived.round()
    assert lived.session.settings().poll_s == 7.0
    assert lived.session.language() == "ko"


def test_a_notice_is_not_repeated_after_a_restart(life, played):
    lived = life("")
    with crowd(lived):
        lived.rounds(60)
        told = lived.session.app.state.read().told
        assert told
        lived.start()
        lived.rounds(60)
        assert lived.session.app.state.read().told == told


def test_a_new_connection_keeps_what_was_told(life, played):
    lived = life("")
    with crowd(lived):
        lived.rounds(60)
    told = lived.session.app.observer.told()
    lived.session.reconnect()
    lived.wind()
    lived.round()
    assert lived.session.app.observer.told() == told != {}


def test_making_a_session_asks_nobody(played):
    played.webui.asked.clear()
    played.ollama.asked.clear()
    session = Session(played.overrides)
    session.close()
    assert played.webui.asked + played.ollama.asked == []


def test_an_open_webui_that_starts_after_us_is_found_on_its_other_port(played, monkeypatch):
    free = DemoOpenWebUI("0.12.4", ollama_url=played.ollama.url)
    free.start()
    free.stop()
    monkeypatch.setattr("tray_app.app.wiring.USUAL_OPEN_WEBUI", ("http://127.0.0.1:9", free.url))
    session = Session(Overrides(home=played.home / "other", ollama=played.ollama.url, machine=played.machine))
    try:
        assert not isinstance(session.look().snapshot.open_webui, Known)
        free.start()
        session._looked_for_at -= 100
        session.look()
        assert session.look().snapshot.open_webui.value.url == free.url
    finally:
        session.close()
        free.stop()


def test_the_first_notice_comes_again_when_a_server_came_up_since_and_never_in_a_later_run(played, monkeypatch):
    free = DemoOpenWebUI("0.12.4", ollama_url=played.ollama.url)
    free.start()
    free.stop()
    monkeypatch.setattr("tray_app.app.wiring.USUAL_OPEN_WEBUI", ("http://127.0.0.1:9", free.url))
    overrides = Overrides(home=played.home / "other", ollama=played.ollama.url, machine=played.machine, language="en")
    session = Session(overrides)

    def told():
        return [(one.body, one.cause) for one in session.tell(session.look())]

    try:
        first, then = told(), told()
        free.start()
        session._looked_for_at -= 100
        session.look()
        later, after = told(), told()
        session.close()
        session = Session(overrides)
        assert told() == []
    finally:
        session.close()
        free.stop()
    [(alone, cause)], [(both, same)] = first, later
    assert "No Open WebUI answers yet" in alone
    assert "Open WebUI 0.12.4" in both
    assert cause == same  # so that the newer one takes the older one's place
    assert then == after == []


def test_a_change_that_a_crash_left_open_is_settled_at_the_first_look(life, played, monkeypatch):
    lived = life("")
    monkeypatch.setattr(Carrier, "_verify", lambda *_: (_ for _ in ()).throw(SystemExit))
    look = lived.round()
    remedy = next(one for one in look.remedies if one.id == "follow-ups-off")
    with pytest.raises(SystemExit):
        lived.done(ApplyRemedy(remedy))
    monkeypatch.undo()
    lived.start()
    lived.round()
    (found,) = lived.session.app.journal.changes().all
    assert found.event.value == "applied"
    assert lived.session.screen_state(None).undoable[0].id == found.id


def test_a_change_whose_server_went_away_is_settled_while_the_tray_runs_but_not_one_that_is_being_made(
    life, played, monkeypatch
):
    lived = life("")
    lived.round()
    monkeypatch.setattr(Carrier, "_verify", lambda *_: (_ for _ in ()).throw(SystemExit))
    remedy = next(one for one in lived.round().remedies if one.id == "follow-ups-off")
    with pytest.raises(SystemExit):
        lived.done(ApplyRemedy(remedy))
    monkeypatch.undo()

    def event():
        (found,) = lived.session.app.journal.changes().all
        return found.event.value

    lived.at = time.time()
    lived.round()
    assert event() == "intended"
    lived.at += 10
    lived.round()
    assert event() == "applied"


def test_disconnect_forgets_the_token(life, played):
    lived = life("")
    lived.session.disconnect()
    assert lived.session.look().snapshot.open_webui.value.access.value == "none"


def test_a_failed_relief_is_not_tried_at_every_poll(life, played):
    before = played.settings
    played.webui.fail(FaultKind.FAILS, "/api/v1/tasks/config/update")
    lived = life()
    with crowd(lived):
        lived.rounds(100)
    assert len(lived.orders) == 1
    assert played.settings == before
