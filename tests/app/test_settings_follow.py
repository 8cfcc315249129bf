"""Every key of settings.toml takes effect while the app runs: each is changed in the file, and its effect is seen.

The keys come from the declarations, so that a new one without a case here fails.
"""

import contextlib
import json
import ssl
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, GIB, active, poll, requests, runner
from tests.services.conftest import RawServer
from tray_app.app.session import Session
from tray_app.app.wiring import Overrides
from tray_app.app.worker import Worker
from tray_app.core.menu.screen import IconWish
from tray_app.core.values.command import ApplyRemedy, Snooze, SnoozeUntil, Undo
from tray_app.core.values.finding import ModelThrash, PromptCacheGrowth, QueueBacklog, Severity, TasksOnBigModel
from tray_app.core.values.fit import Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Gpu, OllamaLog, OtherProcess, Pressure
from tray_app.core.values.task_settings import Setting
from tray_app.demo.machine import played_machine
from tray_app.readers._counters import Counters
from tray_app.readers.memory import MemoryReader
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.storage.settings_keys import Settings, declared, tables

NOBODY = "http://127.0.0.1:9"
PEM = Path(__file__).parents[1] / "services" / "localhost.pem"
KEYS = [key for key in declared(Settings) if key not in tables()] + [f"limits.{key}" for key in declared(Limits)]
WARNING, CRITICAL, NORMAL = Pressure.WARNING, Pressure.CRITICAL, Pressure.NORMAL


class Running:
    """The app of one tray, its worker's rounds made by hand on a clock of its own."""

    def __init__(self, home, **keys):
        self.at = 1000.0
        self._file = home / "settings.toml"
        self._keys = {"ollama_url": NOBODY, "open_webui_url": NOBODY, "limits": {"hold_s": 0}}
        self.write(**keys)
        self.memory, self.gpu = PlayedCounters(self), PlayedGpu()
        self._machine = played_machine(DemoOllama())
        self.home = home

    def start(self):
        machine = replace(self._machine, memory=self.memory.reader(), gpu=self.gpu)
        self.session = Session(Overrides(home=self.home, machine=machine))
        app = self.session.app
        app.observer.poll.now = app.observer.poll.uptime = lambda: self.at
        app.state.update(lambda state: replace(state, first_run_done=True))
        return self

    def write(self, *, limits=(), **keys):
        """Changes some keys of the file, as an editor does."""
        self._keys["limits"] |= dict(limits)
        self._keys |= keys
        rest = [f"{key} = {json.dumps(value)}" for key, value in self._keys.items() if key != "limits"]
        lines = [f"{key} = {json.dumps(value)}" for key, value in self._keys["limits"].items()]
        self._file.write_text("\n".join((*rest, "[limits]", *lines)) + "\n")

    def play(self, snapshot=None):
        """One round; a snapshot takes the place of what the machine and the servers say."""
        if snapshot is not None:
            self.at = snapshot.uptime_s
            self.session.app.observer.poll.take = lambda: snapshot
        look = self.session.look()
        assert not self.session.complaint()
        return look

    def rounds(self, count=20, every=5.0):
        """The pressure after so many real polls."""
        for _ in range(count):
            self.at += every
            self.memory.tick(every)
            look = self.play()
        return look.snapshot.memory.value.pressure


class PlayedCounters:
    """The counters of an operating system, under the real reader."""

    def __init__(self, running):
        self._running = running
        self.platform, self.gauges, self.rates, self._grown = "linux", {}, {}, {}

    def reader(self):
        def clock():
            return self._running.at

        return MemoryReader(collector=self, decode=lambda made: made, platform=self.platform, clock=clock)

    def tick(self, seconds):
        self._grown = {name: self._grown.get(name, 0) + int(rate * seconds) for name, rate in self.rates.items()}

    def collect(self):
        at = {
            "linux": {"psi-some-avg10": 0.0, "available": 50.0},
            "darwin": {"kernel-level": 1.0, "kernel-ratio": 0.9},
            "win32": {"available": 50.0, "commit": 40.0},
        }[self.platform]
        nothing = {"swapped_in_bytes": 0, "swapped_out_bytes": 0, "pages_read": 0}
        gauges = tuple((at | self.gauges).items())
        return Counters(self._running.at, 32 * GIB, 16 * GIB, gauges, **(nothing | self._grown))


