"""`relay`: the process of chat first. Nobody types it; chat first starts it."""

from argparse import Namespace
from urllib.parse import urlsplit

from tray_app import __version__
from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.lanes.known import rules_for
from tray_app.core.text import relay as view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.life import RelayError, RelayProblem
from tray_app.core.values.errors.service import ServiceError, TimedOut
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.services import trust
from tray_app.services.address import is_loopback, ollama_address, port_of
from tray_app.services.relay import RelayClient
from tray_app.storage.log import log_to
from tray_app.storage.relay_file import RelayFile


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Until it is asked to end."""
    del terminal
    from tray_app.relay import service  # asyncio comes with it
    from tray_app.relay.replies import Replies, error_body

    settings = app.settings_file.settings
    host, port = _place(options.listen or f"{service.LOOPBACK}:{settings.chat_first.relay_port}")
    upstream = ollama_address(options.upstream) if options.upstream else app.ollama_url
    if port_of(upstream) == port and is_loopback(urlsplit(upstream).hostname or ""):
        raise RelayError(RelayProblem.LOOP, upstream)
    log_to(app.paths.relay_log_file)
    plan = service.RelayPlan(
        listen=host,
        port=port,
        upstream=upstream,
        file=app.paths.relay_file,
        version=__version__,
        replies=Replies(
            unreachable=error_body(view.unreachable(upstream, tr)),
            loop=error_body(view.leads_back(upstream, tr)),
            dropped=error_body(view.not_needed(tr)),
        ),
        rules=rules_for(settings.chat_first, settings.task_models, None),
        tls=trust.by_scheme(upstream, settings.ca_file),
        history=app.paths.history_file,
        tied=options.tied,
    )
    try:
        service.run(plan)
    except RelayError as error:
        if error.problem is RelayProblem.PORT_TAKEN and _is_ours(app, port):
            raise RelayError(RelayProblem.RUNS_ALREADY, error.address) from error
        raise
    return DONE


def _is_ours(app: App, port: int) -> bool:
    """Whether the relay that holds the port is that of our file: it answers there as nobody else can."""
    door = RelayFile(app.paths.relay_file).read()
    if door is None or door.port != port:
        return False
    client = RelayClient(door.pid, door.control_port, door.secret)
    try:
        client.state(0)
    except TimedOut:
        return True  # there, on a machine that is busy
    except ServiceError:
        return False
    finally:
        client.close()
    return True


def _place(text: str) -> tuple[str, int]:
    """Host and port of `--listen`. UsageError where it is no such thing."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(Slip.URL, text) from error
    if not host or port is None or parts.path or parts.username is not None:
        raise UsageError(Slip.URL, text)
    return host, port
