"""Established TCP connections of this machine by netlink (Linux sock_diag(7), linux/inet_diag.h), for any user.

The same as /proc/net/tcp{,6} at a twentieth of its price: the kernel writes that file by walking a table of some
hundred thousand places. It answers only for the network namespace we are in.
"""

import errno
import ipaddress
import socket
import struct
from collections.abc import Collection, Iterator, Sequence

from tray_app.core.values.connections import Talk
from tray_app.readers._proc_net import SocketRow

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST = struct.Struct("=BBBBI48s")  # struct inet_diag_req_v2, its sockid empty: no filter
_MESSAGE = struct.Struct("=BBBB2s2s16s16s3IIIIII")  # struct inet_diag_msg
_BY_FAMILY, _DONE, _ERROR = 20, 3, 2
_REQUEST_DUMP = 0x301
_REQUEST_ONE = 0x1
_ESTABLISHED = 1
_WITH_INFO, _INFO = 1 << 1, 2  # inet_diag_req_v2.idiag_ext and the attribute that answers it (INET_DIAG_INFO)
_ATTRIBUTE = struct.Struct("=HH")  # struct rtattr
# struct tcp_info (linux/tcp.h): last_data_sent and last_data_recv in ms ago, then data_segs_in and data_segs_out.
_TALK = struct.Struct("=44x I 4x I 96x I I")
_ANY_COOKIE = 0xFFFFFFFF
_TIMEOUT_S = 1.0
_BUFFER = 1 << 18


def talks(rows: Sequence[SocketRow]) -> list[Talk | None]:
    """One question per connection, seen from its local end; None where it has ended meanwhile. OSError where the
    kernel does not tell (before 4.6, or forbidden here)."""
    with _link() as link:
        return [_talk(link, row) for row in rows]


def _talk(link: socket.socket, row: SocketRow) -> Talk | None:
    """Asked by its addresses; the kernel finds an IPv4 connection of an IPv6 socket as well."""
    local, remote = (ipaddress.ip_address(host.partition("%")[0]) for host in (row.local_host, row.remote_host))
    family = socket.AF_INET if local.version == remote.version == 4 else socket.AF_INET6
    ends = struct.pack(">HH16s16s", row.local_port, row.remote_port, local.packed, remote.packed)
    which = ends + struct.pack("=III", 0, _ANY_COOKIE, _ANY_COOKIE)
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, _WITH_INFO, 0, 1 << _ESTABLISHED, which)
    link.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST_ONE, 1, 0) + body)
    return decode_talk(link.recv(_BUFFER))


def decode_talk(data: bytes) -> Talk | None:
    """The answer about one connection; None where there is none such. OSError where it does not tell of data."""
    for kind, body in _messages(data):
        if kind == _ERROR:
            number = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
            if number == errno.ENOENT:
                return None
            raise OSError(number, "sock_diag")
        if len(body) > 1 and body[1] != _ESTABLISHED:
            return None  # what is left of one that has just ended tells nothing
        at = _MESSAGE.size
        while at + _ATTRIBUTE.size <= len(body):
            length, name = _ATTRIBUTE.unpack_from(body, at)
            value = body[at + _ATTRIBUTE.size : at + length]
            if name == _INFO and len(value) >= _TALK.size:
                sent_ms, received_ms, received, sent = _TALK.unpack_from(value)
                return Talk(_asked(sent_ms, received_ms, received, sent), sent_ms / 1000, received_ms / 1000)
            at += max((length + 3) & ~3, _ATTRIBUTE.size)
    raise OSError(0, "no tcp_info")


def _asked(sent_ms: int, received_ms: int, received: int, sent: int) -> bool | None:
    """The clock has steps of up to 10 ms. What came first within one is known only of the first piece that came."""
    if not received or not sent:
        return received > 0
    if received_ms == sent_ms:
        return False if received == 1 else None
    return received_ms < sent_ms


def _link() -> socket.socket:
    netlink = getattr(socket, "AF_NETLINK", None)
    if netlink is None:
        raise OSError(0, "no netlink")
    link = socket.socket(netlink, socket.SOCK_RAW, getattr(socket, "NETLINK_SOCK_DIAG", 4))
    link.settimeout(_TIMEOUT_S)
    return link


def dump(ports: Collection[int]) -> list[SocketRow]:
    """Rows with one of `ports` at either end. OSError where the kernel or a sandbox does not offer it."""
    rows: list[SocketRow] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        with _link() as link:
            body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _ESTABLISHED, b"")
            link.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _REQUEST_DUMP, 1, 0) + body)
            more = True
            while more:
                data = link.recv(_BUFFER)
                found, more = decode(data, ports)
                rows.extend(found)
    return rows


def decode(data: bytes, ports: Collection[int]) -> tuple[list[SocketRow], bool]:
    """The rows of one answer, and whether more answers follow. OSError for an error the kernel reports."""
    rows: list[SocketRow] = []
    for kind, body in _messages(data):
        if kind == _DONE:
            return rows, False
        if kind == _ERROR:
            raise OSError(-struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0, "sock_diag")
        row = _row(body) if kind == _BY_FAMILY and len(body) >= _MESSAGE.size else None
        if row and (row.local_port in ports or row.remote_port in ports):
            rows.append(row)
    return rows, bool(data)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind, data[at + _HEADER.size : at + length]
        at += (length + 3) & ~3


def _row(body: bytes) -> SocketRow | None:
    family, state, _, _, local_port, remote_port, local, remote, *_, inode = _MESSAGE.unpack_from(body)
    if state != _ESTABLISHED:
        return None
    size = 4 if family == socket.AF_INET else 16
    return SocketRow(
        _host(local[:size]),
        int.from_bytes(local_port, "big"),
        _host(remote[:size]),
        int.from_bytes(remote_port, "big"),
        inode,
    )


def _host(packed: bytes) -> str:
    address = ipaddress.ip_address(packed)
    return str(getattr(address, "ipv4_mapped", None) or address)