class PlayedGpu:
    def __init__(self):
        self.spilled = None

    def read(self, taken_at):
        return Known(Gpu(12 * GIB, BudgetBasis.VRAM, spilled_bytes=self.spilled), taken_at)


class Screen:
    def show(self, view):
        pass

    def notify(self, notice):
        pass

    def copy(self, text):
        pass

    def stop(self):
        pass


@pytest.fixture
def running(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:1")  # a real engine of this machine is left alone
    with contextlib.ExitStack() as stack:
        made = []

        def begin(**keys):
            made.append(Running(tmp_path, **keys))
            return made[-1]

        def served(server):
            server.start()
            stack.callback(server.stop)
            return server

        begin.served, begin.home, begin.callback = served, tmp_path, stack.callback
        yield begin
        for one in made:
            one.session.close()


CASES = {}


def follows(key):
    def keep(case):
        CASES[key] = case
        return case

    return keep


def test_every_key_has_a_case():
    assert set(CASES) == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_the_running_app_follows(key, running):
    CASES[key](running)


# --- where servers are ----------------------------------------------------------------------------------------------


@follows("ollama_url")
def ollama_url(running):
    first, second = running.served(DemoOllama()), running.served(DemoOllama())
    app = running(ollama_url=first.url).start()
    assert app.play().snapshot.ollama.value.url == first.url
    app.write(ollama_url=second.url)
    assert app.play().snapshot.ollama.value.url == second.url
    assert second.asked


def test_a_job_keeps_its_connections_until_it_has_ended(running):
    first, second = running.served(DemoOllama()), running.served(DemoOllama())
    app = running(ollama_url=first.url).start()
    app.play()
    app.write(ollama_url=second.url)
    assert app.session.look(busy=True).snapshot.ollama.value.url == first.url
    assert app.session.look(busy=True).snapshot.ollama.value.url == first.url
    assert app.play().snapshot.ollama.value.url == second.url


def test_the_relay_follows_what_is_set_for_chat_first(running):
    """Which key makes which rule is held beside core/lanes."""
    app = running().start()
    told = []
    app.session.app.observer.poll.tell_relay = told.append
    app.play()
    with app._file.open("a") as file:
        file.write('[chat_first]\nhold_s = 60\n[task_models]\ntitles = "small"\n')
    app.play()
    assert [one.max_hold_s for one in told] == [600.0, 60.0]
    assert told[1].task_models == (("title_generation", "small"),)


@follows("open_webui_url")
def open_webui_url(running):
    first, second = running.served(DemoOpenWebUI("0.12.4")), running.served(DemoOpenWebUI("0.6.5"))
    app = running(open_webui_url=first.url).start()
    assert app.play().snapshot.open_webui.value.version == "0.12.4"
    app.write(open_webui_url=second.url)
    assert app.play().snapshot.open_webui.value.version == "0.6.5"


@follows("ca_file")
def ca_file(running):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)

    def behave(peer):
        with context.wrap_socket(peer.connection, server_side=True) as peer.connection:
            peer.request()
            peer.answer(b'{"version": "0.32.15", "models": []}')

    server = RawServer(behave)
    running.callback(server.stop)
    app = running(ollama_url=server.url.replace("http:", "https:")).start()
    assert app.play().snapshot.ollama.why is not None
    app.write(ca_file=str(PEM))
    assert app.play().snapshot.ollama.value.version == "0.32.15"


@follows("request_limit_s")
def request_limit_s(running):
    enough = threading.Event()

    def behave(peer):
        peer.request()
        enough.wait(60)

    server = RawServer(behave)
    running.callback(server.stop)
    running.callback(enough.set)
    app = running(ollama_url=server.url, request_limit_s=1).start()
    assert app.play().snapshot.ollama == Unknown(Why.TIMED_OUT, "1 s")
    app.write(request_limit_s=1.5)
    assert app.play().snapshot.ollama == Unknown(Why.TIMED_OUT, "1.5 s")


