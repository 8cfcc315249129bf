"""How the played Open WebUI calls Ollama and hosted endpoints: plain HTTP with the standard library."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 300.0


class UpstreamError(Exception):
    """The server behind answered with an error, or not at all (status 0)."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class Call:
    """One POST. `abort` from another thread ends it; the server behind then sees a caller that hung up."""

    def __init__(
        self, base: str, path: str, body: dict[str, Any], key: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        self._path = parts.path.rstrip("/") + path
        self._body = json.dumps(body).encode()
        self._headers = {"Content-Type": "application/json", **_with_key(key), **(headers or {})}
        self._aborted = threading.Event()

    def abort(self) -> None:
        self._aborted.set()
        connected = self._connection.sock
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def lines(self) -> Iterator[bytes]:
        """The answer's lines as they come. UpstreamError."""
        try:
            self._connection.connect()
            if self._aborted.is_set():
                raise UpstreamError(0, "aborted")
            self._connection.request("POST", self._path, self._body, self._headers)
            with self._connection.getresponse() as answer:
                if answer.status != 200:
                    raise UpstreamError(answer.status, answer.read().decode(errors="replace"))
                while line := answer.readline():
                    if line.strip():
                        yield line.strip()
                if self._aborted.is_set():
                    raise UpstreamError(0, "aborted")
        except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
            # AttributeError and ValueError: http.client reading from a socket that `abort` closed.
            raise UpstreamError(0, str(error)) from error
        finally:
            self._connection.close()


def _with_key(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def get_text(base: str, path: str, key: str = "") -> tuple[int, str, bytes]:
    """Status, content type and body, whatever they are. UpstreamError where nobody answers."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers=_with_key(key))
        with connection.getresponse() as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UpstreamError(0, str(error)) from error
    finally:
        connection.close()


def get_json(base: str, path: str, key: str = "", headers: Mapping[str, str] | None = None) -> Any:
    """UpstreamError where there is no JSON answer."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers={**_with_key(key), **(headers or {})})
        with connection.getresponse() as answer:
            text = answer.read()
            if answer.status != 200:
                raise UpstreamError(answer.status, text.decode(errors="replace"))
            return json.loads(text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UpstreamError(0, str(error)) from error
    finally:
        connection.close()
