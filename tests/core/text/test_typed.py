"""Commands to type: the program as it is started here, and names from outside that stay one harmless word."""

import shlex
import unicodedata

import pytest
from msgspec.structs import replace

from tests.core.menu.states import SMALL
from tests.english import TR, English
from tray_app.core.text.status import remedy_lines
from tray_app.core.text.typed import for_windows, typed
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.task_settings import Setting


class FromTheFolder(English):
    program = "python3 'my folder/run.py'"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gemma3:1b", "gemma3:1b"),
        ("hf.co/someone/Model-GGUF:Q4_K_M", "hf.co/someone/Model-GGUF:Q4_K_M"),
        ("q; touch /tmp/pwned #", "'q; touch /tmp/pwned #'"),
        ("q'; touch /tmp/pwned #", "'q'\"'\"'; touch /tmp/pwned #'"),
        ("$(reboot)`reboot`", "'$(reboot)`reboot`'"),
        ("q\nrm -r ~\n", "'q rm -r ~'"),
        ("\x1b]0;title\x07q\x9b2J", "']0;titleq2J'"),
        ("q\u202egnp.exe", "qgnp.exe"),
        ("", "''"),
    ],
)
def test_a_name_is_one_word_of_the_command(name, shown):
    assert typed(TR, "fix", name) == f"elbowroom fix {shown}"
    assert len(shlex.split(typed(TR, "fix", name))) == 3


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("gemma3:1b", "gemma3:1b"),
        ("hf.co/someone/Model-GGUF:Q4_K_M", "hf.co/someone/Model-GGUF:Q4_K_M"),
        ("C:\\Users\\홍길동", "C:\\Users\\홍길동"),
        ("q&calc", '"q&calc"'),
        ("q' & calc '", "\"q' & calc '\""),
        ('q" & calc "', '"q & calc "'),
        ("$(calc)`calc`%PATH%", '"(calc)calcPATH"'),
        ("q\u201d; calc; \u201c", '"q; calc; "'),
        ("two,words", '"two,words"'),
        ("a folder\\", '"a folder\\\\"'),
        ("", '""'),
    ],
)
def test_a_name_is_one_word_for_both_shells_of_windows(name, shown):
    assert for_windows(name) == shown


def test_the_command_is_the_one_that_was_typed():
    assert typed(FromTheFolder(), "undo", "--all") == "python3 'my folder/run.py' undo --all"


@pytest.mark.parametrize(
    "name", ["q; touch /tmp/pwned #", "q\x1b[2J\x9b2J", "q\r\nsudo rm -rf /", "q\u2066\u202e\u2028x"]
)
def test_what_helps_shows_no_name_raw(name):
    """Reliability 4: the last line of `fix --list` was ready to paste, and escapes in it reached the terminal."""
    hostile = replace(SMALL, model=name, plan=Plan((Change(Setting.TASK_MODEL, "", name),)))
    for line in remedy_lines([hostile], TR):
        text = "".join(span.text for span in line)
        assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if "elbowroom fix" in text:
            assert shlex.split(text, comments=True)[:2] == ["elbowroom", "fix"]
            assert len(shlex.split(text, comments=True)) == 3
