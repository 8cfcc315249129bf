"""`GET /metrics` over HTTP."""

import errno
import ipaddress
import socket
import sys
import time
from collections.abc import Callable, Iterable
from http.server import HTTPServer
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from tray_app.core.report.metrics.metric import Reported
from tray_app.core.values.errors.exporter import ExporterError, ExporterProblem
from tray_app.exporter.exposition import registry_of

READ_TIMEOUT_S = 10.0
"""For what a client sends next: one that sends nothing must not hold a thread."""
NOT_HERE = b"This is for programs of this machine, under its own name.\n"
"""A web page that has its own name lead to 127.0.0.1 (DNS rebinding) would be let read it by the browser."""
_PROBLEMS = {
    errno.EADDRINUSE: ExporterProblem.PORT_TAKEN,
    errno.EACCES: ExporterProblem.NOT_ALLOWED,
    errno.EPERM: ExporterProblem.NOT_ALLOWED,
}


class MetricsServer:
    """Answers scrapes on threads of its own until it is closed. `took`: is told after each what it took, in seconds."""

    def __init__(
        self, place: tuple[str, int], read: Callable[[], Iterable[Reported]], took: Callable[[float], None]
    ) -> None:
        """ExporterError where it cannot listen there. An empty host is every address of this machine."""
        app, host = make_wsgi_app(registry_of(read)), place[0]

        def timed(environ: Any, start: Any) -> Any:
            if _is_this_machine(host) and not _is_this_machine(_named(environ.get("HTTP_HOST", host))):
                start("403 Forbidden", [("Content-Type", "text/plain")])
                return [NOT_HERE]
            began = time.perf_counter()
            try:
                return app(environ, start)
            finally:
                took(time.perf_counter() - began)

        port = place[1]
        try:
            self._server = _ScrapeServer(*_resolved(host, port))
        except OSError as error:
            problem = _PROBLEMS.get(error.errno or 0, ExporterProblem.NO_SUCH_ADDRESS)
            told = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise ExporterError(problem, told, error.strerror or str(error)) from error
        self._server.set_app(timed)
        self._thread = Thread(target=self._server.serve_forever, name="scrapes", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """gaierror, an OSError, where a name is none."""
    found = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)  # noqa: S104
    family, _, _, _, address = found[0]
    return family, address


def _named(host: str) -> str:
    """Of `127.0.0.1:9464` or `[::1]:9464` what stands before the port."""
    return host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


class _ScrapeServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # On Windows it would let two programs listen on one port, and take turns.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, family: socket.AddressFamily, address: Any) -> None:
        self.address_family = family
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without HTTPServer's question for our own name, which may wait for a name server."""
        super(HTTPServer, self).server_bind()
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no event worth a traceback on stderr."""


class _Handler(WSGIRequestHandler):
    timeout = READ_TIMEOUT_S

    def log_message(self, *_: Any) -> None:
        """Every few seconds a scrape: nothing to write down."""
