"""What a poll asks Ollama, Open WebUI and our relay, each question when it is due; typed errors become Unknown."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from msgspec.structs import replace

from tray_app.app.rhythm import (
    BUSY_EVERY_S,
    MODELS_EVERY_S,
    PRICES_EVERY_S,
    PS_EVERY_S,
    RARELY_S,
    REQUEST_LIMIT_S,
    SETTINGS_EVERY_S,
    SLOW_BACK_OFF_S,
    TAGS_EVERY_S,
    Asked,
    unknown,
)
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.tasks.settings import decode
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.errors.service import BadAnswer, RefusedBecause, ServiceError
from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.relay import RelayState
from tray_app.core.values.snapshot import (
    Access,
    InstalledModel,
    LoadedModel,
    Ollama,
    OpenWebUI,
    Presence,
    ServerConfig,
    WebUIModel,
)
from tray_app.core.values.task_settings import TaskSettings
from tray_app.services._features import Identity
from tray_app.services._webui_models import any_outside, with_outside
from tray_app.services.address import port_of
from tray_app.services.hosted.prices import Prices, unpriced, with_prices
from tray_app.services.hosted.prices import asked as asked_prices
from tray_app.services.ollama import OllamaClient, Shown
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.services.relay import RelayClient
from tray_app.storage.relay_file import RelayDoor, RelayFile

SHOWS_PER_POLL = 8


class RelayPoll:
    """What the relay of chat first tells, asked in each poll while its file says that one runs."""

    def __init__(self, file: RelayFile) -> None:
        self._file = file
        self._door: RelayDoor | None = None
        self._client: RelayClient | None = None
        self._after = 0
        self._told: LanesRules | None = None

    def take(self, now: float) -> Reading[RelayState]:
        """Its state, with what finished since the last one that was read. No rest after a failure: it is on this
        machine, and the poll after its return counts by it again."""
        door = self._file.read()
        if door != self._door:
            self.close()
            self._door, self._after, self._told = door, 0, None
            self._client = RelayClient(door.pid, door.control_port, door.secret) if door is not None else None
        if self._client is None:
            return Unknown(Why.NOT_ASKED)
        try:
            state = self._client.state(self._after)
        except ServiceError as error:
            return unknown(error)
        self._after = max((one.seq for one in state.finished), default=self._after)
        return Known(state, now)

    def tell(self, rules: LanesRules) -> None:
        """Once, and again where they changed or another relay is there; one that does not answer is told next time."""
        if self._client is None or rules == self._told:
            return
        with contextlib.suppress(ServiceError):
            self._client.follow(rules)
            self._told = rules

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


@dataclass
class OllamaPoll:
    """Ollama's version, loaded and installed models. `local` tells whether its processes can be seen from here."""

    service: OllamaClient
    url: str
    local: bool
    config: ServerConfig = field(default_factory=ServerConfig)
    _version: Asked[str] = field(default_factory=lambda: Asked(TAGS_EVERY_S))
    _loaded: Asked[tuple[LoadedModel, ...]] = field(default_factory=lambda: Asked(PS_EVERY_S))
    _installed: Asked[tuple[InstalledModel, ...]] = field(default_factory=lambda: Asked(TAGS_EVERY_S))
    _shown: dict[str, Shown] = field(default_factory=dict)
    _tags: tuple[InstalledModel, ...] | None = None

    def take(self, uptime_s: float, now: float, *, process_seen: bool) -> Reading[Ollama]:
        """`process_seen`: a server process runs here, so that silence is not absence."""
        version = self._version.ask(self.service.version, uptime_s, now)
        if isinstance(version, Unknown):
            if version.why is Why.UNREACHABLE and self.local and not process_seen:
                return Known(Ollama(self.url, Presence.ABSENT), now)
            return version
        loaded = self._loaded.ask(self.service.ps, uptime_s, now)
        if isinstance(loaded, Unknown):
            if self._loaded.went_away(uptime_s):
                self._version.expire()
            return loaded
        installed = self._installed.ask(self.service.tags, uptime_s, now)
        if isinstance(installed, Known):
            self._tags = installed.value
        elif self._tags is None:
            return installed  # nothing installed would be a claim, and a download would be offered
        return Known(
            Ollama(
                url=self.url,
                presence=Presence.RUNNING,
                version=version.value,
                local=self.local,
                loaded=loaded.value,
                installed=self._describe(self._tags, loaded.value),
                config=self.config,
            ),
            now,
        )

    @property
    def port(self) -> int:
        """Where its clients connect to."""
        return port_of(self.url)

    def look_again(self) -> None:
        """A runner came or went, or requests just ended: `/api/ps` has news."""
        self._loaded.expire()

    def forget_installed(self) -> None:
        """A pull or a delete ended: `/api/tags` has news."""
        self._installed.expire()
        self._loaded.expire()

    def _describe(
        self, models: tuple[InstalledModel, ...], loaded: tuple[LoadedModel, ...]
    ) -> tuple[InstalledModel, ...]:
        """Shapes from `/api/show`, once per digest: loaded models first, then the small ones, a few per poll."""
        names = {model.digest for model in loaded}
        order = sorted(models, key=lambda one: (one.digest not in names, one.size_bytes))
        missing = [one for one in order if one.remote_host is None and one.digest not in self._shown]
        for model in missing[:SHOWS_PER_POLL]:
            try:
                self._shown[model.digest] = self.service.show(model.name, model.size_bytes)
            except ServiceError:
                break  # the next poll asks again
        present = {model.digest for model in models}
        if len(self._shown) > len(present):  # of deleted models nothing is kept
            self._shown = {digest: shown for digest, shown in self._shown.items() if digest in present}
        return tuple(_completed(model, self._shown.get(model.digest)) for model in models)


