"""The recipe for Home Assistant, rendered with what `status --json` really says, and with what it cannot say."""

import contextlib
import json
import re
import socket
from pathlib import Path

import jinja2
import pytest
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec.structs import replace

from tests.core.poll_builder import GONE, active, loaded, poll, requests
from tests.played import Played
from tray_app.cli.main import run
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.report.status import status
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import Pressure
from tray_app.standins.models import BIG

PAGE = Path(__file__).parents[2] / "docs" / "home-assistant.md"
SENSOR = "sensor.elbowroom"


def recipe():
    (block,) = re.findall(r"(?s)```yaml\n(.*?)```", PAGE.read_text("utf-8"))
    return yaml.safe_load(block)


class Home:
    """As Home Assistant renders it: the sensor of the command first, then what rests on its attributes. A name that is
    not there is an error here, where Home Assistant would write a warning."""

    def __init__(self, document):
        self.states, self.attributes = {}, {}
        self._made = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
        self._made.globals |= {"states": lambda name: self.states.get(name, "unknown"), "state_attr": self._attribute}
        (entry,) = (one["sensor"] for one in recipe()["command_line"])
        if document is not None:
            self.states[SENSOR] = self.render(entry["value_template"], value_json=document)
            self.attributes = {name: document[name] for name in entry["json_attributes"]}
        else:
            self.states[SENSOR] = "unavailable"
        for group in recipe()["template"]:
            for kind, sensors in group.items():
                for one in sensors:
                    name = f"{kind}.{one['name'].lower().replace(' ', '_')}"
                    there = self.render(one["availability"]) == "True"
                    self.states[name] = self.render(one["state"]) if there else "unavailable"

    def _attribute(self, name, attribute):
        assert name == SENSOR
        return self.attributes.get(attribute)

    def render(self, text, **given):
        return self._made.from_string(text).render(**given)

    def of(self, name):
        kind = "binary_sensor" if name == "overloaded" else "sensor"
        return self.states[f"{kind}.elbowroom_{name}"]


def told(snapshot):
    facts = Facts(snapshot, History(), Limits())
    return json.loads(json.dumps(status(snapshot, diagnose(facts), (), facts.budget)))


def test_every_entity_has_an_identity_of_its_own_and_says_when_it_is_not_known():
    made = recipe()
    sensors = [one for group in made["template"] for kind in group.values() for one in kind]
    ids = [one["unique_id"] for one in (made["command_line"][0]["sensor"], *sensors)]
    assert len(ids) == len(set(ids)) == 7
    assert all(one["availability"] for one in sensors)


def test_what_the_real_command_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    with Played(tmp_path / "home") as played:
        assert played.run("status", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    home = Home(document)
    assert home.states[SENSOR] == document["level"]
    assert home.of("chat_model") == BIG
    assert (home.of("requests_running"), home.of("requests_waiting")) == ("0", str(document["requests"]["waiting"]))
    assert float(home.of("memory_available")) == round(document["memory"]["available_bytes"] / 1024**3, 1)
    assert home.of("overloaded") == "False"
    # What Home Assistant keeps of it: at most 16 kB (recorder, MAX_STATE_ATTRS_BYTES).
    assert len(json.dumps(home.attributes)) < 16384


def test_an_ollama_that_hangs_is_unknown_and_not_idle(tmp_path, monkeypatch, capsys):
    for name in ("OLLAMA_HOST", "OPEN_WEBUI_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    (tmp_path / "settings.toml").write_text("request_limit_s = 0.5\n")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        there = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = ["--open-webui", "http://127.0.0.1:9", "--home", str(tmp_path)]
        assert run(["status", "--json", "--ollama", there, *words]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["unknown"]["ollama"]["why"] == "timed-out"
    home = Home(document)
    assert home.of("chat_model") == "unavailable"
    assert home.of("requests_running") == ("unavailable" if document["requests"]["running"] is None else "0")


def test_an_overloaded_machine_is_a_problem():
    asks = requests([active()], waiting=4, wait_s=30.0)
    document = told(poll(pressure=Pressure.CRITICAL, asks=asks, models=[loaded("gemma3:1b", 1), loaded()]))
    home = Home(document)
    assert (home.states[SENSOR], home.of("overloaded")) == ("overloaded", "True")
    assert home.of("chat_model") == BIG
    assert (home.of("requests_running"), home.of("requests_waiting")) == ("1", "4")
    assert set(home.of("findings").split(", ")) == {
        one["kind"] for one in document["findings"] if one["severity"] != "info"
    }
    message = home.render(recipe()["automation"][0]["action"][0]["data"]["message"])
    assert message.endswith(", 4 requests wait")


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("memory", ["memory_available"]),
        ("requests", ["requests_running", "requests_waiting"]),
        ("ollama", ["chat_model"]),
    ],
)
def test_what_is_unknown_is_unavailable_and_never_zero(part, names):
    document = told(replace(poll(), **{part: GONE}))
    home = Home(document)
    for name in names:
        assert home.of(name) == "unavailable"
    assert (home.of("findings") == "unavailable") == (document["level"] == "unknown")


def test_an_unknown_level_is_neither_a_problem_nor_none():
    home = Home(told(poll(ollama=GONE, memory=GONE, requests=GONE, models=())))
    assert (home.states[SENSOR], home.of("overloaded"), home.of("findings")) == ("unknown", *["unavailable"] * 2)


def test_a_machine_that_does_not_answer_makes_all_unavailable():
    assert set(Home(None).states.values()) == {"unavailable"}
