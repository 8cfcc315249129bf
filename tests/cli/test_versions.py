"""Versions in `doctor` and `status`: faults by their name, and Open WebUI's own word only where it is asked for."""

import json

import pytest

from tests.played import Played


@pytest.fixture
def play(tmp_path, monkeypatch, capsys):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text("request_limit_s = 30\n")
    made = []

    def start(version="0.12.4", ollama=None):
        played = Played(home, version=version)
        made.append(played)
        if ollama:
            played.ollama.version = ollama

        def run(*argv):
            code = played.run(*argv)
            return code, *capsys.readouterr()

        return played, run

    yield start
    for one in made:
        one.__exit__(None, None, None)


def asked(played, monkeypatch):
    """The paths that Open WebUI was asked from here on."""
    paths, handle = [], played.webui.handle
    monkeypatch.setattr(played.webui, "handle", lambda request: (paths.append(request.path), handle(request))[1])
    return paths


def test_doctor_names_faults_and_what_to_do(play):
    _, run = play("0.9.6", "0.30.4")
    code, out, _ = run("doctor")
    assert code == 0
    assert "Ollama 0.30.4: older than 0.34.2, the newest that this Elbowroom knows." in out
    assert "Ollama 0.30.4: it says that half of a model runs on the CPU" in out
    assert "Open WebUI 0.9.6: importing a settings file wipes every setting that the file does not have." in out
    assert "Update Ollama to 0.30.11 or newer." in out
    assert "Update Open WebUI to 0.11.1 or newer." in out
    told = json.loads(run("doctor", "--json")[1])
    assert [(one["program"], one["age"]) for one in told["releases"]] == [("ollama", "older"), ("open-webui", "older")]
    assert {"fault": "counts-weights-twice", "fixed": "0.30.11"} in told["releases"][0]["faults"]
    assert told["newest_told"] is None


def test_status_says_it_in_one_line(play):
    _, run = play("0.12.4", "0.30.4")
    (line,) = [one for one in run("status")[1].splitlines() if "Known faults" in one]
    assert line.endswith("when all of it is on the GPU. Fixed in 0.30.11.")


def test_where_nothing_is_known_nothing_is_said(play):
    _, run = play("0.12.4", "0.34.2")
    assert "Known faults" not in run("status")[1]
    out = run("doctor")[1]
    assert "Open WebUI 0.12.4: the newest that this Elbowroom knows." in out
    assert "Update O" not in out


def test_open_webui_is_asked_only_where_somebody_wants_it(play, monkeypatch):
    played, run = play()
    paths = asked(played, monkeypatch)
    played.webui.newest = "0.13.0"
    assert "0.13.0" not in run("doctor")[1]
    run("status")
    assert "/api/version/updates" not in paths
    out = run("doctor", "--check-updates")[1]
    assert "Open WebUI says that 0.13.0 is out; here is 0.12.4." in out
    assert "Elbowroom asks nobody outside." in out
    assert paths.count("/api/version/updates") == 1
    assert json.loads(run("doctor", "--check-updates", "--json")[1])["newest_told"] == "0.13.0"


def test_it_is_told_in_korean_too(play):
    played, run = play()
    played.webui.newest = "0.13.0"
    out = run("--lang", "ko", "doctor", "--check-updates")[1]
    assert "0.13.0 버전이 나왔" in out
    assert "is out" not in out


def test_where_it_cannot_be_asked_the_rest_is_told_all_the_same(play):
    played, run = play()
    run("disconnect")
    code, out, err = run("doctor", "--check-updates")
    assert code == 0
    assert "Open WebUI 0.12.4: the newest that this Elbowroom knows." in out
    assert err.count("\n") == 1
    played.webui.stop()
    code, _, err = run("doctor", "--check-updates")
    assert (code, err.count("\n")) == (0, 1)
