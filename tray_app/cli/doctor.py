"""`doctor`: the sources of this app, in the order a poll asks them."""

import platform
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

from msgspec.structs import replace

from tray_app import __version__, autostart
from tray_app.app.containers import ContainerReader
from tray_app.app.doctor import Probe, capture
from tray_app.app.doctor import run as examine
from tray_app.app.servers import RelayPoll
from tray_app.app.wiring import App
from tray_app.autostart.launch import login_command, metal_command
from tray_app.cli.main import DONE
from tray_app.cli.redactor import redactor_of
from tray_app.cli.status import tell_models_not_taken
from tray_app.cli.terminal import Terminal
from tray_app.core.report.doctor import EntryState, Probed, RelayFound, Report
from tray_app.core.report.versions import Program, VersionNote, note
from tray_app.core.requests.owners import with_owners
from tray_app.core.tasks.settings import decode
from tray_app.core.text import doctor as view
from tray_app.core.text import errors
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.change import ChangeError
from tray_app.core.values.errors.life import TrayUnavailable
from tray_app.core.values.errors.service import RefusedBecause, ServiceError
from tray_app.core.values.reading import Known, Reading, Unknown, Unseen, Why, value_of
from tray_app.core.values.relay import Stage
from tray_app.core.values.snapshot import Access, Processes
from tray_app.readers._raw import sources as raw_sources
from tray_app.readers.connections import ConnectionReader
from tray_app.readers.gpu import GpuReader
from tray_app.readers.host import host
from tray_app.readers.memory import MemoryReader
from tray_app.readers.processes import ProcessReader
from tray_app.readers.server_log import ServerLog
from tray_app.services.address import port_of
from tray_app.storage.keychain import Keychain
from tray_app.storage.relay_file import RelayFile
from tray_app.tray.notify import find_way
from tray_app.tray.tray import find_host, python_build

LIBRARIES = ("httpx", "psutil", "pystray", "pillow", "keyring", "filelock", "platformdirs", "truststore")


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Exit code 0 whenever it answered; with --capture raw numbers go to a folder that only its owner may read."""
    redactor = redactor_of(app)
    sources = [*_machine(app), *_desktop(), *_servers(app)]
    if options.capture is not None:
        report = capture(sources, options.capture, redactor, _versions())
    else:
        report = examine(sources, redactor, _versions())
    places = (("ollama", app.ollama_url), ("open-webui", app.open_webui_url))
    report = replace(report, addresses=tuple((name, redactor.text(url)) for name, url in places))
    report = replace(report, notes=_notes(report))
    if options.check_updates:
        report = replace(report, newer=_newer(app, terminal, tr))
    if options.json:
        terminal.json(report.as_json())
    else:
        terminal.show(view.lines(report, tr))
        if app.relay.door() is not None:
            tell_models_not_taken(app, app.observer.look(), terminal, tr)
    return DONE


def _notes(report: Report) -> tuple[VersionNote, ...]:
    """Of the servers that answered."""
    values = {one.name: one.value for one in report.entries if one.state is EntryState.WORKS}
    server = values.get(Probed.OPEN_WEBUI)
    ollama, webui = values.get(Probed.OLLAMA_VERSION), server.get("version") if isinstance(server, dict) else None
    made = [note(Program.OLLAMA, ollama, gpu=Probed.GPU in values)] if isinstance(ollama, str) else []
    return (*made, *([note(Program.OPEN_WEBUI, webui)] if isinstance(webui, str) else ()))


def _newer(app: App, terminal: Terminal, tr: Translator) -> str | None:
    """What Open WebUI itself says; None where it cannot be asked, which is told beside the answer."""
    try:
        return app.open_webui.newest_release()
    except ServiceError as error:
        terminal.note(errors.told(error, tr))
        return None


def _versions() -> list[tuple[str, str]]:
    found = [("elbowroom", __version__), ("python", platform.python_version()), ("system", platform.platform())]
    return [*found, *((name, _version(name)) for name in LIBRARIES)]


def _version(library: str) -> str:
    """As its own papers say, which somebody who packs us may leave out."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"


