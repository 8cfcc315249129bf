"""Whether Ollama runs with what was advised, once it was started again: seen by itself and said once."""

import pytest

from tests.core.machines import NOW, facts, loaded, machine
from tests.english import TR
from tray_app.app.doing.advised import LOOKS, AdviceWatch
from tray_app.core.menu import notice
from tray_app.core.remedies.ollama_settings import InEffect
from tray_app.core.values.reading import Known
from tray_app.core.values.remedy import Advice, AdviceKind, Reason
from tray_app.core.values.snapshot import Processes, ProcessRole, ServerConfig, WatchedProcess

PARALLEL = AdviceKind.NUM_PARALLEL
ADVICE = (Advice(kind=PARALLEL, model="m", reason=Reason.SLOTS_RESERVE_MEMORY),)
BEFORE = ServerConfig(num_parallel=4, told=True)
AFTER = ServerConfig(num_parallel=1, told=True)


def seen(config, pid=5, *, hidden=False):
    server = WatchedProcess(pid=pid, started_at=NOW + pid, role=ProcessRole.OLLAMA_SERVER, name="ollama", parent_pid=1)
    processes = Known(Processes(watched=() if hidden else (server,)), NOW)
    return facts(machine(loaded("a", 10), system="linux", config=config, processes=processes))


@pytest.fixture
def watch():
    made = AdviceWatch()
    for _ in range(LOOKS):
        assert made.look(seen(BEFORE), ADVICE) == ()
    return made


def after(watch, made, looks=LOOKS):
    return [one for _ in range(looks) for one in watch.look(made, ())]


def test_what_took_effect_is_said_once(watch):
    assert after(watch, seen(AFTER, 6), looks=6) == [(PARALLEL, InEffect.YES, "1")]


def test_its_log_has_time_to_tell_the_new_settings(watch):
    """The process is there before the line that tells them: until then those of before are read."""
    assert watch.look(seen(BEFORE, 6), ()) == ()
    assert after(watch, seen(AFTER, 6)) == [(PARALLEL, InEffect.YES, "1")]


def test_a_start_that_nobody_was_asked_for_is_no_reproach(watch):
    assert after(watch, seen(BEFORE, 6)) == []


@pytest.mark.parametrize("copied", ["OLLAMA_NUM_PARALLEL=1 ollama serve", 'Environment="OLLAMA_NUM_PARALLEL=1"'])
def test_who_copied_a_step_hears_that_it_did_not_take_effect(watch, copied):
    watch.copied(copied)
    assert after(watch, seen(BEFORE, 6)) == [(PARALLEL, InEffect.NO, "4")]
    assert after(watch, seen(BEFORE, 7)) == []


def test_another_text_in_the_clipboard_is_no_step(watch):
    watch.copied("elbowroom receipt")
    assert after(watch, seen(BEFORE, 6)) == []


def test_without_a_new_start_nothing_is_said(watch):
    assert after(watch, seen(AFTER, 5), looks=5) == []


def test_a_server_that_is_hidden_or_away_for_a_while_is_waited_for(watch):
    assert after(watch, seen(BEFORE, 6, hidden=True)) == []
    assert after(watch, seen(AFTER, 6)) == [(PARALLEL, InEffect.YES, "1")]


def test_settings_that_cannot_be_seen_are_said_nothing_of(watch):
    watch.copied("OLLAMA_NUM_PARALLEL=1")
    assert after(watch, seen(ServerConfig(), 6)) == []


def test_how_it_is_said():
    assert notice.advised(PARALLEL, in_effect=True, now="1", tr=TR).body == (
        "In effect: Ollama runs with OLLAMA_NUM_PARALLEL=1."
    )
    assert notice.advised(PARALLEL, in_effect=False, now="4", tr=TR).body == (
        "Ollama was started again, but not with OLLAMA_NUM_PARALLEL=1. Now it is OLLAMA_NUM_PARALLEL=4."
    )
