"""Connections and listeners from the text of /proc/net/tcp and /proc/net/tcp6 (Linux, net/ipv4/tcp_ipv4.c). Pure."""

import ipaddress
import struct
import sys
from collections.abc import Collection, Iterator

from msgspec import Struct

ESTABLISHED = b"01"
LISTENING = b"0A"


class SocketRow(Struct, frozen=True):
    """One established socket of any user. `inode` tells whose it is to those who may read that process's files."""

    local_host: str
    local_port: int
    remote_host: str
    remote_port: int
    inode: int


class Listener(Struct, frozen=True):
    """One socket that waits for connections, and the user it belongs to."""

    port: int
    user: int
    inode: int


def decode_address(text: bytes) -> tuple[str, int]:
    """`0100007F:2CAA` -> ("127.0.0.1", 11434). Words are in the machine's byte order; IPv4 in IPv6 becomes IPv4.

    ValueError where it is no address.
    """
    host, _, port = text.partition(b":")
    if len(host) not in {8, 32} or len(port) != 4 or not (host + port).isalnum():  # `int` also takes signs
        raise ValueError(text[:64])
    words = [int(host[index : index + 8], 16) for index in range(0, len(host), 8)]
    packed = struct.pack(f"{'<' if sys.byteorder == 'little' else '>'}{len(words)}I", *words)
    address = ipaddress.ip_address(packed)
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), int(port, 16)


def established(table: bytes, ports: Collection[int]) -> Iterator[SocketRow]:
    """Rows with one of `ports` at either end. Lines that are cut or of another shape are skipped."""
    wanted = [b":%04X " % port for port in ports]
    for line in table.splitlines()[1:]:
        if not any(mark in line for mark in wanted):
            continue
        parts = line.split()
        if len(parts) < 10 or parts[3] != ESTABLISHED:
            continue
        try:
            local_host, local_port = decode_address(parts[1])
            remote_host, remote_port = decode_address(parts[2])
            row = SocketRow(local_host, local_port, remote_host, remote_port, int(parts[9]))
        except ValueError:
            continue
        if local_port in ports or remote_port in ports:
            yield row


def listeners(table: bytes) -> Iterator[Listener]:
    """Rows that wait for connections. Lines that are cut or of another shape are skipped."""
    for line in table.splitlines()[1:]:
        parts = line.split()
        if len(parts) < 10 or parts[3] != LISTENING:
            continue
        try:
            yield Listener(decode_address(parts[1])[1], int(parts[7]), int(parts[9]))
        except ValueError:
            continue
