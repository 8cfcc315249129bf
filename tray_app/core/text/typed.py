"""A command of ours, ready to be typed or pasted into a shell."""

import re

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator

WORD_LIMIT = 1000
PLAIN = re.compile(r"[\w+=:./\\-]+")
"""What neither cmd nor PowerShell reads anything into."""
REPLACED = re.compile('["%$`\u201c\u201d\u201e]')
"""What one of the two still acts on between double quotes; PowerShell takes typographic quotes for plain ones."""


def typed(tr: Translator, *words: str, without: str = "") -> str:
    """`python3 run.py fix task-model:gemma3:1b --home there`. A word may be a name from outside: it stays one.

    What this run was told about where things are is repeated, unless the command names it; not the option `without`.
    """
    said = tr.options.items()
    repeated = [word for pair in said if not {*pair} & {*words, without} for word in pair]
    return " ".join((tr.program, *(tr.quoted(_one_line(word)) for word in words), *repeated))


def for_windows(word: str) -> str:
    """One word for cmd and for PowerShell, which agree on double quotes alone. What would act between them is left out:
    a name that has it cannot be typed in both."""
    if PLAIN.fullmatch(word):
        return word
    kept = REPLACED.sub("", word)
    ending = "\\" * (len(kept) - len(kept.rstrip("\\")))  # before a quote the backslashes count double
    return f'"{kept}{ending}"'


def _one_line(word: str) -> str:
    return clean(" ".join(word.split()), WORD_LIMIT)
