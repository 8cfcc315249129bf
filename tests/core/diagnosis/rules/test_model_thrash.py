"""model-thrash: models that take each other's place."""

from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GONE,
    facts,
    history,
    listed,
    poll,
    runner,
    seen,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import model_thrash
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    LogEvent,
    LogEventKind,
    OllamaLog,
    ProcessRole,
    WatchedProcess,
)

SMALL = "llama3.2:3b"


def check(snapshot, before=None):
    return model_thrash.check(facts(snapshot, before))


def changes(*runners, every=6.0, **changed):
    polls = [poll(1000.0 + index * every, runners=(one,), **changed) for index, one in enumerate(runners)]
    return check(polls[-1], history(*polls[:-1]))


def test_two_models_that_evict_each_other():
    (found,) = changes(runner(1), runner(2, SMALL), runner(3), runner(4, SMALL))
    assert found.subject == BIG
    assert (told(found)["other_model"], told(found)["cause"], told(found)["loads"]) == (SMALL, "eviction", 3)


def test_one_model_with_two_contexts():
    (found,) = changes(*(runner(pid, context=4096 * (1 + pid % 2)) for pid in range(4)))
    assert (told(found)["cause"], told(found)["contexts"]) == ("context", "4096,8192")


def test_where_no_task_runs_on_it_the_contexts_are_its_clients():
    """It was said to be loaded anew `between chat and tasks`, whoever asked for it."""
    elsewhere = server(settings(task_model=SMALL), [listed(BIG), listed(SMALL)])
    (found,) = changes(*(runner(pid, context=4096 * (1 + pid % 2)) for pid in range(4)), open_webui=elsewhere)
    assert told(found)["cause"] == "clients-context"


def test_the_context_of_another_model_is_not_the_reason():
    beside = runner(99, SMALL, context=8192)
    polls = [poll(1000.0 + 6 * pid, runners=(runner(pid), beside)) for pid in range(4)]
    (found,) = check(polls[-1], history(*polls[:-1]))
    assert (found.subject, told(found)["cause"], told(found)["contexts"]) == (BIG, "reload", None)


def test_models_that_are_loaded_beside_each_other_displace_none():
    runners = (runner(1), runner(2, SMALL), runner(3), runner(4, SMALL))
    polls = [poll(1000.0 + 6 * count, runners=runners[:count]) for count in range(1, 5)]
    assert check(polls[-1], history(*polls[:-1])) == ()


def test_trying_out_models_is_no_thrash():
    names = (BIG, SMALL, "gemma3:1b", "phi4:14b", "qwen3:4b")
    assert changes(*(runner(pid, name) for pid, name in enumerate(names))) == ()


def test_a_model_that_expired_and_comes_back_was_not_thrown_out():
    polls = []
    for turn in range(4):
        polls.append(poll(1000.0 + 40 * turn, runners=(runner(turn),)))
        polls.append(poll(1010.0 + 40 * turn, runners=()))
    polls.append(poll(1160.0, runners=(runner(9),)))
    assert check(polls[-1], history(*polls[:-1])) == ()


class TestOver:
    """It ends with its cause, not with the window in which loads are counted."""

    four = (runner(1), runner(2, SMALL), runner(3), runner(4, SMALL))

    def polls(self, every=6.0, **changed):
        return [
            poll(1000.0 + index * every + step, runners=(one,), **changed)
            for index, one in enumerate(self.four)
            for step in (range(0, int(every), 25) if index < 3 else (0,))
        ]

    def later(self, polls, seconds, **changed):
        """The newest poll again, so much later."""
        last = polls[-1].uptime_s
        steps = [
            poll(last + step, runners=self.four[-1:], **changed) for step in (*range(30, int(seconds), 30), seconds)
        ]
        return check(steps[-1], history(*polls, *steps[:-1]))

    def test_what_no_longer_happens_is_over(self):
        assert self.later(self.polls(), 120.0)
        assert self.later(self.polls(), 120.1) == ()

    def test_what_happens_rarely_is_waited_for_longer(self):
        assert self.later(self.polls(every=100.0), 200.0)
        assert self.later(self.polls(every=100.0), 200.1) == ()

    def test_a_setting_that_was_taken_back_ends_it_until_it_happens_again(self):
        small = [listed(BIG), listed(SMALL)]
        before = self.polls(open_webui=server(settings(task_model=SMALL), small))
        assert self.later(before, 6.0, open_webui=server(settings(task_model=SMALL), small))
        back = {"open_webui": server(settings(), small)}
        assert self.later(before, 6.0, **back) == ()
        changed = poll(1024.0, runners=self.four[-1:], **back)
        again = poll(1030.0, runners=(runner(5),), **back)
        (found,) = check(again, history(*before, changed))
        assert told(found)["loads"] == 4

    def test_a_restart_of_the_server_ends_it(self):
        old = WatchedProcess(10, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
        polls = [poll(1000.0 + 6 * index, runners=(old, one)) for index, one in enumerate(self.four)]
        assert check(poll(1024.0, runners=(old, self.four[-1])), history(*polls))
        gone = poll(1024.0, runners=())
        new = replace(old, pid=20, started_at=2.0)
        after = poll(1030.0, runners=(new, runner(9)))
        assert check(after, history(*polls, gone)) == ()


def test_sleep_ends_what_was_counted():
    before = history(poll(1000.0, runners=(runner(1),)), poll(1006.0, runners=(runner(2),)))
    before = before.add(seen(poll(1012.0, runners=(runner(3),), wall=1.9e9)))
    assert check(poll(1018.0, runners=(runner(4),), wall=1.9e9 + 6), before) == ()


def test_the_log_tells_where_processes_are_hidden():
    polls = []
    for turn in range(5):
        event = LogEvent(LogEventKind.LOAD, 0.0, SMALL if turn % 2 else BIG)
        made = poll(1000.0 + turn * 10, ollama_log=Known(OllamaLog((event,)), 0.0))
        polls.append(replace(made, processes=GONE))
    (found,) = check(polls[-1], history(*polls[:-1]))
    assert found.subject == BIG
    blind = replace(polls[-1], ollama_log=GONE)
    assert check(blind, history(*polls[:-1])) is None
