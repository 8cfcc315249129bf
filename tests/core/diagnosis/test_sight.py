"""Calm is said only where the question could be asked; else what is missing, and a command that brings it."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, OFF, active, facts, poll, requests, runner, server, settings
from tests.english import TR
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.menu.menu import render
from tray_app.core.menu.screen import ScreenState, Shape
from tray_app.core.report.status import status
from tray_app.core.text.change import nothing_to_fix
from tray_app.core.text.status import status_lines
from tray_app.core.values.command import Connect, CopyText
from tray_app.core.values.connections import OllamaConnection, Owner
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.finding import Blind, Level
from tray_app.core.values.reading import Known, Unknown, Unseen, Why
from tray_app.core.values.requests import RequestKind, Requests
from tray_app.core.values.snapshot import (
    NOT_ASKED,
    Access,
    Memory,
    MissingInput,
    Ollama,
    Presence,
    Pressure,
    Processes,
    ProcessRole,
    WatchedProcess,
)

QUIET = settings(titles=OFF, tags=OFF, follow_ups=OFF, search_queries=OFF, retrieval_queries=OFF)
ADMIN = server(QUIET)
STRANGER = replace(ADMIN, access=Access.NONE, tasks=NOT_ASKED, models=NOT_ASKED)
ABSENT = Known(Ollama("http://127.0.0.1:11434", Presence.ABSENT), 0.0)
HIDDEN = Unknown(Why.MISSING, Unseen.NO_SERVER_PROCESS)
URL = "http://127.0.0.1:3000"


def quiet(**changed):
    server = changed.pop("open_webui", ADMIN)
    made = poll(open_webui=ADMIN, **changed)
    return replace(made, open_webui=server if isinstance(server, Unknown) else Known(server, 0.0))


def unseen(why, running=None):
    return Known(Requests(running or why, why), 0.0)


def without(*missing):
    """Memory whose pressure rests on nothing, for these reasons."""
    inputs = tuple(MissingInput(name, why) for name, why in missing)
    return Known(Memory(32 << 30, 3 << 30, Pressure.UNKNOWN, missing=inputs), 0.0)


SEEN = {
    None: quiet(),
    Blind.NOTHING_TO_WATCH: quiet(ollama=ABSENT),
    Blind.OTHER_OLLAMA: quiet(open_webui=replace(ADMIN, ollama_urls=Known(("http://gpu.lan:11999",), 0.0))),
    Blind.WHICH_OLLAMA: quiet(
        open_webui=replace(
            ADMIN,
            connections=Known((OllamaConnection(0, "http://gpu.lan:11999"),), 0.0),
            models=Unknown(Why.TIMED_OUT),
        )
    ),
    Blind.NOTHING_LISTED: quiet(open_webui=replace(ADMIN, models=Known((), 0.0))),
    Blind.NOT_JUDGED: quiet(runners=[runner(loading=True)]),
    Blind.NO_OPEN_WEBUI: quiet(open_webui=Unknown(Why.UNREACHABLE)),
    Blind.NOT_CONNECTED: quiet(open_webui=STRANGER),
    Blind.SIGN_IN_REFUSED: quiet(open_webui=replace(STRANGER, access=Access.REFUSED, refused=RefusedBecause.KEYS_OFF)),
    Blind.NOT_ADMIN: quiet(open_webui=replace(ADMIN, access=Access.USER, refused=RefusedBecause.NOT_ADMIN)),
    Blind.REQUESTS_UNSEEN: quiet(requests=unseen(HIDDEN)),
    Blind.PRESSURE_UNSEEN: quiet(memory=Unknown(Why.DENIED, "/proc/meminfo")),
    Blind.NO_ANSWER: quiet(ollama=Unknown(Why.TIMED_OUT)),
}
# Reason -> what status says first, and the next step; what the menu says.
SAID = {
    None: ("Calm  Nothing crowds your models.", "", "Calm: nothing crowds your models"),
    Blind.NOTHING_TO_WATCH: (
        "Nothing to watch yet  No Ollama runs here.",
        "Start Ollama, or name the one on another machine: elbowroom status --ollama http://HOST:11434",
        "Nothing to watch yet: no Ollama runs here",
    ),
    Blind.OTHER_OLLAMA: (
        "Calm as far as can be seen  Open WebUI uses another Ollama than the one that is read: http://gpu.lan:11999.",
        "Read that one: elbowroom status --ollama http://gpu.lan:11999",
        "Calm as far as can be seen: Open WebUI uses another Ollama",
    ),
    Blind.WHICH_OLLAMA: (
        (
            "Calm as far as can be seen  Open WebUI uses an Ollama at http://gpu.lan:11999; whether that is the one that "
            "is read cannot be told."
        ),
        "Read it by the same address as Open WebUI does: elbowroom status --ollama http://gpu.lan:11999",
        "Calm as far as can be seen: Open WebUI may use another Ollama",
    ),
    Blind.NOTHING_LISTED: (
        "Calm as far as can be seen  Open WebUI lists no model of this Ollama: what it sends does not arrive here.",
        "Check Open WebUI's connection to Ollama: Admin Panel > Settings > Connections.",
        "Calm as far as can be seen: Open WebUI lists no model of this Ollama",
    ),
    Blind.NOT_JUDGED: (
        "Calm as far as can be seen  Not judged now: task-storm, queue-backlog.",
        "What each source said: elbowroom doctor",
        "Calm as far as can be seen: not all of it could be judged",
    ),
    Blind.NO_OPEN_WEBUI: (
        "Calm as far as can be seen  Memory and Ollama are seen, but no Open WebUI answers.",
        "When it runs, connect to it: elbowroom connect http://127.0.0.1:8080",
        "Calm as far as can be seen: no Open WebUI answers",
    ),
    Blind.NOT_CONNECTED: (
        "Calm as far as can be seen  Not connected: memory and Ollama are seen, not what Open WebUI sends.",
        f"Connect: elbowroom connect {URL}",
        "Calm as far as can be seen: not connected to Open WebUI",
    ),
    Blind.SIGN_IN_REFUSED: (
        (
            f"Calm as far as can be seen  {URL} has API keys switched off, which newer versions do by default. "
            "Memory and Ollama are seen, not what Open WebUI sends."
        ),
        (
            "Switch them on in Open WebUI (Admin Panel > Settings > General > Authentication), or sign in with e-mail "
            f"and password: elbowroom connect {URL}"
        ),
        "Calm as far as can be seen: API keys are switched off there",
    ),
    Blind.NOT_ADMIN: (
        (
            f"Calm as far as can be seen  This account on {URL} is not an admin: settings can be read, not changed. "
            "Not all that Open WebUI sends is seen."
        ),
        f"Connect with an admin's account or API key: elbowroom connect {URL}",
        "Calm as far as can be seen: connected without admin rights",
    ),
    Blind.REQUESTS_UNSEEN: (
        "Calm as far as can be seen  Requests at Ollama: unknown (Ollama's process cannot be seen from here).",
        "What each source said: elbowroom doctor",
        "Calm as far as can be seen: requests cannot be seen",
    ),
    Blind.PRESSURE_UNSEEN: (
        (
            "Calm as far as can be seen  Memory pressure: unknown (the system does not let us look: /proc/meminfo). "
            "All else is seen."
        ),
        "What each source said: elbowroom doctor",
        "Calm as far as can be seen: memory pressure cannot be read",
    ),
    Blind.NO_ANSWER: (
        "Unknown  Not enough could be read to judge.",
        "What each source said: elbowroom doctor",
        "Unknown: not everything can be seen",
    ),
}


def test_every_reason_is_told():
    assert set(SEEN) == set(SAID) == {None, *Blind}


@pytest.mark.parametrize("blind", SEEN, ids=str)
def test_the_level_says_what_could_not_be_asked_and_the_way_to_it(blind):
    read = facts(SEEN[blind])
    diagnosis = diagnose(read)
    assert (diagnosis.findings, diagnosis.blind) == ((), blind)
    first, step, headline = SAID[blind]
    lines = ["".join(span.text for span in line) for line in status_lines(read.overview, diagnosis, (), TR)]
    assert lines[:2] == [first, step]
    told = nothing_to_fix(diagnosis, read.overview, TR)
    assert told == f"{first.split('  ', 1)[1]} {step}" if blind else told == "Nothing to fix."
    view = render(ScreenState(overview=read.overview, diagnosis=diagnosis), TR)
    assert (view.tooltip, view.menu.rows[0].text) == (headline, headline)
    # A question mark stands for what passes, never for a set-up that will always be like this; calm for all that there is.
    shape = {None: Shape.CALM, Blind.NO_ANSWER: Shape.UNKNOWN}.get(blind, Shape.PARTLY)
    assert view.shape is shape
    made = status(SEEN[blind], diagnosis, (), read.budget)
    assert made["level"] == ("unknown" if blind is Blind.NO_ANSWER else "calm")
    assert made["level_reason"] == (blind and blind.value)


def test_where_there_is_nothing_at_all_the_demo_is_named_and_an_open_webui_is_asked_for_its_ollama():
    def lines(blind, **changed):
        read = facts(replace(SEEN[blind], **changed))
        diagnosis = diagnose(read)
        assert diagnosis.blind is Blind.NOTHING_TO_WATCH
        return ["".join(span.text for span in line) for line in status_lines(read.overview, diagnosis, (), TR)]

    alone = lines(Blind.NOTHING_TO_WATCH, open_webui=Unknown(Why.UNREACHABLE))
    assert alone[2] == "Or see first what it does: elbowroom demo"
    beside = lines(Blind.NOTHING_TO_WATCH, open_webui=SEEN[Blind.NOT_CONNECTED].open_webui)
    known = "Start Ollama, or connect to Open WebUI, which knows where its Ollama is:"
    assert beside[1:3] == [f"{known} elbowroom connect {URL}", ""]


OTHER = WatchedProcess(7, 0.0, ProcessRole.OLLAMA_SERVER, "ollama", ports=(11500,), owner=Owner.OTHER)


@pytest.mark.parametrize(
    ("process", "there"),
    [
        (OTHER, True),
        (replace(OTHER, apart=True), False),
        (replace(OTHER, ports=None), False),
        (replace(OTHER, owner=Owner.UNSURE), False),
    ],
)
def test_no_ollama_runs_here_is_not_said_beside_one_that_does(process, there):
    """One whose port cannot be told, or is no port of this machine, is not named."""
    read = facts(replace(SEEN[Blind.NOTHING_TO_WATCH], processes=Known(Processes((process,)), 0.0)))
    diagnosis = diagnose(read)
    first, step = ("".join(span.text for span in line) for line in status_lines(read.overview, diagnosis, (), TR)[:2])
    rows = {row.id: row for row in render(ScreenState(overview=read.overview, diagnosis=diagnosis), TR).menu.rows}
    if there:
        assert first == (
            "Nothing to watch yet  No Ollama answers at http://127.0.0.1:11434, but another one runs here."
        )
        assert step == "Read that one: elbowroom status --ollama http://127.0.0.1:11500"
        assert rows["headline"].text == "Nothing to watch yet: another Ollama runs here"
        assert rows["ollama"].text == "Another Ollama runs at http://127.0.0.1:11500"
        [copy] = rows["ollama"].children
        assert copy.command == CopyText("elbowroom status --ollama http://127.0.0.1:11500")
    else:
        assert first == "Nothing to watch yet  No Ollama runs here."
        assert rows["headline"].text == "Nothing to watch yet: no Ollama runs here"


@pytest.mark.parametrize(
    ("blind", "url"),
    [
        (Blind.NOT_CONNECTED, URL),
        (Blind.NOT_ADMIN, URL),
        (Blind.SIGN_IN_REFUSED, URL),
        (Blind.NO_OPEN_WEBUI, ""),
    ],
    ids=str,
)
def test_the_row_that_asks_to_connect_can_be_clicked(blind, url):
    read = facts(SEEN[blind])
    rows = render(ScreenState(overview=read.overview, diagnosis=diagnose(read)), TR).menu.rows
    assert next(row for row in rows if row.id == "access").command == Connect(url)


@pytest.mark.parametrize(
    ("changed", "blind"),
    [
        ({"requests": unseen(Unknown(Why.REMOTE))}, Blind.REQUESTS_UNSEEN),
        ({"requests": unseen(Unknown(Why.DENIED))}, Blind.REQUESTS_UNSEEN),
        ({"requests": unseen(Unknown(Why.NOT_YET))}, Blind.NO_ANSWER),
        ({"requests": Unknown(Why.TIMED_OUT)}, Blind.NO_ANSWER),
        # What waits is asked only while something runs.
        ({"requests": unseen(Unknown(Why.UNSUPPORTED), Known(0, 0.0))}, None),
        ({"requests": unseen(Unknown(Why.UNSUPPORTED), Known(1, 0.0))}, Blind.REQUESTS_UNSEEN),
        ({"open_webui": Unknown(Why.TIMED_OUT)}, Blind.NO_ANSWER),
        ({"open_webui": NOT_ASKED}, Blind.NO_OPEN_WEBUI),
        ({"open_webui": replace(ADMIN, tasks=Unknown(Why.TIMED_OUT))}, Blind.NO_ANSWER),
        ({"pressure": Pressure.UNKNOWN}, Blind.NO_ANSWER),
        ({"memory": Unknown(Why.MISSING)}, Blind.PRESSURE_UNSEEN),
        ({"memory": Unknown(Why.UNSUPPORTED)}, Blind.PRESSURE_UNSEEN),
        ({"memory": Unknown(Why.BAD_ANSWER)}, Blind.NO_ANSWER),
        ({"memory": Unknown(Why.DENIED), "open_webui": STRANGER}, Blind.NOT_CONNECTED),
        ({"memory": Unknown(Why.DENIED), "requests": unseen(HIDDEN)}, Blind.REQUESTS_UNSEEN),
        ({"memory": without(("kernel-level", Why.UNSUPPORTED), ("kernel-ratio", Why.DENIED))}, Blind.PRESSURE_UNSEEN),
        ({"memory": without(("kernel-level", Why.UNSUPPORTED), ("swap-out", Why.NOT_YET))}, Blind.PRESSURE_UNSEEN),
        ({"memory": without(("kernel-level", Why.UNSUPPORTED), ("kernel-ratio", Why.BAD_ANSWER))}, Blind.NO_ANSWER),
        ({"memory": without(("swap-out", Why.NOT_YET))}, Blind.NO_ANSWER),
        # What fails now comes before what the set-up lacks, and what can be mended by a click before what cannot.
        ({"requests": Unknown(Why.TIMED_OUT), "open_webui": STRANGER}, Blind.NO_ANSWER),
        ({"requests": unseen(HIDDEN), "open_webui": STRANGER}, Blind.NOT_CONNECTED),
        ({"ollama": ABSENT, "open_webui": Unknown(Why.UNREACHABLE)}, Blind.NOTHING_TO_WATCH),
    ],
)
def test_what_is_missing_most_is_the_reason(changed, blind):
    assert diagnose(facts(quiet(**changed))).blind is blind


def test_a_finding_needs_no_reason():
    tight = diagnose(facts(poll(open_webui=server())))
    assert (tight.level, tight.blind) == (Level.TIGHT, None)
    busy = diagnose(facts(quiet(asks=requests([active(RequestKind.CHAT, BIG)]))))
    assert (busy.level, busy.blind) == (Level.CALM, None)
