"""The English that tests read: the sentences as they stand in the code, and our command as most people type it."""

import shlex
from typing import ClassVar


class English:
    program = "elbowroom"
    options: ClassVar[dict[str, str]] = {}

    def quoted(self, word: str) -> str:
        return shlex.quote(word)

    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if n == 1 else msgid2


TR = English()