@follows("allow_docker_socket")
def allow_docker_socket(running):
    app = running().start()
    assert app.play().snapshot.processes.value.containers.why is Why.NOT_ASKED
    app.write(allow_docker_socket=True)
    assert app.play().snapshot.processes.value.containers.why is Why.UNSUPPORTED


# --- words and notices ----------------------------------------------------------------------------------------------


def queue(at, *, wait_s=20.0, **changed):
    """One request waits behind the 32B model: overload after ten seconds."""
    return poll(at, asks=requests((active(),), 1, wait_s), **changed)


def finding(look, kind):
    return next((one for one in look.diagnosis.findings if isinstance(one, kind)), None)


@follows("language")
def language(running):
    app = running(language="en").start()
    app.play()
    assert app.session.translator().gettext("Calm") == "Calm"
    app.write(language="ko")
    app.play()
    assert app.session.translator().gettext("Calm") == "여유"


@follows("notices")
def notices(running):
    app = running(notices=False).start()
    look = app.play(queue(1000))
    assert look.notices
    assert app.session.tell(look) == ()
    app.write(notices=True)
    look = app.play(poll(1005, pressure=CRITICAL, other=OtherProcess("Chrome", 21 * GIB)))
    assert len(app.session.tell(look)) == 1


@follows("notices_only_critical")
def notices_only_critical(running):
    app = running(notices_only_critical=True).start()
    assert app.play(queue(1000)).notices == ()
    app.write(notices_only_critical=False)
    assert app.play(queue(1005)).notices


@follows("snooze_s")
def snooze_s(running):
    app = running().start()
    worker = Worker(app.session, Screen(), now=lambda: 5000.0)

    def snoozed_until():
        app.play(poll(app.at + 5))
        worker._handle(Snooze(SnoozeUntil.HOUR))
        return app.session.app.state.read().snoozed_until

    assert snoozed_until() == 8600.0
    app.write(snooze_s=60)
    assert snoozed_until() == 5060.0


def follows_rhythm(key, snapshot, usual, value, **base):
    def case(running):
        app = running(**base).start()
        worker = Worker(app.session, Screen(), uptime=lambda: app.at)

        def pause():
            app.play(snapshot(app.at + 5))
            worker._poll()
            return worker._due - app.at

        assert pause() == usual
        app.write(**{key: value})
        assert pause() == value

    follows(key)(case)


SMALL_CARD = {"models": (), "runners": ()}
follows_rhythm("poll_s", lambda at: poll(at, budget=60 * GIB), 5.0, 4.0)
follows_rhythm("poll_busy_s", queue, 2.0, 3.0)
follows_rhythm("poll_idle_s", lambda at: poll(at, **SMALL_CARD), 15.0, 20.0)


# --- relief and remedies --------------------------------------------------------------------------------------------


def order(app, snapshot):
    return app.session.relief.wants(app.play(snapshot))


@follows("icon")
def icon(running):
    app = running(icon="").start()
    assert app.session.screen_state(None).icon == IconWish()
    app.write(icon="when-tight")
    app.play(queue(1005))
    assert app.session.screen_state(None).icon == IconWish(when_tight=True, by_file=True)


@follows("automatic_relief")
def automatic_relief(running):
    app = running(automatic_relief=False, automatic_relief_remedy="follow-ups-off").start()
    assert order(app, queue(1000)) is None
    app.write(automatic_relief=True)
    assert isinstance(order(app, queue(1005)), ApplyRemedy)


@follows("automatic_relief_remedy")
def automatic_relief_remedy(running):
    app = running(automatic_relief=True, automatic_relief_remedy="task-model:nowhere").start()
    assert order(app, queue(1000)) is None
    app.write(automatic_relief_remedy="follow-ups-off")
    assert order(app, queue(1005)).remedy.id == "follow-ups-off"


@follows("automatic_relief_clear_s")
def automatic_relief_clear_s(running):
    app = running(automatic_relief=True, automatic_relief_remedy="follow-ups-off")
    app.start()
    made = app.session.app
    change = Change(Setting.FOLLOW_UPS, before=True, after=False)
    made.journal.append(Record("c1", 900.0, Event.INTENDED, NOBODY, changes=(change,)))
    made.journal.append(Record("c1", 900.0, Event.APPLIED, NOBODY))
    made.state.update(lambda state: replace(state, relief_change_id="c1", relief_remedy="follow-ups-off"))
    app.session.close()
    app.start()
    calm = [poll(at, budget=60 * GIB) for at in range(1000, 1121, 20)]
    assert [order(app, one) for one in calm] == [None] * len(calm)
    app.write(automatic_relief_clear_s=60)
    assert order(app, poll(1140, budget=60 * GIB)) == Undo("c1")


