"""Who is connected to the Ollama that is watched and to its runners.

Linux shows every user's sockets by port, by netlink and in /proc/net/tcp{,6}: Ollama runs as another user there and
its open files are hidden. macOS and Windows show the sockets of a process that belongs to the same user.
"""

import ipaddress
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import psutil
from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.values.connections import OPEN_WEBUI_POOL, RELAY_POOL, Client, Connections, Talk
from tray_app.core.values.reading import Known, Reading, Unknown, Unseen, Why
from tray_app.core.values.snapshot import Processes, ProcessRole, WatchedProcess
from tray_app.readers import _sock_diag
from tray_app.readers._proc_net import SocketRow, established
from tray_app.readers.inodes import socket_inodes
from tray_app.readers.listening import same_network
from tray_app.readers.odd import NO_ANSWER

TABLE_LIMIT = 16 * 2**20
MOST_TALKS = 200
"""Connections that are asked for one by one, at about 10 us each; a server with more is not a desktop's."""
_REMEMBERED = 15


class _Callers(Struct, frozen=True):
    """Whose connections are known by their owner."""

    web: tuple[WatchedProcess, ...]
    relay: tuple[WatchedProcess, ...]


class ConnectionReader:
    """Remembers only whether the server lives in our network; `proc`, `dump` and `process` are there for tests."""

    def __init__(
        self,
        *,
        system: str = sys.platform,
        proc: Path = Path("/proc"),
        dump: Callable[[Collection[int]], list[SocketRow]] | None = _sock_diag.dump,
        talks: Callable[[Sequence[SocketRow]], list[Talk | None]] | None = _sock_diag.talks,
        process: Callable[[int], psutil.Process] = psutil.Process,
    ) -> None:
        self._system = system
        self._proc = proc
        self._dump = dump
        self._talks = talks
        self._process = process
        self._server: tuple[int, float] | None = None
        self._same_network = False
        self._here: dict[tuple[int, float], bool] = {}

    def read(self, taken_at: float, processes: Processes, server_port: int) -> Reading[Connections]:
        """Connections at `server_port` and at the ports of the runners in `processes`.

        Unknown (missing) when no Ollama server of this machine is in `processes`: it runs elsewhere or in a virtual
        machine; Unknown (denied) when the OS does not show its sockets.
        """
        servers = [one for one in processes.watched if one.role is ProcessRole.OLLAMA_SERVER and one.owner.is_ours]
        if not servers:
            return Unknown(Why.MISSING, Unseen.NO_SERVER_PROCESS)
        if len(servers) > 1 and any(one.apart for one in servers):
            return Unknown(Why.UNSUPPORTED, Unseen.SEVERAL_SERVERS)
        runners = [
            one for one in processes.watched if one.role is ProcessRole.OLLAMA_RUNNER and one.owner.is_ours and one.port
        ]
        callers = _Callers(
            web=tuple(one for one in processes.watched if one.role is ProcessRole.OPEN_WEBUI),
            relay=tuple(one for one in processes.watched if one.role is ProcessRole.RELAY),
        )
        read = self._read_linux if self._system == "linux" else self._read_by_process
        answer = read(servers, runners, callers, server_port)
        return answer if isinstance(answer, Unknown) else Known(answer, taken_at)

    def _read_linux(
        self, servers: list[WatchedProcess], runners: list[WatchedProcess], callers: "_Callers", server_port: int
    ) -> Connections | Unknown:
        inner_port = _port_inside(servers[0], runners, server_port)
        ports = {inner_port, *(one.port for one in runners if one.port)}
        rows, problem = self._rows(servers, ports)
        if problem is not None:
            return problem
        clients = [row for row in rows if row.local_port == inner_port]

        def ends_of(inodes: set[int]) -> set[tuple[str, int]]:
            """Where the connections of a process of this machine begin, as the server sees it."""
            ends = {(row.local_host, row.local_port) for row in rows if row.inode in inodes}
            return ends | self._from_outside(inodes, server_port, clients) if servers[0].apart else ends

        own = ends_of(socket_inodes(self._proc / "self"))
        theirs: set[int] = set()
        web_seen = False
        if clients and callers.web:
            open_files = [socket_inodes(self._proc / str(one.pid)) for one in callers.web]
            theirs = set().union(*open_files)
            # A server listens, so that none at all means hidden; in a container it has other numbers than here.
            web_seen = any(open_files) and not servers[0].apart and all(map(self._is_here, callers.web))
        pools = {(row.local_host, row.local_port): OPEN_WEBUI_POOL for row in rows if row.inode in theirs}
        for one in callers.relay if clients else ():
            pools |= dict.fromkeys(ends_of(socket_inodes(self._proc / str(one.pid))), RELAY_POOL)
        foreign = [row for row in rows if (row.remote_host, row.remote_port) not in own]
        clients = sorted((row for row in foreign if row.local_port == inner_port), key=_remote)
        at_runner = {one.port: [row for row in foreign if row.local_port == one.port] for one in runners if one.port}
        found = Connections(
            clients=_clients(map(_remote, clients), own, pools),
            runners=tuple(sorted((port, len(there)) for port, there in at_runner.items())),
            web_seen=web_seen,
        )
        said = self._said([*clients, *chain(*at_runner.values())], servers[0])
        if said is None:
            return found
        return replace(
            found,
            talks=tuple(said[row] for row in clients if row in said),
            runner_talks=tuple(
                (port, tuple(said[row] for row in there if row in said)) for port, there in sorted(at_runner.items())
            ),
        )

    def _said(self, rows: list[SocketRow], server: WatchedProcess) -> dict[SocketRow, Talk] | None:
        """What went over each connection that is still there; None where the system does not tell."""
        if self._talks is None or self._dump is None or not self._is_same_network(server) or len(rows) > MOST_TALKS:
            return None
        try:
            told = dict(zip(rows, self._talks(rows), strict=True))
        except TimeoutError:
            return None
        except OSError:
            self._talks = None
            return None
        return {row: talk for row, talk in told.items() if talk is not None}

    def _rows(self, servers: list[WatchedProcess], ports: Collection[int]) -> tuple[list[SocketRow], Unknown | None]:
        """Rows of the network the server lives in: in a container it has its own."""
        if self._dump is not None and self._is_same_network(servers[0]):
            try:
                return self._dump(ports), None
            except OSError:
                self._dump = None  # not in this kernel, or forbidden here: the files will do
        return self._rows_of_files(servers[0], ports)

    def _rows_of_files(self, server: WatchedProcess, ports: Collection[int]) -> tuple[list[SocketRow], Unknown | None]:
        rows: list[SocketRow] = []
        problem: Unknown | None = Unknown(Why.MISSING, "/proc/net/tcp")
        for folder in (self._proc / str(server.pid) / "net", self._proc / "net"):
            for name in ("tcp", "tcp6"):
                try:
                    with (folder / name).open("rb") as file:
                        rows.extend(established(file.read(TABLE_LIMIT), ports))
                    problem = None
                except FileNotFoundError:
                    continue  # no IPv6 in this kernel, or the process has just ended
                except OSError as error:
                    problem = problem and Unknown(Why.DENIED, f"{name}: {error.strerror}")
            if problem is None:
                break
        return rows, problem

    def _from_outside(self, ours: set[int], server_port: int, inside: list[SocketRow]) -> set[tuple[str, int]]:
        """A process's connections to a published port, as the container sees them: each comes from the machine's
        address there, under its own port or under that of the program that passes it on."""
        try:
            rows = self._dump([server_port]) if self._dump is not None else []
        except OSError:
            rows = []
        mine = {row.local_port for row in rows if row.inode in ours and row.remote_port == server_port}
        if not mine:
            return set()
        passed = [(row.remote_host, row.remote_port) for row in inside if row.remote_host in _addresses()]
        straight = {one for one in passed if one[1] in mine}
        relayed = sorted(set(passed) - straight, key=lambda one: one[1])
        return straight | set(relayed[: len(mine) - len(straight)])

    def _is_here(self, web: WatchedProcess) -> bool:
        """Open WebUI lives in this machine's own network; asked once per process."""
        identity = web.pid, web.started_at
        if identity not in self._here:
            self._here = {identity: same_network(web.pid, self._proc), **dict(list(self._here.items())[:_REMEMBERED])}
        return self._here[identity]

    def _is_same_network(self, server: WatchedProcess) -> bool:
        """Asked once per server process."""
        identity = server.pid, server.started_at
        if self._server != identity:
            self._server = identity
            self._same_network = same_network(server.pid, self._proc)
        return self._same_network

    def _read_by_process(
        self, servers: list[WatchedProcess], runners: list[WatchedProcess], callers: "_Callers", server_port: int
    ) -> Connections | Unknown:
        own = {local for local, _ in self._sockets(os.getpid()) or ()}
        clients: list[tuple[str, int]] = []
        seen = False
        for server in servers:
            sockets = self._sockets(server.pid)
            seen = seen or sockets is not None
            clients.extend(remote for local, remote in sockets or () if local[1] == server_port)
        if not seen:
            return Unknown(Why.DENIED, Unseen.OTHER_USERS_SOCKETS)
        at_runner: dict[int, int] = {}
        for runner in runners:
            sockets = self._sockets(runner.pid)
            if sockets is not None and runner.port:
                at_runner[runner.port] = sum(local[1] == runner.port and remote not in own for local, remote in sockets)
        seen_web = [self._sockets(one.pid) for one in callers.web] if clients else []
        pools = {local: OPEN_WEBUI_POOL for sockets in seen_web for local, _ in sockets or ()}
        for one in callers.relay if clients else ():
            pools |= {local: RELAY_POOL for local, _ in self._sockets(one.pid) or ()}
        web_seen = bool(seen_web) and None not in seen_web
        return Connections(_clients(clients, own, pools), tuple(sorted(at_runner.items())), web_seen=web_seen)

    def _sockets(self, pid: int) -> list[tuple[tuple[str, int], tuple[str, int]]] | None:
        """(local, remote) of a process's established sockets; None where they are hidden or the process is gone."""
        try:
            found = self._process(pid).net_connections("tcp")
        except NO_ANSWER:
            return None
        return [
            ((_plain(one.laddr.ip), one.laddr.port), (_plain(one.raddr.ip), one.raddr.port))
            for one in found
            if one.status == psutil.CONN_ESTABLISHED
        ]


