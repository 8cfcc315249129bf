"""The one thing a view needs to speak a language."""

from typing import Protocol


class Translator(Protocol):
    """Satisfied by gettext.NullTranslations and GNUTranslations. Messages are English ASCII with named placeholders."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str: ...
