"""What `doctor` says of servers: their versions, where they are looked for, why they are silent and what to do."""

import json

from tests.played import Played


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
        assert "Connection refused" in said
        assert "Check that it runs, or give its address" in said
        assert f"connect {played.webui.url}" in said