@follows("candidate_models")
def candidate_models(running):
    app = running().start()

    def offered(at):
        return {one.id.removeprefix("task-model:") for one in app.play(poll(at)).remedies if "task-model:" in one.id}

    assert {"gemma3:1b", "qwen3:0.6b"} <= offered(1000)
    app.write(candidate_models=["qwen3:0.6b"])
    assert offered(1005) == {"qwen3:0.6b"}


# --- thresholds of the rules ----------------------------------------------------------------------------------------


def follows_rule(key, kind, snapshots, value, **base):
    """The finding is there, and not any more once the threshold is another one."""

    def case(running):
        app = running(limits={"hold_s": 0, **base}).start()
        for snapshot in snapshots[:-1]:
            app.play(snapshot)
        assert finding(app.play(snapshots[-1]), kind)
        app.write(limits={key: value})
        assert finding(app.play(snapshots[-1]), kind) is None

    follows(f"limits.{key}")(case)


SWAPS = [poll(1000.0 + 6 * turn, runners=(runner(turn, BIG if turn % 2 else "llama3.2:3b"),)) for turn in range(4)]
GROWN = poll(1000.0, ollama_log=Known(OllamaLog(prompt_cache_bytes=3 * GIB), 0.0))
follows_rule("big_model_share", TasksOnBigModel, [poll(1000.0)], 1.0)
follows_rule("waiting_requests", QueueBacklog, [queue(1000.0)], 5)
follows_rule("reloads", ModelThrash, SWAPS, 20)
follows_rule("prompt_cache_bytes", PromptCacheGrowth, [GROWN], 4 * GIB)


@follows("limits.thrash_window_s")
def thrash_window_s(running):
    app = running(limits={"thrash_window_s": 600}).start()
    for swap in SWAPS:
        app.play(swap)
    quiet = [replace(SWAPS[-1], uptime_s=at, taken_at=1.8e9 + at) for at in (1050.0, 1080.0, 1110.0)]
    assert all(finding(app.play(one), ModelThrash) for one in quiet)
    app.write(limits={"thrash_window_s": 60})
    assert finding(app.play(quiet[-1]), ModelThrash) is None


@follows("limits.long_wait_s")
def long_wait_s(running):
    app = running().start()
    assert finding(app.play(queue(1000)), QueueBacklog).severity is Severity.OVERLOADED
    app.write(limits={"long_wait_s": 60})
    assert finding(app.play(queue(1005)), QueueBacklog).severity is Severity.TIGHT


@follows("limits.fits_share")
def fits_share(running):
    app = running(candidate_models=["gemma3:1b"]).start()

    def verdict(at):
        offered = app.play(poll(at, budget=int(22.5 * GIB))).remedies
        return next(one.fit.verdict for one in offered if one.id == "task-model:gemma3:1b")

    assert verdict(1000) is Verdict.FITS
    app.write(limits={"fits_share": 0.3})
    assert verdict(1005) is Verdict.TIGHT


@follows("limits.wake_grace_s")
def wake_grace_s(running):
    app = running().start()
    app.play(poll(1000))
    assert finding(app.play(queue(1200)), QueueBacklog) is None
    app.write(limits={"wake_grace_s": 0})
    assert finding(app.play(queue(1205)), QueueBacklog)


# --- times of the alerts --------------------------------------------------------------------------------------------


def alert(look):
    """One queue is one trouble, whichever model runs."""
    return next((word for (kind, _), word in look.alerts.words().items() if kind == QueueBacklog.kind), None)


@follows("limits.hold_s")
def hold_s(running):
    app = running(limits={"hold_s": 30}).start()
    assert [alert(app.play(queue(at))) for at in (1000, 1010)] == ["pending", "pending"]
    app.write(limits={"hold_s": 5})
    assert alert(app.play(queue(1012))) == "firing"


