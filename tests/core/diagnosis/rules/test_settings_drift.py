"""settings-drift: a setting that we wrote holds another value."""

import pytest

from tests.core.poll_builder import (
    facts,
    poll,
    server,
    settings,
    told,
)
from tray_app.core.diagnosis.rules import settings_drift
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import Setting, Switch


def check(snapshot, before=None):
    return settings_drift.check(facts(snapshot, before))


def wrote(setting, value, at=-1.0):
    return Record("change-1", at, Event.APPLIED, "http://127.0.0.1:8080", changes=(Change(setting, None, value),))


WRITTEN = (wrote(Setting.FOLLOW_UPS, False), wrote(Setting.TASK_MODEL, "gemma3:1b"))


def test_what_holds_another_value_now():
    made = server(settings(task_model="gemma3:1b"))
    (found,) = check(poll(open_webui=made, written=WRITTEN))
    assert (found.subject, told(found)["written"], told(found)["now"]) == ("follow-ups", "false", "true")


def test_settings_read_before_the_write_prove_nothing():
    late = (wrote(Setting.FOLLOW_UPS, False, at=10.0),)
    assert check(poll(written=late)) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Setting.TASK_MODEL, None),
        (Setting.TASK_MODEL, ""),
        (Setting.TASK_MODEL_PARAMS, {}),
        (Setting.TITLES, True),
    ],
)
def test_the_same_in_other_words(name, value):
    assert check(poll(written=(wrote(name, value),))) == ()


def test_a_task_this_version_lacks_cannot_drift():
    made = server(settings(follow_ups=Switch.UNSUPPORTED))
    assert check(poll(open_webui=made, written=WRITTEN[:1])) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Setting.OPENAI_CONNECTION, {"url": "https://openrouter.ai/api/v1", "enable": True, "model_ids": ["m"]}),
        (Setting.OPENAI_API, True),
    ],
)
def test_what_no_poll_reads_cannot_be_said_to_drift(name, value):
    """A release that has parameters of the task model: they are not what a hosted connection holds."""
    made = server(settings(task_model_params="{}"))
    assert check(poll(open_webui=made, written=(wrote(name, value),))) == ()
