"""`elbowroom fit`: what is said where a model runs elsewhere or the machine cannot be seen."""

import pytest
from msgspec.structs import replace

from tests.core.machines import installed, loaded, machine, predict
from tray_app.core.values.errors.usage import UsageError
from tray_app.core.values.fit import Basis, Beside, Verdict
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Ollama, Presence

LIMITS = Limits()
CLOUD = replace(installed("gemma3:4b"), remote_host="ollama.com")
SMALL, BIG = installed("gemma3:1b"), installed("llama3.1:8b")


def there(**changes):
    return machine(have=(CLOUD, SMALL, BIG), available_gib=20, **changes)


def test_a_cloud_model_needs_nothing_here():
    report = predict("gemma3:4b", there(), with_model="gemma3:1b", limits=LIMITS)
    assert (report.verdict, report.basis, report.host, report.beside) == (
        Verdict.NOT_LOCAL,
        Basis.CLOUD,
        "ollama.com",
        "gemma3:1b",
    )


def test_beside_a_cloud_model_everything_is_free():
    report = predict("gemma3:1b", there(), with_model="gemma3:4b", limits=LIMITS)
    assert (report.verdict, report.beside, report.beside_bytes, report.reverse) == (
        Verdict.FITS,
        "gemma3:4b",
        None,
        None,
    )


def test_a_machine_that_cannot_be_seen():
    blind = there(gpu=Unknown(Why.MISSING))
    far = there()
    far = replace(far, ollama=Known(replace(far.ollama.value, local=False), 0.0))
    for snapshot, basis in ((blind, Basis.BUDGET_UNKNOWN), (far, Basis.OLLAMA_ELSEWHERE)):
        report = predict("gemma3:1b", snapshot, with_model="llama3.1:8b", limits=LIMITS)
        assert (report.verdict, report.basis, report.beside) == (Verdict.UNKNOWN, basis, "llama3.1:8b")
    nobody = predict("gemma3:1b", replace(far, ollama=Unknown(Why.TIMED_OUT)), with_model="x", limits=LIMITS)
    assert (nobody.verdict, nobody.basis, nobody.beside) == (Verdict.UNKNOWN, Basis.OLLAMA_UNKNOWN, "x")


def test_without_ollama_that_is_the_reason():
    gone = replace(there(), ollama=Known(Ollama("http://127.0.0.1:11434", Presence.ABSENT), 0.0))
    report = predict("gemma3:1b", gone, limits=LIMITS)
    assert (report.verdict, report.basis) == (Verdict.UNKNOWN, Basis.NO_OLLAMA)


def test_what_is_loaded_is_what_a_model_must_fit_beside():
    """Without a second model the answer was for an empty machine, whatever lay in memory."""
    full = machine(loaded("llama3.1:8b", 7), loaded("gemma3:4b", 3), have=(CLOUD, SMALL, BIG), available_gib=20)
    report = predict("gemma3:1b", full, limits=LIMITS)
    assert (report.beside, report.beside_bytes) == ("llama3.1:8b, gemma3:4b", 10 * 2**30)
    assert (report.question, report.reverse) == (Beside.LOADED, None)
    nothing = predict("gemma3:1b", full, alone=True, limits=LIMITS)
    assert (nothing.beside, nothing.question) == (None, Beside.ALONE)
    assert (nothing.room_bytes or 0) > (report.room_bytes or 0)
    itself = predict("llama3.1:8b", machine(loaded("llama3.1:8b", 7), have=(BIG,)), limits=LIMITS)
    assert (itself.beside, itself.question) == (None, Beside.NOTHING_LOADED)
    deleted = predict("gemma3:1b", machine(loaded("llama3.1:8b", 7), have=(SMALL,)), limits=LIMITS)
    assert (deleted.beside, deleted.reverse) == ("llama3.1:8b", None)


def test_a_model_that_is_not_installed_yet_is_judged_by_the_numbers_that_are_known():
    """The one question that people have before a download."""
    here = machine(loaded("llama3.1:8b", 7), have=(BIG,), available_gib=20)
    report = predict("gemma3:1b", here, limits=LIMITS)
    assert (report.verdict, report.beside, report.download_bytes) == (Verdict.FITS, "llama3.1:8b", 815_000_000)
    known = predict("gemma3:1b", replace_installed(here, (BIG, SMALL)), limits=LIMITS)
    assert known.download_bytes is None
    unknown = predict("mistral:7b", here, limits=LIMITS)
    assert (unknown.verdict, unknown.basis, unknown.nearest) == (Verdict.UNKNOWN, Basis.NOT_INSTALLED, "")
    assert predict("gema3:1b", here, limits=LIMITS).nearest == "gemma3:1b"
    assert predict("gemma3:27b", here, limits=LIMITS).nearest == ""
    with pytest.raises(UsageError):
        predict("gemma3:1b", here, with_model="mistral:7b", limits=LIMITS)


def replace_installed(snapshot, have):
    return replace(snapshot, ollama=Known(replace(snapshot.ollama.value, installed=have), 0.0))


def test_both_orders_and_what_each_takes():
    report = predict("gemma3:1b", there(), with_model="llama3.1:8b", context=4096, limits=LIMITS)
    assert (report.verdict, report.reverse, report.context, report.parallel) == (Verdict.FITS, Verdict.FITS, 4096, 1)
    assert report.need is not None
    assert report.beside_bytes is not None
    assert report.beside_bytes > report.need.total
    assert report.budget_bytes == int(21.33 * 2**30)
    now = predict("gemma3:1b", there(), limits=LIMITS)
    assert (now.beside, now.beside_bytes, now.reverse, now.exact) == (None, None, None, True)


def test_one_that_is_loaded_is_taken_as_it_is():
    snapshot = machine(loaded("qwen3:4b", 3), loaded("llama3.1:8b", 7), have=(SMALL, BIG), available_gib=20)
    assert predict("gemma3:1b", snapshot, with_model="llama3.1:8b", limits=LIMITS).beside_bytes == 7 * 2**30
    unknown = replace(BIG, shape=None)
    report = predict("gemma3:1b", machine(have=(SMALL, unknown)), with_model="llama3.1:8b", limits=LIMITS)
    assert (report.verdict, report.basis, report.beside_bytes) == (Verdict.UNKNOWN, Basis.OTHER_SHAPE_UNKNOWN, None)
    alone = predict("llama3.1:8b", machine(have=(unknown,)), limits=LIMITS)
    assert (alone.need, alone.context, alone.parallel, alone.exact) == (None, None, None, False)
