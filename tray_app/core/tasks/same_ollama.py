"""Which of Open WebUI's servers is the Ollama that is watched, and so which of its models are ours.

A name or a port proves nothing: two servers can have the same models, and one server many addresses. An address counts
where it is the same; elsewhere the models themselves tell, for each server keeps the moment when it stored one.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from msgspec.structs import replace

from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.names import full_name
from tray_app.core.values.relay import RelayState
from tray_app.core.values.snapshot import InstalledModel, Ollama, Presence, WebUIModel

_DOCKERS = {"host.docker.internal", "gateway.docker.internal", "host.containers.internal"}
_THIS_MACHINE = {"", "0.0.0.0", "localhost", *_DOCKERS}  # noqa: S104 - recognised, never bound
_LOCAL_NAMES = ".localhost"
_SAME_MOMENT_S = 1.0
"""OpenAI-type lists tell whole seconds."""

Installed = Mapping[str, InstalledModel]


def with_watched(
    connections: Iterable[OllamaConnection],
    listed: tuple[WebUIModel, ...] | None,
    ollama: Ollama,
    open_webui_url: str,
    relay: RelayState | None = None,
    behind: Mapping[str, str] | None = None,
) -> tuple[OllamaConnection, ...]:
    """Each Ollama connection, and whether it is the Ollama that is watched; the address of its relay is its own.

    `behind`: where an address leads that chat first wrote, as it was before: also at a gateway.
    """
    through = behind or {}
    home, installed = _host(open_webui_url), _by_name(ollama)
    leads = relay is not None and same_address(relay.upstream, ollama.url)
    ours = _address(ollama.url)
    made = []
    for one in connections:
        near, models = _address(through.get(one.url, one.url), home) == ours, _only_of(one.index, listed)
        if relay is not None and leads:
            near = near or _address(one.url, home)[:2] == ("", relay.port)
        absent = ollama.presence is Presence.ABSENT and bool(models)  # what serves these runs somewhere else
        made.append(replace(one, watched=not absent and not _denied(models, installed) if near else None))
    surely = any(one.watched for one in made)
    return tuple(
        one
        if one.watched is not None
        else replace(one, watched=_told(one, _only_of(one.index, listed), listed, ollama, surely=surely))
        for one in made
    )


def _told(
    one: OllamaConnection,
    models: tuple[WebUIModel, ...],
    listed: tuple[WebUIModel, ...] | None,
    ollama: Ollama,
    *,
    surely: bool,
) -> bool | None:
    """Judged by what it serves; `surely`: another connection is the one that is watched."""
    installed = _by_name(ollama)
    if surely:  # the same server twice: only where nothing at all differs
        return bool(models) and len(models) == len(installed) and _same_moments(models, installed) == len(models)
    if ollama.presence is Presence.ABSENT:
        return not models and _port(one.url) == _port(ollama.url)
    if models:
        return _by_content(models, installed, same_port=_port(one.url) == _port(ollama.url))
    if _port(one.url) == _port(ollama.url):
        return True  # hosts have many names
    return None if listed is None else False


def _by_content(models: tuple[WebUIModel, ...], installed: Installed, *, same_port: bool) -> bool | None:
    alike = [one for one in models if _alike(one, installed)]
    if not alike:
        return False if installed else None
    if any(_moments(one, installed) is not None for one in alike):
        return _same_moments(models, installed) > 0
    return True if same_port else None


def _denied(models: tuple[WebUIModel, ...], installed: Installed) -> bool:
    """The right address, as another machine or container understands it: what it serves is not ours.

    A single model that differs may have been downloaded again since the list was made.
    """
    if not models or not installed:
        return False
    if not any(_ours(one, installed) for one in models):
        return True
    moments = [same for one in models if (same := _moments(one, installed)) is not None]
    return len(moments) > 1 and not any(moments)


def _by_name(ollama: Ollama) -> dict[str, InstalledModel]:
    return {full_name(one.name): one for one in ollama.installed}


def _only_of(index: int, listed: tuple[WebUIModel, ...] | None) -> tuple[WebUIModel, ...]:
    """The base models whose entry is this connection's own: of several connections the first one fills it."""
    return tuple(one for one in listed or () if one.served.servers[:1] == (index,) and not one.preset)


def _ours(model: WebUIModel, installed: Installed) -> InstalledModel | None:
    return installed.get(full_name(model.ollama_name or model.served.upstream or ""))


def _alike(model: WebUIModel, installed: Installed) -> bool:
    """The same name and, where both are told, the same content."""
    own = _ours(model, installed)
    return own is not None and (not model.digest or model.digest == own.digest)


