"""model-thrash: models that take each other's place."""

from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GONE,
    facts,
    history,
    poll,
    runner,
    seen,
    told,
)
from tray_app.core.diagnosis.rules import model_thrash
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    LogEvent,
    LogEventKind,
    OllamaLog,
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
