"""Established TCP connections of this machine by netlink (Linux sock_diag(7), linux/inet_diag.h), for any user.

The same as /proc/net/tcp{,6} at a twentieth of its price: the kernel writes that file by walking a table of some
hundred thousand places. It answers only for the network namespace we are in.
"""

import ipaddress
import socket
import struct
from collections.abc import Collection, Iterator

from tray_app.readers._proc_net import SocketRow

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST = struct.Struct("=BBBBI48s")  # struct inet_diag_req_v2, its sockid empty: no filter
_MESSAGE = struct.Struct("=BBBB2s2s16s16s3IIIIII")  # struct inet_diag_msg
_BY_FAMILY, _DONE, _ERROR = 20, 3, 2
_REQUEST_DUMP = 0x301
_ESTABLISHED = 1
_TIMEOUT_S = 1.0
_BUFFER = 1 << 18


def dump(ports: Collection[int]) -> list[SocketRow]:
    """Rows with one of `ports` at either end. OSError where the kernel or a sandbox does not offer it."""
    netlink = getattr(socket, "AF_NETLINK", None)
    if netlink is None:
        raise OSError(0, "no netlink")
    rows: list[SocketRow] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        with socket.socket(netlink, socket.SOCK_RAW, getattr(socket, "NETLINK_SOCK_DIAG", 4)) as link:
            link.settimeout(_TIMEOUT_S)
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
