"""Connections to Ollama and to its runners: recorded tables, and real sockets of our own and of other users."""

import os
import pickle
import socket
import struct
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from msgspec.structs import replace

from tests.readers.stand_in import OllamaStandIn, until
from tray_app.core.values.connections import Client, Owner, Talk
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Processes, ProcessRole, WatchedProcess
from tray_app.readers._proc_net import SocketRow, decode_address, established
from tray_app.readers._sock_diag import decode, decode_talk, dump, talks
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.listening import Listening, listening
from tray_app.readers.processes import ProcessReader

linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc/net is Linux's")
SYSTEM_PYTHON = "/usr/bin/python3"
other_user = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not Path(SYSTEM_PYTHON).exists(),
    reason="needs root to become other users, and a Python that they may run",
)
NOBODY, READER = 65534, 65533

TABLE = b"""  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 1651 1 0 100 0 0 10 0
   1: 0100007F:2CAA 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   998        0 2001 1 0 20 4 30 10 -1
   2: 0100007F:9C40 0100007F:2CAA 01 00000000:00000000 00:00000000 00000000  1000        0 2002 1 0 20 4 30 10 -1
   3: 0100007F:2CAA 0100007F:9C41 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   4: 0100007F:2CAA 050011AC:C350 01 00000000:00000000 00:00000000 00000000   998        0 2003 1 0 20 4 30 10 -1
   5: 0100007F:9449 0100007F:2CAA 01 000
   6: 0100007F:9449 0100007F:D6D8 01 00000000:00000000 00:00000000 00000000   998        0 2004 1 0 20 4 30 10 -1
"""
TABLE6 = b"""  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 0000000000000000FFFF00000100007F:2CAA 0000000000000000FFFF00000100007F:9C44 01 0:0 00:0 0 998 0 3001 1
   1: 00000000000000000000000001000000:2CAA 00000000000000000000000001000000:9C45 01 0:0 00:0 0 998 0 3002 1
"""
LOOP = "127.0.0.1"
SERVER = WatchedProcess(41, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
RUNNER = WatchedProcess(42, 1.0, ProcessRole.OLLAMA_RUNNER, "llama-server", port=0x9449)
WEB = WatchedProcess(43, 1.0, ProcessRole.OPEN_WEBUI, "open-webui")
BOTH = Processes((SERVER, RUNNER, WEB))


def with_relay():
    return Processes((*BOTH.watched, WatchedProcess(44, 1.0, ProcessRole.RELAY, "python3")))


@pytest.fixture
def proc(tmp_path):
    """A /proc with the tables above: our own socket is 2002's owner or nobody's, Open WebUI's files are readable."""
    for owner in ("self", "41", "43"):
        (tmp_path / owner / "fd").mkdir(parents=True)
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_bytes(TABLE)
    (tmp_path / "net" / "tcp6").write_bytes(TABLE6)
    return tmp_path


def read(proc, processes=BOTH):
    return ConnectionReader(system="linux", proc=proc, dump=None).read(5.0, processes, 0x2CAA)


class TestTable:
    @pytest.mark.skipif(sys.byteorder != "little", reason="words of the table are in the machine's order")
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            (b"0100007F:2CAA", ("127.0.0.1", 11434)),
            (b"0000000000000000FFFF00000100007F:9C44", ("127.0.0.1", 40004)),
            (b"00000000000000000000000001000000:2CAA", ("::1", 11434)),
            (b"B80D01200000000067452301EFCDAB89:0050", ("2001:db8::123:4567:89ab:cdef", 80)),
        ],
    )
    def test_addresses(self, text, address):
        assert decode_address(text) == address

    @pytest.mark.parametrize(
        "text",
        [
            *(b"", b":", b"0100007F", b"0100007F:", b"XXXXXXXX:2CAA", b"01:2CAA", b"0100007F:12345"),
            *(
                b"-100007F:2CAA",
                b"+100007F:2CAA",
                b"01_0007F:2CAA",
                b"0100007F:-CAA",
                b"0000000000000000-000000000000001:2CAA",
            ),
        ],
    )
    def test_what_is_no_address(self, text):
        with pytest.raises(ValueError):
            decode_address(text)

    def test_only_established_rows_of_the_ports(self):
        assert [row.inode for row in established(TABLE, {0x2CAA})] == [2001, 2002, 2003]
        assert list(established(TABLE, {80})) == []

    def test_cut_and_foreign_lines_are_passed_over(self):
        for cut in range(0, len(TABLE), 7):
            assert all(row.inode for row in established(TABLE[:cut], {0x2CAA, 0x9449}))
        assert list(established(b"head\n" + bytes(range(256)) * 50, {0x2CAA})) == []


