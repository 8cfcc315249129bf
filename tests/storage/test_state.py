"""Our own state: replaced as a whole, damage set aside, what a newer version added is carried along."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.storage import files
from tray_app.storage.state import State, StateFile

FULL = State(
    connected_url="http://127.0.0.1:8080",
    ollama_urls=("http://127.0.0.1:11434",),
    secrets={"http://127.0.0.1:8080": "keychain"},
    snoozed_until=1.5,
    notices_only_critical=True,
    icon_when_tight=True,
    relief_chosen="follow-ups-off",
    muted=("task-storm qwen3:32b",),
    language="ko",
    first_run_done=True,
    relief_change_id="abc",
    relief_remedy="follow-ups-off",
    relief_made=("change-2", "change-3"),
    relief_at=2.5,
    relief_blocked="tags-off",
    receipt_told="change-9",
    chat_first_paused=True,
    told={"qwen3:32b": 3.5},
)


@pytest.fixture
def file(tmp_path) -> StateFile:
    return StateFile(tmp_path / "home" / "state.json")


def names(file: StateFile) -> list[str]:
    return sorted(path.name for path in file.path.parent.iterdir() if path.suffix != ".lock")


def test_a_missing_file_is_the_first_run(file):
    assert file.read() == State()
    assert not file.path.parent.exists()


def test_every_field_survives_and_the_sample_has_them_all(file):
    for declared in fields(State):
        if declared.name != "unknown":
            assert getattr(FULL, declared.name) != getattr(State(), declared.name)
    assert file.update(lambda _: FULL) == FULL
    assert StateFile(file.path).read() == FULL


def test_no_spare_file_stays_and_nobody_else_may_read(file):
    file.update(lambda _: FULL)
    assert names(file) == ["state.json"]
    assert file.path.stat().st_mode & 0o077 == 0


def test_what_a_newer_version_added_is_kept(file):
    file.update(lambda _: FULL)
    document = json.loads(file.path.read_bytes())
    file.path.write_text(json.dumps({**document, "later": {"deep": [1]}}), encoding="utf-8")
    file.update(lambda state: replace(state, language="en"))
    document = json.loads(file.path.read_bytes())
    assert (document["later"], document["language"]) == ({"deep": [1]}, "en")


@pytest.mark.parametrize(
    "damage", [b"{", b"\xff", b"[]", b'{"version": 9}', b"null", b"[" * 100_000, b'{"version": 1, "muted": 3}']
)
def test_a_damaged_file_is_set_aside_when_it_is_written_not_when_it_is_read(file, damage):
    file.path.parent.mkdir()
    file.path.write_bytes(damage)
    assert file.read() == State()
    assert file.path.read_bytes() == damage
    file.update(lambda state: replace(state, language="ko"))
    assert file.read() == State(language="ko")
    assert names(file) == ["state.json", "state.json.damaged-1"]
    assert file.path.with_name("state.json.damaged-1").read_bytes() == damage


def test_each_damaged_file_gets_a_name_of_its_own(file):
    file.path.parent.mkdir()
    for _ in range(3):
        file.path.write_bytes(b"{")
        file.update(lambda state: state)
    assert names(file) == ["state.json", *(f"state.json.damaged-{number}" for number in (1, 2, 3))]


def test_one_bad_field_does_not_cost_the_others(file):
    file.update(lambda _: FULL)
    document = json.loads(file.path.read_bytes())
    file.path.write_text(json.dumps({**document, "snoozed_until": True}), encoding="utf-8")
    assert file.read() == replace(FULL, snoozed_until=None)


@pytest.mark.parametrize("text", ['"told": {"a": true}', '"relief_at": 1e999', '"secrets": {"a": []}', '"muted": [1]'])
def test_a_value_of_another_kind_is_left_out(file, text):
    file.path.parent.mkdir()
    file.path.write_text(f'{{"version": 1, {text}}}', encoding="utf-8")
    assert file.read() == State()


@given(st.binary(max_size=200))
def test_any_bytes_give_a_state(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_bytes(data)
    assert isinstance(StateFile(path).read(), State)


def test_two_processes_lose_none_of_each_others_changes(file):
    code = (
        "import sys; from pathlib import Path; from msgspec.structs import replace\n"
        "from tray_app.storage.state import StateFile\n"
        "file = StateFile(Path(sys.argv[1]))\n"
        "for n in range(15): file.update(lambda s: replace(s, muted=(*s.muted, f'{sys.argv[2]} {n}')))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(file.path), name]) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(set(file.read().muted)) == 30


def test_kill_9_leaves_a_whole_state(file):
    file.update(lambda _: FULL)
    code = (
        "import sys; from pathlib import Path; from msgspec.structs import replace\n"
        "from tray_app.storage.state import StateFile\n"
        "file = StateFile(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    n += 1; file.update(lambda s: replace(s, relief_change_id='x' * (n * 997 % 9999))); print(n, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(file.path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(9):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        writer.stdout.read()
    assert replace(file.read(), relief_change_id="abc") == FULL


def test_a_full_disk_keeps_the_old_state(file, monkeypatch):
    file.update(lambda _: FULL)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(files.os, "write", full)
        with pytest.raises(StorageError) as caught:
            file.update(lambda _: State())
    assert caught.value.fault is StorageFault.DISK_FULL
    assert file.read() == FULL
    assert names(file) == ["state.json"]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_told_and_set_aside_by_the_next_write(file, make):
    file.path.parent.mkdir()
    make(file.path)
    assert file.read() == State()
    assert file.problem is not None
    assert file.problem.reason
    assert file.problem.fault is not StorageFault.DISK_FULL
    assert file.update(lambda _: FULL) == FULL
    assert file.read() == FULL
    assert file.problem is None
    assert names(file) == ["state.json", "state.json.damaged-1"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("snoozed_until", 1e14),
        ("relief_at", -1),
        ("told", {"cause": 1e18}),
        ("told", {"\ud800": 1}),
        ("muted", ["\ud800"]),
        ("connected_url", "ittp://127.0.0.1:8080"),
        ("connected_url", "http://127.0.0.1:808000"),
        ("connected_url", "http://me:pw@127.0.0.1:8080"),
        ("connected_url", "http://a b"),
        ("connected_url", "http://a\u0000b"),
        ("secrets", {"ittp://127.0.0.1:8080": "file"}),
        ("secrets", {"http://127.0.0.1:8080": ["file"]}),
    ],
)
def test_what_was_never_written_is_not_handed_on(file, key, value):
    file.update(lambda _: FULL)
    file.path.write_text(json.dumps({**json.loads(file.path.read_bytes()), key: value}))
    left = file.read()
    assert left == replace(FULL, **{key: getattr(State(), key)})


def test_what_a_newer_version_nested_too_deeply_does_not_stop_the_next_write(file):
    file.path.parent.mkdir()
    file.path.write_text('{"version": 1, "language": "ko", "new": ' + "[" * 900 + "]" * 900 + "}")
    assert file.update(lambda state: replace(state, first_run_done=True)).language == "ko"
    assert StateFile(file.path).read().first_run_done
