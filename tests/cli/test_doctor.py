"""What `doctor` says of servers: their versions, where they are looked for, why they are silent and what to do."""

import json
import sys

import pytest

from tests.played import Played
from tray_app.cli import doctor as doctor_command
from tray_app.core.values.reading import Unknown, Why


def test_versions_and_addresses_are_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    with Played(tmp_path / "home") as played:
        assert played.run("doctor", "--json") == 0
        made = json.loads(capsys.readouterr().out)
        assert made["addresses"] == {"ollama": played.ollama.url, "open-webui": played.webui.url}
        values = {one["name"]: one["value"] for one in made["sources"]}
        assert values["ollama-version"] == played.ollama.version
        assert values["open-webui"]["version"] == "0.12.4"


def test_silence_has_its_reason_and_a_next_step(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    with Played(tmp_path / "home") as played:
        played.ollama.stop()
        played.app().secrets.forget_all()
        assert played.run("doctor") == 0
        said = capsys.readouterr().out
        assert "connection refused" in said
        assert "Check that it runs, or give its address" in said
        assert f"connect {played.webui.url}" in said


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own")
def test_what_the_tray_rests_on_is_told(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    asked = {one.name: one.question() for one in doctor_command._desktop()}
    assert asked["autostart"].state is not None
    assert asked["tray-host"] == Unknown(Why.MISSING, "no-display")
    monkeypatch.setattr(doctor_command, "find_host", lambda _environment: None)
    assert {one.name: one.question() for one in doctor_command._desktop()}["tray-host"] == "found"
