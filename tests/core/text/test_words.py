"""Why a reading is not there, in words: each cause has its own. And no word that a catalog cannot translate."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.english import TR
from tray_app import core
from tray_app.app import language
from tray_app.core.text.distrust import brief, step
from tray_app.core.text.evidence import evidence_lines
from tray_app.core.text.findings import headline, sentence
from tray_app.core.text.words import reason_words
from tray_app.core.values.errors.service import Distrust, RefusedBecause
from tray_app.core.values.finding import ModelThrash, QueueBacklog, Severity, ThrashCause
from tray_app.core.values.reading import Unknown, Unseen, Why


def test_every_cause_has_words_of_its_own():
    said = [reason_words(Unknown(why), TR) for why in Why]
    said += [reason_words(Unknown(Why.UNSUPPORTED, detail), TR) for detail in Unseen]
    assert all(said)
    assert len({*said}) == len(said)


@pytest.mark.parametrize("because", RefusedBecause)
def test_a_refusal_is_told_by_its_cause(because):
    said = reason_words(Unknown(Why.REFUSED, because.value), TR)
    assert because.value not in said.split()


def test_why_a_server_is_not_trusted_is_told_by_its_cause():
    said = [
        reason_words(Unknown(Why.UNTRUSTED, because.value), TR) for because in Distrust if because != Distrust.OTHER
    ]
    assert len({*said}) == len(said)
    assert all(one.startswith("no safe connection: ") for one in said)
    assert reason_words(Unknown(Why.UNTRUSTED, "handshake failure"), TR) == "no safe connection: handshake failure"
    assert len({step(because, TR) for because in Distrust}) == len(Distrust)
    assert brief(Distrust.OTHER, "handshake failure", TR) == "handshake failure"


def test_why_a_model_is_loaded_anew_is_told_by_its_cause():
    """A reload without a reason was told as an eviction."""
    found = [ModelThrash(model="m:7b", loads=3, window_s=600.0, cause=cause) for cause in ThrashCause]
    said = {one.cause: sentence(one, TR) for one in found}
    assert len({*said.values()}) == len(ThrashCause)
    assert [cause for cause, text in said.items() if "evicted" in text] == [ThrashCause.EVICTION]
    assert [cause for cause, text in said.items() if "tasks" in text] == [ThrashCause.CONTEXT]
    assert {headline(one, TR) for one in found} == {"m:7b keeps being reloaded"}


SPOKEN = [path for room in ("text", "menu") for path in (Path(core.__file__).parent / room).rglob("*.py")]


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: path.stem)
def test_a_number_gets_its_unit_from_the_catalog(path):
    """`5 s` in the middle of a Korean line, where every other one said 5초."""
    fixed = [
        ast.unparse(made)
        for made in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(made, ast.JoinedStr)
        for number, after in pairwise(made.values)
        if isinstance(number, ast.FormattedValue)
        and isinstance(after, ast.Constant)
        and re.match(r" ?(s|ms|min|h|%|/s)(?!\w)", after.value)
    ]
    assert fixed == []


def test_how_long_was_waited_is_said_in_the_user_s_language():
    korean = language.load("ko")
    assert reason_words(Unknown(Why.TIMED_OUT, "2.5 s"), korean).endswith("2.5초")
    found = QueueBacklog(severity=Severity.TIGHT, model="m:7b", waiting=2, longest_wait_s=5.0)
    assert "최장 대기 시간: 5초" in evidence_lines(found, korean)
