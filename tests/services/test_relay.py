"""The private channel of the relay: what it is asked, and whatever else may answer at its port."""

import json

import httpx
import pytest

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.report.codec import decode, encode
from tray_app.core.values.errors.service import BadAnswer, NotThatServer, Refused, TimedOut
from tray_app.core.values.relay import Ending, Finished, Lane, RelayState, Stage, Standing
from tray_app.services.relay import RelayClient

STATE = RelayState(
    41,
    11435,
    "http://127.0.0.1:11434",
    100.0,
    200.0,
    (Standing(7, Lane.TASK, "title_generation", "qwen3:32b", Stage.HELD, 196.0, position=1),),
    (Finished(3, Lane.CHAT, "", "qwen3:32b", 190.0, 195.0, Ending.SERVED, 190.0, 191.0, status=200),),
)


def relay(answer, status=200, asked=None):
    def answers(request):
        if asked is not None:
            asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(status, content=json.dumps(answer), headers={"content-type": "application/json"})

    return RelayClient(41, 40001, "s" * 43, transport=httpx.MockTransport(answers))


def test_it_is_asked_with_its_secret_for_what_is_new():
    asked = []
    assert relay(encode(STATE), asked=asked).state(2) == STATE
    assert str(asked[0].url) == "http://127.0.0.1:40001/state?after=2"
    assert asked[0].headers["authorization"] == "Bearer " + "s" * 43


def test_its_end_is_asked_for_once():
    asked = []
    relay({}, asked=asked).end()
    assert [(one.method, one.url.path) for one in asked] == [("POST", "/end")]


def test_it_is_told_its_rules():
    asked = []
    rules = LanesRules(max_hold_s=60.0, contexts=(("qwen3:32b", 8192),))
    relay({}, asked=asked).follow(rules)
    assert [(one.method, one.url.path) for one in asked] == [("POST", "/rules")]
    assert decode(LanesRules, json.loads(asked[0].content)) == rules


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({**encode(STATE), "pid": 42}, 200, NotThatServer),
        ({**encode(STATE), "standing": [{"id": 1}]}, 200, BadAnswer),
        ([], 200, BadAnswer),
        ({"detail": "no"}, 401, Refused),
        (httpx.ReadTimeout("slow"), 200, TimedOut),
    ],
)
def test_whatever_else_has_its_port_is_an_error_with_a_type(answer, status, error):
    with pytest.raises(error):
        relay(answer, status).state(0)
