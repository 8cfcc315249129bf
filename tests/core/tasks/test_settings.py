"""Which version has which setting, and one change to a document that keeps everything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.tasks.releases import KEYS, TASK_KINDS, runs, support
from tray_app.core.tasks.settings import changed, decode, key_of, value
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch
from tray_app.core.values.version import parse_version

OFF_ON = {"task": st.sampled_from(TASKS), "on": st.booleans()}
TEMPLATES = {"TITLE_GENERATION_PROMPT_TEMPLATE": "", "TOOLS_FUNCTION_CALLING_PROMPT_TEMPLATE": ""}
SLOT_KEYS = {"TASK_MODEL": "", "TASK_MODEL_EXTERNAL": ""}


def document(*keys, **values):
    return SLOT_KEYS | TEMPLATES | dict.fromkeys(keys, True) | values


# Switches by version as the running servers' own answers had them.
SEEN = {
    (0, 3, 35): ("ENABLE_SEARCH_QUERY",),
    (0, 4, 8): (
        "ENABLE_AUTOCOMPLETE_GENERATION",
        "ENABLE_TAGS_GENERATION",
        "ENABLE_SEARCH_QUERY_GENERATION",
        "ENABLE_RETRIEVAL_QUERY_GENERATION",
    ),
}
SEEN[0, 5, 20] = (*SEEN[0, 4, 8], "ENABLE_TITLE_GENERATION")
SEEN[0, 6, 5] = SEEN[0, 5, 20]
SEEN[0, 6, 18] = (*SEEN[0, 6, 5], "ENABLE_FOLLOW_UP_GENERATION")
SEEN[0, 6, 43] = SEEN[0, 8, 12] = SEEN[0, 10, 2] = SEEN[0, 6, 18]
SEEN[0, 11, 4] = SEEN[0, 12, 4] = (*SEEN[0, 6, 18], "TASK_MODEL_PARAMS")


@pytest.mark.parametrize("version", SEEN)
@pytest.mark.parametrize("setting", KEYS)
def test_the_table_agrees_with_the_answers_of_real_servers(version, setting):
    found = document(*SEEN[version])
    assert support(version, setting) is (key_of(setting, found) is not None)


def test_a_task_never_has_a_switch_before_it_runs():
    for task in TASKS:
        assert runs(TASK_KINDS[task].runs_since, task)
        assert not support((0, 2, 9), task)
        for version in ((0, 3, 0), (0, 3, 33), (0, 4, 0), (0, 4, 7), (0, 5, 12), (0, 6, 14), (0, 12, 4)):
            assert runs(version, task) or not support(version, task)


def test_decoding_a_document():
    found = decode(
        document(
            "ENABLE_TITLE_GENERATION",
            ENABLE_FOLLOW_UP_GENERATION=False,
            TASK_MODEL="gemma3:1b",
            TASK_MODEL_EXTERNAL=None,
            TASK_MODEL_PARAMS={"think": False, "max_tokens": 300},
        )
    )
    assert (found.titles, found.follow_ups, found.tags) == (Switch.ON, Switch.OFF, Switch.UNSUPPORTED)
    assert found.switch(Setting.FOLLOW_UPS) is Switch.OFF
    assert [found.model(slot) for slot in SLOTS] == ["gemma3:1b", ""]
    assert found.task_model_params == '{"max_tokens": 300, "think": false}'


def test_the_search_switch_of_0_3():
    found = document(ENABLE_SEARCH_QUERY=False)
    assert decode(found).search_queries is Switch.OFF
    assert changed(found, {Setting.SEARCH_QUERIES: True})["ENABLE_SEARCH_QUERY"] is True


def test_parameters_that_are_null_are_empty_and_missing_ones_are_none():
    assert decode(document(TASK_MODEL_PARAMS=None)).task_model_params == "{}"
    assert decode(document()).task_model_params is None


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ({}, "TASK_MODEL"),
        ({"TASK_MODEL": ""}, "TASK_MODEL_EXTERNAL"),
        (document(TASK_MODEL=7), "TASK_MODEL"),
        (document(TASK_MODEL=["x"]), "TASK_MODEL"),
        (document(ENABLE_TAGS_GENERATION=None), "ENABLE_TAGS_GENERATION"),
        (document(ENABLE_TAGS_GENERATION="on"), "ENABLE_TAGS_GENERATION"),
        (document(ENABLE_TAGS_GENERATION=1), "ENABLE_TAGS_GENERATION"),
        (document(TASK_MODEL_PARAMS=[]), "TASK_MODEL_PARAMS"),
    ],
)
def test_a_document_of_another_shape_names_the_field(broken, name):
    with pytest.raises(ValueError, match=name):
        decode(broken)


@given(
    rest=st.dictionaries(
        st.text(min_size=1).filter(lambda key: not key.startswith(("ENABLE_", "TASK_"))),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=6,
    ),
    **OFF_ON,
)
def test_a_change_and_its_undo_leave_the_document_to_the_letter(rest, task, on):
    before = document(*SEEN[0, 12, 4][:-1], TASK_MODEL_EXTERNAL=None, TASK_MODEL_PARAMS={"a": [1.0]}) | rest
    text = json.dumps(before)
    after = changed(before, {task: on, Setting.TASK_MODEL: "x"})
    assert value(after, task) is on
    assert {key for key in before if after[key] is not before[key]} <= {key_of(task, before), "TASK_MODEL"}
    assert list(after) == list(before)
    undone = changed(after, {task: value(before, task), Setting.TASK_MODEL: value(before, Setting.TASK_MODEL)})
    assert json.dumps(undone) == text == json.dumps(before)


def test_a_setting_that_the_document_lacks_is_not_invented():
    with pytest.raises(KeyError):
        changed(document(), {Setting.FOLLOW_UPS: False})
    with pytest.raises(KeyError):
        value(document(), Setting.FOLLOW_UPS)


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        (Setting.TAGS, "off"),
        (Setting.TAGS, None),
        (Setting.TAGS, 0),
        (Setting.TASK_MODEL, False),
        (Setting.TASK_MODEL, 3),
        (Setting.TASK_MODEL_PARAMS, "{}"),
    ],
)
def test_a_value_of_another_type_is_refused(setting, wrong):
    with pytest.raises(ValueError, match="cannot be"):
        changed(document("ENABLE_TAGS_GENERATION", TASK_MODEL_PARAMS={}), {setting: wrong})


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("0.12.4", (0, 12, 4)),
        (" v0.10.0-dev ", (0, 10, 0)),
        ("0.5", (0, 5, 0)),
        ("0.6.36.1", (0, 6, 36)),
        ("main", None),
        ("", None),
        ("9" * 10 + ".1", None),
    ],
)
def test_versions(text, version):
    assert parse_version(text) == version