class TestLinuxFiles:
    def test_clients_by_port_and_runner_connections(self, proc):
        answer = read(proc)
        assert answer == Known(answer.value, 5.0)
        assert answer.value.clients == (
            Client("127.0.0.1", 40000),
            Client("127.0.0.1", 40004),
            Client("172.17.0.5", 50000, "172.17.0.5"),
            Client("::1", 40005),
        )
        assert answer.value.runners == ((0x9449, 1),)

    def test_our_own_connections_are_left_out(self, proc):
        (proc / "self" / "fd" / "7").symlink_to("socket:[2002]")
        assert Client("127.0.0.1", 40000) not in read(proc).value.clients

    def test_open_webui_owns_its_connections_where_its_files_can_be_read(self, proc):
        (proc / "43" / "fd" / "9").symlink_to("socket:[2002]")
        (proc / "43" / "fd" / "8").symlink_to("/dev/null")
        assert Client("127.0.0.1", 40000, "open-webui") in read(proc).value.clients
        assert read(proc).value.web_seen

    def test_the_relay_owns_its_connections(self, proc):
        (proc / "44" / "fd").mkdir(parents=True)
        (proc / "44" / "fd" / "9").symlink_to("socket:[2002]")
        assert Client("127.0.0.1", 40000, "relay") in read(proc, with_relay()).value.clients

    def test_where_open_webuis_files_are_hidden_the_others_are_not_known(self, proc):
        assert not read(proc).value.web_seen
        (proc / "43" / "fd" / "9").symlink_to("socket:[77]")
        assert read(proc).value.web_seen

    def test_sockets_in_a_container_have_other_numbers_than_here(self, proc):
        (proc / "43" / "fd" / "9").symlink_to("socket:[77]")
        (proc / "43" / "net").mkdir()
        (proc / "43" / "net" / "route").write_text("eth0 0011AC")
        assert not read(proc).value.web_seen

    def test_the_servers_own_network_comes_first(self, proc):
        (proc / "41" / "net").mkdir()
        (proc / "41" / "net" / "tcp").write_bytes(TABLE.splitlines()[0])
        assert read(proc).value.clients == ()

    def test_without_tables_it_is_missing(self, proc):
        (proc / "net" / "tcp").unlink()
        (proc / "net" / "tcp6").unlink()
        assert read(proc) == Unknown(Why.MISSING, "/proc/net/tcp")

    def test_a_table_that_is_a_folder_is_told(self, proc):
        for name in ("tcp", "tcp6"):
            (proc / "net" / name).unlink()
            (proc / "net" / name).mkdir()
        assert read(proc).why is Why.DENIED

    def test_no_server_no_answer(self, proc):
        assert read(proc, Processes((RUNNER,))) == Unknown(Why.MISSING, "no server process")


def message(local, remote, inode, *, family=socket.AF_INET, state=1):
    """One answer of the kernel, as struct inet_diag_msg has it."""
    hosts = b"".join(socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (local, remote))
    ports = struct.pack(">HH", local[1], remote[1])
    body = (
        struct.pack("=BBBB", family, state, 0, 0)
        + ports
        + hosts
        + bytes(12)
        + struct.pack("=IIIII", 0, 0, 0, 998, inode)
    )
    return struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 0) + body


DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


