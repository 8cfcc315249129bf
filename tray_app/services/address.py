"""What a person or an environment variable says where a server is, as one base URL."""

import ipaddress
import os
import re
from urllib.parse import urlsplit

from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.token import NOT_IN_URL

OLLAMA_PORT = 11434
_PRIVATE_ENDINGS = (".localhost", ".local", ".lan", ".home", ".internal", ".home.arpa")
_OF_THE_HOST = ("docker.internal", "containers.internal")
"""What containers call the machine they run on."""
_SHARED = ipaddress.ip_network("100.64.0.0/10")
"""Carrier-grade NAT, and what Tailscale numbers its machines from: not routed in the internet."""
_BIND_ALL = {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, never bound


def is_loopback(host: str) -> bool:
    """This machine, by name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_private(host: str) -> bool:
    """Loopback, a private or link-local number, or a name that only a local network resolves."""
    address = _address(host)
    if address is None:
        return is_loopback(host) or host.endswith(_PRIVATE_ENDINGS) or "." not in host
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_private or mapped.is_link_local or mapped in _SHARED)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def port_of(url: str) -> int:
    """The port of a base URL, also where it is the scheme's own."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def web_address(text: str) -> str:
    """`localhost:3000`, `http://nas:3000/chat/`, ... as a base URL without a slash at the end. UsageError otherwise.

    A user name or password in it is refused: a URL ends up in logs and on screens.
    """
    return _base_url(text.strip(), text, default_port=None)


def ollama_address(text: str) -> str:
    """The forms of OLLAMA_HOST as a base URL (Ollama envconfig/config.go). UsageError where it is none.

    Without a scheme the port is 11434; with one it is the scheme's own. The wildcard addresses a server binds
    to are not addresses to connect to: loopback stands in.
    """
    stripped = text.strip().strip("\"'").strip()
    scheme, separator, rest = stripped.partition("://")
    if not separator:
        scheme, rest = "http", stripped
    authority, slash, path = rest.partition("/")
    if authority.count(":") > 1 and not authority.startswith("[") and "@" not in authority:
        authority = f"[{authority}]"  # a bare IPv6 number
    host, port = _split_port(authority)
    if host.strip("[]") in _BIND_ALL:
        host = "[::1]" if host.strip("[]") == "::" else "127.0.0.1"
    default = None if separator else OLLAMA_PORT
    return _base_url(f"{scheme}://{host}{port}{slash}{path}", text, default_port=default)


def ollama_from_environment() -> str:
    """Where Ollama should be: OLLAMA_HOST, else its usual address."""
    return ollama_address(os.environ.get("OLLAMA_HOST", ""))


def listen_place(text: str) -> tuple[str, int]:
    """Host and port of an address to listen on; an empty host for `*`: every address of this machine. UsageError."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    if (":" in name) != bracketed or not re.fullmatch(r"\*|[\w.:%-]*", name):
        raise UsageError(Slip.LISTEN, text)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 1 << 16:
        raise UsageError(Slip.LISTEN, text)
    return "" if name == "*" else name, int(port)


def seen_from_here(url: str, server: str) -> str:
    """The address that a server was given, from our side: its own machine is where it answers us. Empty where the name
    belongs to a container network."""
    try:
        parts, port = urlsplit(url), port_of(url)
    except ValueError:
        return ""
    host, home = parts.hostname or "", urlsplit(server).hostname or ""
    if is_loopback(host) or host in _BIND_ALL or host.endswith(_OF_THE_HOST):
        host = "127.0.0.1" if is_loopback(home) else home
    elif "." not in host and _address(host) is None:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}{parts.path.rstrip('/')}"


def _split_port(authority: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:\d*)?", authority)
    return (match[1], match[2] or "") if match else (authority, "")


def _base_url(text: str, given: str, default_port: int | None) -> str:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or default_port
        (host or "").encode("idna" if not _address(host or "") else "ascii")
    except (ValueError, UnicodeError) as error:
        raise UsageError(Slip.URL, given) from error
    if parts.scheme not in {"http", "https"} or not host or NOT_IN_URL.search(text):
        raise UsageError(Slip.URL, given)
    shown = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{shown}{f':{port}' if port else ''}"
    if parts.username is not None or parts.password is not None:
        raise UsageError(Slip.URL_WITH_PASSWORD, base)
    return base + parts.path.rstrip("/")


# --- hosted endpoints ----------------------------------------------------------------------------

_KNOWN_PATHS = {"openrouter.ai": "/api/v1"}
_ENDINGS = ("/chat/completions", "/completions", "/models")
_HAS_VERSION = re.compile(r"/v\d+[a-z0-9]*(/|$)")


def endpoint_addresses(text: str) -> tuple[str, ...]:
    """Where an endpoint's API may be, the likeliest first, of an address as people write it. UsageError where it is
    none.

    Without a scheme it is https, on a private network http, there on Ollama's port unless one is named.
    """
    given = text.strip()
    if "?" in given or "#" in given:
        raise UsageError(Slip.URL_WITH_QUERY, re.split(r"[?#]", given)[0])
    bare = "://" not in given
    base = _base_url(f"https://{given}" if bare else given, text, default_port=None)
    parts = urlsplit(base)
    host = parts.hostname or ""
    if bare and is_private(host):
        base = _base_url(f"http://{given}", text, default_port=OLLAMA_PORT)
        parts = urlsplit(base)
    for ending in _ENDINGS:
        base = base.removesuffix(ending)
    path = urlsplit(base).path
    origin = base.removesuffix(path) if path else base
    if host in _KNOWN_PATHS:
        return (origin + _KNOWN_PATHS[host],)
    if _HAS_VERSION.search(path):
        return (base,)
    return (f"{base}/v1", base)
