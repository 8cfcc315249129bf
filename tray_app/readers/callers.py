"""Whose program is at the other end of a connection to one of our own ports on loopback (Linux only)."""

from pathlib import Path

from tray_app.readers._proc_net import decode_address

LOOPBACK = "127.0.0.1"
PROC_NET = Path("/proc/net")


def whose_connection(their_port: int, our_port: int, folder: Path = PROC_NET) -> int | None:
    """The user id that owns the caller's socket; None where the system does not tell. The superuser's where the caller
    has already closed it: the kernel keeps no owner then."""
    for name in ("tcp", "tcp6"):  # a program may reach 127.0.0.1 through an IPv6 socket
        try:
            table = (folder / name).read_bytes()
        except OSError:
            continue
        for line in table.splitlines()[1:]:
            parts = line.split()
            try:
                ends = decode_address(parts[1]), decode_address(parts[2])
                owner = int(parts[7])
            except (ValueError, IndexError):
                continue
            if ends == ((LOOPBACK, their_port), (LOOPBACK, our_port)):
                return owner
    return None