class TestNetlink:
    SERVER = ("127.0.0.1", 11434)

    def test_rows_of_both_families(self):
        data = (
            message(self.SERVER, ("127.0.0.1", 40000), 2001)
            + message(("::ffff:127.0.0.1", 11434), ("::ffff:127.0.0.1", 40001), 2002, family=socket.AF_INET6)
            + message(("::1", 11434), ("::1", 40002), 2003, family=socket.AF_INET6)
            + message(("10.0.0.1", 22), ("10.0.0.2", 50000), 2004)
            + message(self.SERVER, ("127.0.0.1", 40003), 2005, state=8)
        )
        rows, more = decode(data + DONE, {11434})
        assert [(row.remote_host, row.remote_port, row.inode) for row in rows] == [
            ("127.0.0.1", 40000, 2001),
            ("127.0.0.1", 40001, 2002),
            ("::1", 40002, 2003),
        ]
        assert not more
        assert decode(data, {11434})[1]

    def test_an_error_of_the_kernel(self):
        with pytest.raises(PermissionError):
            decode(struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1), {11434})

    def test_cut_answers(self):
        data = message(self.SERVER, ("127.0.0.1", 40000), 2001) + DONE
        for cut in range(len(data)):
            decode(data[:cut], {11434})
        assert decode(bytes(64), {11434}) == ([], True)
        assert decode(b"", {11434}) == ([], False)

    @linux
    def test_the_same_as_the_files(self):
        with socket.create_server((LOOP, 0)) as server, socket.create_connection(server.getsockname()) as client:
            port = server.getsockname()[1]
            with server.accept()[0]:
                expected = set(established(Path("/proc/net/tcp").read_bytes(), {port}))
                assert set(dump({port})) == expected
                assert {row.inode for row in expected} >= {os.fstat(client.fileno()).st_ino}

    def test_where_it_is_forbidden_the_files_do(self, proc):
        def forbidden(ports):
            raise PermissionError(1, "Operation not permitted")

        reader = ConnectionReader(system="linux", proc=proc, dump=forbidden)
        assert len(reader.read(5.0, BOTH, 0x2CAA).value.clients) == 4

    def test_a_server_in_a_container_is_read_from_its_own_network(self, proc):
        (proc / "41" / "net").mkdir()
        (proc / "41" / "net" / "route").write_text("eth0 0011AC")
        (proc / "41" / "net" / "tcp").write_bytes(TABLE)
        reader = ConnectionReader(system="linux", proc=proc, dump=lambda ports: [])
        assert len(reader.read(5.0, BOTH, 0x2CAA).value.clients) == 2
        here = Processes((replace(SERVER, pid=77), RUNNER))
        assert reader.read(5.0, here, 0x2CAA).value.clients == ()


