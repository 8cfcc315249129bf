"""Good answers of the stand-ins, spoiled in every way that a server, a proxy or an attacker could."""

import json
import random
from collections.abc import Iterator
from typing import Any

from tray_app.standins.server import HTML_PAGE, JSON_TYPE, Lines, Response

HUGE_LIST = 3000
DEEP = 2000
_MARK = "raw-literal"

# What JSON text can hold and `json.dumps` would not write.
LITERALS = (
    "NaN",
    "-Infinity",
    "1e400",
    "-0.0",
    "9" * 400,
    "1" + "0" * 30,
    "-1",
    "1e18",
    '"\\ud800"',
    '"\\udfff\\ud800x"',
)
TEXTS = (
    "",
    " ",
    "\x1b[2J\x1b[31mred",
    "\x9b31mred\x07",
    "a\nb\r\nc\tq\x00w",
    "\u202egro.live\u2066 \u200b\u200fx",
    "\u2028line\u2029",
    "q; touch pwned #",
    "$(reboot)`reboot`'\"",
    "--yes",
    "../../etc/passwd",
    "<img src=x onerror=alert(1)>",
    "%s{0}{name}%(x)d",
    "\U0001f600\ud55c\uae00 \ufeff",
    "x" * 5000,
    "1970-01-01T00:00:00Z",
    "99999-13-45T99:99:99+99:99",
    "http://[::1",
    "http://user:pass@host:99999/x?y#z",
    "0.0.0",
    "9" * 30 + ".1.2",
)
REDIRECTS = (
    "javascript:alert(1)",
    "mailto:a@b",
    "data:,x",
    "http:x",
    "http://[",
    "//other.example/",
    "/\x1b[31m",
    "http://127.0.0.1:9/",
    "",
    "https://user:TOKEN@127.0.0.1:9/TOKEN?TOKEN",
)
STATUSES = (
    201,
    202,
    204,
    206,
    300,
    304,
    400,
    401,
    402,
    403,
    404,
    405,
    408,
    409,
    418,
    422,
    429,
    500,
    501,
    502,
    503,
    504,
    599,
)
TYPES = (
    "text/html",
    "text/plain",
    "",
    "application/json; charset=utf-16",
    "application/problem+json",
    "image/png",
    "a" * 900,
)


