"""Tokens: bound to their origin, in one place, asked for only when needed."""

import errno
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.token import Token
from tray_app.storage import files
from tray_app.storage.secret import ENVIRONMENT_KEY, KeptIn, Secrets, read_secret_file
from tray_app.storage.state import StateFile

HERE = "http://127.0.0.1:8080"
THERE = "https://chat.example.org:443"


class FakeKeychain:
    """One item that behaves: it holds a text, counts reads, and can be missing."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.reads = 0
        self.problem: Problem | None = None

    def _check(self) -> None:
        if self.problem:
            raise ChangeError(self.problem)

    def read(self) -> str | None:
        self.reads += 1
        self._check()
        return self.text

    def write(self, text: str) -> None:
        self._check()
        self.text = text

    def delete(self) -> None:
        self._check()
        self.text = None


def known(secrets: Secrets) -> tuple[str, ...]:
    """The origins that the state names."""
    return tuple(sorted(secrets._state.read().secrets))


@pytest.fixture
def keychain() -> FakeKeychain:
    return FakeKeychain()


@pytest.fixture
def make(tmp_path, keychain):
    def new_run(**environ: str) -> Secrets:
        return Secrets(StateFile(tmp_path / "state.json"), keychain, tmp_path / "secret.json", environ)

    return new_run


def test_nothing_is_stored_at_first_and_the_keychain_is_not_asked(make, keychain):
    assert make().token(HERE, chosen=True) is None
    assert known(make()) == ()
    assert keychain.reads == 0


@pytest.mark.parametrize("where", list(KeptIn))
def test_a_stored_token_comes_back_for_its_origin_only(make, where):
    make().store(Token("t1", HERE), where)
    assert make().token(HERE + "/path", chosen=False) == Token("t1", HERE)
    for other in ("http://127.0.0.1:3000", "https://127.0.0.1:8080", "http://localhost:8080", THERE):
        assert make().token(other, chosen=True) is None


def test_tokens_of_all_servers_are_one_item(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    make().store(Token("t2", THERE), KeptIn.KEYCHAIN)
    assert json.loads(keychain.text) == {HERE: "t1", THERE: "t2"}
    assert make().token(HERE, chosen=False).value == "t1"
    assert known(make()) == (HERE, THERE)


def test_the_keychain_is_read_once_a_run(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    keychain.reads = 0
    run = make()
    for _ in range(3):
        run.token(HERE, chosen=False)
    assert keychain.reads == 1


def test_the_environment_wins_for_a_url_the_user_named_and_only_there(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    keychain.reads = 0
    run = make(**{ENVIRONMENT_KEY: " sk-env\n"})
    assert run.token(HERE, chosen=True) == Token("sk-env", HERE, from_environment=True)
    assert keychain.reads == 0
    assert run.token(THERE, chosen=False) is None
    assert run.token(HERE, chosen=False) == Token("t1", HERE)


def test_an_empty_environment_variable_is_none(make):
    assert make(**{ENVIRONMENT_KEY: " "}).token(HERE, chosen=True) is None


@pytest.mark.parametrize("problem", [Problem.NO_KEYCHAIN, Problem.KEYCHAIN_LOCKED])
def test_without_a_keychain_nothing_is_stored_anywhere(make, keychain, tmp_path, problem):
    keychain.problem = problem
    with pytest.raises(ChangeError) as caught:
        make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    assert caught.value.problem is problem
    assert known(make()) == ()
    assert "t1" not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())


def test_a_locked_keychain_is_told_when_the_token_is_needed_and_can_be_tried_again(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    run = make()
    keychain.problem = Problem.KEYCHAIN_LOCKED
    with pytest.raises(ChangeError):
        run.token(HERE, chosen=False)
    keychain.problem = None
    assert run.token(HERE, chosen=False) == Token("t1", HERE)


@pytest.mark.parametrize("where", list(KeptIn))
def test_delete_forgets_everywhere(make, keychain, tmp_path, where):
    make().store(Token("t1", HERE), where)
    assert make().delete(HERE)
    assert make().token(HERE, chosen=False) is None
    assert known(make()) == ()
    assert (keychain.text, (tmp_path / "secret.json").exists()) == (None, False)
    assert not make().delete(HERE)


def test_delete_keeps_the_other_servers(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    make().store(Token("t2", THERE), KeptIn.KEYCHAIN)
    make().delete(HERE)
    assert json.loads(keychain.text) == {THERE: "t2"}


def test_a_token_moves_and_leaves_no_copy(make, keychain, tmp_path):
    make().store(Token("t1", HERE), KeptIn.FILE)
    make().store(Token("t2", HERE), KeptIn.KEYCHAIN)
    assert not (tmp_path / "secret.json").exists()
    assert make().token(HERE, chosen=False).value == "t2"
    make().store(Token("t3", HERE), KeptIn.FILE)
    assert keychain.text is None
    assert make().token(HERE, chosen=False).value == "t3"


def test_an_item_of_another_shape_counts_as_empty(make, keychain):
    make().store(Token("t1", HERE), KeptIn.KEYCHAIN)
    for text in ("", "{", "[]", "null", '{"a": 1}'):
        keychain.text = text
        assert make().token(HERE, chosen=False) is None


def test_a_token_without_origin_is_a_mistake_of_ours(make):
    with pytest.raises(ValueError):
        make().store(Token("t1"), KeptIn.FILE)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX files")
def test_the_file_is_private_whatever_the_umask(make, tmp_path):
    before = os.umask(0)
    try:
        make().store(Token("t1", HERE), KeptIn.FILE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret.json").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX files")
def test_a_file_that_others_may_read_is_refused_with_what_is_wrong(make, tmp_path):
    make().store(Token("t1", HERE), KeptIn.FILE)
    (tmp_path / "secret.json").chmod(0o644)
    with pytest.raises(StorageError, match="0644"):
        make().token(HERE, chosen=False)


def test_a_full_disk_keeps_the_old_token(make, tmp_path, monkeypatch):
    make().store(Token("t1", HERE), KeptIn.FILE)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(files.os, "write", full)
        with pytest.raises(StorageError):
            make().store(Token("t2", HERE), KeptIn.FILE)
    assert read_secret_file(tmp_path / "secret.json") == {HERE: "t1"}
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".lock") == ["secret.json", "state.json"]


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    tmp_path.chmod(0o700)
    with pytest.raises(StorageError):
        read_secret_file(tmp_path)


def test_no_token_is_in_the_state_file(make, tmp_path):
    make().store(Token("very-secret", HERE), KeptIn.FILE)
    assert "very-secret" not in Path(tmp_path / "state.json").read_text(encoding="utf-8")


# --- forgetting, whatever a crash left -------------------------------------------------------------


@pytest.fixture
def crashed(make, tmp_path):
    """Tokens in both places, and a state that knows of neither, as after a kill or a lost state.json."""
    secrets = make()
    secrets.store(Token("in-file", HERE), KeptIn.FILE)
    secrets.store(Token("in-keychain", THERE), KeptIn.KEYCHAIN)
    (tmp_path / "state.json").write_text('{"version":1,')
    (tmp_path / ".secret.json.4711.0badcafe").write_text('{"http://h:80":"in-spare"}')
    return make()


def everything_in(folder):
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_forgetting_leaves_no_token_whatever_the_state_says(crashed, keychain, tmp_path):
    assert crashed.forget_all() == (HERE, THERE)
    assert keychain.text is None
    assert "in-" not in everything_in(tmp_path)
    assert crashed.forget_all() == ()


def test_forgetting_needs_no_keychain(crashed, keychain, tmp_path):
    keychain.problem = Problem.NO_KEYCHAIN
    assert crashed.forget_all() == (HERE,)
    assert "in-" not in everything_in(tmp_path)


def test_a_locked_keychain_is_told_after_the_file_is_gone(crashed, keychain, tmp_path):
    keychain.problem = Problem.KEYCHAIN_LOCKED
    with pytest.raises(ChangeError) as caught:
        crashed.forget_all()
    assert caught.value.problem is Problem.KEYCHAIN_LOCKED
    assert "in-" not in everything_in(tmp_path)


def test_a_keychain_that_held_a_token_and_is_gone_is_told(make, keychain):
    secrets = make()
    secrets.store(Token("in-keychain", THERE), KeptIn.KEYCHAIN)
    keychain.problem = Problem.NO_KEYCHAIN
    with pytest.raises(ChangeError):
        secrets.forget_all()


def test_one_servers_token_is_forgotten_though_the_state_lost_it(crashed, tmp_path):
    assert crashed.delete(HERE)
    assert "in-file" not in everything_in(tmp_path)
    assert "in-spare" not in everything_in(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX systems")
def test_a_file_that_others_could_read_is_forgotten_too(crashed, tmp_path):
    (tmp_path / "secret.json").chmod(0o644)
    crashed.forget_all()
    assert "in-" not in everything_in(tmp_path)
