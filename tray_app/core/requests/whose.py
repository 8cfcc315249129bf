"""Whose are the requests at Ollama: Open WebUI's, another program's, or both? By who holds the connections. Pure."""

from tray_app.core.requests.said import is_busy
from tray_app.core.values.connections import Client, Connections, Whose


def _in_use(connections: Connections) -> tuple[Client, ...] | None:
    """The connections that carry a request; None where the system does not tell, or one has just ended."""
    talks = connections.talks
    if talks is None or len(talks) != len(connections.clients):
        return None
    return tuple(one for one, talk in zip(connections.clients, talks, strict=True) if is_busy(talk))


def whose(connections: Connections | None) -> Whose:
    """A connection that is not Open WebUI's proves another program only where Open WebUI's own could be seen.

    One that is kept for later counts as nothing, where that is told.
    """
    if connections is None:
        return Whose.UNTOLD
    used = _in_use(connections)
    used = connections.clients if used is None else used
    theirs = sum(one.is_open_webuis for one in used)
    if used and theirs == len(used):
        return Whose.OPEN_WEBUI
    if not used or not connections.web_seen:
        return Whose.UNTOLD
    return Whose.MIXED if theirs else Whose.OTHERS


def of_open_webui(connections: Connections | None) -> int | None:
    """How many of the requests that run or wait are Open WebUI's; None where the connections do not tell."""
    used = _in_use(connections) if connections is not None and connections.web_seen else None
    return None if used is None else sum(one.is_open_webuis for one in used)