class TestTalk:
    """What went over a connection, as the kernel tells it to anybody."""

    @linux
    @pytest.mark.parametrize(("address", "dual"), [(LOOP, False), ("::1", False), ("::", True)])
    def test_a_request_without_an_answer_yet(self, address, dual):
        family = socket.AF_INET if address == LOOP else socket.AF_INET6
        with socket.create_server((address, 0), family=family, dualstack_ipv6=dual) as server:
            port = server.getsockname()[1]
            with socket.create_connection((LOOP if dual else address, port)) as client, server.accept()[0] as there:

                def talk():
                    (row,) = (row for row in dump({port}) if row.local_port == port)
                    return talks([row])[0]

                assert talk().asked is False  # connected, nothing said
                client.sendall(b"ask")
                until(lambda: talk().asked)
                time.sleep(0.02)  # more than one step of the kernel's clock
                there.sendall(b"answer")
                until(lambda: talk().asked is False)
                assert talk().sent_s < 60
                time.sleep(0.02)
                client.sendall(b"ask again over the kept connection")
                until(lambda: talk().asked)

    @pytest.mark.parametrize(
        ("sent_ms", "received_ms", "received", "sent", "asked"),
        [
            (900, 900, 0, 0, False),  # connected, nothing said
            (900, 40, 1, 0, True),
            (900, 40, 3, 2, True),
            (40, 900, 3, 2, False),
            (40, 44, 3, 2, False),
            (44, 40, 3, 2, True),
            # Both in one step of the clock: the first request that ever came was answered, a later one may not be.
            (40, 40, 1, 1, False),
            (40, 40, 2, 1, None),
        ],
    )
    def test_which_came_last(self, sent_ms, received_ms, received, sent, asked):
        info = struct.pack("=44x I 4x I 96x I I", sent_ms, received_ms, received, sent)
        body = message((LOOP, 11434), (LOOP, 40000), 2001) + struct.pack("=HH", 4 + len(info), 2) + info
        assert decode_talk(struct.pack("=I", len(body)) + body[4:]).asked is asked

    @linux
    def test_a_connection_that_has_ended(self):
        row = SocketRow(LOOP, 1, LOOP, 2, 7)
        assert talks([row, row]) == [None, None]
        assert talks([]) == []

    def test_an_error_of_the_kernel_or_an_answer_without_numbers(self):
        def error(number):
            return struct.pack("=IHHIIi", 20, 2, 0, 1, 0, number)

        assert decode_talk(error(-2)) is None
        with pytest.raises(PermissionError):
            decode_talk(error(-1))
        old = message((LOOP, 11434), (LOOP, 40000), 2001)
        for answer in (old, old[:-3], b"", bytes(16)):
            with pytest.raises(OSError, match="tcp_info"):
                decode_talk(answer)

    @pytest.mark.parametrize("state", [4, 6, 7, 8])
    def test_one_that_has_just_ended_is_none_and_not_an_old_kernel(self, state):
        """The kernel finds what is left of it, TIME_WAIT above all, and tells no numbers."""
        assert decode_talk(message((LOOP, 11434), (LOOP, 40000), 2001, state=state)) is None

    @linux
    def test_connections_that_end_while_they_are_asked_about(self):
        with socket.create_server((LOOP, 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection((LOOP, port)) as client, server.accept()[0] as there:
                (row,) = (row for row in dump({port}) if row.local_port == port)
                there.shutdown(socket.SHUT_RDWR)  # this end first, so that it is the one that waits
                client.close()
            assert talks([row]) == [None]

    def test_a_question_without_an_answer_in_time_is_asked_again(self, proc):
        asked = []

        def slow(rows):
            asked.append(rows)
            if len(asked) == 1:
                raise TimeoutError
            return [Talk(asked=True, sent_s=2.0, received_s=1.0) for _ in rows]

        assert self.told(proc, slow).talks is not None

    def told(self, proc, talks):
        rows = [SocketRow(LOOP, 0x2CAA, LOOP, 40000, 1), SocketRow(LOOP, 0x9449, LOOP, 40001, 2)]
        reader = ConnectionReader(system="linux", proc=proc, dump=lambda ports: rows, talks=talks)
        return [reader.read(5.0, BOTH, 0x2CAA).value for _ in range(2)][-1]

    def test_where_it_is_told(self, proc):
        here = Talk(asked=True, sent_s=2.0, received_s=1.0)
        told = self.told(proc, lambda rows: [here for _ in rows])
        assert (told.talks, told.said_at_runner(0x9449), told.said_at_runner(1)) == ((here,), (here,), None)

    def test_a_connection_that_ended_between_two_questions_is_left_out(self, proc):
        told = self.told(proc, lambda rows: [None for _ in rows])
        assert (told.talks, told.said_at_runner(0x9449)) == ((), ())

    def test_where_it_is_not_told_the_connections_are_still_counted(self, proc):
        asked = []

        def old_kernel(rows):
            asked.append(rows)
            raise OSError(0, "no tcp_info")

        told = self.told(proc, old_kernel)
        assert (told.talks, told.said_at_runner(0x9449), len(told.clients)) == (None, None, 1)
        assert len(asked) == 1  # and not asked again


class TestPublishedPort:
    """Ollama in a container listens on 11434 there and is watched at 11500 here."""

    WATCHED, BRIDGE = 11500, "172.17.0.1"

    @pytest.fixture
    def boxed(self, proc, monkeypatch):
        inside = TABLE.decode().splitlines()
        for number, client in enumerate((b"\xac\x11\x00\x01", b"\xac\x11\x00\x01"), 1):
            host = client[::-1].hex().upper()
            inside.append(
                f"   {number + 6}: 0100007F:2CAA {host}:D43{number} 01 0:0 00:0 0 0 0 500{number} 1 0 20 4 30 10 -1"
            )
        (proc / "41" / "net").mkdir()
        (proc / "41" / "net" / "route").write_text("eth0 0011AC")
        (proc / "41" / "net" / "tcp").write_text("\n".join(inside) + "\n")
        (proc / "self" / "fd" / "7").symlink_to("socket:[9001]")
        monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"docker0": [SimpleNamespace(address=self.BRIDGE)]})
        return proc

    def read(self, proc, own_port=40100):
        outside = [SocketRow("127.0.0.1", own_port, "127.0.0.1", self.WATCHED, 9001)]
        server = replace(SERVER, ports=(0x2CAA, 0x9449), apart=True)
        reader = ConnectionReader(system="linux", proc=proc, dump=lambda ports: outside)
        return reader.read(5.0, Processes((server, RUNNER, WEB)), self.WATCHED).value

    def test_clients_are_counted_at_the_port_inside(self, boxed):
        assert len(self.read(boxed).clients) == 3

    def test_our_own_connection_comes_from_the_bridge_and_is_not_counted(self, boxed):
        assert [one.host for one in self.read(boxed).clients].count(self.BRIDGE) == 1
        assert Client(self.BRIDGE, 0xD431, self.BRIDGE) not in self.read(boxed, own_port=0xD431).clients

    def test_two_containers_that_could_be_the_one_are_not_guessed(self, boxed):
        one = replace(SERVER, ports=(0x2CAA,), apart=True, owner=Owner.UNSURE)
        reader = ConnectionReader(system="linux", proc=boxed, dump=lambda ports: [])
        answer = reader.read(5.0, Processes((one, replace(one, pid=77))), self.WATCHED)
        assert answer == Unknown(Why.UNSUPPORTED, "several servers could be the one")


