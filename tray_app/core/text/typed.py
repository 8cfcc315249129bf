"""A command of ours, ready to be typed or pasted into a shell."""

import shlex

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator

WORD_LIMIT = 1000


def typed(tr: Translator, *words: str) -> str:
    """`python3 run.py fix task-model:gemma3:1b`. A word may be a name from outside: it stays one."""
    return " ".join((tr.program, *(shlex.quote(_one_line(word)) for word in words)))


def _one_line(word: str) -> str:
    return clean(" ".join(word.split()), WORD_LIMIT)
