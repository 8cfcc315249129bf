"""The one thing a view needs to speak a language."""

from typing import Protocol


class Translator(Protocol):
    """A catalog, and our command as it is typed on this machine. Messages are English ASCII with named placeholders."""

    @property
    def program(self) -> str:
        """`elbowroom`, or what else starts us from this shell; quoted where it needs to be."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str: ...