class TestListening:
    def test_a_process_whose_files_can_be_read(self, proc):
        (proc / "41" / "net").mkdir()
        (proc / "41" / "net" / "tcp").write_bytes(TABLE)
        (proc / "41" / "fd" / "3").symlink_to("socket:[1651]")
        found = listening(41, system="linux", proc=proc)
        assert found == Listening((0x2CAA,), apart=False)

    def test_a_container_lives_apart(self, proc):
        (proc / "41" / "net").mkdir()
        (proc / "41" / "net" / "tcp").write_bytes(TABLE)
        (proc / "41" / "net" / "route").write_text("eth0 0011AC")
        assert listening(41, system="linux", proc=proc).apart

    def test_a_process_that_is_gone_or_denied_is_hidden(self, proc):
        assert listening(77, system="linux", proc=proc).ports is None
        denied = FakeProcess(41, {41: psutil.AccessDenied(41)})
        assert listening(41, system="darwin", process=lambda _pid: denied).ports is None

    def test_by_process(self):
        rows = [((LOOP, 11434), None, LISTEN), ((LOOP, 11434), (LOOP, 5000), ESTABLISHED), ((LOOP, 70), None, LISTEN)]
        shown = FakeProcess(41, {41: rows})
        assert listening(41, system="win32", process=lambda _pid: shown) == Listening((70, 11434))

    @linux
    def test_this_process(self):
        with socket.create_server((LOOP, 0)) as server:
            found = listening(os.getpid())
            assert server.getsockname()[1] in found.ports
            assert not found.apart

    @other_user
    def test_another_users_server(self):
        with OllamaStandIn(user=NOBODY, python=SYSTEM_PYTHON) as ollama:
            found = in_child(lambda: listening(ollama.pid), READER)
            assert ollama.port in found.ports


class FakeProcess:
    """psutil.Process on a system that shows sockets per process."""

    def __init__(self, pid, table):
        self._pid, self._table = pid, table

    def net_connections(self, kind):
        assert kind == "tcp"
        rows = self._table.get(self._pid, ())
        if isinstance(rows, Exception):
            raise rows
        return [
            psutil._ntuples.pconn(
                -1,
                socket.AF_INET,
                socket.SOCK_STREAM,
                psutil._ntuples.addr(*local),
                remote and psutil._ntuples.addr(*remote),
                state,
            )
            for local, remote, state in rows
        ]


ESTABLISHED, LISTEN = psutil.CONN_ESTABLISHED, psutil.CONN_LISTEN


class TestByProcess:
    def read(self, table, processes=BOTH):
        reader = ConnectionReader(system="darwin", process=lambda pid: FakeProcess(pid, table))
        return reader.read(5.0, processes, 11434)

    def test_counts_at_both_ports_without_our_own(self):
        answer = self.read(
            {
                41: [
                    ((LOOP, 11434), (), LISTEN),
                    ((LOOP, 11434), (LOOP, 5001), ESTABLISHED),
                    # macOS with OLLAMA_HOST=0.0.0.0
                    (("::127.0.0.1", 11434), ("::127.0.0.1", 5002), ESTABLISHED),
                    (("::ffff:127.0.0.1", 11434), ("::ffff:127.0.0.1", 5003), ESTABLISHED),
                    ((LOOP, 6001), (LOOP, 0x9449), ESTABLISHED),
                ],
                42: [((LOOP, 0x9449), (LOOP, 6001), ESTABLISHED), ((LOOP, 0x9449), (LOOP, 5004), ESTABLISHED)],
                43: [((LOOP, 5003), (LOOP, 11434), ESTABLISHED)],
                os.getpid(): [((LOOP, 5002), (LOOP, 11434), ESTABLISHED), ((LOOP, 5004), (LOOP, 0x9449), ESTABLISHED)],
            }
        )
        assert answer.value.clients == (Client(LOOP, 5001), Client(LOOP, 5003, "open-webui"))
        assert answer.value.web_seen
        assert answer.value.runners == ((0x9449, 1),)

    def test_the_relay_owns_its_connections(self):
        table = {
            41: [((LOOP, 11434), (LOOP, 5001), ESTABLISHED), ((LOOP, 11434), (LOOP, 5002), ESTABLISHED)],
            44: [((LOOP, 5001), (LOOP, 11434), ESTABLISHED)],
        }
        answer = self.read(table, with_relay())
        assert answer.value.clients == (Client(LOOP, 5001, "relay"), Client(LOOP, 5002))

    def test_another_users_open_webui_leaves_open_whose_the_others_are(self):
        rows = [((LOOP, 11434), (LOOP, 5001), ESTABLISHED)]
        assert not self.read({41: rows, 43: psutil.AccessDenied(43)}).value.web_seen

    def test_another_users_server_is_denied(self):
        assert self.read({41: psutil.AccessDenied(41)}).why is Why.DENIED

    def test_a_runner_that_ended_is_left_out(self):
        answer = self.read({41: [], 42: psutil.NoSuchProcess(42), 43: psutil.AccessDenied(43)})
        assert answer.value.runners == ()