@follows("limits.clear_s")
def clear_s(running):
    app = running().start()
    assert [alert(app.play(one)) for one in (queue(1000), poll(1010), poll(1020))] == [
        "firing",
        "recovering",
        "recovering",
    ]
    app.write(limits={"clear_s": 5})
    assert alert(app.play(poll(1022))) is None


@follows("limits.cool_down_s")
def cool_down_s(running):
    app = running(limits={"clear_s": 0}).start()
    assert [bool(app.play(one).notices) for one in (queue(1000), poll(1005), queue(1010))] == [True, False, False]
    app.write(limits={"cool_down_s": 60})
    later = (poll(1015), poll(1050), queue(1065))
    assert [bool(app.play(one).notices) for one in later] == [False, False, True]


# --- memory pressure ------------------------------------------------------------------------------------------------

SWAP_OUT, PAGES = "swapped_out_bytes", "pages_read"
# Key -> system, what the counters say, the pressure it makes, another threshold, the pressure then; other thresholds.
PRESSURE = {
    "available_warning_percent": (
        "linux",
        {"available": 20.0},
        NORMAL,
        25,
        WARNING,
        {"available_recovered_percent": 60},
    ),
    "available_critical_percent": ("linux", {"available": 8.0}, WARNING, 9, CRITICAL, {}),
    "psi_warning_percent": ("linux", {"psi-some-avg10": 8.0}, NORMAL, 6, WARNING, {}),
    "psi_critical_percent": ("linux", {"psi-some-avg10": 30.0}, WARNING, 25, CRITICAL, {}),
    "psi_full_critical_percent": ("linux", {"psi-full-avg10": 8.0}, NORMAL, 6, CRITICAL, {}),
    "swap_warning_bytes_per_s": ("linux", {SWAP_OUT: 5e5}, NORMAL, 2e5, WARNING, {}),
    "swap_critical_bytes_per_s": ("darwin", {SWAP_OUT: 1e7}, WARNING, 5e6, CRITICAL, {}),
    "commit_warning_percent": ("win32", {"commit": 88.0}, NORMAL, 87, WARNING, {}),
    "commit_critical_percent": ("win32", {"commit": 92.0}, WARNING, 91, CRITICAL, {}),
    "page_reads_warning_per_s": ("win32", {PAGES: 300}, NORMAL, 200, WARNING, {}),
    "page_reads_critical_per_s": ("win32", {PAGES: 1000}, WARNING, 800, CRITICAL, {}),
    "spill_bytes": ("win32", {"spilled": 3e8}, NORMAL, 2e8, WARNING, {}),
}
# Key -> system, counters that raise the pressure, counters that are not good enough yet, another threshold.
RECOVERED = {
    "available_recovered_percent": ("linux", {"available": 8.0}, {"available": 12.0}, 11),
    "psi_recovered_percent": ("linux", {"psi-some-avg10": 20.0}, {"psi-some-avg10": 7.0}, 8),
    "commit_recovered_percent": ("win32", {"commit": 91.0}, {"commit": 87.0}, 88),
}


def count(app, counters):
    app.memory.gauges = {
        name: value for name, value in counters.items() if "-" in name or name in {"available", "commit"}
    }
    app.memory.rates = {name: value for name, value in counters.items() if name in {SWAP_OUT, PAGES}}
    app.gpu.spilled = counters.get("spilled")


def follows_pressure(key, system, counters, before, value, after, base):
    def case(running):
        app = running(limits=base)
        app.memory.platform = system
        count(app, counters)
        app.start()
        assert app.rounds() is before
        app.write(limits={key: value})
        assert app.rounds() is after

    follows(f"limits.{key}")(case)


def follows_recovery(key, system, bad, better, value):
    def case(running):
        app = running()
        app.memory.platform = system
        count(app, bad)
        app.start()
        assert app.rounds() is WARNING
        count(app, better)
        assert app.rounds() is WARNING
        app.write(limits={key: value})
        assert app.rounds() is NORMAL

    follows(f"limits.{key}")(case)


for name, given in PRESSURE.items():
    follows_pressure(name, *given)
for name, given in RECOVERED.items():
    follows_recovery(name, *given)
