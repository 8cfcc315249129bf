"""Plan files: what is written is read back as it was, and nothing bad gets through."""

import io
import os
import stat
import sys
import tomllib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.english import TR
from tray_app.core.tasks import plan_file as core
from tray_app.core.text import plan_file as view
from tray_app.core.text.errors import told
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.plan_file import PlanFileError, PlanFileFault
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.task_settings import Setting
from tray_app.storage import plan_file

DOCUMENT = {
    "ENABLE_TITLE_GENERATION": True,
    "ENABLE_TAGS_GENERATION": False,
    "ENABLE_FOLLOW_UP_GENERATION": True,
    "ENABLE_AUTOCOMPLETE_GENERATION": False,
    "ENABLE_SEARCH_QUERY_GENERATION": True,
    "ENABLE_RETRIEVAL_QUERY_GENERATION": True,
    "TASK_MODEL": "gemma3:1b",
    "TASK_MODEL_EXTERNAL": None,
    "TASK_MODEL_PARAMS": {"temperature": 0.1, "stop": ["</s>", '"']},
}


def made(document):
    return plan_file.text(view.head("http://a", "0.12.4", TR), view.entries(core.held(document), TR))


def read(text: bytes):
    return core.wanted(plan_file.read(None, io.BytesIO(text)))


def test_the_whole_file():
    assert made(DOCUMENT) == (
        """\
# Task settings of Open WebUI 0.12.4 at http://a.
# With `apply FILE`, Elbowroom makes a server like this.
# A key that is left out stays on the server as it is.

format = 1

# Background tasks: true for on, false for off.
titles = true
tags = false
follow-ups = true
autocomplete = false
search-queries = true
retrieval-queries = true

# The model for tasks of chats with local models. Empty: the chat model itself.
task-model = "gemma3:1b"

# The same for chats with hosted models.
task-model-external = ""

# Parameters that the task model gets with each call.
[task-model-params]
temperature = 0.1
stop = ["</s>", "\\""]
"""
    )


def test_what_is_written_is_wanted():
    assert read(made(DOCUMENT).encode()) == {
        Setting.TITLES: True,
        Setting.TAGS: False,
        Setting.FOLLOW_UPS: True,
        Setting.AUTOCOMPLETE: False,
        Setting.SEARCH_QUERIES: True,
        Setting.RETRIEVAL_QUERIES: True,
        Setting.TASK_MODEL: "gemma3:1b",
        Setting.TASK_MODEL_EXTERNAL: "",
        Setting.TASK_MODEL_PARAMS: {"temperature": 0.1, "stop": ["</s>", '"']},
    }


def test_what_a_version_lacks_and_what_toml_cannot_hold_is_told_and_left_out():
    old = {"TASK_MODEL": "", "TASK_MODEL_EXTERNAL": "", "ENABLE_SEARCH_QUERY": True, "TASK_MODEL_PARAMS": {"a": None}}
    text = made(old)
    assert "# titles: not in this version.\n# tags: not in this version.\n" in text
    assert "# task-model-params: left out, because TOML cannot hold what the server has.\n" in text
    assert read(text.encode()) == {
        Setting.SEARCH_QUERIES: True,
        Setting.TASK_MODEL: "",
        Setting.TASK_MODEL_EXTERNAL: "",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), JSON)
def test_any_name_and_any_parameters_come_back_as_they_were_or_are_left_out(name, params):
    values = core.held(DOCUMENT | {"TASK_MODEL": name, "TASK_MODEL_PARAMS": params})
    back = read(
        made(DOCUMENT | {"TASK_MODEL": name, "TASK_MODEL_PARAMS": params if isinstance(params, dict) else {}}).encode()
    )
    if values[Setting.TASK_MODEL] is not None:
        assert back[Setting.TASK_MODEL] == name
    if isinstance(params, dict) and values[Setting.TASK_MODEL_PARAMS] is not None:
        assert back[Setting.TASK_MODEL_PARAMS] == params


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_an_error_of_ours(data):
    with suppress(ElbowroomError):
        read(data)


