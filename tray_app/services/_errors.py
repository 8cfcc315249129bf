"""What httpx and the libraries below it raise, as this app's typed errors."""

import contextlib
import re
import ssl
from collections.abc import Iterator

import httpx

from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.service import BadAnswer, Distrust, Interrupted, TimedOut, Unreachable, Untrusted
from tray_app.services._answer import Hidden, short
from tray_app.services._watch import Cut, Watch


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
        if watch.ended is Cut.CANCELLED:
            raise ChangeError(Problem.CANCELLED, written=Written.UNKNOWN) from error
        match error:
            case httpx.ConnectTimeout():
                raise Unreachable(url, "no answer to connecting") from error
            case _ if watch.ended is Cut.LATE:
                raise TimedOut(url, watch.seconds) from error
            case httpx.TimeoutException() | TimeoutError():
                raise TimedOut(url, watch.seconds) from error
            case httpx.ConnectError() if isinstance(root := _root(error), ssl.SSLError):
                raise Untrusted(url, short(hidden.hide(_tls_words(root))), distrust(root)) from error
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


_UNKNOWN_ISSUERS = frozenset({2, 18, 19, 20, 21, 0x800B0109, 0x800B010A, -67843})
_EXPIRED = frozenset({9, 10, 0x800B0101, -67818, -67819})
_OTHER_NAMES = frozenset({62, 64, 0x800B010F, -67602})
"""OpenSSL's X509_V_ERR_*, Windows' CERT_E_* and macOS' errSec*: truststore hands the system's own number on."""


def distrust(error: ssl.SSLError) -> Distrust:
    """By the number of what was wrong with the certificate, or because there was no TLS at all."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        no_tls = error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}
        return Distrust.NO_TLS if no_tls else Distrust.OTHER
    code = getattr(error, "verify_code", None)  # not set where OpenSSL did not ask
    if code in _UNKNOWN_ISSUERS:
        return Distrust.UNKNOWN_ISSUER
    if code in _EXPIRED:
        return Distrust.EXPIRED
    return Distrust.OTHER_NAME if code in _OTHER_NAMES else Distrust.OTHER


def _tls_words(error: ssl.SSLError) -> str:
    """Without OpenSSL's brackets and its own source lines."""
    return re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", error.strerror or str(error))
