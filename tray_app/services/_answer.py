"""One HTTP answer as a value or a typed error: the only reader of status codes and of the servers' refusals."""

import codecs
import re
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tray_app.core.values.errors.service import (
    BadAnswer,
    InFront,
    Instead,
    Invalid,
    NoSuchPath,
    NotFound,
    Redirected,
    Refused,
    RefusedBecause,
    ServerFailed,
    TooMany,
)
from tray_app.core.values.token import Token
from tray_app.core.values.version import Json

_DETAIL_LENGTH = 200
MOST_VALUES = 1_000_000
# What a server says (FastAPI) that has nothing at this path; others name what they did not find.
NOT_ROUTED = ("", "Not Found", "Method Not Allowed")
"""In one answer. Each takes some 100 bytes once it is read: 31 MB of brackets would become a gigabyte. A list of 5,000
models of Open WebUI has about 600,000."""
HIDDEN = "(hidden)"
SHORTEST_SECRET = 4
"""A shorter one would also be found in words that have nothing to do with it."""
_NO_PERMISSION = "You do not have permission"


class Hidden:
    """What was sent to a server and must never be shown, whatever the server repeats of it: tokens, passwords."""

    def __init__(self, *values: str) -> None:
        self._values = tuple(value for value in values if len(value) >= SHORTEST_SECRET)

    def hide(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, HIDDEN)
        return text

    def hide_in(self, data: bytes) -> bytes:
        """Also where JSON writes it with escapes, or broken by what is not shown: reading and showing bring it back."""
        for value in self._values:
            data = data.replace(value.encode(), HIDDEN.encode())
        if self._values and (b"\\" in data or not data.isascii()):
            plain = _UNSHOWN.sub(b"", data)
            if b"\\u00" in plain:
                plain = _ASCII.sub(lambda found: bytes.fromhex(found[1].decode()), plain)
            for value in self._values:
                if value.encode() in plain:
                    data = _written(value).sub(HIDDEN.encode(), data)
        return data


_UNSHOWN = re.compile(
    rb"\\[bfnrt]|\\u(?:00[01][0-9a-fA-F]|007[fF]|20(?:0[b-fB-F]|2[89a-eA-E]|6[0-9a-fA-F])|[fF][eE][fF][fF])"
    rb"|\xe2(?:\x80[\x8b-\x8f\xa8-\xae]|\x81[\xa0-\xaf])|\xef\xbb\xbf"
)
"""Line ends, other controls and characters without a shape, as JSON can hold them; core/text takes them away."""
_ASCII = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def _written(value: str) -> re.Pattern[bytes]:
    """Every way of JSON to write a text, and to write it so that it comes about when it is shown."""
    return re.compile((rb"(?:%b)*" % _UNSHOWN.pattern).join(map(_letter, value)))


def _letter(letter: str) -> bytes:
    """A pattern for one letter: as itself, or as JSON escapes it."""
    itself = re.escape(letter.encode())
    units = letter.encode("utf-16-be").hex(" ", 2).split()
    escaped = "".join(rf"\\u(?i:{unit})" for unit in units)
    return b"(?:" + b"|".join((itself, escaped.encode())) + b")"


