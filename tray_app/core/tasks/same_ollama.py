"""Whether Open WebUI talks to the Ollama that is watched."""

from urllib.parse import urlsplit


def is_among(url: str, urls: tuple[str, ...]) -> bool:
    """Is this Ollama one of those that Open WebUI uses? Judged by port: hosts have many names (Docker)."""
    return _port(url) in {_port(one) for one in urls}


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
