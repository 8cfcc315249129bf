"""Whether Open WebUI talks to the Ollama that is watched."""

from urllib.parse import urlsplit

from tray_app.core.values.reading import value_of
from tray_app.core.values.snapshot import Snapshot


def uses_our_ollama(snapshot: Snapshot) -> bool | None:
    """Is the Ollama we read among those that Open WebUI uses? Judged by port: hosts have many names (Docker)."""
    server, ollama = value_of(snapshot.open_webui), value_of(snapshot.ollama)
    urls = value_of(server.ollama_urls) if server is not None else None
    if not urls or ollama is None:
        return None
    return _port(ollama.url) in {_port(url) for url in urls}


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