def _completed(model: InstalledModel, shown: Shown | None) -> InstalledModel:
    if shown is None:
        return model
    return replace(
        model,
        capabilities=model.capabilities or shown.capabilities,
        shape=shown.shape,
        num_ctx=shown.num_ctx,
        blob_digest=shown.blob_digest,
    )


def _settings(service: OpenWebUIClient) -> TaskSettings:
    try:
        return decode(service.read_document())
    except ValueError as error:
        raise BadAnswer("", str(error)) from error


def _models(service: OpenWebUIClient, access: Access) -> tuple[WebUIModel, ...]:
    """Its list of models; for an admin with the hosts of outside connections, where it has any."""
    models = service.models()
    if access is not Access.ADMIN or not any_outside(models):
        return models
    try:
        return with_outside(models, service.outside())
    except ServiceError:
        return models  # the host then stays unknown, and no hosted remedy is offered


@dataclass
class OpenWebUIPoll:
    """Open WebUI's version for everybody, and with a token its task settings, models and busy chats."""

    service: OpenWebUIClient
    url: str
    connected: bool
    _identity: Asked[Identity] = field(default_factory=lambda: Asked(SETTINGS_EVERY_S))
    _access: Asked[Access] = field(default_factory=lambda: Asked(SETTINGS_EVERY_S))
    _tasks: Asked[TaskSettings] = field(default_factory=lambda: Asked(SETTINGS_EVERY_S))
    _models: Asked[tuple[WebUIModel, ...]] = field(default_factory=lambda: Asked(MODELS_EVERY_S))
    _busy: Asked[int] = field(default_factory=lambda: Asked(BUSY_EVERY_S))
    _users: Asked[int] = field(default_factory=lambda: Asked(RARELY_S))
    _ordinary: Asked[int] = field(default_factory=lambda: Asked(RARELY_S))
    _connections: Asked[tuple[OllamaConnection, ...]] = field(default_factory=lambda: Asked(RARELY_S))
    _autocomplete: Asked[bool] = field(default_factory=lambda: Asked(RARELY_S))
    _prices: dict[tuple[int, str], Asked[Prices]] = field(default_factory=dict)
    _refused: RefusedBecause | None = None

    def take(self, uptime_s: float, now: float, *, requests_run: bool) -> Reading[OpenWebUI]:
        """`requests_run`: Ollama is at work, so that asking for busy chats is worth a line in the server's log."""
        identity = self._identity.ask(lambda: self.service.identity(fresh=True), uptime_s, now)
        if isinstance(identity, Unknown):
            return identity
        server = OpenWebUI(self.url, identity.value.version, deployment_id=identity.value.deployment_id)
        if not self.connected:
            return Known(server, now)
        access = self._access.ask(self._asked_access, uptime_s, now)
        if isinstance(access, Unknown):
            self._doubt(self._access, uptime_s)
            return access
        server = replace(server, access=access.value, refused=self._refused)
        if access.value not in {Access.USER, Access.ADMIN}:
            return Known(server, now)
        answers = self._details(access.value, uptime_s, now, requests_run=requests_run)
        return Known(replace(server, **answers), now)

    def _asked_access(self) -> Access:
        found = self.service.access()
        self._refused = self.service.refusal()
        return found

    def _details(self, access: Access, uptime_s: float, now: float, *, requests_run: bool) -> dict[str, Any]:
        """What a signed-in account may read. A server that hangs is waited for once per poll, not once per question."""
        admin = access is Access.ADMIN
        questions: tuple[tuple[str, Asked[Any], Callable[[], Any], bool], ...] = (
            ("tasks", self._tasks, lambda: _settings(self.service), True),
            ("busy_chats", self._busy, self.service.busy_chats, requests_run),
            ("models", self._models, lambda: _models(self.service, access), True),
            ("own_autocomplete", self._autocomplete, self.service.own_autocomplete, True),
            ("user_count", self._users, self.service.user_count, admin),
            ("ordinary_users", self._ordinary, self.service.ordinary_users, admin),
            ("connections", self._connections, self.service.connections, admin),
        )
        answers: dict[str, Any] = {}
        gone = False
        for name, asked, question, wanted in questions:
            if not wanted:
                continue
            answers[name] = asked.answer if gone else asked.ask(question, uptime_s, now)
            gone = gone or self._doubt(asked, uptime_s)
        listed = answers["models"]
        if admin and isinstance(listed, Known):
            answers["models"] = Known(self._priced(listed.value, uptime_s, now, gone=gone), listed.taken_at)
        return answers

    def _priced(
        self, models: tuple[WebUIModel, ...], uptime_s: float, now: float, *, gone: bool
    ) -> tuple[WebUIModel, ...]:
        """With what their endpoints cost; one that does not answer is no fault of Open WebUI."""
        wanted = unpriced(models).items()
        self._prices = {one: self._prices.get(one) or Asked(PRICES_EVERY_S, SLOW_BACK_OFF_S) for one in wanted}
        told: dict[int, Prices] = {}
        for (index, _), question in self._prices.items():
            if not gone:
                question.ask(partial(asked_prices, self.service, index, REQUEST_LIMIT_S), uptime_s, now)
            if isinstance(question.answer, Known):
                told[index] = question.answer.value
        return with_prices(models, told)

    def _doubt(self, asked: Asked[Any], uptime_s: float) -> bool:
        """A server that went away may come back as another one: it is asked who it is before it sees the token."""
        away = asked.went_away(uptime_s)
        if away:
            self._identity.expire()
        return away

    def look_again(self, *, models: bool = False) -> None:
        """A change was made or a server came back: settings and connections have news."""
        for asked in (self._access, self._tasks, self._connections):
            asked.expire()
        if models:
            self._models.expire()
