"""Whose the requests are, and how many, where the system tells what each connection was last used for."""

import pytest
from msgspec.structs import replace

from tests.core.requests.test_count import (
    ALL_ON,
    LOWER_BOUND,
    MODELS,
    NO_AUTOCOMPLETE,
    World,
    clients,
    numbers,
    slot,
)
from tray_app.core.requests.whose import of_open_webui, whose
from tray_app.core.values.connections import OPEN_WEBUI_POOL, Connections, Talk, Whose
from tray_app.core.values.reading import Why
from tray_app.core.values.snapshot import WebUIModel

ASKED, ANSWERING = Talk(asked=True, sent_s=9.0, received_s=5.0), Talk(asked=False, sent_s=0.2, received_s=5.0)
KEPT = Talk(asked=False, sent_s=9.0, received_s=14.0)
ARENA = WebUIModel("arena-model", "Arena Model", "arena", arena=True)


def seen(web=(), others=(), *, web_seen=True):
    """Connections of Open WebUI and of others, by what went over them."""
    there = (*clients(len(web), OPEN_WEBUI_POOL, 100), *clients(len(others)))
    return Connections(there, talks=(*web, *others), web_seen=web_seen)


class TestBusyChats:
    """Where the system does not tell of connections, as on macOS and Windows."""

    def test_0_9_lists_an_arena_by_itself(self):
        world = World("0.9.6", NO_AUTOCOMPLETE, (*MODELS, ARENA))
        answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), busy=3)
        assert (*numbers(answer), answer.waiting_source) == (1, 2, "open-webui-tasks")

    def test_of_another_programs_requests_they_tell_nothing(self):
        world = World("0.12.4", NO_AUTOCOMPLETE)
        answer = world.poll((*clients(8), *clients(1, OPEN_WEBUI_POOL, 90)), (slot(0),), busy=1)
        assert numbers(answer) == (1, Why.UNSUPPORTED)
        answer = world.poll((*clients(8), *clients(1, OPEN_WEBUI_POOL, 90)), (slot(0),), busy=3)
        assert (*numbers(answer), answer.waiting_confidence) == (1, 2, LOWER_BOUND)

    def test_autocomplete_comes_on_top(self):
        world = World("0.12.4", ALL_ON)
        answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), busy=1)
        assert numbers(answer) == (1, Why.UNSUPPORTED)
        answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), busy=2)
        assert (*numbers(answer), answer.waiting_confidence) == (1, 1, LOWER_BOUND)


class TestWhose:
    @pytest.mark.parametrize(
        ("connections", "expected"),
        [
            (seen(), Whose.UNTOLD),
            (seen(others=[ASKED]), Whose.OTHERS),
            (seen(others=[ASKED], web_seen=False), Whose.UNTOLD),
            (seen([ASKED], web_seen=False), Whose.OPEN_WEBUI),
            (seen([ANSWERING], [ASKED]), Whose.MIXED),
            (seen([ASKED], [ASKED], web_seen=False), Whose.UNTOLD),
            (seen([ASKED], [KEPT]), Whose.OPEN_WEBUI),
            (seen([KEPT], [ASKED]), Whose.OTHERS),
            (seen([KEPT], [KEPT]), Whose.UNTOLD),
            # Where the system does not tell, or one has ended meanwhile, each may carry a request.
            (replace(seen([KEPT], [ASKED]), talks=None), Whose.MIXED),
            (replace(seen([KEPT], [ASKED]), talks=(KEPT,)), Whose.MIXED),
        ],
    )
    def test_by_who_holds_the_connections_in_use(self, connections, expected):
        assert whose(connections) is expected

    def test_hidden_connections_tell_nothing(self):
        assert (whose(None), of_open_webui(None)) == (Whose.UNTOLD, None)

    def test_how_many_are_open_webuis(self):
        both = seen([ASKED, ANSWERING, KEPT], [ASKED])
        assert of_open_webui(both) == 2
        assert of_open_webui(replace(both, web_seen=False)) is None
        assert of_open_webui(replace(both, talks=None)) is None

    def test_the_answer_carries_it(self):
        answer = World("0.12.4").poll(clients(1, OPEN_WEBUI_POOL), (slot(0),))
        assert (answer.whose, answer.of_open_webui) == (Whose.OPEN_WEBUI, None)
