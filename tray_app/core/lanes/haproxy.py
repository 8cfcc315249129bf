"""The same order for a team with several Ollama hosts, in the words of HAProxy 2.6 and newer.

HAProxy holds what has no free place in one queue over all hosts and takes it out by class. It breaks nothing off.
"""

import re
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct

from tray_app.core.lanes.lane import AFTER_ANSWER, GENERATIONS, WHILE_TYPING
from tray_app.core.tasks.ollama_connections import CHAT_HEADER, TASK_HEADER
from tray_app.core.values.errors.usage import Slip, UsageError

EMBEDDINGS = frozenset({"/api/embed", "/api/embeddings", "/v1/embeddings"})
OUR_HEADERS = "x-elbowroom-"
LISTEN = "127.0.0.1:11436"
STATS = "127.0.0.1:8404"
PREFIX = "elbowroom"
"""Of every name in the file: it can stand beside what else an HAProxy does."""
GENERATING, EMBEDDING, OTHERS = f"{PREFIX}_generations", f"{PREFIX}_embeddings", f"{PREFIX}_others"
BODYS_MODEL = "req.body,json_query('$.model')"
MODEL_WITHIN = 2000
"""Bytes of a body in which its model stands: Open WebUI writes it first."""
_REQUEST = "http-request"
# What may stand in the file: no blank, quote, comment sign or dollar, with which HAProxy would read on elsewhere.
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9a-f]*:[0-9a-f:.]*|[0-9]+(\.[0-9]+){3}")
_LISTEN = re.compile(r"(\*|\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)?:([0-9]{1,5})")
_PORTS = {"http": 80, "https": 443}
_IS_HTTPS = {"http": False, "https": True}
_LOOPBACK = {"localhost", "::1", "127.0.0.1"}


class Prefer(StrEnum):
    """Which host a chat goes to while several have a free place."""

    CHAT = "chat"  # the one that had its last message: the conversation may still be in its prompt cache
    MODEL = "model"  # always the same for a model: it stays loaded there
    NONE = "none"


