"""Every problem of a settings file becomes one line that says where and what is used instead."""

from pathlib import Path

import pytest

from tests.english import TR
from tray_app.core.text.settings import sentence
from tray_app.core.values.errors.storage import SettingFault, SettingProblem
from tray_app.storage.catalogs import LANGUAGES
from tray_app.storage.settings import decode


def test_three_errors_read_well():
    _, problems = decode(b'language = "kr"\npoll_s = 0\nnotice = true\n', Path("/"))
    assert [sentence(problem, TR) for problem in problems] == [
        f"Settings file, line 1: `language` is `kr`, but must be one of {', '.join(LANGUAGES)}; the default is used.",
        "Settings file, line 2: `poll_s` is `0`, but must be within 1..300; the default is used.",
        "Settings file, line 3: There is no key `notice`; it is ignored. Did you mean `notices`?",
    ]


@pytest.mark.parametrize("fault", list(SettingFault))
def test_every_fault_has_a_sentence_in_one_line(fault):
    expected = "table" if fault is SettingFault.WRONG_TYPE else "x"
    text = sentence(SettingProblem("key", "a\nb {c}", expected, fault), TR)
    assert text.startswith("Settings file: ")
    assert "\n" not in text


@pytest.mark.parametrize(
    "text", ["notices = 1", "poll_s = []", "language = 1", "candidate_models = 1", "limits = 1", "[notices]"]
)
def test_every_wrong_type_has_words(text):
    _, problems = decode(text.encode(), Path("/"))
    assert "needs" in sentence(problems[0], TR)
