"""Task models side by side on real servers: a small one here and a hosted one, what they wrote and would cost; and a
comparison that is killed, of which the next command puts everything back. `ELBOWROOM_REAL_VERSIONS` names releases.
"""

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.contract.bench import BIG
from tests.contract.bench import SMALL as HERE
from tests.real.test_hosted import SMALL as HOSTED
from tests.real.test_hosted import app, endpoint, held, server
from tray_app.app.doing.hosted import desk_of
from tray_app.app.doing.trying import bench, priced
from tray_app.app.speed import chat_model, listed_here
from tray_app.core.remedies.choices import entrants

__all__ = ["app", "endpoint", "server"]
pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
KILLED_WITHIN_S = 120


def loaded(server):
    server.ask("GET", "/api/models", token=server.token()).raise_for_status()
    assert server.answered_by("title") == BIG  # the chat model is in memory


def test_a_small_model_and_a_hosted_one_side_by_side(server, app, endpoint):
    loaded(server)
    desk = desk_of(app)
    found = desk.find(endpoint.base, endpoint.key)
    wish = desk.wish(found, found.named(HOSTED), key=True)
    desk.connect(found, wish, endpoint.key, lambda: False)
    before = held(app)
    chat, listed = chat_model(app.carrier), listed_here(app.carrier)
    unasked = entrants(app.observer.look().facts, listed, chat, (HERE, wish.listed_as))
    turns = priced(unasked, listed, app.open_webui)
    told = bench(app.carrier, chat).compare(chat.id, turns, 1, lambda _: None)
    assert [(one.entrant.id, one.able) for one in told.trials] == [("", True), (HERE, True), (wish.listed_as, True)]
    here, hosted = told.trials[1:]
    assert (here.answered, here.usd) == (HERE, 0)
    assert not hosted.fell_back
    assert all(one.draft.items for made in told.trials for one in made.tasks)
    assert all(one.tokens is not None for one in hosted.tasks)
    if server.version >= (0, 4, 0):
        # Of a connection that is limited to chosen models Open WebUI lists no prices: its endpoint is asked for them.
        assert [one.price for one in unasked] == [None, None]
        seen = next(one for one in app.observer.look().facts.listed if one.id == wish.listed_as)
        assert seen.served.price == turns[1].price
    assert hosted.usd > 0
    assert (held(app), told.ended) == (before, None)
    desk.remove(endpoint.base)


def test_one_that_is_killed_is_put_back_by_the_next_command(server, app):
    loaded(server)
    before = held(app)
    where = ["--home", app.paths.home, "--ollama", server.ollama.url, "--open-webui", server.url]
    command = [sys.executable, "-m", "tray_app", *map(str, where)]
    process = subprocess.Popen(
        [*command, "speed", "--compare", HERE, "--runs", "4", "--yes"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + KILLED_WITHIN_S
    while held(app)[0]["TASK_MODEL"] != HERE:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert held(app)[0]["TASK_MODEL"] == HERE
    done = subprocess.run([*command, "undo"], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "the task model is back" in done.stderr) == (0, True), done.stderr
    assert held(app) == before


def test_ctrl_c_tells_what_was_measured_and_leaves_nothing_changed(server, app):
    loaded(server)
    before = held(app)
    where = ["--home", app.paths.home, "--ollama", server.ollama.url, "--open-webui", server.url]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tray_app",
            *map(str, where),
            "speed",
            "--compare",
            HERE,
            "--runs",
            "3",
            "--yes",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - starts no thread before
    )
    end = time.monotonic() + KILLED_WITHIN_S
    while held(app)[0]["TASK_MODEL"] != HERE:
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert [one["task_model"] for one in json.loads(out)["timings"]] == [""]
    assert held(app) == before
