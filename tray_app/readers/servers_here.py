"""Where servers of this machine listen that nobody told us about: their processes know."""

from collections.abc import Callable

from tray_app.core.values.reading import Reading, value_of
from tray_app.core.values.snapshot import Container, Processes, ProcessRole
from tray_app.readers.listening import Listening, listening

FIRST_PORT = 1024
"""Below it are the system's own services: another user's process shows all ports of that user."""
MOST = 8


def ports_of(
    processes: Reading[Processes],
    containers: Reading[tuple[Container, ...]],
    role: ProcessRole,
    ports: Callable[[int], Listening] = listening,
) -> tuple[int, ...]:
    """Ports of this machine on which programs of this role listen, lowest first; of containers those that are
    published, where Docker was asked."""
    found = {port for one in value_of(containers) or () if one.role is role for port in one.ports}
    seen = value_of(processes)
    for one in seen.watched if seen is not None else ():
        if one.role is not role:
            continue
        told = ports(one.pid) if one.ports is None else Listening(one.ports, one.apart)
        if not told.apart:
            found.update(port for port in told.ports or () if port >= FIRST_PORT)
    return tuple(sorted(found)[:MOST])
