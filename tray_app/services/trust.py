"""Whose certificates count."""

import ssl
from functools import cache

from tray_app.core.values.errors.storage import StorageError, StorageFault


@cache
def nobody() -> ssl.SSLContext:
    """For plain http: a context that trusts nobody, instead of loading certificates that nothing needs (28 ms)."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def by_scheme(url: str, ca_file: str = "") -> ssl.SSLContext | None:
    """None where nothing is encrypted. StorageError like `the_system`."""
    return the_system(ca_file) if url.startswith("https:") else None


@cache
def the_system(ca_file: str = "") -> ssl.SSLContext:
    """The operating system's own certificates, so that a company's or a home's own authority counts; `ca_file` adds
    to them. StorageError where that file holds no certificates."""
    import truststore  # only where https is spoken

    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(ca_file, reason, StorageFault.NO_CERTIFICATES) from error
    return context
