"""The body of an answer, as a whole or line by line, within limits."""

from collections.abc import Iterator

import httpx

from tray_app.core.values.errors.service import BadAnswer
from tray_app.services._answer import short
from tray_app.services._watch import Watch

LINE_LIMIT_BYTES = 1024 * 1024


def whole(url: str, response: httpx.Response, limit_bytes: int, watch: Watch) -> bytes:
    _check_encoding(url, response)
    parts, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit_bytes:
            raise BadAnswer(url, f"{limit_bytes // 1024**2} MiB: too large")
        if watch.ended:
            raise httpx.ReadError("cut off")
        parts.append(chunk)
    return b"".join(parts)


def lines_of(url: str, response: httpx.Response, watch: Watch) -> Iterator[bytes]:
    """Complete lines as they come; the last one may lack its end."""
    _check_encoding(url, response)
    rest = b""
    for chunk in response.iter_bytes():
        watch.touch()
        *complete, rest = (rest + chunk).split(b"\n")
        yield from complete
        if len(rest) > LINE_LIMIT_BYTES:
            raise BadAnswer(url, "a line without end")
        if watch.ended:
            raise httpx.ReadError("cut off")
    if rest:
        yield rest


def _check_encoding(url: str, response: httpx.Response) -> None:
    """A packed answer was not asked for; unpacking it could fill the memory that this app watches over."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise BadAnswer(url, f"content-encoding {short(encoding)}")
