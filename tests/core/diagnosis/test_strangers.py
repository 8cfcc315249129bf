"""Runners that are not of the watched Ollama: told as what they are, and never taken for ours."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, GIB, TASK, facts, history, poll, requests, runner, server
from tests.english import TR
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.rules import memory_pressure, model_thrash, queue_backlog, task_storm
from tray_app.core.menu.models import load_rows
from tray_app.core.menu.screen import ScreenState
from tray_app.core.report.overview import overview
from tray_app.core.report.status import status
from tray_app.core.text import findings as finding_view
from tray_app.core.text.status import status_lines
from tray_app.core.values.connections import Owner
from tray_app.core.values.finding import CauseKind, Diagnosis, Level
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Pressure, Processes, ProcessRole, WatchedProcess

SECOND = WatchedProcess(20, 1.0, ProcessRole.OLLAMA_SERVER, "ollama", 80 * 2**20, owner=Owner.OTHER)
THEIRS = replace(runner(21, "llama3.2:1b", loading=True, memory=3 * GIB), owner=Owner.OTHER)
LEFT = replace(runner(31, BIG, memory=24 * GIB), owner=Owner.NOBODY)
NAMELESS = replace(LEFT, model=None)
QUEUE = requests((TASK,), waiting=3, wait_s=12.0)


def test_another_servers_load_silences_no_rule():
    """It is listed nowhere in our /api/ps and so looks as if it loaded for ever."""
    seen = facts(poll(pressure=Pressure.WARNING, asks=QUEUE, runners=(runner(), THEIRS)))
    assert seen.settling is None
    assert queue_backlog.check(seen)
    assert task_storm.check(seen)


def test_runners_that_follow_each_other_elsewhere_are_no_thrash_of_ours():
    polls = [
        poll(1000.0 + 20 * index, runners=(runner(), replace(THEIRS, pid=600 + index, model=name, blob_digest=name)))
        for index, name in enumerate(["a", "b", "a", "b", "a"])
    ]
    assert model_thrash.check(facts(polls[-1], history(*polls[:-1]))) == ()


def test_a_digest_is_never_shown():
    """Two files that have no name yet take each other's place."""
    polls = [
        poll(1000.0 + 20 * index, runners=(replace(runner(600 + index, None), blob_digest=f"sha256-{name * 64}"),))
        for index, name in enumerate("abab")
    ]
    (found,) = model_thrash.check(facts(polls[-1], history(*polls[:-1])))
    assert (found.subject, found.other_model) == ("Ollama", None)
    assert "sha256" not in finding_view.sentence(found, TR)


def test_a_file_that_gets_its_name_later_is_one_model():
    nameless = replace(runner(600, None), blob_digest=f"sha256-{BIG}")
    first = poll(1000.0, runners=(nameless,))
    others = [
        poll(1020.0 + 20 * index, runners=(runner(601 + index, name),))
        for index, name in enumerate(["gemma3:1b", BIG, "gemma3:1b"])
    ]
    (found,) = model_thrash.check(facts(others[-1], history(first, *others[:-1])))
    assert {found.subject, *found.other_model} == {BIG, "gemma3:1b"}


@pytest.mark.parametrize(
    ("stranger", "words"),
    [
        (LEFT, "qwen3:32b, left behind by an Ollama that has ended, takes 24.0 GiB"),
        (NAMELESS, "llama-server, left behind by an Ollama that has ended, takes 24.0 GiB"),
        (replace(LEFT, owner=Owner.OTHER), "qwen3:32b of another Ollama takes 24.0 GiB"),
    ],
)
def test_a_shortage_that_a_stranger_causes_is_not_blamed_on_ours(stranger, words):
    seen = facts(poll(pressure=Pressure.CRITICAL, runners=(runner(), stranger)))
    (found,) = memory_pressure.check(seen)
    assert (found.cause, found.owner) == (CauseKind.PROGRAM, stranger.owner)
    assert words in finding_view.sentence(found, TR)


def test_a_stranger_that_holds_less_than_our_models_is_not_blamed():
    (found,) = memory_pressure.check(facts(poll(pressure=Pressure.CRITICAL, runners=(runner(), THEIRS))))
    assert (found.cause, found.owner) == (CauseKind.MODEL, None)


ALL = poll(runners=(runner(), SECOND, THEIRS, LEFT, replace(THEIRS, pid=22, model=None)))
ROWS = (
    "runner of qwen3:32b: memory unknown",
    "server of another Ollama: 80 MiB memory",
    "runner of another Ollama: 3.0 GiB memory",
    "runner of llama3.2:1b, of another Ollama: 3.0 GiB memory",
    "runner of qwen3:32b, left behind by an Ollama that has ended: 24.0 GiB memory",
)


def test_status_and_menu_name_them_with_their_memory():
    told = ["".join(span.text for span in one) for one in status_lines(overview(ALL), Diagnosis(Level.CALM), (), TR)]
    for row in ROWS:
        assert any(line.strip().endswith(row) for line in told)
    state = ScreenState(overview=overview(ALL), diagnosis=Diagnosis(Level.CALM))
    menu = [row.text for row in load_rows(state, TR)[0].children]
    assert "Ollama (server of another Ollama): 80 MiB memory" in menu
    assert any(row.startswith("runner of qwen3:32b, left behind") for row in menu)


def test_the_json_says_whose_each_is():
    made = status(ALL, Diagnosis(Level.CALM), (), None)["processes"]
    assert [(one["role"], one["owner"]) for one in made] == [
        ("ollama-server", "other-ollama"),
        ("ollama-runner", "ours"),
        ("ollama-runner", "other-ollama"),
        ("ollama-runner", "other-ollama"),
        ("ollama-runner", "no-ollama"),
    ]


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"runners": (runner(loading=True),)}, "model-loads"), ({"requests": Unknown(Why.TIMED_OUT)}, "")],
)
def test_a_rule_that_does_not_judge_says_so(changed, why):
    snapshot = poll(asks=QUEUE, **changed)
    made = status(snapshot, diagnose(facts(snapshot)), (), None)["unknown"]
    assert made["findings.queue-backlog"] == {"why": "not-judged", "detail": why}
    assert made["findings.task-storm"] == {"why": "not-judged", "detail": why}
    calm = poll(asks=requests(), processes=Known(Processes((runner(),), containers=Known((), 0.0)), 0.0))
    assert "findings.task-storm" not in status(calm, diagnose(facts(calm)), (), None)["unknown"]


def test_a_server_of_ours_is_needed_to_count():
    assert facts(poll(runners=(THEIRS,), open_webui=server())).runners == ()
