"""A model's request slots, and everything else that can be found at its port."""

import json

import httpx
import pytest

from tray_app.core.values.errors.service import BadAnswer, NotFound, NotThatServer, ServerFailed, TimedOut
from tray_app.services import runner
from tray_app.services.runner import Slot, slots

BUSY = {
    "id": 0,
    "n_ctx": 4096,
    "is_processing": True,
    "id_task": 41,
    "n_prompt_tokens": 211,
    "params": {"n_predict": 40},
    "next_token": [{"n_decoded": 7, "n_remain": 33}],
}
IDLE = {"id": 1, "n_ctx": 4096, "is_processing": False, "params": {"n_predict": -1}, "next_token": {"n_decoded": 0}}


def at(answer, status=200):
    content, headers = json.dumps(answer).encode(), {"content-type": "application/json"}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content, headers=headers))
    return slots(1, transport=transport)


def test_slots_of_a_working_model():
    assert at([BUSY, IDLE]) == (
        Slot(0, is_processing=True, task_id=41, prompt_tokens=211, decoded=7, limit_tokens=40),
        Slot(1, is_processing=False, decoded=0),
    )


def test_counts_that_are_not_told_are_none():
    assert at([{"id": 0, "is_processing": False}]) == (Slot(0, is_processing=False),)


def test_a_loading_model_has_no_slots():
    with pytest.raises(ServerFailed) as caught:
        at({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503)
    assert caught.value.detail == "Loading model"
    with pytest.raises(BadAnswer):
        at({"error": {"code": 503, "message": "Loading model"}})


def test_a_runner_before_0_30_has_none():
    with pytest.raises(NotFound):
        at("404 page not found", 404)


@pytest.mark.parametrize(
    "answer",
    [[], {}, "x", 7, None, [7], [{}], [{"id": 0}], [{"id": "a", "is_processing": True}], [{"is_processing": 1}]],
)
def test_a_port_of_something_else(answer):
    with pytest.raises(NotThatServer):
        at(answer)


def test_a_busy_runner_that_hangs(serve):
    server = serve(lambda peer: (peer.request(), peer.hang()))
    with pytest.raises(TimedOut):
        slots(server.port, deadline_s=0.3)


def test_a_real_answer_over_a_socket(serve):
    server = serve(lambda peer: (peer.request(), peer.answer(json.dumps([BUSY]).encode())))
    assert slots(server.port)[0].task_id == 41
    assert server.requests[0].startswith(b"GET /slots ")


@pytest.mark.parametrize("odd", [True, -5, 1.5, 1e300, "7", None, [], {}])
def test_odd_counts_are_unknown(odd):
    found = runner.decode([BUSY | {"next_token": odd, "params": odd}], "http://x")[0]
    assert (found.decoded, found.limit_tokens) == (None, None)
