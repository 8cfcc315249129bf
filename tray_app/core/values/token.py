"""A secret that says which server it belongs to and never shows itself."""

import re
from urllib.parse import urlsplit

from msgspec import Struct

NOT_IN_URL = re.compile(r"[\s\\<>\"{}|^`\x00-\x1f\x7f]")


def origin_of(url: str) -> str:
    """`scheme://host:port`, lower case, port always present. ValueError where the URL has no host."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(url)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def is_base_url(text: str) -> bool:
    """Whether it is an address as we keep them: of a server, without a name and password, nothing to be quoted."""
    try:
        origin_of(text)
    except ValueError:
        return False
    return NOT_IN_URL.search(text) is None and "@" not in text and text.isprintable()


def is_origin(text: str) -> bool:
    """Whether it is what `origin_of` gives."""
    try:
        return origin_of(text) == text
    except ValueError:
        return False


class Token(Struct, frozen=True):
    """An API key or a session token of Open WebUI; it is only ever sent to its own origin.

    `from_environment`: ELBOWROOM_API_KEY held it; nothing that is stored is used meanwhile.
    """

    value: str
    origin: str = ""
    from_environment: bool = False

    @property
    def is_api_key(self) -> bool:
        return self.value.startswith("sk-")

    def __repr__(self) -> str:
        return f"Token(hidden, origin={self.origin!r})"

    def __str__(self) -> str:
        return "Token(hidden)"
