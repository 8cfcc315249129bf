"""Composition root: the one file that names every concrete class and wires them.

Parts are built when they are first asked for, so that `journal` opens no connection and `--help` imports none of it.
"""

import os
import time
from argparse import Namespace
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from msgspec import Struct

from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.snapshot import ProcessRole
from tray_app.core.values.token import Token, origin_of
from tray_app.storage.journal import Folded, Journal
from tray_app.storage.lock import write_lock
from tray_app.storage.paths import Paths
from tray_app.storage.settings import SettingsFile
from tray_app.storage.state import StateFile

if TYPE_CHECKING:
    from tray_app.app.changes import Carrier
    from tray_app.app.containers import ContainerReader
    from tray_app.app.doing.chat_first import ChatFirstDesk
    from tray_app.app.doing.relay_process import RelayProcess
    from tray_app.app.servers import RelayPoll
    from tray_app.app.watch import Observer
    from tray_app.core.fit.candidates import Candidate
    from tray_app.core.values.errors.storage import SettingProblem
    from tray_app.core.values.limits import Limits
    from tray_app.core.values.plan import Record
    from tray_app.readers.machine import Machine
    from tray_app.services.http import Http
    from tray_app.services.ollama import OllamaClient
    from tray_app.services.open_webui import OpenWebUIClient
    from tray_app.storage.secret import Secrets

FIND_WITHIN_S = 4.0
"""Over all addresses that are tried."""
USUAL_OPEN_WEBUI = ("http://127.0.0.1:8080", "http://127.0.0.1:3000")


class Overrides(Struct, frozen=True):
    """What the command line says about where things are; the demo and tests also play the machine."""

    home: Path | None = None
    ollama: str = ""
    open_webui: str = ""
    allow_plain_http: bool = False
    language: str = ""
    machine: "Machine | None" = None
    played: bool = False
    """It is the demo, with stand-ins for servers: nothing may be offered that touches the real system."""

    @classmethod
    def of(cls, options: Namespace) -> "Overrides":
        return cls(
            home=options.home,
            ollama=options.ollama or "",
            open_webui=options.open_webui or "",
            allow_plain_http=getattr(options, "allow_plain_http", False),
            language=options.lang or "",
        )


