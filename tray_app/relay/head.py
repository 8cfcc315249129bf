"""Heads of requests and answers as bytes, and what of them is passed on."""

import re

from msgspec import Struct

Headers = list[tuple[bytes, bytes]]

_ONE_CONNECTION = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}
"""Headers that belong to one connection (RFC 9110, 7.6.1): each side of the relay has its own."""
_OURS = b"x-elbowroom-"
_CLEAN = re.compile(rb"[^\x21-\x7e]+")
_LONGEST_WORD = 128
_NOT_FILLED_IN = b"{{"
"""An Open WebUI that does not know our placeholders sends them as they stand."""


class RequestHead(Struct, frozen=True):
    """The head of a request. `target` is in origin form where it has one."""

    method: bytes
    target: bytes
    headers: Headers
    http11: bool

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def length(self) -> int | None:
        """Of the body, where it is said."""
        return _length(self.headers)

    @property
    def is_chunked(self) -> bool:
        return value(self.headers, b"transfer-encoding") is not None

    @property
    def waits_to_continue(self) -> bool:
        """It sends its body only when it is told to."""
        return self.http11 and (value(self.headers, b"expect") or b"").lower() == b"100-continue"


class AnswerHead(Struct, frozen=True):
    """The head of an answer. `has_body`: one follows, even an empty one."""

    status: int
    reason: bytes
    headers: Headers
    has_body: bool

    @property
    def length(self) -> int | None:
        return _length(self.headers)

    @property
    def is_chunked(self) -> bool:
        return value(self.headers, b"transfer-encoding") is not None


def value(headers: Headers, name: bytes) -> bytes | None:
    """The first of that name; names are compared without case."""
    return next((text for key, text in headers if key.lower() == name), None)


def word(headers: Headers, name: bytes) -> str:
    """What one of our headers says, cleaned: it is kept and shown. Empty where it says nothing."""
    text = value(headers, _OURS + name) or b""
    return "" if text.startswith(_NOT_FILLED_IN) else _CLEAN.sub(b"", text)[:_LONGEST_WORD].decode("ascii")


def _length(headers: Headers) -> int | None:
    text = value(headers, b"content-length")
    return int(text) if text is not None and text.isdigit() else None


def _passed_on(headers: Headers) -> Headers:
    named = {one.strip().lower() for key, text in headers if key.lower() == b"connection" for one in text.split(b",")}
    kept_here = _ONE_CONNECTION | named - {b"content-length", b"host"}
    return [(key, text) for key, text in headers if key.lower() not in kept_here]


def _written(first: bytes, headers: Headers) -> bytes:
    return b"".join([first, b"\r\n", *(b"%s: %s\r\n" % header for header in headers), b"\r\n"])


def request(asked: RequestHead, host: bytes, prefix: bytes, via: bytes, kept_body: int | None) -> bytes:
    """As Ollama gets it. `kept_body`: the length of the body where it is all here, which then waits for nothing."""
    headers = [
        (key, text)
        for key, text in _passed_on(asked.headers)
        if (name := key.lower()) != b"host"
        and not name.startswith(_OURS)
        and (kept_body is None or name not in {b"content-length", b"expect"})
    ]
    headers[:0] = [(b"Host", host)]
    headers.append((b"Via", via))
    if kept_body is not None:
        headers.append((b"Content-Length", b"%d" % kept_body))
    elif asked.is_chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    target = prefix + asked.target if asked.target.startswith(b"/") else asked.target
    return _written(b"%s %s HTTP/1.1" % (asked.method, target), headers)


def answer(answered: AnswerHead, *, chunked: bool, closes: bool) -> bytes:
    """As the client gets it."""
    headers = _passed_on(answered.headers)
    if chunked:
        headers.append((b"Transfer-Encoding", b"chunked"))
    if closes:
        headers.append((b"Connection", b"close"))
    return _written(b"HTTP/1.1 %d %s" % (answered.status, answered.reason), headers)


def origin_form(target: bytes) -> bytes | None:
    """`/path?query` of any form of a target that a server may be asked for; None for others."""
    if target.startswith(b"/") or target == b"*":
        return target
    match = re.fullmatch(rb"https?://[^/?#]*([/?].*)?", target, re.IGNORECASE | re.DOTALL)
    if match is None:
        return None
    rest = match[1] or b"/"
    return rest if rest.startswith(b"/") else b"/" + rest


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
