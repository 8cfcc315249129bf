"""What can be in the way of chat first: other programs, other people, other copies, another version, a loop."""

import contextlib
import os
import random
import signal
import socket
import threading

import pytest

from tests.app.chat_first.bench import at_once, refused, state, title
from tests.ports import free_port
from tray_app.app.session import Session
from tray_app.core.tasks.ollama_connections import HEADERS
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem, RelayError, RelayProblem
from tray_app.core.values.remedy import Consent
from tray_app.standins.server import wait_until
from tray_app.standins.upstream import get_json
from tray_app.storage.relay_file import RelayFile


@contextlib.contextmanager
def stranger(port, answer=b""):
    """Another program at a port: it takes connections, and says nothing or always the same."""
    with socket.create_server(("127.0.0.1", port)) as server:
        taken = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])
                    if answer:
                        taken[-1].recv(65536)
                        taken[-1].sendall(answer)
                        taken[-1].close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in taken:
                one.close()


OTHER_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
NOT_HTTP = b"220 mail.example.com ESMTP\r\n"


# --- a file that was left behind ------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"", OTHER_JSON, NOT_HTTP], ids=["silent", "other-json", "not-http"])
def test_another_program_at_the_ports_of_a_relay_that_is_gone_is_no_relay(bench, run, answer):
    run("chat-first", "on", "--yes")
    door = bench.relay.door()
    first = bench.kill_relay()
    with stranger(door.control_port, answer):
        assert RelayFile(bench.app().paths.relay_file).read() == door
        assert bench.app().relay.door() is None
        assert state(run) == "no-relay"
        session = Session(bench.overrides)
        try:
            assert wait_until(lambda: session.chat_first.keep() and bench.app().relay.door() is not None, 30)
        finally:
            session.close()
        assert bench.relay.door().pid != first
        assert title(bench)


def test_a_relay_that_hangs_is_still_there(bench, run):
    """Ending it or starting a second one would be wrong: it may only be a busy machine."""
    run("chat-first", "on", "--yes")
    door = bench.relay.door()
    os.kill(door.pid, signal.SIGSTOP)
    try:
        assert bench.app().relay.door() == door
        assert not bench.app().relay.keep(bench.port)
        assert bench.app().chat_first.status().state == "on"
    finally:
        os.kill(door.pid, signal.SIGCONT)


def test_another_program_at_the_relays_own_port_is_told_and_not_fought(bench, run):
    run("chat-first", "on", "--yes")
    bench.kill_relay()
    with stranger(bench.port):
        _, out, _ = run("chat-first", "status")
        assert "Another program listens there" in " ".join(out.split())
        session = Session(bench.overrides)
        try:
            assert session.chat_first.keep()
            assert session.chat_first.problem.problem is RelayProblem.PORT_TAKEN
            assert str(bench.port) in session.complaint()
        finally:
            session.close()
        assert run("chat-first", "off")[0] == 0
    assert bench.urls == bench.direct


def test_its_old_address_means_ollama_only_while_nothing_else_is_there(bench, run):
    run("chat-first", "on", "--yes")
    bench.kill_relay()
    assert bench.app().relay.behind(bench.by_relay[0]) == bench.ollama.url
    with stranger(bench.port):
        assert bench.app().relay.behind(bench.by_relay[0]) == bench.by_relay[0]


# --- a loop ---------------------------------------------------------------------------------


def test_an_ollama_address_that_is_where_the_relay_stands_is_refused(bench):
    relay = bench.app().relay
    relay._upstream = lambda: bench.by_relay[0].replace("127.0.0.1", "localhost")
    for start in (relay.start, relay.keep):
        with pytest.raises(RelayError) as error:
            start(bench.port)
        assert error.value.problem is RelayProblem.LOOP
    assert relay.door() is None


# --- another port ---------------------------------------------------------------------------


def test_off_and_on_moves_to_the_port_that_the_settings_name_now(bench, run):
    run("chat-first", "on", "--yes")
    bench.port = free_port()
    bench.set_port(bench.port)
    before = bench.relay.door()
    session = Session(bench.overrides)
    try:
        assert session.chat_first.keep()
    finally:
        session.close()
    assert bench.relay.door() == before  # it stays where Open WebUI is led until then
    assert run("chat-first", "off")[0] == 0
    assert run("chat-first", "on", "--yes")[0] == 0
    assert (bench.urls, bench.relay.door().port) == (bench.by_relay, bench.port)


# --- somebody else --------------------------------------------------------------------------


def planned(app):
    return app.chat_first.remedy(app.observer.look().facts.overview.connections)


def carry_out(app, remedy):
    return app.carrier.carry_out(remedy, Consent.CONFIRMED, lambda _: None, lambda: False)


