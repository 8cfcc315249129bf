"""Why a reading is not there, in words: each cause has its own."""

import pytest

from tests.english import TR
from tray_app.core.text.distrust import brief, step
from tray_app.core.text.findings import headline, sentence
from tray_app.core.text.words import reason_words
from tray_app.core.values.errors.service import Distrust, RefusedBecause
from tray_app.core.values.finding import ModelThrash, ThrashCause
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
