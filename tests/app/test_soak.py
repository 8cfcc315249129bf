"""Servers that come and go leave nothing behind: as many objects of each kind after many polls as after few."""

import contextlib
from collections import Counter
from types import SimpleNamespace

import pytest

from bench.soak import TRAY, WATCH, Screen, connected, kinds
from tray_app.demo.machine import played_machine

POLL_S = 120.0
"""What is kept for an hour has filled after thirty polls."""
EVERY = 2
CYCLE = 2 * EVERY
WARM, MORE = 9 * CYCLE, 3 * CYCLE
WHOSE = ("tray_app.", "httpx.", "httpcore.", "h11.", "ssl.", "socket.", "threading.", "logging.", "msgspec.")


def quiet_machine():
    """One on which nothing ever changes."""
    scheduler = SimpleNamespace(
        changed=contextlib.nullcontext(), pending=[], runners=[], loaded=list, budget_bytes=22 << 30
    )
    return played_machine(SimpleNamespace(waiting=0, used_bytes=lambda: 0, scheduler=scheduler))


def grown(what):
    """Of each kind how many more there are after `MORE` polls, at the same place of the coming and going."""
    with connected(what, POLL_S, quiet_machine()) as (poll, servers):

        def polls(count):
            for number in range(count):
                if number % EVERY == 0:
                    servers.toggle()
                poll()
            return Counter({name: count for name, count in kinds().items() if name.startswith(WHOSE)})

        before = polls(WARM)
        return dict(polls(MORE) - before), before


@pytest.mark.parametrize("what", [TRAY, WATCH])
def test_no_kind_of_object_grows_with_servers_that_come_and_go(what):
    more, before = grown(what)
    assert before["tray_app.app.watch.Observer"] == 1
    assert more == {}


def test_what_would_be_kept_of_every_poll_is_found(monkeypatch):
    kept = []
    monkeypatch.setattr(Screen, "show", lambda _, view: kept.append(view))
    more, _ = grown(TRAY)
    assert more["tray_app.core.menu.screen.View"] == MORE
