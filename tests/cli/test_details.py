"""`details` without a tray app: its own page, ended by itself; with one, that one is asked."""

import pytest

from tests.played import Played
from tray_app.app.instance import Errand, become_the_one
from tray_app.storage.lock import SingleInstance
from tray_app.storage.paths import Paths


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home") as made:
        yield made


def test_without_a_browser_it_ends_and_names_what_works(played, monkeypatch, capsys):
    monkeypatch.setattr("tray_app.cli.browser.details.open_in_browser", lambda _way: False)
    assert played.run("details") == 1
    assert "watch" in capsys.readouterr().err
    assert not list(played.home.glob("elbowroom-details-*"))
    assert not Paths(played.home).details_file.exists()


@pytest.mark.parametrize("whose", ["instance", "details"])
def test_one_that_runs_is_asked_to_open_the_same_page(played, capsys, whose):
    rung = []
    lock = SingleInstance(played.home / f"{whose}.lock", played.home / f"{whose}.json")
    bell = become_the_one(lock, rung.append)
    try:
        assert played.run("details") == 0
    finally:
        bell.close()
        lock.release()
    assert rung == [Errand.DETAILS if whose == "instance" else Errand.SHOW]
    assert "opens in your browser" in capsys.readouterr().out


def test_a_tray_app_that_does_not_answer_is_told(played, capsys):
    lock = SingleInstance(played.home / "instance.lock", played.home / "instance.json")
    assert lock.acquire()
    try:
        assert played.run("details") == 1
    finally:
        lock.release()
    assert capsys.readouterr().err
