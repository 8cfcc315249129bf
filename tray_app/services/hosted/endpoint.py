"""A hosted endpoint of the OpenAI type: which models it lists, and one short call that shows whether a key is good.

Only asked while a person adds it. The key is in memory for as long as that takes, and goes to this one origin.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from msgspec import Struct

from tray_app.core.tasks.hosted.offers import HostedOffer, offer
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.errors.service import (
    BadAnswer,
    Insecure,
    Interrupted,
    Invalid,
    NoSuchPath,
    NotFound,
    Refused,
    RefusedBecause,
    ServerFailed,
    ServiceError,
    TimedOut,
    TooMany,
)
from tray_app.core.values.version import Json
from tray_app.services._answer import short
from tray_app.services._decode import number, part, price_of, text, texts
from tray_app.services.hosted.outside import LIST_LIMIT_BYTES
from tray_app.services.http import Http

LIST_DEADLINE_S = 20.0
CALL_DEADLINE_S = 45.0
"""Open WebUI waits longer for a task; a person who chooses does not."""
ANSWER_TOKENS = 1000
"""As many as Open WebUI allows for a title: one that thinks for longer never writes one."""
_PROMPT = (
    "Write a title of 3 to 5 words for this chat and nothing else.\n"
    "User: How do I keep basil alive on a kitchen window?\n"
    "Assistant: Bright light, water when the top of the soil is dry, and regular pinching."
)
_NO_CREDIT, _UNAUTHORIZED, _TOO_MANY, _BROKEN = 402, 401, 429, 500


class Tried(Struct, frozen=True):
    """One call. Tokens None: the endpoint does not count them."""

    text: str
    seconds: float
    read_tokens: int | None = None
    written_tokens: int | None = None


class EndpointClient:
    """`http` is of the address that Open WebUI is to use, with the key. HostedError, or ServiceError where nobody
    answers or TLS cannot be trusted."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.url = http.url
        self.host = host_of(http.url)

    def offers(self) -> tuple[HostedOffer, ...]:
        """All that it lists."""
        try:
            answer = self._http.get_json("/models", deadline_s=LIST_DEADLINE_S, limit_bytes=LIST_LIMIT_BYTES)
        except ServiceError as error:
            self._raise(error)
        found = tuple(offers_of(answer))
        if not found and not _is_list(answer):
            raise self._no(HostedProblem.NO_API)
        return found

    def title(self, model: str) -> Tried:
        """One title for a built-in chat."""
        body: Json = {
            "model": model,
            "messages": [{"role": "user", "content": _PROMPT}],
            "max_tokens": ANSWER_TOKENS,
            "stream": False,
        }
        started = time.monotonic()
        try:
            answer = self._http.post_json("/chat/completions", body, deadline_s=CALL_DEADLINE_S)
        except ServiceError as error:
            self._raise(error, model)
        seconds = time.monotonic() - started
        told: dict[str, Any] = answer if isinstance(answer, dict) else {}
        if "error" in told:  # some say so with 200
            self._told_with_200(part(told, "error"), model)
        choices = told.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise self._no(HostedProblem.NO_API)
        said, usage = text(part(choices[0], "message"), "content").strip(), part(told, "usage")
        if not said:
            raise self._no(HostedProblem.NO_TITLE, model)
        return Tried(short(said), seconds, number(usage, "prompt_tokens"), number(usage, "completion_tokens"))

    def _no(self, problem: HostedProblem, detail: str = "") -> HostedError:
        return HostedError(problem, self.host, detail, self.url)

    def _raise(self, error: ServiceError, model: str = "") -> NoReturn:
        """The same as an endpoint's trouble; who does not answer at all is told as any other server."""
        problem = refused_as(error, key=self._http.token is not None)
        if problem is not None:
            raise self._no(problem, error.detail if problem is HostedProblem.REFUSES else model) from error
        match error:
            case Invalid() | ServerFailed():
                raise self._failed(error.status, error.detail) from error
            case Insecure():
                raise self._no(HostedProblem.PLAIN_HTTP) from error
            case TimedOut():
                raise self._no(HostedProblem.SLOW, f"{error.seconds:g}") from error
            case NotFound() if model and error.detail and not isinstance(error, NoSuchPath):
                raise self._no(HostedProblem.REFUSES, error.detail) from error
            case NotFound():
                raise self._no(HostedProblem.NO_API) from error
            case BadAnswer() if not isinstance(error, Interrupted):
                raise self._no(HostedProblem.NO_API) from error
        raise error

    def _told_with_200(self, problem: Mapping[str, Any], model: str) -> NoReturn:
        """Under the same code that others answer with."""
        status, said = number(problem, "code") or 0, short(text(problem, "message"))
        known = {_UNAUTHORIZED: HostedProblem.WRONG_KEY, _NO_CREDIT: HostedProblem.NO_CREDIT}
        known[_TOO_MANY] = HostedProblem.LIMITED
        if status in known:
            raise self._no(known[status], model)
        raise self._failed(status, said)

    def _failed(self, status: int, said: str) -> HostedError:
        return self._no(HostedProblem.FAILS if status >= _BROKEN else HostedProblem.REFUSES, said or str(status))


def refused_as(error: ServiceError, *, key: bool) -> HostedProblem | None:
    """What a refusal says of the account. None: it is another error. `key`: one was sent."""
    match error:
        case Refused(because=RefusedBecause.OTHER) if error.detail:  # 403: the key is known
            return HostedProblem.REFUSES
        case Refused():
            return HostedProblem.WRONG_KEY if key else HostedProblem.NEEDS_KEY
        case TooMany():
            return HostedProblem.LIMITED
        case Invalid(status=status) if status == _NO_CREDIT:
            return HostedProblem.NO_CREDIT
    return None


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_list(answer: Json) -> bool:
    return isinstance(answer, list) or (isinstance(answer, dict) and isinstance(answer.get("data"), list))


def offers_of(answer: Json) -> Iterator[HostedOffer]:
    """Of the list itself or of the object that holds it; what has no id is left out."""
    listed = answer.get("data") if isinstance(answer, dict) else answer
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and text(one, "id"):
            yield _offer(one)


def _offer(one: Mapping[str, Any]) -> HostedOffer:
    architecture = part(one, "architecture")
    parameters = texts(one, "supported_parameters") or ()
    outputs = texts(architecture, "output_modalities") or ()
    return offer(text(one, "id"), text(one, "name"), price_of(one), reasons="reasoning" in parameters, outputs=outputs)