def take(port):
    processes = ProcessReader().read(0.0)
    return ConnectionReader().read(0.0, processes.value, port)


def mine(answer, standing):
    """Clients and runner connections of one stand-in; another one may run at the same time, and begin or end just now."""
    if isinstance(answer, Unknown):
        return answer.why
    return len(answer.value.clients), answer.value.at_runner(standing.runner_port)


@linux
class TestReal:
    def test_four_requests_leave_one_by_one(self):
        """The test's own sockets are the clients, so they are counted from a process of another id."""
        with OllamaStandIn() as ollama:
            assert in_child(lambda: mine(take(ollama.port), ollama)) == (0, 0)
            for _ in range(4):
                ollama.request()
            seen = []
            while True:
                expected = len(ollama.clients), min(len(ollama.clients), 1)
                until(lambda expected=expected: in_child(lambda: mine(take(ollama.port), ollama)) == expected)
                seen.append(expected)
                if not ollama.clients:
                    break
                ollama.finish_oldest()
            assert seen == [(4, 1), (3, 1), (2, 1), (1, 1), (0, 0)]

    def test_own_connections_do_not_count(self):
        with OllamaStandIn() as ollama:
            ollama.request()
            until(lambda: mine(take(ollama.port), ollama) == (0, 1))

    @other_user
    def test_an_unprivileged_user_sees_another_users_server_and_runner(self):
        with OllamaStandIn(user=NOBODY, python=SYSTEM_PYTHON) as ollama:
            for _ in range(3):
                ollama.request()

            def look():
                processes = ProcessReader().read(0.0).value
                answer = ConnectionReader().read(0.0, processes, ollama.port)
                runner = next(one for one in processes.watched if one.pid == ollama.runner_pid)
                hidden = ConnectionReader(system="darwin").read(0.0, processes, ollama.port)
                return (
                    os.getuid(),
                    *mine(answer, ollama),
                    runner.port,
                    runner.parallel,
                    runner.memory_bytes > 0,
                    hidden,
                )

            until(lambda: in_child(look, READER)[1:3] == (3, 1))
            uid, clients, running, port, parallel, has_memory, by_process = in_child(look, READER)
            assert (uid, clients, running, port, parallel, has_memory) == (READER, 3, 1, ollama.runner_port, 2, True)
            # Its open files are hidden from that user: only the table by port tells.
            assert by_process.why is Why.DENIED

    def test_a_server_that_ends_between_the_two_looks(self):
        with OllamaStandIn() as ollama:
            processes = ProcessReader().read(0.0).value
            port = ollama.port
        gone = replace(processes, watched=tuple(one for one in processes.watched if one.pid == ollama.pid))
        assert ConnectionReader().read(0.0, gone, port).value.clients == ()


def in_child(work, user=None):
    """The result of `work` in a fork of this process, as another user where one is given."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            # The fork holds copies of the test's sockets; without them it is a bystander.
            for number in range(3, 256):
                if number != writing:
                    try:
                        if Path(f"/proc/self/fd/{number}").readlink().name.startswith("socket:"):
                            os.close(number)
                    except OSError:
                        continue
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            os.write(writing, pickle.dumps(work()))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    assert os.waitpid(pid, 0)[1] == 0
    return pickle.loads(data)
