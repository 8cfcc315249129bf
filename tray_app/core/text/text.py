"""The one thing a view needs to speak a language."""

from collections.abc import Mapping
from typing import Protocol


class Translator(Protocol):
    """A catalog, and our command as it is typed on this machine. Messages are English ASCII with named placeholders."""

    @property
    def program(self) -> str:
        """`elbowroom`, or what else starts us from this shell; quoted where it needs to be."""

    @property
    def options(self) -> Mapping[str, str]:
        """What this run was told about where things are (`--home`, `--ollama`, `--open-webui`), quoted for this shell:
        a next step without it would act elsewhere."""

    def quoted(self, word: str) -> str:
        """A name from outside so that this system's shell takes it as one word and does nothing with it."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str: ...


def later(message: str) -> str:
    """Of a table's sentences, translated when said: named `_` there, by which docs/make_catalogs.py finds them."""
    return message
