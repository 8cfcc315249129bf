"""What httpx and the libraries below it raise, as this app's typed errors."""

import contextlib
import ssl
from collections.abc import Iterator

import httpx

from tray_app.core.values.errors import (
    BadAnswer,
    ChangeError,
    Interrupted,
    Problem,
    TimedOut,
    Unreachable,
    Untrusted,
    Written,
)
from tray_app.services._answer import Hidden, short
from tray_app.services._watch import Ended, Watch


@contextlib.contextmanager
def typed_errors(url: str, watch: Watch, hidden: Hidden) -> Iterator[None]:
    """httpx's errors as ours; what happened after the watch ended is the watch's doing.

    Besides its own family httpx lets errors of what it calls pass: InvalidURL is outside of it, and names, cookies
    and headers go through codecs and parsers of the standard library (ValueError, of which UnicodeError and
    json's are kinds; LookupError; OSError of a socket that was shut down).
    """
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, LookupError, OSError) as error:
        if watch.ended is Ended.CANCELLED:
            raise ChangeError(Problem.CANCELLED, written=Written.UNKNOWN) from error
        match error:
            case httpx.ConnectTimeout():
                raise Unreachable(url, "no answer to connecting") from error
            case _ if watch.ended is Ended.LATE:
                raise TimedOut(url, watch.seconds) from error
            case httpx.TimeoutException() | TimeoutError():
                raise TimedOut(url, watch.seconds) from error
            case httpx.ConnectError() if isinstance(_root(error), ssl.SSLError):
                raise Untrusted(url, short(hidden.hide(_reason(error)))) from error
            case httpx.ConnectError() | httpx.ProxyError() | httpx.UnsupportedProtocol():
                raise Unreachable(url, short(hidden.hide(_reason(error)))) from error
            case httpx.DecodingError():
                raise BadAnswer(url, "not readable") from error
            case httpx.InvalidURL() | ValueError() | LookupError():
                raise BadAnswer(url, type(error).__name__) from error
            case _:
                raise Interrupted(url, short(hidden.hide(str(error)))) from error


def _root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def _reason(error: BaseException) -> str:
    """The operating system's own words, without number brackets where it gives them apart."""
    root = _root(error)
    return root.strerror if isinstance(root, OSError) and root.strerror else str(root)
