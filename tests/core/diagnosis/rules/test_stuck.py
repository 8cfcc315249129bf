"""stuck: a queue that nothing works off, a server that does not answer, a runner that was left behind."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, CHAT, GIB, GONE, facts, history, poll, requests, runner
from tests.english import TR
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.rules import stuck
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.report.status import status
from tray_app.core.text import findings as finding_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.plan import plan_lines
from tray_app.core.values.connections import OllamaConnection, Owner, Served
from tray_app.core.values.finding import Level, Severity, StuckBy
from tray_app.core.values.plan import ActionKind
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.remedy import Consent, EndRunner
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import InstalledModel, Pressure, ProcessRole, WatchedProcess, WebUIModel

WAITS = requests(waiting=2)
SERVER = WatchedProcess(10, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
LEFT = replace(runner(31, BIG, memory=20 * GIB), owner=Owner.NOBODY)
UNSEEN = Requests(Unknown(Why.NOT_YET), Unknown(Why.NOT_YET))


def after(seconds, *, every=30.0, between=None, **changed):
    """The findings once that lasted for so long; `between`: what one poll in the middle says instead."""
    times = [1000.0 + every * step for step in range(int(seconds / every) + 1)]
    times = times if times[-1] == 1000.0 + seconds else [*times, 1000.0 + seconds]
    polls = [poll(at, **changed) for at in times]
    if between is not None:
        polls[len(polls) // 2] = poll(times[len(polls) // 2], **changed | between)
    return stuck.check(facts(polls[-1], history(*polls[:-1])))


class TestQueue:
    def test_requests_wait_and_nothing_runs_or_loads_for_minutes(self):
        (found,) = after(120.0, asks=WAITS)
        assert (found.severity, found.reason, found.waiting, found.for_s) == (
            Severity.OVERLOADED,
            StuckBy.QUEUE,
            2,
            120.0,
        )
        assert finding_view.sentence(found, TR) == (
            "2 requests wait at Ollama, and nothing has run or loaded for 2 min: restart Ollama."
        )
        assert after(119.9, asks=WAITS) == ()

    @pytest.mark.parametrize(
        "changed",
        [
            {"asks": requests((CHAT,), waiting=2)},
            {"asks": requests()},
            {"asks": WAITS, "runners": (runner(loading=True),)},
            {"asks": UNSEEN},
        ],
        ids=["one-runs", "nobody-waits", "loads", "unseen"],
    )
    def test_one_condition_short(self, changed):
        assert not after(300.0, **changed)

    def test_what_ran_in_between_starts_it_anew(self):
        assert after(180.0, asks=WAITS, between={"asks": requests((CHAT,), waiting=2)}) == ()
        assert after(180.0, asks=WAITS, between={"asks": UNSEEN})

    def test_a_cloud_model_answers_without_a_runner(self):
        cloud = InstalledModel("gpt-oss:120b-cloud", "c", 300, remote_host="https://ollama.com")
        assert after(300.0, asks=WAITS, installed=(cloud,)) == ()

    def test_another_servers_load_does_not_excuse_it(self):
        theirs = replace(runner(99, "gemma3:1b", loading=True), owner=Owner.OTHER)
        assert after(120.0, asks=WAITS, runners=(runner(), theirs))


SILENT = {"runners": (SERVER, runner()), "ollama": GONE}


class TestSilent:
    def test_its_process_is_there_and_no_answer_comes(self):
        (found,) = after(120.0, **SILENT)
        assert (found.reason, found.for_s, found.severity) == (StuckBy.SILENT, 120.0, Severity.OVERLOADED)
        assert "has not answered for 2 min" in finding_view.sentence(found, TR)
        assert after(119.9, **SILENT) == ()

    @pytest.mark.parametrize(
        "changed",
        [
            {"runners": ()},
            {"asks": requests((CHAT,))},
            {"ollama": Unknown(Why.UNREACHABLE)},
            {"runners": (replace(SERVER, owner=Owner.OTHER),)},
        ],
        ids=["no-process", "it-answers-somebody", "not-there", "anothers-process"],
    )
    def test_one_condition_short(self, changed):
        assert after(300.0, **SILENT | changed) == ()

    def test_an_answer_in_between_starts_it_anew(self):
        answered = {"ollama": poll().ollama}
        assert after(180.0, **SILENT, between=answered) == ()


class TestLeftBehind:
    def test_it_is_named_with_its_memory_and_the_command_that_ends_it(self):
        snapshot = poll(runners=(runner(), LEFT))
        (found,) = stuck.check(facts(snapshot))
        assert (found.severity, found.held_bytes, found.pid) == (Severity.TIGHT, 20 * GIB, 31)
        assert finding_view.sentence(found, TR) == (
            "A runner of qwen3:32b was left behind by an Ollama that has ended and holds 20.0 GiB of memory. "
            "Nothing uses it any more: `kill 31` ends it."
        )
        made = diagnose(facts(snapshot))
        assert made.level is Level.TIGHT
        told = status(snapshot, made, (), None)["findings"]
        assert ("stuck", BIG) in [(one["kind"], one["subject"]) for one in told]

    def test_windows_has_another_command(self):
        (found,) = stuck.check(facts(poll(runners=(LEFT,), system="win32")))
        assert found.command == "taskkill /F /PID 31"

    def test_memory_that_is_not_known_is_no_reason_to_be_silent(self):
        (found,) = stuck.check(facts(poll(runners=(replace(LEFT, memory_bytes=None, model=None),))))
        sentence = finding_view.sentence(found, TR)
        assert sentence.startswith("A runner of llama-server was left behind by an Ollama that has ended.")

    @pytest.mark.parametrize(("held", "told"), [(int(0.02 * 32 * GIB) + 1, True), (int(0.01 * 32 * GIB), False)])
    def test_a_small_one_bothers_nobody(self, held, told):
        assert bool(stuck.check(facts(poll(runners=(replace(LEFT, memory_bytes=held),))))) is told

    def test_another_servers_runner_is_in_use(self):
        assert stuck.check(facts(poll(runners=(replace(LEFT, owner=Owner.OTHER),)))) == ()

    def test_two_are_two(self):
        found = stuck.check(facts(poll(runners=(LEFT, replace(LEFT, pid=32)))))
        assert len({one.key for one in found}) == 2


def test_where_nothing_is_seen_nothing_is_judged():
    hidden = poll(processes=GONE, requests=Known(UNSEEN, 0.0))
    assert stuck.check(facts(hidden)) is None


class TestItsEnd:
    """The click that ends a runner that was left behind: asked first, never ours to undo, never somebody else's."""

    def offered(self, *runners, **changed):
        seen = facts(poll(runners=runners, **changed))
        return remedies(Case(seen, diagnose(seen)))

    def ends(self, *runners):
        return [one for one in self.offered(*runners) if isinstance(one, EndRunner)]

    def test_it_is_offered_with_the_process_that_ends(self):
        (fix,) = self.ends(runner(), LEFT)
        (action,) = fix.plan.actions
        assert (fix.id, fix.needs, fix.undoable) == ("end-runner:31", Consent.CONFIRMED, False)
        assert (action.kind, action.pid, action.started_at) == (ActionKind.END, 31, LEFT.started_at)
        assert remedy_view.sentence_with_effect(fix, TR) == (
            "End the runner of qwen3:32b that was left behind (frees about 20.0 GiB)"
        )
        assert "".join(span.text for span in plan_lines(fix.plan, TR)[0]) == (
            "End process 31, which holds qwen3:32b for nobody (20.0 GiB)"
        )

    @pytest.mark.parametrize(("mine", "command", "offers"), [(True, "kill 31", 1), (False, "sudo kill 31", 0)])
    def test_another_users_is_only_named(self, mine, command, offers):
        left = replace(LEFT, mine=mine)
        (found,) = stuck.check(facts(poll(runners=(left,))))
        assert (found.command, len(self.ends(left))) == (command, offers)

    def test_it_comes_first_where_it_is_what_memory_is_short_of(self):
        short = self.offered(runner(), replace(LEFT, memory_bytes=24 * GIB), pressure=Pressure.CRITICAL)
        assert short[0].id == "end-runner:31"

    def test_a_small_one_and_anothers_are_not_offered(self):
        assert self.ends(replace(LEFT, owner=Owner.OTHER)) == []
        assert self.ends(replace(LEFT, memory_bytes=2**20)) == []


