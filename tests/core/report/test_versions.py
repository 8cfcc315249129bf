"""Versions against what was known: each fault at the release before it, at it, and at the one that mends it."""

import pytest

from tests.english import TR
from tray_app.core.report.versions import Age, Program, note
from tray_app.core.requests import releases as of_ollama
from tray_app.core.tasks import releases as of_open_webui
from tray_app.core.text import versions as view
from tray_app.core.values.version import ReleaseFault

# ReleaseFault, program, the release before it, its first and last, the first without it.
FAULTS = [
    (ReleaseFault.CPU_EVICTS, Program.OLLAMA, "0.12.10", "0.12.11", "0.13.0", "0.13.1"),
    (ReleaseFault.WEIGHTS_TWICE, Program.OLLAMA, "0.24.0", "0.30.0", "0.30.10", "0.30.11"),
    (ReleaseFault.TITLE_WITHOUT_LIMIT, Program.OPEN_WEBUI, "0.5.14", "0.5.15", "0.11.0", "0.11.1"),
    (ReleaseFault.DIRECT_WITHOUT_TASK_MODEL, Program.OPEN_WEBUI, "0.5.10", "0.5.11", "0.9.2", "0.9.3"),
    (ReleaseFault.IMPORT_WIPES, Program.OPEN_WEBUI, "0.2.5", "0.3.0", "0.9.6", "0.10.0"),
]


def has(fault, program, version):
    return fault in {one.fault for one in note(program, version).faults}


@pytest.mark.parametrize(("fault", "program", "before", "first", "last", "fixed"), FAULTS)
def test_a_fault_is_told_from_its_first_release_to_its_last(fault, program, before, first, last, fixed):
    assert [has(fault, program, one) for one in (before, first, last, fixed)] == [False, True, True, False]
    found = note(program, last)
    (known,) = [one for one in found.faults if one.fault is fault]
    assert known.fixed == fixed
    told = view.fault(found, known, TR)
    assert told.startswith(f"{'Ollama' if program is Program.OLLAMA else 'Open WebUI'} {last}: ")
    assert told.endswith(f" Fixed in {fixed}.")


def test_every_fault_has_its_row():
    assert {row[0] for row in FAULTS} == set(ReleaseFault) == {*of_ollama.FAULTS, *of_open_webui.FAULTS}


def test_a_fault_without_a_gpu_is_none_where_there_is_one():
    assert note(Program.OLLAMA, "0.13.0", gpu=True).faults == ()
    assert note(Program.OLLAMA, "0.30.4", gpu=True).faults != ()


def test_the_update_that_is_advised_has_none_of_the_faults():
    found = note(Program.OPEN_WEBUI, "0.9.2")
    assert len(found.faults) == 3
    assert view.steps([found, note(Program.OLLAMA, "0.30.4")], TR) == [
        "Update Open WebUI to 0.11.1 or newer.",
        "Update Ollama to 0.30.11 or newer.",
    ]
    assert note(Program.OPEN_WEBUI, "0.11.1").faults == ()
    assert view.steps([note(Program.OPEN_WEBUI, "0.12.4")], TR) == []


@pytest.mark.parametrize(
    ("version", "age", "said"),
    [
        ("0.12.3", Age.OLDER, "Open WebUI 0.12.3: older than 0.12.4, the newest that this Elbowroom knows."),
        ("0.12.4", Age.SAME, "Open WebUI 0.12.4: the newest that this Elbowroom knows."),
        ("0.12.5", Age.NEWER, "Open WebUI 0.12.5: newer than 0.12.4, the newest that this Elbowroom knows."),
        ("main", Age.UNKNOWN, "Open WebUI main: how old it is cannot be told."),
        ("", Age.UNKNOWN, "Open WebUI: how old it is cannot be told."),
        ("\x1b[31m9", Age.UNKNOWN, "how old it is cannot be told."),
    ],
)
def test_a_version_is_held_against_the_newest_that_was_known(version, age, said):
    found = note(Program.OPEN_WEBUI, version)
    assert found.age is age
    assert found.faults == ()
    assert view.age(found, TR).endswith(said)
    assert view.age(found, TR).isprintable()


def test_the_newest_ollama_that_was_known():
    ages = [note(Program.OLLAMA, one).age for one in ("0.34.1", "0.34.2", "0.34.3")]
    assert ages == [Age.OLDER, Age.SAME, Age.NEWER]


@pytest.mark.parametrize(
    ("version", "latest", "said"),
    [
        ("0.12.4", "0.12.5", "Open WebUI says that 0.12.5 is out; here is 0.12.4."),
        ("0.12.4", "0.12.4", "Open WebUI names no newer version than 0.12.4; it may be told not to look."),
        ("0.12.4", "0.12.3", "Open WebUI names no newer version than 0.12.4; it may be told not to look."),
        ("0.12.4", "", "Open WebUI could not find out whether a newer version is out."),
        ("0.12.4", "<b>new</b>", "Open WebUI could not find out whether a newer version is out."),
        ("main", "0.12.5", "Open WebUI says that 0.12.5 is out; here is main."),
    ],
)
def test_what_open_webui_says_of_a_newer_one(version, latest, said):
    assert view.told(version, latest, TR) == said
