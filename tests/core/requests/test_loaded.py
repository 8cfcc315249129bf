"""Sizes of /api/ps that are known to be wrong, and what is said where they do not tell."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import BIG, GIB, facts, loaded, poll
from tests.english import TR
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.rules import model_spills
from tray_app.core.requests.loaded import told_apart
from tray_app.core.text.status import status_lines
from tray_app.core.values.finding import Diagnosis, Level, ModelSpills
from tray_app.core.values.reading import Known, value_of
from tray_app.core.values.snapshot import BudgetBasis, InstalledModel

FILE = int(13.3 * GIB)
TWICE = loaded(size=int(26.7 * GIB), vram=int(13.4 * GIB))
NOTHING = loaded(size=0, vram=0)


def on_a_card(model, version="0.30.6", file_bytes=FILE):
    made = poll(models=(model,), budget=16 * GIB, basis=BudgetBasis.VRAM)
    ollama = value_of(made.ollama)
    have = (InstalledModel(BIG, f"digest-{BIG}", file_bytes),)
    return facts(replace(made, ollama=Known(replace(ollama, version=version, installed=have), 0.0)))


@pytest.mark.parametrize(
    ("version", "size"),
    [("0.24.0", 26.7), ("0.30.0", 13.4), ("0.30.10", 13.4), ("0.30.11", 26.7), ("0.32.15", 26.7), ("odd", 26.7)],
)
def test_weights_that_are_counted_twice_count_once(version, size):
    seen = on_a_card(TWICE, version)
    assert seen.here[0].size_bytes == int(size * GIB)
    spills = model_spills.check(seen)
    assert (spills is None) is (size == 13.4)
    assert (seen.spilled_bytes(seen.here[0]) is None) is (size == 13.4)


@pytest.mark.parametrize(("off_gib", "doubtful"), [(0.0, True), (1.3, True), (1.4, False), (-1.2, True), (-1.4, False)])
def test_only_what_is_about_the_file_is_taken_for_it(off_gib, doubtful):
    half = loaded(size=int((26.7 + off_gib) * GIB), vram=int(13.4 * GIB))
    assert bool(on_a_card(half).overview.doubtful) is doubtful


def test_what_really_spills_is_still_told():
    half = loaded(size=int(20 * GIB), vram=int(13.4 * GIB))
    (found,) = model_spills.check(on_a_card(half))
    assert found.spilled_bytes == int(20 * GIB) - int(13.4 * GIB)


def test_a_size_of_nothing_is_at_least_the_file():
    seen = on_a_card(NOTHING, "0.32.15", 12 * GIB)
    assert seen.here[0].size_bytes == 12 * GIB
    assert [one.model.name for one in seen.big_models] == [BIG]
    assert (seen.used_bytes, seen.spilled_bytes(seen.here[0])) == (None, None)
    assert ModelSpills in diagnose(seen).undecided


def test_without_the_file_nothing_is_put_right():
    seen = on_a_card(NOTHING, "0.32.15", 0)
    assert (seen.here[0], seen.overview.doubtful) == (NOTHING, ())
    assert told_apart(None).ollama is None


def test_status_says_that_it_is_not_known():
    rows = status_lines(on_a_card(TWICE).overview, Diagnosis(Level.CALM), (), TR)
    text = "\n".join("".join(span.text for span in row) for row in rows)
    assert "how much of it is on the GPU is not known" in text