class Answer(Struct, frozen=True):
    """Status, headers in lower case, and the whole body or as much as was read."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def without(self, hidden: Hidden) -> "Answer":
        headers = {name: hidden.hide(value) for name, value in self.headers.items()}
        return Answer(self.url, self.status, headers, hidden.hide_in(self.body))

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        return self.content_type == "application/json" or self.content_type.endswith("+json")


def parse(answer: Answer, token: Token | None) -> Json:
    """The JSON value of a good answer; every other answer raises a typed error."""
    if not answer.is_good:
        refuse(answer, token)
    if not answer.is_json:
        # Open WebUI answers a path it does not have with its single-page app, status 200.
        if answer.content_type == "text/html":
            raise NoSuchPath(answer.url, Instead.PAGE)
        raise BadAnswer(answer.url, answer.content_type or "no content type")
    return parse_json(answer.url, answer.body)


def parse_json(url: str, body: bytes) -> Json:
    """Strict JSON in UTF-8: no NaN, no infinity, no half surrogates that could not be written down again."""
    if body.count(b"[") + body.count(b"{") + body.count(b",") > MOST_VALUES:
        raise BadAnswer(url, "too large")
    try:
        value: Json = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadAnswer(url, "not JSON") from error
    return value


def refuse(answer: Answer, token: Token | None) -> NoReturn:
    """The typed error of an answer that is not 2xx."""
    url, status, detail = answer.url, answer.status, _detail(answer)
    if 300 <= status < 400:
        raise Redirected(url, redirect_target(answer.headers.get("location", "")))
    if status == 407 or (status in {401, 403} and _is_a_proxys(answer)):
        raise InFront(url, detail)
    if status in {401, 403}:
        raise Refused(url, _because(status, detail, token), detail)
    if status == 429:
        raise TooMany(url, detail)
    if status in {404, 405}:
        raise (NoSuchPath if detail in NOT_ROUTED else NotFound)(url, detail)
    if 400 <= status < 500:
        raise Invalid(url, _fields(answer), detail, status)
    raise ServerFailed(url, status, detail)


def _is_a_proxys(answer: Answer) -> bool:
    """Open WebUI and Ollama refuse in JSON and never ask for Basic or Digest: that is somebody before them."""
    scheme = answer.headers.get("www-authenticate", "").partition(" ")[0].lower()
    return answer.content_type == "text/html" or scheme in {"basic", "digest", "negotiate", "ntlm"}


def _because(status: int, detail: str, token: Token | None) -> RefusedBecause:
    """Why a token was refused: the words of Open WebUI 0.3-0.12 (utils/auth.py, constants.py).

    A missing permission is 401 for a person's account and 403 for a key that may not call this path (0.9+).
    """
    if token is None:
        return RefusedBecause.NO_TOKEN
    if detail.startswith(_NO_PERMISSION):
        return RefusedBecause.KEY_RESTRICTED if status == 403 and token.is_api_key else RefusedBecause.NOT_ADMIN
    if detail.startswith("Use of API key is not enabled"):
        return RefusedBecause.KEYS_OFF
    if detail.startswith("API key not allowed to access this endpoint"):
        return RefusedBecause.KEY_RESTRICTED
    if status == 401 or detail == "Not authenticated":
        return not_accepted(token)
    return RefusedBecause.OTHER


def not_accepted(token: Token) -> RefusedBecause:
    return RefusedBecause.ENVIRONMENT if token.from_environment else RefusedBecause.EXPIRED


def _decoded(answer: Answer) -> Json:
    if not answer.is_json:
        return None
    try:
        return parse_json(answer.url, answer.body)
    except BadAnswer:
        return None


def _detail(answer: Answer) -> str:
    """The server's own short text: FastAPI's `detail`, Ollama's `error`, llama-server's `error.message`, Docker's
    `message`."""
    value = _decoded(answer)
    if not isinstance(value, dict):
        return ""
    found = value.get("detail", value.get("error", value.get("message", "")))
    if isinstance(found, dict):
        found = found.get("message", "")
    return short(found) if isinstance(found, str) else ""


def short(text: str) -> str:
    """One printable line of a foreign text."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _DETAIL_LENGTH else line[: _DETAIL_LENGTH - 1] + "…"


def _fields(answer: Answer) -> tuple[str, ...]:
    """Field names of a pydantic 422: the last part of each detail[].loc."""
    value = _decoded(answer)
    entries = value.get("detail") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return ()
    places = [entry.get("loc") for entry in entries if isinstance(entry, dict)]
    names = [place[-1] for place in places if isinstance(place, list) and place]
    return tuple(dict.fromkeys(short(name) for name in names if isinstance(name, str)))


def redirect_target(location: str) -> str:
    """Origin and path of a redirect's target: queries and credentials may be hidden."""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme and not host:
        return short(f"{parts.scheme}:")  # no address of a server: javascript:, mailto:
    shown = f"[{host}]" if host and ":" in host else host
    origin = f"{parts.scheme}://{shown}{f':{port}' if port else ''}" if host else ""
    return short(origin + parts.path)
