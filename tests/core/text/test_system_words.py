"""What systems and our own decoders say in English: nothing of it stands inside another language."""

import ast
from pathlib import Path

import pytest

from tests.english import TR
from tray_app.app.language import load
from tray_app.core.text.system_words import system_words

CODE = Path(__file__).parents[3] / "tray_app"
KOREAN = load("ko")
CARRIERS = {"Unknown", "BadAnswer", "Unreachable", "Untrusted", "Invalid", "NotFound", "ServerFailed", "StorageError"}


def words_of(argument: ast.expr) -> str:
    """What a person reads of an argument: a text, or the last words of one that is put together."""
    last = argument.values[-1] if isinstance(argument, ast.JoinedStr) and argument.values else argument
    if not isinstance(last, ast.Constant) or not isinstance(last.value, str):
        return ""
    return last.value if last is argument or last.value.startswith(": ") else ""


def facts():
    """Every fact in plain English words that our own code gives to an error or a reading."""
    for path in sorted(CODE.rglob("*.py")):
        if path.parts[len(CODE.parts)] in {"standins", "demo"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CARRIERS:
                yield from (text for one in node.args if " " in (text := words_of(one).strip(": ")))


def test_there_are_such_facts():
    assert {"not a list", "no home folder", "no line in the journal"} <= {*facts()}


@pytest.mark.parametrize("fact", sorted({*facts()}))
def test_what_our_own_code_says_is_translated(fact):
    assert system_words(fact, KOREAN) != fact, "add it to system_words"


def test_what_it_is_about_stays_as_it_came():
    assert system_words("journalctl: Permission denied", TR) == "journalctl: no permission"
    assert "Permission" not in system_words("journalctl: Permission denied", KOREAN)
    assert system_words("Errno 99: odd", KOREAN) == "Errno 99: odd"
