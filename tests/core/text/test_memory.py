"""Whoever lacks an input of memory pressure reads what to do about it."""

import pytest

from tests.english import TR
from tray_app.core.report.doctor import Entry, EntryState, Report
from tray_app.core.text.doctor import lines
from tray_app.core.text.memory import remedy_for_missing
from tray_app.core.values.reading import Why


@pytest.mark.parametrize(
    ("name", "why", "detail", "word"),
    [
        ("psi-some-avg10", Why.UNSUPPORTED, "psi-off", "psi=1"),
        ("psi-some-avg10", Why.UNSUPPORTED, "psi-absent", "4.20"),
        ("psi-some-avg10", Why.DENIED, "psi-denied", "does not let"),
        ("page-reads", Why.MISSING, "\\Memory\\Pages Input/sec: 0xC0000BB8", "lodctr /r"),
        ("page-reads", Why.DENIED, "\\Memory\\Pages Input/sec: 0xC0000BDB", "Performance Monitor Users"),
    ],
)
def test_each_reason_has_its_own_way_out(name, why, detail, word):
    assert word in remedy_for_missing(name, why, detail, TR)


@pytest.mark.parametrize(
    ("name", "why", "detail"),
    [
        ("swap-io", Why.NOT_YET, ""),
        ("page-reads", Why.MISSING, ""),
        ("page-reads", Why.BAD_ANSWER, "\\Memory\\Pages Input/sec: 0xC0000BC0"),
        ("kernel-level", Why.DENIED, "EPERM"),
    ],
)
def test_where_nothing_helps_nothing_is_said(name, why, detail):
    assert remedy_for_missing(name, why, detail, TR) == ""


def test_doctor_says_it():
    value = {"missing": [{"name": "psi-some-avg10", "why": "unsupported", "detail": "psi-off"}]}
    report = Report((), (Entry("memory", EntryState.WORKS, 0.001, value),))
    text = "\n".join("".join(span if isinstance(span, str) else span.text for span in one) for one in lines(report, TR))
    assert "psi=1" in text
