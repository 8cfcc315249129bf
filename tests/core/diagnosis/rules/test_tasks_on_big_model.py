"""tasks-on-big-model: the settings send tasks to the big model."""

from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GONE,
    TASK,
    facts,
    listed,
    poll,
    requests,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import tasks_on_big_model
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.finding import Severity
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.relay import RelayState
from tray_app.core.values.snapshot import (
    Presence,
)
from tray_app.core.values.task_settings import Switch


def check(snapshot, before=None):
    return tasks_on_big_model.check(facts(snapshot, before))


def test_it_names_the_tasks_that_come_unasked():
    (found,) = check(poll())
    assert (found.subject, found.severity) == (BIG, Severity.TIGHT)
    assert told(found)["tasks"] == "titles,tags,follow-ups"


def test_queries_alone_are_asked_for():
    off = settings(titles=Switch.OFF, tags=Switch.OFF, follow_ups=Switch.OFF)
    assert check(poll(open_webui=server(off))) == ()


def test_titles_ran_without_a_switch_before_0_5_12():
    old = settings(titles=Switch.UNSUPPORTED, tags=Switch.OFF, follow_ups=Switch.UNSUPPORTED)
    (found,) = check(poll(open_webui=server(old, version="0.5.4")))
    assert told(found)["tasks"] == "titles"


def test_another_ollama_is_not_ours():
    other = server(ollama_urls=Known(("http://10.0.0.9:4000",), 0.0))
    assert check(poll(open_webui=other)) is None


def test_a_remote_ollama_has_another_memory():
    snapshot = poll()
    remote = replace(snapshot.ollama.value, local=False)
    assert check(replace(snapshot, ollama=Known(remote, 0.0))) is None


def test_two_models_on_one_list_are_told_apart_by_id():
    prefixed = listed(BIG, id=f"mac.{BIG}")
    small = listed("gemma3:1b", id="mac.gemma3:1b")
    plain = settings(task_model="gemma3:1b")
    assert check(poll(open_webui=server(plain, (prefixed, small)))) != ()
    right = settings(task_model="mac.gemma3:1b")
    assert check(poll(open_webui=server(right, (prefixed, small)))) == ()


def test_without_ollama_it_cannot_judge():
    assert check(replace(poll(asks=requests((TASK,), 1)), ollama=GONE)) is None


def test_no_ollama_at_all_is_an_answer():
    snapshot = poll(models=(), runners=())
    absent = replace(snapshot, ollama=Known(replace(snapshot.ollama.value, presence=Presence.ABSENT), 0.0))
    assert check(absent) == ()


def by_relay(snapshot, **way):
    """Open WebUI's only connection, as it is with chat first; `way`: what differs."""
    told = RelayState(7, 11435, snapshot.ollama.value.url, 0.0, 1.0)
    one = replace(OllamaConnection(0, "http://127.0.0.1:11435", tells_task=True), **way)
    web = replace(snapshot.open_webui.value, connections=Known((one,), 0.0))
    return replace(snapshot, open_webui=Known(web, 0.0), relay=Known(told, 1.0))


def test_with_chat_first_tasks_are_in_nobodys_way():
    assert check(by_relay(poll())) == ()


def test_a_way_past_the_relay_or_a_relay_that_does_not_answer_is_no_chat_first():
    (found,) = check(by_relay(poll(), tells_task=False))
    assert found.subject == BIG
    silent = replace(by_relay(poll(), url=poll().ollama.value.url), relay=Unknown(Why.UNREACHABLE))
    (found,) = check(silent)
    assert found.subject == BIG