def _moments(model: WebUIModel, installed: Installed) -> bool | None:
    """Was it stored at the same moment as ours? None: not told."""
    own = _ours(model, installed)
    if own is None or not own.changed_at or not model.served.changed_at:
        return None
    return abs(own.changed_at - model.served.changed_at) < _SAME_MOMENT_S


def _same_moments(models: Iterable[WebUIModel], installed: Installed) -> int:
    return sum(_alike(one, installed) and _moments(one, installed) is True for one in models)


# --- models --------------------------------------------------------------------------------


def placed(
    listed: tuple[WebUIModel, ...], connections: tuple[OllamaConnection, ...], ollama: Ollama, open_webui_url: str
) -> tuple[WebUIModel, ...]:
    """The list as seen from the watched Ollama: its models by its own names, those of other servers as elsewhere.

    A model that comes over an OpenAI-type address of the same Ollama is as local as one over Ollama's own.
    """
    installed, home = _by_name(ollama), _host(open_webui_url)
    outside: dict[int, list[WebUIModel]] = {}
    for one in listed:
        if one.url_index is not None and not one.is_ollamas:
            outside.setdefault(one.url_index, []).append(one)
    ours = {index for index, models in outside.items() if _is_ours(models, ollama, installed, home)}
    return tuple(_placed(one, connections, ours, installed) for one in listed)


def _placed(
    model: WebUIModel, connections: tuple[OllamaConnection, ...], ours: set[int], installed: Installed
) -> WebUIModel:
    if model.url_index in ours and not model.is_ollamas and (own := _ours(model, installed)) is not None:
        return replace(model, ollama_name=own.name, digest=own.digest, size_bytes=own.size_bytes)
    by = [one for one in connections if one.index in model.served.servers]
    if by and all(one.watched is False for one in by):
        return replace(model, ollama_name=None, host=_host(by[0].url), served=replace(model.served, elsewhere=True))
    return model


def _is_ours(models: list[WebUIModel], ollama: Ollama, installed: Installed, home: str) -> bool:
    """Is this OpenAI-type connection the watched Ollama's own?"""
    address = models[0].served.address
    if address is not None and _address(f"//{address}", home) == _address(ollama.url):
        return True
    bases = [one for one in models if not one.preset]
    if not bases or not all(_alike(one, installed) for one in bases):
        return False
    if any(_moments(one, installed) for one in bases):
        return True
    return address is not None and _address(f"//{address}", home)[0] == _address(ollama.url)[0]


# --- addresses -----------------------------------------------------------------------------


def same_address(one: str, other: str) -> bool:
    """Both lead to the same port of the same machine, as seen from this one."""
    return _address(one) == _address(other)


def _address(url: str, home: str = "") -> tuple[str, int | None, str]:
    """Host, port and path; `home` is the host of the machine for which the URL was written, empty: this one."""
    host, path = _host(url), ""
    try:
        path = urlsplit(url).path.rstrip("/").removesuffix("/v1")
    except ValueError:
        return host, None, ""
    if _is_this_machine(host):
        host = "" if _is_this_machine(home) else home
    return host, _port(url), path


def is_on_this_machine(host: str, open_webui_url: str) -> bool:
    """Does a host that Open WebUI calls lie on this computer? `localhost` is Open WebUI's own."""
    return _is_this_machine(host) and _is_this_machine(_host(open_webui_url))


def relay_address(url: str, port: int) -> str:
    """Where the relay on the same machine stands, as the server names it that calls its Ollama `url`.

    A container calls this machine by a name of its own; everything else reaches it by its loopback address.
    """
    host = _host(url)
    return f"http://{host if host in _DOCKERS else '127.0.0.1'}:{port}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_this_machine(host: str) -> bool:
    if host in _THIS_MACHINE or host.endswith(_LOCAL_NAMES):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def unserved(
    connections: tuple[OllamaConnection, ...] | None, listed: tuple[WebUIModel, ...] | None, ollama: Ollama | None
) -> tuple[str, ...] | None:
    """Addresses of Open WebUI's Ollama servers of which it lists no model; None where the list does not tell.

    One that is limited to chosen models, or is known to hold none, may have none to list.
    """
    if connections is None or listed is None or any(one.is_ollamas and not _servers(one) for one in listed):
        return None
    serving = {index for one in listed for index in one.served.servers}
    empty = ollama is not None and ollama.presence is Presence.RUNNING and not ollama.installed
    return tuple(
        one.url for one in connections if one.index not in serving and not one.limited and not (one.watched and empty)
    )


def _servers(model: WebUIModel) -> bool:
    """Presets stand on the model of a server."""
    return bool(model.served.servers) or model.preset