def test_an_admin_who_changes_the_connection_between_plan_and_write_wins(bench):
    app = bench.app()
    remedy = planned(app)
    bench.urls[0] = "http://127.0.0.1:9"
    with pytest.raises(ChangeError) as error:
        carry_out(app, remedy)
    assert error.value.problem is Problem.DRIFT
    assert bench.urls == ["http://127.0.0.1:9"]
    assert bench.relay.door() is None  # nobody needs the one that was started for it


def test_an_admin_who_takes_it_back_by_hand_leaves_nothing_of_it(bench, run):
    run("chat-first", "on", "--yes")
    bench.urls[0] = bench.direct[0]
    bench.webui.registry.ollama.configs = {}
    assert state(run) == "changed-elsewhere"
    code, _, err = run("chat-first", "off")
    assert (code, bench.urls, bench.relay.door()) == (0, bench.direct, None), err
    assert state(run) == "off"


def test_a_header_that_an_admin_changed_meanwhile_stays_theirs(bench, run):
    run("chat-first", "on", "--yes")
    bench.webui.registry.ollama.configs["0"]["headers"]["X-Elbowroom-Task"] = "theirs"
    assert run("chat-first", "off")[0] == 0
    assert bench.urls == bench.direct
    assert bench.webui.registry.ollama.configs["0"]["headers"] == {"X-Elbowroom-Task": "theirs"}
    assert "theirs" in refused_by_header(run)


def refused_by_header(run):
    line = refused(run)
    assert "X-Elbowroom-Task" in line
    assert "theirs" not in line
    return "theirs"


# --- two at once ----------------------------------------------------------------------------


def test_two_that_switch_it_on_at_once_make_one_change(bench):
    apps = [bench.app() for _ in range(2)]
    plans = [planned(app) for app in apps]
    ends = at_once(*(lambda app=app, plan=plan: carry_out(app, plan) for app, plan in zip(apps, plans, strict=True)))
    (failed,) = [one for one in ends if isinstance(one, ElbowroomError)]
    assert isinstance(failed, ChatFirstError)
    assert failed.problem is ChatFirstProblem.ON_ALREADY
    assert bench.urls == bench.by_relay
    assert bench.webui.registry.ollama.configs["0"]["headers"] == HEADERS
    assert len(bench.app().chat_first.in_force()) == 1
    assert bench.relay.door().port == bench.port


def test_two_that_switch_it_off_at_once_are_both_content(bench, run):
    run("chat-first", "on", "--yes")
    apps = [bench.app() for _ in range(2)]
    ends = at_once(*(app.chat_first.off for app in apps))
    assert not [one for one in ends if isinstance(one, ElbowroomError) and one.args[0] != "nothing-to-do"]
    assert (bench.urls, bench.relay.door()) == (bench.direct, None)


@pytest.mark.parametrize("turn", range(4))
def test_on_and_off_at_once_leave_it_on_or_off(bench, turn):
    """Whatever the order: a connection that leads to a relay that runs, or none of either."""
    on, off = bench.app(), bench.app()
    plan = planned(on)
    works = [lambda: carry_out(on, plan), off.chat_first.off]
    random.Random(turn).shuffle(works)
    ends = at_once(*works)
    bad = [one for one in ends if isinstance(one, ElbowroomError) and one.args[0] != "nothing-to-do"]
    assert not bad
    told = bench.app().chat_first.status().state.value
    door = bench.app().relay.door()
    assert (told, bench.urls, door is not None) in [("on", bench.by_relay, True), ("off", bench.direct, False)]


def test_two_relays_started_at_once_are_one(bench):
    first, second = bench.app().relay, bench.app().relay
    doors = at_once(lambda: first.start(bench.port), lambda: second.start(bench.port))
    assert doors[0] == doors[1] == bench.app().relay.door()
    started = [one._process for one in (first, second) if one._process is not None]
    assert wait_until(lambda: sum(one.poll() is None for one in started) == 1, 60)  # the late one found its port taken


# --- another version ------------------------------------------------------------------------


def test_an_older_open_webui_beneath_it_is_told_and_can_be_taken_back(bench, run):
    """Its headers come with the braces unfilled: no request may be taken for a task by mistake."""
    run("chat-first", "on", "--yes")
    bench.become("0.9.6")
    _, out, _ = run("chat-first", "status")
    assert "0.9.6 does not tell what a request is for" in " ".join(out.split())
    code, _, err = run("chat-first", "off")
    assert code == 0, err
    assert bench.urls == bench.direct


def test_braces_that_nobody_filled_are_no_task(bench, run):
    from tray_app.core.lanes.lane import lane
    from tray_app.core.values.relay import Lane

    for word in HEADERS.values():
        assert lane("POST", "/api/chat", word) is Lane.CHAT
    run("chat-first", "on", "--yes")
    assert get_json(bench.by_relay[0], "/api/version")


def test_a_newer_open_webui_above_it_changes_nothing(bench, run):
    run("chat-first", "on", "--yes")
    bench.become("0.13.0")
    assert state(run) == "on"
    assert title(bench)
    assert run("chat-first", "off")[0] == 0
    assert bench.urls == bench.direct