@pytest.mark.parametrize(
    ("text", "fault", "said"),
    [
        (
            b"titles = tru\n",
            PlanFileFault.NOT_TOML,
            "Line 1 of the plan file cannot be read as TOML. Nothing was changed.",
        ),
        (b"titles = true\ntitles = false\n", PlanFileFault.NOT_TOML, "Line 2 of the plan file"),
        (b"x = " + b"[" * 50_000, PlanFileFault.NOT_TOML, "The plan file cannot be read as TOML."),
        (b"titles = true\n# \xff\n", PlanFileFault.NOT_UTF8, "Line 2 of the plan file is not UTF-8."),
        (b"#" * (core.LARGEST_BYTES + 1), PlanFileFault.TOO_BIG, "This is far too large for a plan file."),
        (
            b"",
            PlanFileFault.EMPTY,
            "The plan file holds no setting. Nothing was changed. `elbowroom plan FILE` writes one.",
        ),
        (b"format = 1\n", PlanFileFault.EMPTY, "The plan file holds no setting."),
        (b"format = 2\ntitles = true\n", PlanFileFault.NEWER, "written by a newer Elbowroom"),
        (b"format = 0\ntitles = true\n", PlanFileFault.WRONG_TYPE, "`format` in the plan file needs a whole number."),
        (
            b"format = true\ntitles = true\n",
            PlanFileFault.WRONG_TYPE,
            "`format` in the plan file needs a whole number.",
        ),
        (
            b"Title = true\n",
            PlanFileFault.UNKNOWN_KEY,
            "A plan file has no key `Title`. Nothing was changed. Did you mean `titles`?",
        ),
        (b"xyz = true\n", PlanFileFault.UNKNOWN_KEY, "Possible: titles, tags"),
        (b"[tasks]\ntitles = true\n", PlanFileFault.UNKNOWN_KEY, "`tasks`"),
        (b'"\\u001b[31m" = true\n', PlanFileFault.UNKNOWN_KEY, "A plan file has no key"),
        (
            b'titles = "on"\n',
            PlanFileFault.WRONG_TYPE,
            "`titles` in the plan file needs true or false. Nothing was changed.",
        ),
        (b"titles = 1\n", PlanFileFault.WRONG_TYPE, "`titles` in the plan file needs true or false."),
        (b"task-model = false\n", PlanFileFault.WRONG_TYPE, "`task-model` in the plan file needs a text in quotes."),
        (b"task-model-params = 5\n", PlanFileFault.WRONG_TYPE, "`task-model-params` in the plan file needs a table"),
        (b"task-model-params = {a = 2026-01-01}\n", PlanFileFault.WRONG_TYPE, "needs a table of JSON values"),
        (b"task-model-params = {a = nan}\n", PlanFileFault.WRONG_TYPE, "needs a table of JSON values"),
        (b"task-model-params = {a = 9223372036854775808}\n", PlanFileFault.WRONG_TYPE, "needs a table of JSON values"),
    ],
)
def test_what_cannot_be_followed_is_told_in_one_line(text, fault, said):
    with pytest.raises(PlanFileError) as caught:
        read(text)
    assert caught.value.fault is fault
    line = told(caught.value, TR)
    assert said in line
    assert line.isprintable()


def test_the_mark_of_an_editor_and_its_line_ends_do_no_harm():
    assert read(b"\xef\xbb\xbftitles = true\r\n") == {Setting.TITLES: True}


def test_a_file_is_new_whole_and_for_others_too(tmp_path):
    path = tmp_path / "tasks.toml"
    plan_file.write(path, made(DOCUMENT))
    assert tomllib.loads(path.read_text("utf-8"))["titles"] is True
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR
        assert not stat.S_IMODE(path.stat().st_mode) & stat.S_IXUSR
    with pytest.raises(StorageError) as caught:
        plan_file.write(path, "titles = false\n")
    assert caught.value.fault is StorageFault.EXISTS
    assert caught.value.given
    assert path.read_text("utf-8") == made(DOCUMENT)


def test_half_a_plan_is_not_left_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plan_file, "write_all", full)
    with pytest.raises(StorageError) as caught:
        plan_file.write(tmp_path / "tasks.toml", "titles = true\n")
    assert caught.value.fault is StorageFault.DISK_FULL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_file_is_told_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none", tmp_path / "none" / "deeper"):
        with pytest.raises(StorageError) as caught:
            plan_file.read(path, io.BytesIO())
        assert caught.value.given
        assert str(path) in told(caught.value, TR)
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(PlanFileError) as wrong:
        plan_file.read(big, io.BytesIO())
    assert wrong.value.fault is PlanFileFault.TOO_BIG
