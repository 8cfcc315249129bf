"""Ollama's HTTP API, versions 0.5 to 0.33. Nothing here loads a model."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from tray_app.core.fit.shape import decode_show
from tray_app.core.values.errors.service import (
    BadAnswer,
    Instead,
    Interrupted,
    Invalid,
    NotFound,
    NotThatServer,
    Refused,
    ServerFailed,
    ServiceError,
)
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.snapshot import InstalledModel, LoadedModel
from tray_app.core.values.version import Json
from tray_app.services._answer import short
from tray_app.services._decode import an_object, moment, number, objects, part, text, text_or_none, texts
from tray_app.services.address import ollama_address
from tray_app.services.http import Http

_KEPT_FROM_YEAR = 2200
"""keep_alive -1 sets an end about 292 years ahead (Go's longest duration): such a model is kept for ever."""

endpoint = ollama_address


class Shown(Struct, frozen=True):
    """What `POST /api/show` adds to an InstalledModel."""

    shape: ModelShape | None = None
    capabilities: tuple[str, ...] | None = None
    num_ctx: int | None = None
    blob_digest: str | None = None


class PullProgress(Struct, frozen=True):
    """`status` is Ollama's own word (pulling manifest, verifying sha256 digest, success). Bytes over all layers."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


class OllamaClient:
    """One Ollama server. Every method raises ServiceError subclasses only."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.url = http.url
        self._recognised = False

    @property
    def answered(self) -> int:
        """How many of our questions are in its log."""
        return self._http.answered

    def version(self) -> str:
        """NotThatServer where something else answers, Open WebUI included: it has a version at the same path."""
        try:
            answer = self._http.get_json("/api/version")
        except (NotFound, BadAnswer, Invalid, Refused) as error:
            raise NotThatServer(self.url, _instead(error)) from error
        found = text(answer, "version") if isinstance(answer, dict) else ""
        if not found:
            raise NotThatServer(self.url, Instead.OTHER_JSON)
        if not self._recognised:
            try:
                self.ps()
            except (NotFound, Refused) as error:
                raise NotThatServer(
                    self.url, Instead.OPEN_WEBUI if error.detail == Instead.PAGE else _instead(error)
                ) from error
            self._recognised = True
        return short(found)

    def ps(self) -> tuple[LoadedModel, ...]:
        """The loaded models. A model that is still loading is not listed (0.30+)."""
        answer = an_object(self._http.get_json("/api/ps"), self.url)
        return tuple(_loaded(entry) for entry in objects(answer, "models", self.url) if text(entry, "name"))

    def tags(self) -> tuple[InstalledModel, ...]:
        answer = an_object(self._http.get_json("/api/tags"), self.url)
        return tuple(_installed(entry) for entry in objects(answer, "models", self.url) if text(entry, "name"))

    def show(self, name: str, size_bytes: int = 0) -> Shown:
        """`size_bytes` is the size on disk from `tags()`; NotFound where the model is gone."""
        answer = self._http.post_json("/api/show", {"model": name, "name": name}, deadline_s=5.0)
        return decode_shown(an_object(answer, self.url), size_bytes)

    def unload(self, name: str) -> None:
        """Ends the model's process once its running requests are done. No error where it was not loaded."""
        body: Json = {"model": name, "keep_alive": 0, "stream": False}
        self._http.post_json("/api/generate", body, deadline_s=10.0)

    def pull(self, name: str, cancelled: Callable[[], bool]) -> Iterator[PullProgress]:
        """Ends after the status `success`, or early when cancelled; what was fetched stays for the next pull.

        NotFound: no such model in the library. ServerFailed: Ollama's own reason (disk full, no network).
        """
        body: Json = {"model": name, "name": name, "stream": True}
        layers: dict[str, tuple[int, int]] = {}
        for line in self._http.post_lines("/api/pull", body, cancelled=cancelled):
            entry = an_object(line, self.url)
            if "error" in entry:
                self._refuse_pull(short(text(entry, "error")))
            if digest := text(entry, "digest"):
                layers[digest] = number(entry, "completed") or 0, number(entry, "total") or 0
            status = short(text(entry, "status"))
            yield PullProgress(status, *(sum(column) for column in zip(*layers.values(), strict=True)))
            if status == "success":
                return
        if not cancelled():
            raise Interrupted(self.url, "pull")

    def _refuse_pull(self, reason: str) -> None:
        """Ollama reports a failed pull as a line of an answer with status 200."""
        if "file does not exist" in reason or "not found" in reason:
            raise NotFound(self.url, reason)
        raise ServerFailed(self.url, 500, reason)


def _instead(error: ServiceError) -> Instead:
    """Which kind of other program answers."""
    if isinstance(error, NotFound):
        return Instead.PAGE if error.detail == Instead.PAGE else Instead.NOTHING_ASKED_FOR
    return Instead.NO_JSON


def _loaded(entry: Mapping[str, Any]) -> LoadedModel:
    size = number(entry, "size") or 0
    return LoadedModel(
        name=text(entry, "name"),
        digest=text(entry, "digest"),
        size_bytes=size,
        size_vram_bytes=min(number(entry, "size_vram") or 0, size),
        context_length=number(entry, "context_length") or None,
        expires_at=expires_at(text(entry, "expires_at")),
        quantization=text(part(entry, "details"), "quantization_level"),
    )


def expires_at(stamp: str) -> float | None:
    """Unix seconds of Go's RFC 3339 time; None where the model is kept for ever or the time is unusable."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    if when.tzinfo is None or not 1971 <= when.year < _KEPT_FROM_YEAR:
        return None
    return when.timestamp()


def _installed(entry: Mapping[str, Any]) -> InstalledModel:
    return InstalledModel(
        name=text(entry, "name"),
        digest=text(entry, "digest"),
        size_bytes=number(entry, "size") or 0,
        quantization=text(part(entry, "details"), "quantization_level"),
        capabilities=texts(entry, "capabilities"),
        remote_host=text_or_none(entry, "remote_host"),
        changed_at=moment(text(entry, "modified_at")),
        mlx=text(part(entry, "details"), "format") == "safetensors",
    )


def decode_shown(answer: Mapping[str, Any], size_bytes: int) -> Shown:
    """`parameters` is the modelfile's text (`num_ctx    8192`); the FROM line of `modelfile` names the blob."""
    context = re.search(r"(?m)^num_ctx\s+\"?(\d{1,9})\"?\s*$", text(answer, "parameters"))
    blob = re.search(r"(?m)^FROM\s+.*?sha256[-:]([0-9a-f]{64})\s*$", text(answer, "modelfile"))
    return Shown(
        shape=decode_show(answer, size_bytes),
        capabilities=texts(answer, "capabilities"),
        num_ctx=int(context[1]) if context else None,
        blob_digest=f"sha256-{blob[1]}" if blob else None,
    )
