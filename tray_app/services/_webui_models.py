"""Entries of Open WebUI's `GET /api/models` as values: base models, presets, pipes, arenas, outside models."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from tray_app.core.tasks.releases import MODEL_ACCESS_SINCE
from tray_app.core.values.snapshot import WebUIModel
from tray_app.core.values.version import Version
from tray_app.services._decode import number, part, text, text_or_none, texts


def decode(
    entries: Iterable[Mapping[str, Any]], version: Version, prefixes: Iterable[str] = ()
) -> tuple[WebUIModel, ...]:
    """Entries without an id are left out. Presets take name, digest, size and host from their base model.

    `prefixes` are those of the Ollama connections: Open WebUI puts them before Ollama's own names.
    """
    prefixes = tuple(prefixes)
    models = tuple(_model(entry, version, prefixes) for entry in entries if text(entry, "id"))
    by_id = {model.id: model for model in models if not model.preset}
    # Open WebUI also finds an Ollama base by its name without the tag (utils/models.py, base_model_lookup).
    by_stem = {model.id.partition(":")[0]: model for model in reversed(models) if model.is_ollamas}
    return tuple(_with_base(model, by_id, by_stem) for model in models)


def _model(entry: Mapping[str, Any], version: Version, prefixes: Iterable[str]) -> WebUIModel:
    info, ollama = part(entry, "info"), part(entry, "ollama")
    preset = entry.get("preset") is True or bool(text(info, "base_model_id"))
    return WebUIModel(
        id=text(entry, "id"),
        name=text(entry, "name") or text(entry, "id"),
        owned_by=text(entry, "owned_by"),
        connection_type=text_or_none(entry, "connection_type"),
        base_model_id=text_or_none(info, "base_model_id"),
        ollama_name=_ollama_name(ollama, prefixes),
        digest=text_or_none(ollama, "digest"),
        size_bytes=number(ollama, "size"),
        preset=preset,
        pipe="pipe" in entry,
        arena=entry.get("arena") is True or text(entry, "owned_by") == "arena",
        active=info.get("is_active") is not False,
        public=_public(info, version),
        url_index=number(entry, "urlIdx"),
        capabilities=texts(ollama, "capabilities"),
    )


def _ollama_name(ollama: Mapping[str, Any], prefixes: Iterable[str]) -> str | None:
    """Ollama's own name. Older versions put the connection's prefix before `model` only, newer before both."""
    name = text(ollama, "name") or text(ollama, "model")
    for prefix in prefixes:
        if name == text(ollama, "model") and name.startswith(f"{prefix}."):
            return name.removeprefix(f"{prefix}.")
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
    )


def any_outside(models: Iterable[WebUIModel]) -> bool:
    """Does one of Open WebUI's connections other than Ollama's serve any of them?"""
    return any(model.url_index is not None and not model.is_ollamas for model in models)


def with_hosts(models: Iterable[WebUIModel], hosts: Mapping[int, str]) -> tuple[WebUIModel, ...]:
    """The models with the host that receives their chats, where `outside_hosts()` told it."""
    return tuple(
        model if model.url_index is None else replace(model, host=hosts.get(model.url_index, model.host))
        for model in models
    )
