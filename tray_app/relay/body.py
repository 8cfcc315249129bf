"""Bodies of requests as far as the relay looks into them: the name of the model, nothing else is kept."""

import json
import re

MOST_KEPT = 512 * 1024
"""The body of a task. A longer one is passed on as it comes, like a chat's."""
MOST_KEPT_TOGETHER = 64 * 1024 * 1024
LOOKED_THROUGH = 4096
"""Of a body that passes; Open WebUI, Ollama's own clients and OpenAI's write the model near the beginning."""
_LONGEST_NAME = 256
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|[{}\[\]]', re.DOTALL)
_TEXT_AFTER = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL)


def model_in(text: bytes | bytearray) -> str | None:
    """What `model` says in the outermost object of a JSON text, or of its beginning."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if (opened := token[0]) in {b"{", b"["}:
            depth += 1
        elif opened in {b"}", b"]"}:
            depth -= 1
        elif depth == 1 and token[1] == b"model" and (found := _TEXT_AFTER.match(text, token.end())):
            return _cleaned(found[1])
    return None


def _cleaned(quoted: bytes) -> str | None:
    try:
        name = json.loads(quoted)
    except ValueError:
        return None
    return name if 0 < len(name) <= _LONGEST_NAME and name.isprintable() else None


class KeptBodies:
    """How much of bodies is in memory, over all requests that wait."""

    def __init__(self, most: int = MOST_KEPT_TOGETHER) -> None:
        self._left = most

    def take(self, size: int) -> bool:
        """Whether there is room for so much more."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size