class OllamaHost(Struct, frozen=True):
    """One Ollama. `slots`: what it answers side by side (OLLAMA_NUM_PARALLEL)."""

    name: str
    port: int
    is_https: bool = False
    slots: int = 1

    @property
    def authority(self) -> str:
        """Its name in HAProxy, which is also sent as `Host`: Ollama on loopback and web servers answer to theirs only.

        HAProxy takes no brackets in a name; an Ollama that listens to more than loopback answers to any.
        """
        if self.name in _LOOPBACK and ":" in self.name:
            return f"localhost:{self.port}"
        return f"{self.name.replace(':', '-')}:{self.port}"

    @property
    def address(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


class Gateway(Struct, frozen=True):
    """What a configuration is made for."""

    hosts: tuple[OllamaHost, ...]
    listen: str = LISTEN
    stats: str = STATS
    prefer: Prefer = Prefer.CHAT


class Remark(StrEnum):
    """What stands above some lines; core/text/gateway.py has the sentences."""

    DEFAULTS = "defaults"
    HANG_UP = "hang-up"
    AT_ONCE = "at-once"
    REFUSED = "refused"
    LONG = "long"
    QUEUE = "queue"
    GONE = "gone"
    OPEN = "open"
    CLASSES = "classes"
    PREFERRED = "preferred"
    HEADERS = "headers"
    WAYS = "ways"
    PLACES = "places"
    HEALTH = "health"
    OWN_NAME = "own-name"
    TAKE_PREFERRED = "take-preferred"
    EMBEDDINGS = "embeddings"
    OTHERS = "others"
    EXPORTER = "exporter"


class Part(Struct, frozen=True):
    """Lines of a section, and what is said of them."""

    lines: tuple[str, ...]
    remark: Remark | None = None


class Section(Struct, frozen=True):
    head: str
    parts: tuple[Part, ...]
    remark: Remark | None = None


def gateway_of(
    urls: tuple[str, ...],
    slots: tuple[int, ...],
    listen: str = LISTEN,
    stats: str = STATS,
    prefer: Prefer = Prefer.CHAT,
) -> Gateway:
    """From base URLs and what was typed beside them. UsageError."""
    if not urls:
        raise UsageError(Slip.NEEDS_OLLAMA, "gateway haproxy")
    if len(slots) not in {1, len(urls)}:
        raise UsageError(Slip.SLOTS, "--slots")
    counts = slots if len(slots) > 1 else slots * len(urls)
    hosts = tuple(_host(url, count) for url, count in zip(urls, counts, strict=True))
    for place in (listen, stats):
        _check_listen(place)
    names = [host.authority for host in hosts]
    twice = next((name for name in names if names.count(name) > 1), listen if listen == stats else "")
    if twice:
        raise UsageError(Slip.TWICE, twice)
    itself = next((host for host in hosts if _answers_at(host, listen)), None)
    if itself is not None:
        raise UsageError(Slip.LOOP, itself.address)
    return Gateway(hosts, listen, stats, prefer)


def _host(url: str, slots: int) -> OllamaHost:
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("idna" if ":" not in (parts.hostname or "") else "ascii").decode()
        is_https, port = _IS_HTTPS[parts.scheme], parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise UsageError(Slip.URL, url) from error
    if parts.path.strip("/") or parts.query:
        raise UsageError(Slip.URL_WITH_PATH, url)
    is_number = _NUMBER.fullmatch(name) is not None
    if not is_number and _NAME.fullmatch(name) is None:
        raise UsageError(Slip.URL, url)
    if is_https and is_number:
        raise UsageError(Slip.HTTPS_NUMBER, url)
    return OllamaHost(name, port, is_https, slots)


def _check_listen(place: str) -> None:
    found = _LISTEN.fullmatch(place)
    if found is None or not 0 < int(found[3]) < 1 << 16:
        raise UsageError(Slip.LISTEN, place)


def _answers_at(host: OllamaHost, listen: str) -> bool:
    place, _, port = listen.rpartition(":")
    return int(port) == host.port and (place.strip("[]") == host.name or host.name in _LOOPBACK)


def sections(gateway: Gateway) -> tuple[Section, ...]:
    """The whole file, top to bottom."""
    return (
        _defaults(),
        _entry(gateway),
        _generations(gateway),
        _embeddings(gateway),
        _others(gateway),
        _stats(gateway),
    )


def _defaults() -> Section:
    parts = (
        Part(("mode http",)),
        Part(("option abortonclose", "option http-buffer-request"), Remark.HANG_UP),
        Part(("option http-no-delay",), Remark.AT_ONCE),
        Part(("retries 2", "option redispatch"), Remark.REFUSED),
        Part(("timeout connect 5s", "timeout http-request 30s", "timeout client 1h", "timeout server 1h"), Remark.LONG),
        Part(("timeout queue 10m",), Remark.QUEUE),
        Part(
            (
                "option tcpka",
                *(f"{side}tcpka-{what}" for side in ("cli", "srv") for what in ("idle 30s", "intvl 10s", "cnt 3")),
            ),
            Remark.GONE,
        ),
    )
    return Section(f"defaults {PREFIX}", parts, Remark.DEFAULTS)


def _entry(gateway: Gateway) -> Section:
    told = (
        f"acl generation path {_words(GENERATIONS)}",
        f"acl embedding path {_words(EMBEDDINGS)}",
        _stored("task", f"req.hdr({TASK_HEADER.lower()})"),
        f"acl task var(txn.task) -m str {_words(AFTER_ANSWER)}",
        f"acl typing var(txn.task) -m str {_words(WHILE_TYPING)}",
    )
    classes = (f"{_REQUEST} set-priority-class int(10) if task", f"{_REQUEST} set-priority-class int(20) if typing")
    ways = (f"use_backend {GENERATING} if generation", f"use_backend {EMBEDDING} if embedding")
    parts = (
        Part((f"bind {gateway.listen}",), Remark.OPEN),
        Part(told),
        Part(classes, Remark.CLASSES),
        Part(_preferred(gateway), Remark.PREFERRED if gateway.prefer is not Prefer.NONE else None),
        Part((f"{_REQUEST} del-header {OUR_HEADERS} -m beg",), Remark.HEADERS),
        Part((*ways, f"default_backend {OTHERS}"), Remark.WAYS),
    )
    return Section(f"frontend {PREFIX} from {PREFIX}", parts)


def _words(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


def _stored(name: str, what: str) -> str:
    return f"{_REQUEST} set-var(txn.{name}) {what}"


def _preferred(gateway: Gateway) -> tuple[str, ...]:
    """The number of the host that is preferred, where what it goes by is known. Tasks leave it to the chats."""
    ways = {
        Prefer.CHAT: (_stored("key", f"req.hdr({CHAT_HEADER.lower()})"),),
        Prefer.MODEL: (
            f"{_REQUEST} wait-for-body time 30s at-least {MODEL_WITHIN} if METH_POST generation",
            f"{_stored('key', BODYS_MODEL)} if generation",
        ),
    }
    if gateway.prefer not in ways:
        return ()
    chosen = _stored("preferred", f"var(txn.key),xxh32,mod({len(gateway.hosts)})")
    return (*ways[gateway.prefer], f"{chosen} if {{ var(txn.key) -m len gt 0 }} !task !typing")


def _generations(gateway: Gateway) -> Section:
    checked = (
        "option httpchk",
        "http-check send meth GET uri /api/version ver HTTP/1.1 hdr Host %[srv_name]",
        "http-check expect status 200",
        "timeout check 5s",
        "default-server check inter 3s fall 3 rise 2 init-addr libc,none",
    )
    parts = [Part(("balance leastconn",), Remark.PLACES), Part(checked, Remark.HEALTH), _own_name()]
    if gateway.prefer is not Prefer.NONE:
        taken = (
            f"use-server {host.authority} if {{ var(txn.preferred) -m int {number} }}"
            f" {{ srv_conn({host.authority}) lt {host.slots} }}"
            for number, host in enumerate(gateway.hosts)
        )
        parts.append(Part(tuple(taken), Remark.TAKE_PREFERRED))
    parts.append(Part(tuple(f"{_server(host)} maxconn {host.slots}{_check_name(host)}" for host in gateway.hosts)))
    return Section(f"backend {GENERATING} from {PREFIX}", tuple(parts))


def _embeddings(gateway: Gateway) -> Section:
    parts = (Part(("balance leastconn",)), _own_name(), _followed(gateway))
    return Section(f"backend {EMBEDDING} from {PREFIX}", parts, Remark.EMBEDDINGS)


def _others(gateway: Gateway) -> Section:
    parts = (Part(("balance first",)), _own_name(), _followed(gateway))
    return Section(f"backend {OTHERS} from {PREFIX}", parts, Remark.OTHERS)


def _own_name() -> Part:
    return Part(("http-send-name-header Host",), Remark.OWN_NAME)


def _followed(gateway: Gateway) -> Part:
    """The same hosts, without a limit and by the same checks."""
    return Part(
        tuple(f"{_server(host)} init-addr libc,none track {GENERATING}/{host.authority}" for host in gateway.hosts)
    )


def _server(host: OllamaHost) -> str:
    made = f"server {host.authority} {host.address}"
    return (
        f"{made} ssl verify required ca-file @system-ca sni str({host.name}) alpn http/1.1" if host.is_https else made
    )


def _check_name(host: OllamaHost) -> str:
    return f" check-sni {host.name}" if host.is_https else ""


def _stats(gateway: Gateway) -> Section:
    lines = (
        f"bind {gateway.stats}",
        "http-request use-service prometheus-exporter if { path /metrics }",
        "stats enable",
        "stats uri /",
        "stats refresh 10s",
        "stats hide-version",
    )
    return Section(f"frontend {PREFIX}_stats from {PREFIX}", (Part(lines),), Remark.EXPORTER)