class Spoiler:
    """`token` is what a debug page would repeat; empty where it knows none. The same `chance` spoils the same way."""

    def __init__(self, chance: random.Random, token: str) -> None:
        self._chance = chance
        self._token = token
        self._kinds = (
            self._values,
            self._values,
            self._values,
            self._dropped,
            self._swapped,
            self._nested,
            self._long,
            self._doubled,
            self._cut,
            self._flipped,
            self._page,
            self._empty,
            self._refused,
            self._redirected,
            self._headed,
        )

    def __call__(self, good: Response | Lines) -> Response | Lines:
        if isinstance(good, Lines):
            return self._lines(good)
        try:
            document = json.loads(good.body)
        except ValueError:
            document = None
        return self._chance.choice(self._kinds)(good, document)

    # --- one value -------------------------------------------------------------------------

    def _text(self) -> str:
        """A hostile text; often the token, as it is or such that only reading it brings it about."""
        token = self._token
        return self._chance.choice(
            (
                *TEXTS,
                token,
                f"Authorization: Bearer {token}",
                f"{token[:9]}\u200b{token[9:]}",
                f"{token[:9]}\x00{token[9:]}",
                f"{'x' * self._chance.randrange(150, 210)} {token}",
            )
        )

    def _literal(self) -> str:
        """JSON text of any value."""
        choice = self._chance.randrange(10)
        if choice < 3:
            return self._chance.choice(LITERALS)
        if choice < 7:
            return json.dumps(self._text(), ensure_ascii=self._chance.random() < 0.5)
        if choice == 7:  # the token with escapes in it: its bytes are not in the answer
            return '"' + "".join(f"\\u{ord(char):04x}" for char in self._token) + '"'
        return self._chance.choice(
            (
                "null",
                "true",
                "false",
                "0",
                "1",
                "{}",
                "[]",
                '""',
                "[[]]",
                '{"":null}',
                "[null]",
                '["a"]',
                '{"a":{"a":1}}',
            )
        )

    # --- the document ----------------------------------------------------------------------

    def _written(self, good: Response, document: Any, literals: tuple[str, ...] = ()) -> Response:
        """As JSON; strings that stand for a literal become that."""
        text = json.dumps(document, ensure_ascii=self._chance.random() < 0.5)
        for number, literal in enumerate(literals):
            text = text.replace(f'"{_MARK} {number}"', literal)
        return Response(text.encode("utf-8", "surrogatepass"), good.status, good.content_type, good.headers)

    def _place(self, document: Any) -> tuple[Any, Any] | None:
        """A container somewhere in the document and one of its keys."""
        found = list(_places(document))
        return self._chance.choice(found) if found else None

    def _values(self, good: Response, document: Any) -> Response:
        literals = tuple(self._literal() for _ in range(self._chance.choice((1, 1, 2, 5, 20))))
        for number in range(len(literals)):
            if place := self._place(document):
                place[0][place[1]] = f"{_MARK} {number}"
            else:
                document = f"{_MARK} {number}"
        return self._written(good, document, literals)

    def _dropped(self, good: Response, document: Any) -> Response:
        for _ in range(self._chance.choice((1, 2, 6))):
            if place := self._place(document):
                del place[0][place[1]]
        return self._written(good, document)

    def _swapped(self, good: Response, document: Any) -> Response:
        one, other = self._place(document), self._place(document)
        if one and other:
            try:
                one[0][one[1]], other[0][other[1]] = other[0][other[1]], one[0][one[1]]
                return self._written(good, document)
            except (ValueError, LookupError, RecursionError):  # one is in the other now
                pass
        return self._page(good, document)

    def _nested(self, good: Response, document: Any) -> Response:
        key = self._chance.choice(("data", "models", "detail", "error", "x"))
        shapes = ({key: document}, [document], {key: [document]}, [[document]], list(_inner(document)))
        return self._written(good, self._chance.choice(shapes))

    def _long(self, good: Response, document: Any) -> Response:
        if self._chance.random() < 0.2:
            return Response(b"[" * DEEP + b"]" * self._chance.choice((0, DEEP)), good.status)
        lists = [inner for inner in _containers(document) if isinstance(inner, list) and inner]
        if not lists:
            return self._values(good, document)
        chosen = self._chance.choice(lists)
        chosen *= HUGE_LIST // len(chosen)
        return self._written(good, document)

    def _doubled(self, good: Response, document: Any) -> Response:
        """Every key of one object twice."""
        if not isinstance(document, dict) or not document:
            return self._nested(good, document)
        second = ", ".join(f"{json.dumps(key)}: {self._literal()}" for key in document)
        text = json.dumps(document)
        return Response(f"{text[:-1]}, {second}}}".encode("utf-8", "surrogatepass"), good.status)

    # --- the bytes -------------------------------------------------------------------------

    def _cut(self, good: Response, _document: Any) -> Response:
        body = good.body[: self._chance.randrange(len(good.body) + 1)]
        return Response(body, good.status, good.content_type, good.headers)

    def _flipped(self, good: Response, _document: Any) -> Response:
        body = bytearray(good.body or b"{}")
        for _ in range(self._chance.choice((1, 3, 50))):
            body[self._chance.randrange(len(body))] ^= 1 << self._chance.randrange(8)
        return Response(bytes(body), good.status, good.content_type, good.headers)

    def _page(self, good: Response, _document: Any) -> Response:
        kind = self._chance.choice(("text/html; charset=utf-8", JSON_TYPE))
        return Response(HTML_PAGE, self._chance.choice((good.status, *STATUSES)), kind)

    def _empty(self, good: Response, _document: Any) -> Response:
        nothing = (b"", b" \r\n", b"\xef\xbb\xbf", good.body.decode("utf-8", "replace").encode("utf-16"), b"\x00" * 99)
        return Response(self._chance.choice(nothing), good.status, good.content_type)

    def _refused(self, good: Response, document: Any) -> Response:
        status = self._chance.choice(STATUSES)
        if self._chance.random() < 0.3:
            return Response(good.body, status, good.content_type)
        key = self._chance.choice(("detail", "error", "message"))
        shapes = (
            f"{_MARK} 0",
            {"message": f"{_MARK} 0"},
            [{"loc": ["body", f"{_MARK} 0"], "msg": f"{_MARK} 1"}, {"loc": f"{_MARK} 1"}, f"{_MARK} 2"],
        )
        literals = (json.dumps(self._text()), self._literal(), self._literal())
        document = {key: self._chance.choice(shapes)}
        return self._written(Response(status=status), document, literals)

    def _redirected(self, _good: Response, _document: Any) -> Response:
        target = self._chance.choice(REDIRECTS).replace("TOKEN", self._token)
        status = self._chance.choice((300, 301, 302, 303, 307, 308))
        return Response(b"", status, "text/plain", (("Location", target),))

    def _headed(self, good: Response, _document: Any) -> Response:
        headers = (
            ("Content-Encoding", self._chance.choice(("gzip", "br", "zstd", self._token, "x\x1b[31m"))),
            ("Set-Cookie", f"session={self._token}; Domain=example"),
            ("Retry-After", "x" * 300),
            ("X-Debug", self._token),
            ("Transfer-Encoding", "identity"),
        )
        kind = self._chance.choice((good.content_type, *TYPES))
        return Response(good.body, good.status, kind, (self._chance.choice(headers),))

    def _lines(self, good: Lines) -> Lines:
        def spoiled() -> Iterator[bytes]:
            for part in good.parts:
                if self._chance.random() < 0.8:
                    yield part
                    continue
                made = self(Response(part.removeprefix(b"data: ")))
                yield (b"data: " if part.startswith(b"data: ") else b"") + made.body + b"\n"

        return Lines(spoiled(), good.content_type)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    for inner in _containers(document):
        for key in list(inner) if isinstance(inner, dict) else range(len(inner)):
            yield inner, key


def _containers(document: Any) -> Iterator[Any]:
    if isinstance(document, dict | list):
        yield document
        for value in document.values() if isinstance(document, dict) else document:
            yield from _containers(value)


def _inner(document: Any) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from document.values()
    elif isinstance(document, list):
        yield from document
