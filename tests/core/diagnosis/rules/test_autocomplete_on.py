"""autocomplete-on: who gets it, and on which model."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    GIB,
    GONE,
    facts,
    listed,
    loaded,
    poll,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import autocomplete_on
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.finding import Severity
from tray_app.core.values.reading import Known
from tray_app.core.values.relay import RelayState
from tray_app.core.values.task_settings import Switch

SMALL = "llama3.2:3b"


def check(snapshot, before=None):
    return autocomplete_on.check(facts(snapshot, before))


ON = settings(autocomplete=Switch.ON)


@pytest.mark.parametrize(
    ("version", "own", "severity", "used_by"),
    [
        ("0.5.20", None, Severity.TIGHT, "everyone"),
        ("0.6.0", None, Severity.INFO, "not-known"),
        ("0.12.4", False, Severity.INFO, "not-known"),
        ("0.12.4", True, Severity.TIGHT, "own-account"),
    ],
)
def test_who_gets_it(version, own, severity, used_by):
    account = GONE if own is None else Known(own, 0.0)
    made = server(ON, version=version, own_autocomplete=account)
    (found,) = check(poll(open_webui=made))
    assert (found.severity, told(found)["used_by"]) == (severity, used_by)


def test_a_small_task_model_takes_it_without_hurting():
    made = server(replace(ON, task_model=SMALL), (listed(BIG), listed(SMALL)), version="0.5.20")
    (found,) = check(poll(open_webui=made))
    assert (found.subject, found.severity) == (SMALL, Severity.INFO)


@pytest.mark.parametrize(
    ("chat_gib", "task_gib", "task_model", "severity"),
    [
        (20, 2, SMALL, Severity.INFO),
        (20, 12, SMALL, Severity.TIGHT),
        # The chat model itself is no model of its own, however small.
        (20, 2, "", Severity.TIGHT),
        (5, 2, "", Severity.TIGHT),
    ],
)
def test_only_a_small_model_of_its_own_hurts_nobody(chat_gib, task_gib, task_model, severity):
    made = server(replace(ON, task_model=task_model), (listed(BIG), listed(SMALL)), version="0.5.20")
    both = (loaded(size=chat_gib * GIB), loaded(SMALL, task_gib * GIB))
    (found,) = check(poll(open_webui=made, models=both))
    assert (found.subject, found.severity) == (task_model or BIG, severity)


def test_chat_first_drops_it_where_a_chat_would_wait():
    """Then it takes nothing from anybody, on whatever model it runs."""
    way = OllamaConnection(0, "http://127.0.0.1:11435", tells_task=True)
    plain = poll(open_webui=server(ON, version="0.12.4", own_autocomplete=Known(True, 0.0)))
    web = replace(plain.open_webui.value, connections=Known((way,), 0.0))
    relay = RelayState(7, 11435, plain.ollama.value.url, 0.0, 1.0)
    (found,) = check(replace(plain, open_webui=Known(web, 0.0), relay=Known(relay, 1.0)))
    assert found.severity is Severity.INFO
    (found,) = check(plain)
    assert found.severity is Severity.TIGHT


def test_a_hosted_model_is_not_local():
    hosted = listed("gpt", owned_by="openai", connection_type="external", ollama_name=None)
    made = server(replace(ON, task_model="gpt"), (listed(BIG), hosted), version="0.5.20")
    assert check(poll(open_webui=made)) == ()


def test_off_is_off():
    assert check(poll()) == ()
    assert check(replace(poll(), open_webui=GONE)) is None
