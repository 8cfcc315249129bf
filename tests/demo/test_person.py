"""A person at the browser causes the calls that the real front end makes."""

import pytest

from tray_app.demo.person import QUESTIONS, Person
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI
from tray_app.standins.server import wait_until


@pytest.fixture
def ollama():
    with DemoOllama() as server:
        yield server


@pytest.fixture
def sit_down(ollama):
    """`sit_down(version)`: a person in front of a server of that release, with autocomplete wherever it exists."""
    made = []

    def make(version, **switches):
        webui = DemoOpenWebUI(version, ollama_url=ollama.url)
        webui.start()
        webui.registry.refresh()
        webui.settings.update({name: value for name, value in switches.items() if name in webui.settings})
        webui.accounts.by_email(ADMIN[0]).ui = {"promptAutocomplete": True}
        person = Person(webui, pause_s=0.01)
        made.append((person, webui))
        return person, webui

    yield make
    ollama.release()
    for person, webui in made:
        person.stop()
        webui.stop()


def streamed(ollama):
    return sum(body["stream"] for body in ollama.calls())


def test_autocomplete_title_and_answer_pile_up(ollama, sit_down):
    person, webui = sit_down("0.12.4", ENABLE_AUTOCOMPLETE_GENERATION=True)
    ollama.hold()
    person.type(QUESTIONS[0])
    assert ollama.wait_for(running=1, waiting=0)
    person.type(QUESTIONS[0])  # one at a time per tab
    person.start()
    assert ollama.wait_for(running=1, waiting=2)
    assert len(webui.generations.running) == 1
    ollama.release()
    assert wait_until(lambda: person.sent >= 2)


@pytest.mark.parametrize(("version", "calls"), [("0.3.35", 3), ("0.4.8", 3), ("0.5.20", 3), ("0.6.43", 4)])
def test_the_first_message_costs_its_tasks(ollama, sit_down, version, calls):
    person, webui = sit_down(version, ENABLE_AUTOCOMPLETE_GENERATION=False)
    person.send(QUESTIONS[0])
    assert wait_until(lambda: not webui.generations.running)
    assert len(ollama.calls()) == calls
    person.send(QUESTIONS[1])
    assert wait_until(lambda: not webui.generations.running)
    follow_ups = version == "0.6.43"
    assert len(ollama.calls()) == calls + 1 + follow_ups


def test_a_small_task_model_takes_the_tasks(ollama, sit_down):
    person, webui = sit_down("0.12.4", TASK_MODEL=SMALL)
    person.send(QUESTIONS[0])
    assert wait_until(lambda: not webui.generations.running and ollama.running == 0)
    assert {body["model"] for body in ollama.calls() if body["stream"]} == {BIG}
    assert {body["model"] for body in ollama.calls() if not body["stream"]} == {SMALL}


def test_closing_the_tab_ends_it(ollama, sit_down):
    person, webui = sit_down("0.12.4", ENABLE_AUTOCOMPLETE_GENERATION=True)
    ollama.hold()
    person.start()
    assert wait_until(lambda: streamed(ollama) == 1)
    person.stop()
    webui.stop()
    assert ollama.wait_for(running=0, waiting=0)
