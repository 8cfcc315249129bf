"""A hosted task model from address to proof: what an endpoint lists, the connection in Open WebUI, the choice, the way
back. The command line, the menu and the page call the same desk.

A key is handed through to Open WebUI and to the endpoint itself; nothing here keeps it.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from msgspec import Struct

from tray_app.app.doing.downloads import wait_until_listed
from tray_app.core.tasks import openai_connections as connections
from tray_app.core.tasks.hosted.offers import HostedOffer, for_tasks
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.errors.service import ServiceError, TooOld
from tray_app.core.values.plan import Change, Plan, Record
from tray_app.core.values.remedy import HOSTED_MODEL
from tray_app.core.values.task_settings import DocumentKind, Setting
from tray_app.core.values.token import Token, origin_of
from tray_app.core.values.version import Document, Json, parse_version
from tray_app.services.address import endpoint_addresses, is_loopback, is_private, port_of
from tray_app.services.hosted.endpoint import EndpointClient, Tried, host_of, offers_of
from tray_app.services.http import Http

if TYPE_CHECKING:
    from tray_app.app.changes import Carrier, Undone
    from tray_app.app.wiring import App


def desk_of(app: "App") -> "HostedDesk":
    """At the servers that this app watches."""
    settings = app.settings_file.settings

    def http(url: str, token: Token | None) -> Http:
        return Http(url, token=token, ca_file=settings.ca_file, deadline_s=settings.request_limit_s)

    return HostedDesk(app.carrier, http, app.ollama_url)


KIND = DocumentKind.OPENAI_CONNECTIONS


class HostedPlace(Struct, frozen=True):
    """An endpoint that answered. `there`: Open WebUI has a connection to it already, and its key."""

    url: str
    offers: tuple[HostedOffer, ...]
    there: bool = False

    @property
    def host(self) -> str:
        return host_of(self.url)

    def named(self, model: str) -> HostedOffer:
        """HostedError where it does not list it, with the nearest that it does."""
        from tray_app.core.tasks.assignments import nearest

        found = next((one for one in self.offers if one.id == model), None)
        if found is None:
            meant = nearest(model, (one.id for one in self.offers))
            raise HostedError(HostedProblem.NO_SUCH_MODEL, self.host, meant, self.url)
        return found


class HostedWish(Struct, frozen=True):
    """What would be done. `listed_as`: the id under which Open WebUI will list the model. `woken`: hosts of connections
    that come into use again with the list as a whole."""

    model: HostedOffer
    connection: Plan
    listed_as: str
    woken: tuple[str, ...] = ()


class SetUp(Struct, frozen=True):
    """What was written. `change_id`: the change whose undo takes all of it back; empty where nothing was written."""

    changes: tuple[Change, ...] = ()
    change_id: str = ""


class Connected(Struct, frozen=True):
    """One connection as it stands. `ours`: we added it."""

    url: str
    models: tuple[str, ...]
    used: bool
    key: bool
    ours: bool

    @property
    def host(self) -> str:
        return host_of(self.url)


class HostedDesk(Struct, frozen=True):
    """At one Open WebUI. `http` makes a connection to an endpoint; `ollama_url` is the Ollama that is watched."""

    carrier: "Carrier"
    http: Callable[[str, Token | None], Http]
    ollama_url: str

    def find(self, address: str, key: str = "") -> HostedPlace:
        """The endpoint at an address as people write it. One that is connected already is asked by Open WebUI, with the
        key that it keeps. UsageError, HostedError, ServiceError; nothing is written."""
        urls = endpoint_addresses(address)
        document = self._document()
        for url in urls:
            if _is_same_server(url, self.ollama_url):
                raise HostedError(HostedProblem.OWN_OLLAMA, host_of(url))
            if connections.connection(document, url) is not None:
                return self._there(document, url)
        endpoint = self._first(urls, key)
        if not for_tasks(endpoint.offers):
            raise HostedError(HostedProblem.NO_MODELS, endpoint.host)
        return endpoint

    def _document(self) -> Document:
        return self.carrier.writable().read_document(KIND)

    def _there(self, document: Document, url: str) -> HostedPlace:
        index = connections.urls_of(document).index(_as_written(document, url))
        answer: Json = {}
        if connections.is_on(document):
            try:
                answer = self.carrier.open_webui.models_of_connection(index)
            except ServiceError as error:
                raise HostedError(HostedProblem.NOT_REACHED, host_of(url), error.detail) from error
        offers = tuple(offers_of(answer))
        if not for_tasks(offers):
            raise HostedError(HostedProblem.NO_MODELS, host_of(url))
        return HostedPlace(url, offers, there=True)

    def _first(self, urls: tuple[str, ...], key: str) -> HostedPlace:
        for url in urls[:-1]:
            try:
                return self._asked(url, key)
            except HostedError as error:
                if error.problem is not HostedProblem.NO_API:
                    raise
        return self._asked(urls[-1], key)

    def _asked(self, url: str, key: str) -> HostedPlace:
        with closing(self.http(url, _token(url, key))) as http:
            return HostedPlace(url, EndpointClient(http).offers())

    def wish(self, endpoint: HostedPlace, model: HostedOffer, *, key: bool) -> HostedWish:
        """The plan for one model: a connection that lists only it, or one more model of a connection that is there."""
        document, by = self._document(), connections.named_by(self._version())
        if connections.would_lose(document, by):
            raise HostedError(HostedProblem.BY_ADDRESS, endpoint.host)
        switch = connections.switched_on(document)
        woken = tuple(host_of(url) for url in connections.urls_of(document)) if switch else ()
        if endpoint.there:
            prefix = connections.prefix_of(connections.connection(document, endpoint.url))
            change = connections.listing(document, endpoint.url, model.id)
        else:
            taken = any(one.id == model.id for one in self.carrier.open_webui.models())
            prefix = _prefix(endpoint.host) if taken and by != connections.NO_SETTINGS else ""
            change = connections.added(endpoint.url, (model.id,), key=key, by=by, prefix=prefix)
        changes = (*switch, *(() if change is None else (change,)))
        return HostedWish(model, Plan(changes), f"{prefix}.{model.id}" if prefix else model.id, woken)

    def _version(self) -> tuple[int, int, int]:
        return parse_version(self.carrier.open_webui.version()) or NEWEST_SEEN

    def attempt(self, endpoint: HostedPlace, model: HostedOffer, key: str) -> Tried | None:
        """One title for a built-in chat, before anything is written: the key, the credit and the model are good. None
        where only Open WebUI has the key."""
        if endpoint.there:
            return None
        with closing(self.http(endpoint.url, _token(endpoint.url, key))) as http:
            return EndpointClient(http).title(model.id)

    def connect(self, endpoint: HostedPlace, wish: HostedWish, key: str, cancelled: Callable[[], bool]) -> SetUp:
        """Have Open WebUI itself ask the endpoint, then add the connection, and wait until it lists the model."""
        if not wish.connection.changes:
            return SetUp()
        if not endpoint.there:
            self._check_reached(endpoint, _token(endpoint.url, key))
        token = _token(endpoint.url, key)
        done = self.carrier.apply(wish.connection.changes, connections.remedy_id(wish.model.id), token)
        with ExitStack() as otherwise:
            otherwise.callback(self.carrier.undo, done.change_id)
            wait_until_listed(self.carrier.open_webui, [wish.listed_as], cancelled, self.carrier.pause)
            otherwise.pop_all()
        return SetUp(done.changes, done.change_id)

    def _check_reached(self, endpoint: HostedPlace, token: Token | None) -> None:
        try:
            self.carrier.open_webui.asks_endpoint(endpoint.url, token)
        except TooOld:
            return  # 0.3 cannot be asked to: whether it lists the model shows it
        except ServiceError as error:
            raise HostedError(HostedProblem.NOT_REACHED, endpoint.host, error.detail) from error

    def set_up(
        self,
        endpoint: HostedPlace,
        wish: HostedWish,
        slots: tuple[Change, ...],
        key: str,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> SetUp:
        """The connection, then the choice of its model; where that fails, a connection that was added goes, too."""
        added = self.connect(endpoint, wish, key, cancelled)
        with ExitStack() as otherwise:
            if added.change_id:
                otherwise.callback(self.carrier.undo, added.change_id)
            chosen = self.choose(wish, slots)
            otherwise.pop_all()
        return SetUp((*added.changes, *chosen.changes), added.change_id or chosen.change_id)

    def choose(self, wish: HostedWish, changes: tuple[Change, ...]) -> SetUp:
        """The task slots' part, which names the model as Open WebUI lists it."""
        if not changes:
            return SetUp()
        done = self.carrier.apply(changes, f"{HOSTED_MODEL}:{wish.listed_as}")
        return SetUp(done.changes, done.change_id)

    # --- what is there, and the way back ---------------------------------------------------------

    def connected(self) -> tuple[Connected, ...]:
        """Every OpenAI-type connection; no key leaves the document."""
        document = self._document()
        ours = {url for one in self._added() for url in _urls_added(one)}
        found = []
        for url in connections.urls_of(document):
            value = connections.connection(document, url)
            used = connections.is_on(document) and connections.is_used(value)
            mine = url.rstrip("/") in ours
            found.append(Connected(url, connections.models_of(value), used, connections.has_key(value), mine))
        return tuple(found)

    def added(self, address: str) -> Record:
        """The change that added a connection to this address. HostedError where none of ours did."""
        urls = set(endpoint_addresses(address))
        found = next((one for one in self._added() if urls & set(_urls_added(one))), None)
        if found is None:
            raise HostedError(HostedProblem.NOT_ADDED, host_of(endpoint_addresses(address)[0]))
        return found

    def remove(self, address: str) -> "Undone":
        """The choice of its model first, then the connection, as far as both are still ours."""
        return self.carrier.undo(self.added(address).id)

    def _added(self) -> tuple[Record, ...]:
        return tuple(one for one in self.carrier.undoable() if _urls_added(one))


def _urls_added(record: Record) -> tuple[str, ...]:
    return tuple(one.place for one in record.changes if one.setting is Setting.OPENAI_CONNECTION and one.before is None)


def _token(url: str, key: str) -> Token | None:
    return Token(key, origin_of(url)) if key else None


def _as_written(document: Document, url: str) -> str:
    return next(one for one in connections.urls_of(document) if one.rstrip("/") == url.rstrip("/"))


def _prefix(host: str) -> str:
    """What tells its models from others of the same name: `nas`, `192-168-1-4`."""
    name = host if not re.search(r"[a-z]", host.partition(":")[0]) else host.partition(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "hosted"


def _is_same_server(url: str, ollama_url: str) -> bool:
    one, other = host_of(url), host_of(ollama_url)
    same_host = one == other or (is_loopback(one) and is_loopback(other))
    return same_host and port_of(url) == port_of(ollama_url)


def goes_out(url: str) -> bool:
    """Whether what is sent there leaves the network that this machine is in."""
    return not is_private(host_of(url))
