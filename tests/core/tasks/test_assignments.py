"""Words of `elbowroom set` become settings, and a slip names the nearest right word."""

import pytest

from tray_app.core.tasks.assignments import parse
from tray_app.core.tasks.documents import equal, same
from tray_app.core.values.errors.usage import UsageError
from tray_app.core.values.task_settings import Setting


def test_switches_and_models_are_read():
    assert parse(["follow-ups=off", "autocomplete=ON", "task-model=gemma3:1b", "task-model-external="]) == {
        Setting.FOLLOW_UPS: False,
        Setting.AUTOCOMPLETE: True,
        Setting.TASK_MODEL: "gemma3:1b",
        Setting.TASK_MODEL_EXTERNAL: "",
    }


@pytest.mark.parametrize(
    ("given", "what", "nearest"),
    [
        ("folow-ups=off", "setting", "follow-ups"),
        ("autocompletion=off", "setting", "autocomplete"),
        ("tags", "assignment", ""),
        ("tags=offf", "value", "off"),
        ("tags=", "assignment", ""),
        ("task-model-params={}", "setting", "task-model"),
    ],
)
def test_a_slip_names_the_nearest_right_word(given, what, nearest):
    with pytest.raises(UsageError) as caught:
        parse([given])
    assert (caught.value.what, caught.value.nearest) == (what, nearest)


def test_the_same_setting_twice_is_a_contradiction():
    with pytest.raises(UsageError, match="twice"):
        parse(["tags=on", "tags=off"])


def test_true_is_not_one():
    assert not same(Setting.TAGS, True, 1)
    assert not same(Setting.TASK_MODEL_PARAMS, {"a": [1]}, {"a": [True]})
    assert not equal(1, 1.0)


def test_the_order_of_keys_does_not_count_and_everything_else_does():
    assert equal({"a": 1, "b": [None, {"c": "x"}]}, {"b": [None, {"c": "x"}], "a": 1})
    assert not equal({"a": 1}, {"a": 1, "b": None})
    assert not equal([1, 2], [1])
    assert not equal([], {})


def test_no_parameters_are_none_of_them():
    """A server that was never given any holds null; a file of it says an empty table."""
    assert same(Setting.TASK_MODEL_PARAMS, None, {})
    assert not same(Setting.TASK_MODEL_PARAMS, None, {"temperature": 0.5})
    assert not same(Setting.TITLES, None, False)