NEAR, FAR = OllamaConnection(0, "http://127.0.0.1:11434"), OllamaConnection(1, "http://box:11434")


def shown(*servers):
    """A model on Open WebUI's list, and the connections that serve it."""
    return WebUIModel(BIG, BIG, "ollama", ollama_name=BIG, served=Served(servers=servers))


SERVED = (shown(0),)


class TestUnreached:
    def web(self, *connections, listed=SERVED):
        seen = replace(poll().open_webui.value, connections=Known(connections, 0.0), models=Known(listed, 0.0))
        return {"open_webui": seen}

    def found(self, seconds, *connections, **more):
        given = self.web(*connections, **more)
        told = after(seconds, **given) or ()
        return [one for one in told if one.reason is StuckBy.UNREACHED]

    def test_a_server_of_which_nothing_is_listed_for_minutes(self):
        (found,) = self.found(120.0, NEAR, FAR)
        assert (found.severity, found.about, found.for_s) == (Severity.TIGHT, FAR.url, 120.0)
        assert finding_view.sentence(found, TR) == (
            "Open WebUI has listed no model of its Ollama at http://box:11434 for 2 min: nothing answers there, or it has "
            "none. The address is set in Admin Panel > Settings > Connections."
        )
        assert self.found(119.9, NEAR, FAR) == []

    def test_where_nothing_at_all_is_listed_nobody_can_chat(self):
        (found,) = self.found(120.0, FAR, listed=())
        assert found.severity is Severity.OVERLOADED

    @pytest.mark.parametrize(
        ("connections", "listed"),
        [
            ((NEAR, FAR), (shown(0, 1),)),
            ((NEAR, replace(FAR, limited=True)), (shown(0),)),
            ((NEAR, FAR), (shown(),)),
            ((), ()),
        ],
        ids=["it-serves", "limited-to-some", "a-list-that-does-not-say-who-serves", "no-connection"],
    )
    def test_one_condition_short(self, connections, listed):
        assert self.found(300.0, *connections, listed=listed) == []

    def test_our_own_that_holds_no_model_is_asked_in_vain_for_no_reason(self):
        own = replace(NEAR, url="http://127.0.0.1:11434", watched=True)
        given = self.web(own, listed=())
        empty = Known(replace(poll().ollama.value, installed=()), 0.0)
        assert after(300.0, **given, ollama=empty) == ()
        assert [one.reason for one in after(300.0, **given)] == [StuckBy.UNREACHED]
