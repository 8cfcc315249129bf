"""Where files are: each system's place, or all under one folder."""

from pathlib import Path

from tray_app.storage.paths import Paths


def files(paths: Paths) -> list[Path]:
    return [value for value in vars(paths).values() if isinstance(value, Path)]


def test_home_holds_every_file(tmp_path):
    for path in files(Paths(tmp_path)):
        assert path.is_relative_to(tmp_path)


def test_a_relative_home_does_not_move_with_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = Paths(Path("here"))
    monkeypatch.chdir("/")
    assert paths.journal_file == tmp_path / "here" / "journal.jsonl"


def test_home_may_start_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Paths(Path("~/trial")).home == tmp_path / "trial"


def test_without_home_nothing_is_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in files(Paths()):
        assert path.is_absolute()
        assert not path.is_relative_to(tmp_path)


def test_no_two_files_share_a_name(tmp_path):
    for paths in (Paths(), Paths(tmp_path)):
        found = [path for path in files(paths) if path != paths.home]
        assert len(set(found)) == len(found)


def test_each_home_has_a_keychain_item_of_its_own(tmp_path):
    services = {
        Paths().keychain_service,
        Paths(tmp_path / "a").keychain_service,
        Paths(tmp_path / "b").keychain_service,
    }
    assert len(services) == 3


def test_asking_for_paths_creates_nothing(tmp_path):
    Paths(tmp_path / "home")
    assert not (tmp_path / "home").exists()