def _machine(app: App) -> Iterable[Probe]:
    memory, gpu = MemoryReader(), GpuReader(app.paths.cache_dir / "gpu.json", metal=metal_command())
    processes, connections = ProcessReader(), ConnectionReader()
    port = port_of(app.ollama_url)

    def seen() -> Processes:
        return value_of(processes.read(time.time())) or Processes()

    def log() -> Reading[object]:
        with closing(ServerLog()) as found:
            return found.read_once(time.time(), with_owners(seen(), port, local=True))

    def containers() -> Reading[object]:
        with closing(ContainerReader(lambda: app.settings_file.settings.allow_docker_socket)) as found:
            return found.read(time.time())

    yield Probe(Probed.HOST, host)
    yield Probe(Probed.MEMORY, lambda: memory.read(time.time(), app.limits), _raw_of(memory.collect))
    yield Probe(Probed.GPU, lambda: gpu.read(time.time()), _raw_of(gpu.collect))
    yield Probe(Probed.PROCESSES, lambda: processes.read(time.time(), ask_others=True))
    yield Probe(Probed.CONTAINERS, containers, from_server=True)
    yield Probe(Probed.CONNECTIONS, lambda: connections.read(time.time(), with_owners(seen(), port, local=True), port))
    yield Probe(Probed.OLLAMA_LOG, log)


def _requests(app: App) -> object:
    """Unknown where neither number is known."""
    read = app.observer.look().snapshot.requests
    found = value_of(read)
    if found is not None and isinstance(found.running, Unknown) and isinstance(found.waiting, Unknown):
        return found.running
    return read


def _desktop() -> Iterable[Probe]:
    """What icon, notices and stored sign-in rest on, the same questions on every system."""
    yield Probe(Probed.AUTOSTART, lambda: autostart.status(login_command()))
    yield Probe(Probed.TRAY_HOST, _tray_host)
    yield Probe(Probed.NOTICES, find_way)
    yield Probe(Probed.KEYCHAIN, _keychain)
    yield Probe(Probed.PYTHON_BUILD, python_build)


def _tray_host() -> object:
    try:
        return find_host()
    except TrayUnavailable as error:
        return Unknown(Why.MISSING, f"{error.problem.value} {error.detail}".strip())


def _keychain() -> object:
    try:
        return Keychain("doctor").found()
    except ChangeError as error:
        return Unknown(Why.MISSING, error.detail)


def _raw_of(collect: Callable[[], object]) -> Callable[[], Mapping[str, bytes | Unknown]]:
    return lambda: dict(raw_sources(collect()))


def _relay(app: App) -> object:
    """Not asked where none runs."""
    file = RelayFile(app.paths.relay_file)
    with closing(RelayPoll(file)) as poll:
        told, door = poll.take(time.time()), file.read()
    if not isinstance(told, Known) or door is None:
        return told
    state = told.value
    held = sum(one.stage is Stage.HELD for one in state.standing)
    return RelayFound(state.pid, state.port, door.version, state.upstream_ok, held, state.counts.broken_off)


def _servers(app: App) -> Iterable[Probe]:
    def ask(name: Probed, question: Callable[[], object]) -> Probe:
        return Probe(name, question, from_server=True)

    def connected(question: Callable[[], object]) -> Callable[[], object]:
        """Only with a token: an anonymous request would be refused and say nothing."""
        return lambda: question() if app.token(app.open_webui_url) else Unknown(Why.NOT_ASKED, Unseen.NOT_CONNECTED)

    def access() -> object:
        """What is not an admin's is told as the refusal that it is."""
        client = app.open_webui
        found = client.access()
        refusal = client.refusal() or RefusedBecause.NOT_ADMIN
        return found if found is Access.ADMIN else Unknown(Why.REFUSED, refusal.value)

    yield Probe(Probed.RELAY, lambda: _relay(app))
    yield ask(Probed.OLLAMA_VERSION, lambda: app.ollama.version())
    yield ask(Probed.OLLAMA_LOADED, lambda: app.ollama.ps())
    yield ask(Probed.OLLAMA_INSTALLED, lambda: app.ollama.tags())
    yield ask(Probed.REQUESTS, lambda: _requests(app))
    yield ask(Probed.OPEN_WEBUI, lambda: app.open_webui.identity())
    yield ask(Probed.OPEN_WEBUI_FEATURES, lambda: app.open_webui_at(app.open_webui_url).features())
    yield ask(Probed.OPEN_WEBUI_ACCESS, connected(access))
    yield ask(Probed.OPEN_WEBUI_TASKS, connected(lambda: decode(app.open_webui.read_document())))
    yield ask(Probed.OPEN_WEBUI_MODELS, connected(lambda: app.open_webui.models()))
    yield ask(Probed.OPEN_WEBUI_BUSY, connected(lambda: app.open_webui.busy_chats()))
