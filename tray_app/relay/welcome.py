"""Whose requests are taken on loopback: none that a name of the internet led here (Ollama's allowedHostsMiddleware).

The relay tells Ollama a Host that it takes, so it refuses the others itself, or a web page could come in through it.
"""

import ipaddress
import socket

_HERE = ("localhost", "local", "internal")


def is_only_here(listen: str) -> bool:
    """Whether nobody but this machine reaches that address. Where others do, Ollama asks no Host either."""
    try:
        return ipaddress.ip_address(listen).is_loopback
    except ValueError:
        return listen == "localhost"


def is_welcome(host: bytes) -> bool:
    """Whether a request with that Host may come in on loopback."""
    name = _without_port(host.decode("latin-1")).lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        here = name in {"", "localhost", socket.gethostname().lower()}
        return here or name.rpartition(".")[2] in _HERE
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_private or mapped.is_unspecified)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host
