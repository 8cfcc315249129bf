"""Only an address and our own headers change in the list of connections, and they can be taken back whatever came since."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.tasks import assignments, documents
from tray_app.core.tasks import ollama_connections as connections
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.task_settings import DocumentKind, Setting

OLLAMA, OTHER, RELAY = "http://localhost:11434", "http://nas:11434", "http://127.0.0.1:11435"
KEY, SECRET = "sk-key-of-a-connection", "Basic c2VjcmV0OnNlY3JldA=="

texts = st.text(max_size=8)
odd = st.none() | st.booleans() | st.integers(-5, 5) | texts | st.lists(texts, max_size=2)
own_headers = st.dictionaries(st.sampled_from(["Authorization", "X-Own", "x-elbow"]), texts, max_size=3)
configs = st.fixed_dictionaries(
    {},
    optional={
        "enable": st.booleans(),
        "key": texts,
        "prefix_id": texts,
        "tags": odd,
        "headers": own_headers,
        "new": odd,
    },
).filter(bool)  # none at all and an empty one are the same to Open WebUI


@st.composite
def lists(draw):
    urls = draw(
        st.lists(st.sampled_from([OLLAMA, OTHER, "http://localhost:11434/", "http://gpu:1"]), min_size=1, max_size=4)
    )
    numbers = [str(index) for index in range(len(urls)) if draw(st.booleans())]
    return {
        "ENABLE_OLLAMA_API": draw(st.booleans()),
        "OLLAMA_BASE_URLS": urls,
        "OLLAMA_API_CONFIGS": {number: draw(configs) for number in numbers},
    }


def document(*urls, **more):
    return {"ENABLE_OLLAMA_API": True, "OLLAMA_BASE_URLS": list(urls), "OLLAMA_API_CONFIGS": more.get("configs", {})}


def led(before, *numbers, url=RELAY):
    changes = tuple(connections.led_to(before, number, url) for number in numbers)
    return changes, documents.changed(before, changes)


@given(lists(), st.data())
def test_nothing_else_changes_and_undo_restores_it_exactly(before, data):
    numbers = data.draw(st.sets(st.integers(0, len(before["OLLAMA_BASE_URLS"]) - 1), min_size=1))
    untouched = copy.deepcopy(before)
    changes, after = led(before, *numbers)
    assert before == untouched
    for index, url in enumerate(before["OLLAMA_BASE_URLS"]):
        was, now = (one["OLLAMA_API_CONFIGS"].get(str(index), {}) for one in (before, after))
        assert after["OLLAMA_BASE_URLS"][index] == (RELAY if index in numbers else url)
        assert {name: now[name] for name in now if name != "headers"} == {
            name: was[name] for name in was if name != "headers"
        }
        ours = connections.HEADERS if index in numbers else {}
        assert now.get("headers", {}) == {**was.get("headers", {}), **ours}
    assert all(assignments.is_made(after, one) for one in changes)
    back, drifted = assignments.back(after, changes)
    assert drifted == ()
    assert documents.changed(after, back) == before


@given(lists(), st.data())
def test_no_key_and_no_other_header_reaches_a_plan(before, data):
    for number, config in before["OLLAMA_API_CONFIGS"].items():
        config |= {"key": f"{KEY}-{number}", "headers": {"Authorization": SECRET, "X-Elbowroom-Task": SECRET}}
    changes, after = led(before, *range(len(before["OLLAMA_BASE_URLS"])))
    back, _ = assignments.back(after, changes)
    told = repr((changes, back, documents.shown(DocumentKind.OLLAMA_CONNECTIONS, after)))
    assert KEY not in told
    assert SECRET not in told
    hidden = documents.secrets_of(DocumentKind.OLLAMA_CONNECTIONS, before)
    assert all({f"{KEY}-{number}", SECRET} <= set(hidden) for number in before["OLLAMA_API_CONFIGS"])


def test_a_header_under_our_name_that_is_somebodys_is_told_and_kept():
    config = {"headers": {"X-Elbowroom-Task": SECRET, "x-elbowroom-chat": "{{CHAT_ID}}"}}
    before = document(OLLAMA, configs={"0": config})
    assert connections.taken_names(before, 0) == ("X-Elbowroom-Task", "x-elbowroom-chat")
    assert connections.taken_names(led(document(OLLAMA), 0)[1], 0) == ()
    changes, after = led(document(OLLAMA), 0)
    after["OLLAMA_API_CONFIGS"]["0"]["headers"]["X-Elbowroom-Task"] = SECRET
    back, drifted = assignments.back(after, changes)
    assert drifted == (Setting.OLLAMA_CONNECTION,)
    assert documents.changed(after, back) == document(OLLAMA, configs={"0": {"headers": {"X-Elbowroom-Task": SECRET}}})


def meddled(after, **change):
    after = copy.deepcopy(after)
    after.update(change)
    return after


def test_what_an_admin_added_to_the_connection_since_stays():
    changes, after = led(document(OLLAMA), 0)
    after["OLLAMA_API_CONFIGS"]["0"] |= {"prefix_id": "mac", "key": KEY}
    back, drifted = assignments.back(after, changes)
    assert drifted == ()
    assert documents.changed(after, back) == document(OLLAMA, configs={"0": {"prefix_id": "mac", "key": KEY}})


def test_an_address_that_an_admin_changed_stays_and_our_headers_go():
    changes, after = led(document(OLLAMA), 0)
    after["OLLAMA_BASE_URLS"] = [OTHER]
    back, drifted = assignments.back(after, changes)
    assert drifted == (Setting.OLLAMA_CONNECTION,)
    assert documents.changed(after, back) == document(OTHER)


def test_the_address_is_taken_back_also_where_somebody_took_the_headers_out():
    changes, after = led(document(OLLAMA), 0)
    after["OLLAMA_API_CONFIGS"] = {}
    back, drifted = assignments.back(after, changes)
    assert drifted == ()
    assert documents.changed(after, back) == document(OLLAMA)


def test_a_connection_that_moved_in_the_list_is_found_again():
    changes, after = led(document(OLLAMA, OTHER), 0)
    moved = document(OTHER, RELAY, configs={"1": after["OLLAMA_API_CONFIGS"]["0"]})
    back, drifted = assignments.back(moved, changes)
    assert drifted == ()
    assert documents.changed(moved, back) == document(OTHER, OLLAMA)


@pytest.mark.parametrize("now", [document(), document(OTHER), document(RELAY, RELAY, OTHER)])
def test_a_connection_that_is_gone_or_cannot_be_told_apart_is_left_alone(now):
    changes = (Change(Setting.OLLAMA_CONNECTION, {"url": OLLAMA}, {"url": RELAY, "headers": {}}, "2"),)
    assert assignments.back(now, changes) == ((), (Setting.OLLAMA_CONNECTION,))


def test_what_is_there_already_is_not_written_again_and_another_address_is_drift():
    changes, after = led(document(OLLAMA), 0)
    with pytest.raises(ChangeError) as caught:
        assignments.still_to_do(after, changes)
    assert caught.value.problem is Problem.NOTHING_TO_DO
    with pytest.raises(ChangeError) as caught:
        assignments.still_to_do(document(OTHER), changes)
    assert caught.value.problem is Problem.DRIFT


@pytest.mark.parametrize(
    ("event", "now", "found"),
    [
        (Event.INTENDED, "after", Event.APPLIED),
        (Event.INTENDED, "before", Event.FAILED),
        (Event.UNDO_INTENDED, "after", Event.UNDO_FAILED),
        (Event.UNDO_INTENDED, "before", Event.UNDONE),
    ],
)
def test_a_change_that_was_cut_short_is_settled_by_reading(event, now, found):
    before = document(OLLAMA, OTHER, configs={"1": {"key": KEY}})
    changes, after = led(before, 0)
    record = Record("a", 1.0, event, "http://127.0.0.1:8080", changes=changes)
    assert assignments.found({"before": before, "after": after}[now], record) is found


def test_others_are_named_and_their_values_are_not():
    changes, after = led(document(OLLAMA, OTHER), 0)
    now = copy.deepcopy(after)
    now["OLLAMA_API_CONFIGS"]["1"] = {"key": KEY}
    assert assignments.others(after, now, changes) == ("OLLAMA_API_CONFIGS",)
    assert assignments.others(after, after, changes) == ()


@pytest.mark.parametrize("key", connections.KEYS)
@pytest.mark.parametrize("value", [..., None, 1, "x", [1], {"0": 1}])
def test_a_document_of_another_shape_may_not_be_written_back(key, value):
    """The server would take a missing switch for off, and throw away what it does not understand."""
    odd_one = document(OLLAMA) | {key: value}
    if value is ...:
        del odd_one[key]
    with pytest.raises(ValueError, match=key):
        documents.shown(DocumentKind.OLLAMA_CONNECTIONS, odd_one)


@pytest.mark.parametrize(
    ("configs", "good"), [({}, True), ({"0": {}}, True), ({OLLAMA: {}}, False), ({"1": {}}, False)]
)
def test_settings_that_go_by_address_would_be_lost(configs, good):
    assert connections.is_by_position(document(OLLAMA, configs=configs)) is good


@given(odd, odd, texts, lists())
def test_a_journal_that_was_edited_by_hand_breaks_nothing(before, after, place, now):
    change = Change(Setting.OLLAMA_CONNECTION, before, after, place)
    back, _ = assignments.back(now, (change,))
    assert back == ()
    json.dumps(documents.same(change.setting, before, after))