class App:
    """Everything one run needs, each part built once."""

    def __init__(self, overrides: Overrides) -> None:
        self.overrides = overrides
        self.paths = Paths(overrides.home)
        self.token_problem: ElbowroomError | None = None
        """Why the stored sign-in could not be read: servers are then watched without it."""
        self.tried: tuple[str, ...] = ()
        """Where a server was looked for, as nobody named one."""
        self._journal_problem: StorageError | None = None
        self._open: list[Http | OpenWebUIClient | Machine | ContainerReader | RelayPoll | RelayProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection that was opened, and the machine with the child that reads its journal."""
        while self._open:
            self._open.pop().close()

    @cached_property
    def settings_file(self) -> SettingsFile:
        return SettingsFile(self.paths.settings_file)

    def follow_settings(self) -> bool:
        """Read a settings file that changed again; thresholds and choices are asked, so they count from now on.

        True where a server is somewhere else now, or trusted by another file or given another time: then this App is to
        be built anew.
        """
        before = self._places()
        return self.settings_file.reload() and self._places() != before

    def _places(self) -> tuple[str, str, str, float]:
        settings = self.settings_file.settings
        return settings.ollama_url, settings.open_webui_url, settings.ca_file, settings.request_limit_s

    @property
    def settings_problems(self) -> "tuple[SettingProblem, ...]":
        """What is wrong with the settings file, if this run read it at all."""
        return self.settings_file.problems if "settings_file" in self.__dict__ else ()

    @property
    def file_problems(self) -> tuple[ElbowroomError, ...]:
        """Why our own files could not be used, as far as this run read them and went on without."""
        state = self.state.problem if "state" in self.__dict__ else None
        journal = self._journal_problem or (self.journal.damage if "journal" in self.__dict__ else None)
        return tuple(one for one in (state, journal, self.token_problem) if one is not None)

    def changes(self) -> Folded:
        """What became of every change, as far as the journal can be read; where not, `file_problems` says so."""
        try:
            changes, self._journal_problem = self.journal.changes(), None
        except StorageError as error:
            changes, self._journal_problem = Folded(), error
        return changes

    def _written(self, origin: str) -> "tuple[Record, ...] | None":
        """What we changed on that server and is in force; None where the journal does not say."""
        changes = self.changes()
        return None if self._journal_problem else changes.in_force(origin)

    @cached_property
    def state(self) -> StateFile:
        return StateFile(self.paths.state_file)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.paths.journal_file)

    @cached_property
    def secrets(self) -> "Secrets":
        from tray_app.storage.keychain import Keychain
        from tray_app.storage.secret import Secrets

        return Secrets(self.state, Keychain(self.paths.keychain_service), self.paths.secret_file)

    # --- where the servers are -------------------------------------------------------------

    @cached_property
    def ollama_url(self) -> str:
        """--ollama, the setting, OLLAMA_HOST, else the usual port, else where one is found."""
        from tray_app.services.address import ollama_address, ollama_from_environment

        given = self.overrides.ollama or self.settings_file.settings.ollama_url or os.environ.get("OLLAMA_HOST", "")
        if given:
            return self.relay.behind(ollama_address(given))
        usual = ollama_from_environment()
        return self.relay.behind(self._found_ollama(usual) or usual)

    def _found_ollama(self, usual: str) -> str:
        """Where the usual port is not an Ollama's: where its processes listen, or what Open WebUI was seen to use."""
        from tray_app.services.address import port_of

        ports = self._ports(ProcessRole.OLLAMA_SERVER)
        elsewhere = (*(f"http://127.0.0.1:{port}" for port in ports), *self.state.read().ollama_urls)
        if port_of(usual) in ports:
            return ""
        if not elsewhere:
            self.tried = (*self.tried, usual)
            return ""
        return self._first_that_answers((usual, *elsewhere), lambda url: self._anonymous_ollama(url).version())

    def _anonymous_ollama(self, url: str) -> "OllamaClient":
        from tray_app.services.ollama import OllamaClient

        http = self._http(url)
        self._open.append(http)
        return OllamaClient(http)

    def _ports(self, role: ProcessRole) -> tuple[int, ...]:
        """Where programs of this machine listen; a played machine has none."""
        if self.overrides.machine is not None:
            return ()
        from tray_app.readers.servers_here import ports_of

        now = time.time()
        return ports_of(self.machine.processes.read(now), self._containers.read(now), role)

    def _first_that_answers(self, urls: tuple[str, ...], ask: Callable[[str], object]) -> str:
        """Anonymous requests only: what listens there may be anything. Empty where none is that server."""
        from tray_app.services.deadline import all_within

        self.tried = (*self.tried, *(url for url in urls if url not in self.tried))
        with all_within(FIND_WITHIN_S):
            for url in urls:
                try:
                    ask(url)
                except ServiceError:
                    continue
                return url
        return ""

    @cached_property
    def named_open_webui(self) -> str:
        """The URL that a person gave us: --open-webui, OPEN_WEBUI_URL or the setting; empty where none did."""
        from tray_app.services.address import web_address

        for given in (
            self.overrides.open_webui,
            os.environ.get("OPEN_WEBUI_URL", ""),
            self.settings_file.settings.open_webui_url,
        ):
            if given:
                return web_address(given)
        return ""

    @cached_property
    def open_webui_url(self) -> str:
        """The named one, else the one `connect` used, else the first usual port that answers as Open WebUI."""
        return self.named_open_webui or self.state.read().connected_url or self._discovered() or USUAL_OPEN_WEBUI[0]

    def _discovered(self) -> str:
        """The usual addresses, then where its processes listen."""

        def answers(url: str) -> None:
            self.open_webui_at(url).version()

        found = self._first_that_answers(USUAL_OPEN_WEBUI, answers)
        if found:
            return found
        ports = tuple(f"http://127.0.0.1:{port}" for port in self._ports(ProcessRole.OPEN_WEBUI))
        return self._first_that_answers(tuple(url for url in ports if url not in USUAL_OPEN_WEBUI), answers)

    def token(self, url: str) -> Token | None:
        """The token for that server, or None.

        ELBOWROOM_API_KEY goes only to a URL that a person named; a stored token only to the origin it was stored for.
        """
        named = bool(self.named_open_webui) and origin_of(url) == origin_of(self.named_open_webui)
        return self.secrets.token(url, chosen=named)

    # --- services --------------------------------------------------------------------------

    def _http(self, url: str, token: Token | None = None) -> "Http":
        from tray_app.services.http import Http

        return Http(
            url,
            token=token,
            allow_plain_http=self.overrides.allow_plain_http,
            ca_file=self.settings_file.settings.ca_file,
            deadline_s=self.settings_file.settings.request_limit_s,
        )

    @cached_property
    def ollama_is_local(self) -> bool:
        """Ollama runs on this machine, so that its processes, sockets, log and disk are ours to see."""
        from tray_app.services.address import is_loopback

        return is_loopback(urlsplit(self.ollama_url).hostname or "")

    @property
    def models_folder(self) -> Path:
        """A folder on the disk that models are stored on, for its free space: OLLAMA_MODELS, else the user's."""
        named = Path(os.environ.get("OLLAMA_MODELS") or os.path.expanduser("~/.ollama/models"))  # noqa: PTH111
        return next((folder for folder in (named, *named.parents) if os.path.exists(folder)), Path("/"))

    @property
    def limits(self) -> "Limits":
        return self.settings_file.settings.limits

    @property
    def candidates(self) -> "tuple[Candidate, ...]":
        """Small models to offer, as the settings name them."""
        from tray_app.core.fit.candidates import chosen

        return chosen(self.settings_file.settings.candidate_models)

    @cached_property
    def ollama(self) -> "OllamaClient":
        from tray_app.services.ollama import OllamaClient

        http = self._http(self.ollama_url)
        self._open.append(http)
        return OllamaClient(http)

    @cached_property
    def open_webui(self) -> "OpenWebUIClient":
        return self.open_webui_at(self.open_webui_url, self.token(self.open_webui_url))

    def _watched(self) -> "tuple[OpenWebUIClient, bool]":
        """Open WebUI's client, and whether it is connected. Without a token where the stored one cannot be read."""
        url = self.open_webui_url
        try:
            return self.open_webui, self.token(url) is not None
        except (StorageError, ChangeError) as error:
            self.token_problem = error
            return self.open_webui_at(url), False

    def open_webui_at(self, url: str, token: Token | None = None) -> "OpenWebUIClient":
        """A client for one server; anonymous without a token."""
        from tray_app.services.open_webui import OpenWebUIClient

        client = OpenWebUIClient(self._http(url, token))
        self._open.append(client)
        return client

    @cached_property
    def carrier(self) -> "Carrier":
        """What changes something at these two servers."""
        from tray_app.app.changes import Carrier
        from tray_app.app.doing.switching import Switching, switch_lock

        return Carrier(
            self.open_webui,
            self.ollama,
            self.journal,
            lambda: write_lock(self.paths.lock_file),
            self.models_folder if self.ollama_is_local else None,
            another=self._another_client,
            switching=Switching(self.open_webui, self.journal, self.relay, lambda: switch_lock(self.paths)),
        )

    @cached_property
    def relay(self) -> "RelayProcess":
        """The process of chat first, whether it runs or not."""
        from tray_app.app.doing.relay_process import RelayProcess

        given = self.overrides
        relay = RelayProcess(self.paths.relay_file, given.home, lambda: self.ollama_url, tied=given.played)
        self._open.append(relay)
        return relay

    @property
    def chat_first(self) -> "ChatFirstDesk":
        from tray_app.app.doing.chat_first import ChatFirstDesk

        return ChatFirstDesk(self.carrier, self.relay, self.state, self.settings_file.settings.chat_first.relay_port)

    def _another_client(self) -> "OpenWebUIClient":
        """One more client of the same server; whoever asks for it closes it."""
        from tray_app.services.open_webui import OpenWebUIClient

        return OpenWebUIClient(self._http(self.open_webui_url, self.token(self.open_webui_url)))

    @cached_property
    def machine(self) -> "Machine":
        """This machine's own counters."""
        if self.overrides.machine is not None:
            return self.overrides.machine
        from tray_app.autostart.launch import metal_command
        from tray_app.readers.machine import this_machine

        machine = this_machine(self.paths.cache_dir, metal_command())
        self._open.append(machine)
        return machine

    @cached_property
    def _containers(self) -> "ContainerReader":
        from tray_app.app.containers import ContainerReader

        containers = ContainerReader(lambda: self.settings_file.settings.allow_docker_socket)
        self._open.append(containers)
        return containers

    @cached_property
    def observer(self) -> "Observer":
        """The one that polls and judges."""
        from tray_app.app.poll import Poll
        from tray_app.app.servers import OllamaPoll, OpenWebUIPoll, RelayPoll
        from tray_app.app.watch import Observer
        from tray_app.storage.relay_file import RelayFile

        url = self.open_webui_url
        client, connected = self._watched()
        relay = RelayPoll(RelayFile(self.paths.relay_file))
        self._open.append(relay)
        poll = Poll(
            machine=self.machine,
            ollama=OllamaPoll(self.ollama, self.ollama_url, self.ollama_is_local),
            open_webui=OpenWebUIPoll(client, url, connected=connected),
            containers=self._containers,
            relay=relay,
            limits=lambda: self.limits,
            request_limit=lambda: self.settings_file.settings.request_limit_s,
            written=lambda: self._written(origin_of(url)),
        )
        return Observer(poll, lambda: self.limits, lambda: self.candidates, self._relay_port)

    def _relay_port(self) -> int | None:
        """Where the relay of chat first can stand: not before an Ollama elsewhere."""
        return self.settings_file.settings.chat_first.relay_port if self.ollama_is_local else None