def _port_inside(server: WatchedProcess, runners: list[WatchedProcess], watched: int) -> int:
    """The port that is published as `watched`: the only one, beside its runners', on which the container listens."""
    taken = {one.port for one in runners}
    ports = [port for port in server.ports or () if port not in taken]
    return ports[0] if server.apart and watched not in ports and len(ports) == 1 else watched


def _addresses() -> set[str]:
    """This machine's own addresses, those on its bridges to containers included."""
    return {_plain(one.address) for found in psutil.net_if_addrs().values() for one in found}


def _remote(row: SocketRow) -> tuple[str, int]:
    return row.remote_host, row.remote_port


def _plain(host: str) -> str:
    """An IPv4 address that came over an IPv6 socket as what it is: `::ffff:127.0.0.1`, on macOS `::127.0.0.1`."""
    return host.rpartition(":")[2] if host.startswith("::") and "." in host else host


def _clients(
    remotes: Iterable[tuple[str, int]], own: Collection[tuple[str, int]], pools: Mapping[tuple[str, int], str]
) -> tuple[Client, ...]:
    return tuple(
        Client(host, port, pools.get((host, port)) or _pool(host))
        for host, port in sorted(remotes)
        if (host, port) not in own
    )


def _pool(host: str) -> str:
    """Another machine or container is one client; on loopback any program may be behind a port."""
    try:
        return "" if ipaddress.ip_address(host.partition("%")[0]).is_loopback else host
    except ValueError:
        return host
