"""Automatic relief in a running tray: chosen in its menu, an overload comes, it acts, says so, and takes it back."""

import json
import subprocess
import sys
import time

import pytest

from tests.e2e.bus import wait_for
from tests.e2e.desk import ROOT, App

pytestmark = [pytest.mark.tray, pytest.mark.timeout(600)]
SETTINGS = """
language = "en"
poll_s = 1
poll_busy_s = 1
poll_idle_s = 1
automatic_relief_clear_s = 60
[limits]
hold_s = 2
clear_s = 5
"""
RELIEF = ("Elbowroom", "Automatic relief")
LONG_S = 150.0
LOOKS_S = 4.0


@pytest.fixture
def home(desk):
    made = desk.folder / "relieved"
    made.mkdir()
    (made / "settings.toml").write_text(SETTINGS)
    return made


@pytest.fixture
def app(desk, home):
    started = App(desk, [sys.executable, "-m", "tests.e2e.relieved", str(home)])
    started.wait_line("held: True")
    desk.person.wait_row(*RELIEF, "Off", where=lambda row: row.checked)
    time.sleep(LOOKS_S)  # connections that are there at the first look may be idle ones
    return started


def elbowroom(home, *argv):
    command = [sys.executable, "-m", "tray_app", "--home", str(home), *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


def lines(home):
    entries = json.loads(elbowroom(home, "journal", "--json"))["entries"]
    return [(one["remedy"], one["event"]) for one in entries]


def held(app, value):
    wait_for(lambda: [line for line in app.lines if line.startswith("held")][-1] == f"held: {value}", value, LONG_S)


def test_chosen_in_the_menu_it_acts_says_so_and_takes_it_back(desk, home, app):
    desk.person.click(*RELIEF, "Turn follow-ups off")
    desk.person.wait_row(*RELIEF, "Turn follow-ups off", where=lambda row: row.checked)
    app.tell("crowd")
    held(app, value=False)
    desk.notes.wait("Follow-ups: on")
    desk.person.wait_row(*RELIEF, "In force now")
    desk.person.wait_row("Undo: Follow-ups")
    assert lines(home) == [("follow-ups-off", "intended"), ("follow-ups-off", "applied")]
    brought = json.loads(elbowroom(home, "receipt", "--json"))
    assert [one["setting"] for one in brought["changes"]] == ["follow-ups"]
    receipt = desk.person.wait_row("Elbowroom", "Last change")
    assert any("Follow-ups" in text for text in receipt.texts())
    app.tell("calm")
    held(app, value=True)
    desk.person.wait_gone("Undo: Follow-ups")
    assert [event for _, event in lines(home)][-1] == "undone"
    desk.person.wait_row(*RELIEF, "Used a short while ago")
    desk.person.click("Quit")
    assert app.ended() == 0
    assert [line for line in app.lines if not line.startswith("held")] == []


def test_what_is_not_chosen_never_acts(desk, app):
    app.tell("crowd")
    wait_for(lambda: [one for one in desk.notes.notes if one.title.startswith("Overloaded")], "the notice", LONG_S)
    desk.person.wait_row("More fixes")
    assert [line for line in app.lines if line.startswith("held")] == ["held: True"]
    app.tell("calm")
