"""The relay's requests come into the history without the tray, each once, and a file that cannot be written is tried again."""

import asyncio

import pytest

from tray_app.core.values.relay import Ending, Finished, Lane, RelayState
from tray_app.core.values.requests import RequestKind
from tray_app.relay import kept_requests
from tray_app.relay.kept_requests import KeptRequests
from tray_app.storage.history import HistoryFile

NOW = 1.8e9


def ended(seq, at, lane=Lane.TASK, **more):
    return Finished(seq, lane, "title_generation", "m", at - 9, at, Ending.SERVED, at - 4, **more)


def state(*finished):
    return RelayState(1, 2, "http://o", NOW, NOW + 100, finished=finished)


@pytest.fixture
def kept(tmp_path):
    made = KeptRequests(HistoryFile(tmp_path / "history.db", lambda: NOW, guest=True))
    yield made
    made.close(lambda _after: state())


def rows(tmp_path):
    return HistoryFile(tmp_path / "history.db").read().finished


def test_each_request_is_written_once_with_what_it_waited(kept, tmp_path):
    kept.write(state(ended(1, NOW + 10, held_s=5.0, broken_off=2), ended(2, NOW + 11, Lane.OTHER)))
    kept.write(state(ended(1, NOW + 10, held_s=5.0, broken_off=2), ended(3, NOW + 12)))
    first, second = rows(tmp_path)
    assert (first.kind, first.task, first.held_s, first.broken_off, first.busy_s) == (
        RequestKind.TASK,
        "titles",
        5.0,
        2,
        4.0,
    )
    assert second.ended_at == NOW + 12
    assert second.busy_s == 2.0  # the one before it was at the model until then


def test_what_could_not_be_written_comes_with_the_next(kept, tmp_path):
    (tmp_path / "history.db").mkdir()
    kept.write(state(ended(1, NOW + 10)))
    (tmp_path / "history.db").rmdir()
    kept.write(state(ended(1, NOW + 10), ended(2, NOW + 20)))
    assert len(rows(tmp_path)) == 2


def test_it_asks_for_what_is_new_until_the_relay_ends(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_requests, "WRITE_EVERY_S", 0.0)
    asked = []

    async def live():
        all_written = asyncio.Event()

        def told(after):
            asked.append(after)
            if after == 1:
                all_written.set()
            return state(ended(1, NOW + 10))

        writing = asyncio.ensure_future(kept.keep(told))
        await asyncio.wait_for(all_written.wait(), 60)
        writing.cancel()

    asyncio.run(live())
    assert asked[0] == 0
    assert len(rows(tmp_path)) == 1
