"""Entries of Open WebUI's `GET /api/models` as values: base models, presets, pipes, arenas, outside models."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.tasks.ollama_connections import HEADERS
from tray_app.core.tasks.releases import MODEL_ACCESS_SINCE
from tray_app.core.values.connections import OllamaConnection, Served
from tray_app.core.values.snapshot import WebUIModel
from tray_app.core.values.version import Version
from tray_app.services._decode import moment, number, part, price_of, text, text_or_none, texts


class Outside(Struct, frozen=True):
    """An OpenAI-type connection, without its key. `address`: host and port. `limited`: to models that were chosen."""

    host: str
    address: str
    prefix: str = ""
    limited: bool = False


def decode(
    entries: Iterable[Mapping[str, Any]], version: Version, connections: Iterable[OllamaConnection] = ()
) -> tuple[WebUIModel, ...]:
    """Entries without an id are left out. Presets take name, digest, size and host from their base model.

    `connections` are the Ollama servers: Open WebUI puts their prefixes before Ollama's own names.
    """
    prefixes = {one.index: one.prefix for one in connections if one.prefix}
    models = tuple(_model(entry, version, prefixes) for entry in entries if text(entry, "id"))
    by_id = {model.id: model for model in models if not model.preset}
    # Open WebUI also finds an Ollama base by its name without the tag (utils/models.py, base_model_lookup).
    by_stem = {model.id.partition(":")[0]: model for model in reversed(models) if model.is_ollamas}
    return tuple(_with_base(model, by_id, by_stem) for model in models)


def _model(entry: Mapping[str, Any], version: Version, prefixes: Mapping[int, str]) -> WebUIModel:
    info, ollama, openai = part(entry, "info"), part(entry, "ollama"), part(entry, "openai")
    servers = _numbers(ollama.get("urls"))
    preset = entry.get("preset") is True or bool(text(info, "base_model_id"))
    return WebUIModel(
        id=text(entry, "id"),
        name=text(entry, "name") or text(entry, "id"),
        owned_by=text(entry, "owned_by"),
        connection_type=text_or_none(entry, "connection_type"),
        base_model_id=text_or_none(info, "base_model_id"),
        ollama_name=_ollama_name(ollama, servers, prefixes),
        digest=text_or_none(ollama, "digest"),
        size_bytes=number(ollama, "size"),
        preset=preset,
        pipe="pipe" in entry,
        arena=entry.get("arena") is True or text(entry, "owned_by") == "arena",
        active=info.get("is_active") is not False,
        public=_public(info, version),
        url_index=number(entry, "urlIdx"),
        capabilities=texts(ollama, "capabilities"),
        served=Served(
            servers=servers,
            upstream=text(openai, "id") or None,
            changed_at=moment(text(ollama, "modified_at")) or number(openai, "created") or None,
            price=price_of(openai),
        ),
    )


def _numbers(value: object) -> tuple[int, ...]:
    found = value if isinstance(value, list) else []
    return tuple(one for one in found if isinstance(one, int) and not isinstance(one, bool))


def _ollama_name(ollama: Mapping[str, Any], servers: tuple[int, ...], prefixes: Mapping[int, str]) -> str | None:
    """Ollama's own name. Older versions put the connection's prefix before `model` only, newer before both."""
    name = text(ollama, "name") or text(ollama, "model")
    for index in servers or tuple(prefixes):
        prefix = f"{prefixes.get(index, '')}."
        if prefix != "." and name == text(ollama, "model") and name.startswith(prefix):
            return name.removeprefix(prefix)
    return name or None


def _public(info: Mapping[str, Any], version: Version) -> bool | None:
    """Whether every user may read it: `access_control` null to 0.7, a grant for user `*` from 0.8.

    A base model without a record of its own is for admins only. The list does not say where neither is given.
    """
    if version < MODEL_ACCESS_SINCE:  # every model of the list is everybody's
        return True
    if not info:
        return False
    if "access_grants" in info:
        grants = info["access_grants"]
        return isinstance(grants, list) and any(_for_everybody(grant) for grant in grants)
    if "access_control" in info:
        return info["access_control"] is None
    return None


def _for_everybody(grant: object) -> bool:
    return (
        isinstance(grant, dict)
        and grant.get("principal_type") == "user"
        and grant.get("principal_id") == "*"
        and grant.get("permission") == "read"
    )


def _with_base(model: WebUIModel, by_id: Mapping[str, WebUIModel], by_stem: Mapping[str, WebUIModel]) -> WebUIModel:
    if not model.base_model_id:
        return model
    base = by_id.get(model.base_model_id) or by_stem.get(model.base_model_id.partition(":")[0])
    if base is None:
        return model
    return replace(
        model,
        ollama_name=base.ollama_name,
        digest=base.digest,
        size_bytes=base.size_bytes,
        url_index=base.url_index,
        capabilities=base.capabilities,
        served=base.served,
    )


def any_outside(models: Iterable[WebUIModel]) -> bool:
    """Does one of Open WebUI's connections other than Ollama's serve any of them?"""
    return any(model.url_index is not None and not model.is_ollamas for model in models)


def with_outside(models: Iterable[WebUIModel], outside: Mapping[int, Outside]) -> tuple[WebUIModel, ...]:
    """The models with the host that receives their chats, where `outside()` told it."""
    return tuple(_with_outside(model, outside) for model in models)


def _with_outside(model: WebUIModel, outside: Mapping[int, Outside]) -> WebUIModel:
    if model.url_index is None or model.url_index not in outside:
        return model
    by = outside[model.url_index]
    upstream = model.served.upstream
    if upstream and by.prefix:
        upstream = upstream.removeprefix(f"{by.prefix}.")
    served = replace(model.served, address=by.address, upstream=upstream, chosen=by.limited)
    return replace(model, host=by.host, served=served)


def connections_of(config: Mapping[str, Any], urls: Iterable[str]) -> tuple[OllamaConnection, ...]:
    """The Ollama servers in use, from `/ollama/config`: its settings go by address to 0.5.0, by position later."""
    configs = part(config, "OLLAMA_API_CONFIGS")
    made = []
    for index, url in enumerate(urls):
        own = part(configs, str(index)) or part(configs, url)
        if own.get("enable") is not False:
            headers = part(own, "headers")
            made.append(
                OllamaConnection(
                    index,
                    url,
                    text(own, "prefix_id"),
                    limited=bool(own.get("model_ids")),
                    tells_task=all(headers.get(name) == value for name, value in HEADERS.items()),
                )
            )
    return tuple(made)


def outside_of(config: Mapping[str, Any], urls: Iterable[str]) -> dict[int, Outside]:
    """The OpenAI-type connections by position, from an answer that holds their keys, too: those stay behind."""
    configs = part(config, "OPENAI_API_CONFIGS")
    made = {}
    for index, url in enumerate(urls):
        host, address = _place(url)
        if host:
            own = part(configs, str(index)) or part(configs, url)
            made[index] = Outside(host, address, text(own, "prefix_id"), limited=bool(own.get("model_ids")))
    return made


def _place(url: str) -> tuple[str, str]:
    """The host, and host with port."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", ""
    shown = f"[{host}]" if ":" in host else host
    return host, f"{shown}:{port}"
