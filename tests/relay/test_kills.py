"""Who is killed at any instant leaves nobody with a wrong answer. `python -m bench.relay_kills` tries it more often."""

import sys

import pytest

from bench.relay_kills import KINDS, Fault, _ask, trials


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_no_answer_is_wrong_after_a_kill():
    ended = trials(2, seed=12)
    assert ended["answered"] >= len(KINDS) - 1


class Canned:
    """A connection on which a wrong answer comes."""

    status = 200

    def __init__(self, text):
        self.text = text

    def request(self, *_):
        pass

    def getresponse(self):
        return self

    def read(self):
        return self.text

    def close(self):
        pass


@pytest.mark.parametrize("text", [b'{"asked": "chat 2", "line": 1, "done": false}\n', b'{"asked": "cha'])
def test_a_wrong_answer_would_be_seen(text):
    with pytest.raises((Fault, ValueError)):
        _ask(Canned(text), "chat", "chat 1")
