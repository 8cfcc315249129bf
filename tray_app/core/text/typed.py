"""A command of ours, ready to be typed or pasted into a shell."""

import shlex

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator

WORD_LIMIT = 1000


def typed(tr: Translator, *words: str) -> str:
    """`python3 run.py fix task-model:gemma3:1b --home there`. A word may be a name from outside: it stays one.

    What this run was told about where things are is repeated, unless the command names it.
    """
    said = tr.options.items()
    repeated = [word for pair in said if not {*pair} & {*words} for word in pair]
    return " ".join((tr.program, *(shlex.quote(_one_line(word)) for word in words), *repeated))


def _one_line(word: str) -> str:
    return clean(" ".join(word.split()), WORD_LIMIT)
