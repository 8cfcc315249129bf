"""A task's body, written anew: what changes, and what passes byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.lanes.rewrite import LOADED_WITH, OWN_PATHS, rewritten
from tray_app.core.lanes.rules import LanesRules

TITLE = "title_generation"
RULES = LanesRules(task_models=((TITLE, "gemma3:1b"),), contexts=(("big", 8192), ("gemma3:1b", 2048)))
NOTHING = LanesRules()


def after(document, task="tags_generation", path="/api/chat", rules=RULES, chat_models=()):
    body = json.dumps(document).encode()
    found = rewritten(body, path, task, rules, chat_models)
    return "as it came" if found is body else json.loads(found)


# --- which model ------------------------------------------------------------------------------------------------------


def test_a_task_goes_to_the_model_that_the_user_chose_for_it():
    asked = {"model": "big", "messages": [{"role": "user", "content": "제목"}], "stream": False}
    assert after(asked, TITLE, rules=LanesRules(task_models=((TITLE, "gemma3:1b"),))) == asked | {"model": "gemma3:1b"}
    assert after(asked, "tags_generation", rules=LanesRules(task_models=((TITLE, "gemma3:1b"),))) == "as it came"


def test_what_was_meant_for_the_other_model_goes_with_it():
    options = dict.fromkeys(LOADED_WITH, 1) | {"temperature": 0.1, "num_predict": 1000}
    found = after({"model": "big", "options": options, "keep_alive": "1h", "think": True, "format": "json"}, TITLE)
    assert found == {
        "model": "gemma3:1b",
        "options": {"temperature": 0.1, "num_predict": 1000, "num_ctx": 2048},
        "format": "json",
    }


def test_a_model_that_is_told_not_to_think_stays_told():
    assert after({"model": "big", "think": False}, TITLE, rules=LanesRules(task_models=((TITLE, "x"),))) == {
        "model": "x",
        "think": False,
    }


@pytest.mark.parametrize("name", ["gemma3:1b", "Gemma3:1B"])
def test_a_task_that_asks_for_that_model_keeps_all_it_says(name):
    rules = LanesRules(task_models=((TITLE, "gemma3:1b"),))
    assert after({"model": name, "keep_alive": 0, "options": {"num_ctx": 512}}, TITLE, rules=rules) == "as it came"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/responses"])
def test_the_other_paths_know_a_model_and_nothing_else_of_this(path):
    assert after({"model": "big", "max_tokens": 9}, TITLE, path) == {"model": "gemma3:1b", "max_tokens": 9}
    assert after({"model": "big", "keep_alive": 0}, path=path, chat_models=("big:latest",)) == "as it came"


# --- how long it stays, and its context -------------------------------------------------------------------------------


@pytest.mark.parametrize("stay", [0, "0", "10s", 60, -1, "24h", None])
def test_on_a_chats_model_a_task_says_nothing_about_how_long_that_stays(stay):
    asked = {"model": "big", "keep_alive": stay, "options": {"num_ctx": 4096}}
    assert after(asked, chat_models=("big:latest",)) == {"model": "big", "options": {"num_ctx": 4096}}
    assert after(asked, chat_models=("other:latest",)) == "as it came"


@pytest.mark.parametrize("options", [{}, {"options": {}}, {"options": None}, {"options": {"temperature": 1}}])
@pytest.mark.parametrize("path", sorted(OWN_PATHS))
def test_a_task_without_a_context_gets_the_one_its_model_was_loaded_with(options, path):
    found = after({"model": "BIG:latest"} | options, path=path + "/?x=1")
    assert found["options"] == {**(options.get("options") or {}), "num_ctx": 8192}


def test_a_context_that_it_names_stays():
    assert after({"model": "big", "options": {"num_ctx": 512}}) == "as it came"


def test_without_rules_nothing_changes():
    assert after({"model": "big", "keep_alive": 0}, TITLE, rules=NOTHING) == "as it came"


# --- what passes as it came -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"model"',
        b"{}",
        b'{"model": 3}',
        b'{"model": null}',
        b'{"model": ""}',
        b'{"model": ["big"]}',
        b'{"model": "big", "options": []}',
        b'{"model": "big", "options": "num_ctx"}',
        b'{"model": "big", "model": "other"}',
        b'{"model": "big", "Model": "other"}',
        b'{"MODEL": "big"}',
        b'{"model": "big", "Keep_Alive": 3}',
        b'{"model": "big", "options": {"NUM_CTX": 3}}',
        b'{"model": "big", "messages": [{"role": "a", "role": "b"}]}',
        b'{"model": "big", "x": NaN}',
        b'{"model": "big", "x": 1e999}',
        b'{"model": "big"} {"model": "big"}',
        b'{"model": "big", "x": "\xff"}',
        b'\xef\xbb\xbf{"model": "big"}',
        '{"model": "big"}'.encode("utf-16"),
        b'{"model": "big", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model": "big", "x": ' + b"9" * 10_000 + b"}",
    ],
)
def test_what_is_not_certain_passes_as_it_came(body):
    assert rewritten(body, "/api/chat", TITLE, RULES, ("big:latest",)) is body


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "options", "keep_alive", "think", "messages", "x", "제목"]),
        st.sampled_from(["big", "gemma3:1b", {}, {"num_ctx": 1}]) | values,
    ),
    st.sampled_from([TITLE, "tags_generation", ""]),
    st.sampled_from(["/api/chat", "/v1/chat/completions"]),
)
def test_whatever_comes_only_what_is_ours_to_change_changes(document, task, path):
    body = json.dumps(document).encode()
    found = rewritten(body, path, task, RULES, ("big:latest",))
    if found is body:
        return
    changed = json.loads(found)
    ours = {"model", "options", "keep_alive", "think"}
    assert without(changed, ours) == without(document, ours)
    assert without(changed.get("options") or {}, LOADED_WITH) == without(document.get("options") or {}, LOADED_WITH)
    assert rewritten(found, path, task, RULES, ("big:latest",)) is found, "what was written anew is written once"


def without(document, keys):
    return {key: value for key, value in document.items() if key not in keys}
