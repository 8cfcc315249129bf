"""The played Open WebUI's model list, and which model a task runs on (its utils/models.py and utils/task.py)."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tray_app.core.values.version import Version
from tray_app.standins.upstream import UpstreamError, get_json
from tray_app.standins.webui_accounts import Account
from tray_app.standins.webui_connections import About, OllamaList

CACHE_S = 1.0
"""MODELS_CACHE_TTL: a list asked again within it is the old one."""


@dataclass
class ModelRecord:
    """What the admin stored about a model. A model without a record belongs to admins only."""

    id: str
    name: str = ""
    base_model_id: str | None = None
    public: bool = False
    active: bool = True
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Hosted:
    """An OpenAI-type connection."""

    url: str
    key: str = field(default="", repr=False)
    connection_type: str = "external"
    prefix: str = ""
    config: dict[str, Any] | None = None
    """Its settings as an admin stored them, instead of the two above."""

    def told(self) -> dict[str, Any] | None:
        """As the list of connections has them; None where it has none."""
        if self.config is not None:
            return self.config
        return {"prefix_id": self.prefix} if self.prefix else None

    def take(self, config: dict[str, Any] | None) -> None:
        """Settings as they were stored."""
        self.config = config
        if config is not None:
            self.connection_type = config.get("connection_type") or "external"
            self.prefix = config.get("prefix_id") or ""


class Registry:
    """`entries` is what tasks and chats look models up in: empty after a start, filled by listing."""

    def __init__(self, version: Version, ollama_urls: list[str], hosted: list[Hosted]) -> None:
        self.version = version
        self.ollama = OllamaList(version, ollama_urls)
        self.ollama_connection_type = "local"
        self.ollama_prefix = ""
        """Of the first Ollama connection."""
        self.more_prefixes: tuple[str, ...] = ()
        """Of the further ones."""
        self.hosted = hosted
        self.hosted_on: bool | None = True
        """Whether OpenAI-type connections are used at all."""
        self.arena = (0, 3, 33) <= version < (0, 12, 0)
        """The arena entry is listed by default in these releases."""
        self.records: dict[str, ModelRecord] = {}
        self.entries: dict[str, dict[str, Any]] = {}
        self._listed_at = 0.0
        self._lock = threading.Lock()

    def forget(self) -> None:
        """A fresh process knows no models."""
        self.entries, self._listed_at = {}, 0.0

    # --- listing ----------------------------------------------------------------------------

    def refresh(self, *, now: bool = False, by: Account | None = None) -> list[dict[str, Any]]:
        """Asks all connections; what cannot be reached is left out without an error."""
        about = About(user=by.id if by is not None else "")
        with self._lock:
            clock = time.monotonic()
            if not self.entries or now or clock - self._listed_at > CACHE_S:
                found = [*self._from_ollama(about), *self._from_hosted(), *self._presets(about), *self._arena()]
                self.entries = {entry["id"]: entry for entry in found if self._is_active(entry["id"])}
                self._listed_at = clock
            return list(self.entries.values())

    def listed_for(self, account: Account, *, refresh: bool = False) -> list[dict[str, Any]]:
        found = self.refresh(now=refresh, by=account)
        return [entry for entry in found if self.may_use(account, entry["id"])]

    def may_use(self, account: Account, model_id: str) -> bool:
        """Only ordinary users are checked; 0.3 has no such rule."""
        if account.role != "user" or self.version < (0, 4, 0):
            return True
        record = self.records.get(model_id)
        return record is not None and record.public

    def _is_active(self, model_id: str) -> bool:
        record = self.records.get(model_id)
        return record is None or record.active

    def _from_ollama(self, about: About) -> list[dict[str, Any]]:
        """A model that several servers have under one id is one entry: the first fills it, all of them serve it."""
        if not self.ollama.on:
            return []
        found: dict[str, dict[str, Any]] = {}
        for index, url in enumerate(self.ollama.urls):
            for entry in self._of_one_ollama(index, url, about):
                if entry["id"] in found:
                    found[entry["id"]]["ollama"]["urls"].append(index)
                else:
                    found[entry["id"]] = entry
        return list(found.values())

    def _of_one_ollama(self, index: int, url: str, about: About) -> list[dict[str, Any]]:
        if self.ollama.config(index).get("enable") is False:
            return []
        key = self.ollama.key(index)  # before 0.12 a list is asked for without the headers
        headers = (
            self.ollama.headers(index, about) if self.version >= (0, 12, 0) else {}
        )  # before, only calls have them
        try:
            tags = get_json(url, "/api/tags", key, headers)["models"]
            loaded = get_json(url, "/api/ps", key, headers)["models"] if self.version >= (0, 6, 11) else []
        except UpstreamError:
            return []
        return [self._ollama_entry(tag, {entry["name"] for entry in loaded}, index) for tag in tags]

    def prefix(self, index: int) -> str:
        """Of one Ollama connection."""
        stored = self.ollama.config(index).get("prefix_id") if index < len(self.ollama.urls) else None
        return str(stored) if stored else dict(enumerate((self.ollama_prefix, *self.more_prefixes))).get(index, "")

    def served_by(self, model_id: str) -> tuple[int, str]:
        """The Ollama connection that a call goes to (one of several by chance), and the model's name there."""
        entry = self.entries.get(self.base_of(model_id), {})
        index = random.choice(entry.get("ollama", {}).get("urls") or [0])  # noqa: S311 - as the server does
        prefix = self.prefix(index)
        name = self.base_of(model_id)
        return index, name.removeprefix(f"{prefix}.") if prefix else name

    def _ollama_entry(self, tag: dict[str, Any], loaded: set[str], index: int) -> dict[str, Any]:
        prefix = self.prefix(index)
        model_id = f"{prefix}.{tag['model']}" if prefix else tag["model"]
        inner: dict[str, Any] = {**tag, "name": model_id, "model": model_id, "urls": [index]}
        entry: dict[str, Any] = {
            "id": model_id,
            "name": model_id,
            "object": "model",
            "created": int(time.time()),
            "owned_by": "ollama",
            "ollama": inner,
        }
        if self.version >= (0, 6, 10):
            inner["connection_type"] = entry["connection_type"] = self.ollama_connection_type
            entry["tags"] = []
        if self.version >= (0, 6, 11) and tag["name"] in loaded and not (0, 9, 0) <= self.version < (0, 10, 0):
            inner["expires_at"] = int(time.time()) + 300
        if self.version >= (0, 9, 6):
            entry["loaded"] = tag["name"] in loaded and self.version >= (0, 10, 0)
        return self._with_info(entry)

    def _from_hosted(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for index, connection in enumerate(self.hosted if self.hosted_on else ()):
            for model in self._hosted_models(connection):
                model_id = f"{connection.prefix}.{model['id']}" if connection.prefix else model["id"]
                entry = {"id": model_id, "name": model_id, "object": "model", "created": model.get("created", 0)}
                entry |= {"owned_by": "openai", "openai": model, "urlIdx": index}
                if self.version >= (0, 6, 10):
                    entry["connection_type"] = connection.connection_type
                found.append(self._with_info(entry))
        return found

    def _hosted_models(self, connection: Hosted) -> list[dict[str, Any]]:
        """What an endpoint lists, or, unasked, only the models that an admin chose."""
        config = connection.config or {}
        if config.get("enable") is False:
            return []
        if config.get("model_ids"):
            return [{"id": name, "name": name, "owned_by": "openai"} for name in config["model_ids"]]
        try:
            listed: list[dict[str, Any]] = get_json(connection.url, "/models", connection.key)["data"]
        except (UpstreamError, KeyError, TypeError):
            return []
        return listed

    def _with_info(self, entry: dict[str, Any]) -> dict[str, Any]:
        record = self.records.get(entry["id"])
        if record is not None:
            entry["info"] = self.info(record)
            entry["name"] = record.name or entry["name"]
        return entry

    def info(self, record: ModelRecord) -> dict[str, Any]:
        """The stored record as the API shows it; access is told differently from 0.8 on."""
        told: dict[str, Any] = {
            "id": record.id,
            "name": record.name or record.id,
            "base_model_id": record.base_model_id,
            "params": record.params,
            "meta": {},
            "is_active": record.active,
        }
        if self.version >= (0, 8, 0):
            everyone = {"principal_type": "user", "principal_id": "*", "permission": "read"}
            told["access_grants"] = [everyone] if record.public else []
        elif self.version >= (0, 4, 0):
            told["access_control"] = None if record.public else {}
        return told

    def _presets(self, about: About) -> list[dict[str, Any]]:
        """Workspace presets copy `owned_by` from their base, and `connection_type` only from 0.6.41 on."""
        found = []
        bases = {entry["id"]: entry for entry in [*self._from_ollama(about), *self._from_hosted()]}
        for record in self.records.values():
            if record.base_model_id is None:
                continue
            base = bases.get(record.base_model_id, {})
            entry = {"id": record.id, "name": record.name or record.id, "object": "model", "preset": True}
            entry |= {
                "owned_by": base.get("owned_by", "openai"),
                "created": int(time.time()),
                "info": self.info(record),
            }
            if self.version >= (0, 6, 41) and "connection_type" in base:
                entry["connection_type"] = base["connection_type"]
            found.append(entry)
        return found

    def _arena(self) -> list[dict[str, Any]]:
        if not self.arena:
            return []
        entry = {"id": "arena-model", "name": "Arena Model", "object": "model", "owned_by": "arena", "arena": True}
        return [entry | {"created": int(time.time()), "info": {"meta": {"model_ids": None}}}]

    # --- choosing ---------------------------------------------------------------------------

    def task_model(self, chat_model: str, settings: dict[str, Any]) -> str:
        """The slot is chosen by the chat model; an id that is not in the list silently means the chat model."""
        entry = self.entries.get(chat_model, {})
        if self.version < (0, 6, 11):
            local = entry.get("owned_by") == "ollama"
        else:
            local = entry.get("connection_type") == "local"
        wanted = settings.get("TASK_MODEL" if local else "TASK_MODEL_EXTERNAL")
        return wanted if wanted and wanted in self.entries else chat_model

    def base_of(self, model_id: str) -> str:
        record = self.records.get(model_id)
        return record.base_model_id if record is not None and record.base_model_id else model_id

    def hosted_of(self, model_id: str) -> Hosted | None:
        """The OpenAI-type connection that serves a model; None: Ollama does."""
        entry = self.entries.get(self.base_of(model_id), {})
        index = entry.get("urlIdx", -1) if entry.get("owned_by") == "openai" else -1
        return self.hosted[index] if 0 <= index < len(self.hosted) else None
