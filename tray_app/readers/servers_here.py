"""Where servers of this machine listen that nobody told us about: their processes know."""

from collections.abc import Callable

from tray_app.core.values.reading import Known, Reading
from tray_app.core.values.snapshot import Processes, ProcessRole
from tray_app.readers.listening import Listening, listening

FIRST_PORT = 1024
"""Below it are the system's own services: another user's process shows all ports of that user."""
MOST = 8


def ports_of(
    processes: Reading[Processes], role: ProcessRole, ports: Callable[[int], Listening] = listening
) -> tuple[int, ...]:
    """Ports of this machine on which programs of this role listen, lowest first; not those inside containers."""
    if not isinstance(processes, Known):
        return ()
    found: set[int] = set()
    for one in processes.value.watched:
        if one.role is not role:
            continue
        told = ports(one.pid) if one.ports is None else Listening(one.ports, one.apart)
        if not told.apart:
            found.update(port for port in told.ports or () if port >= FIRST_PORT)
    return tuple(sorted(found)[:MOST])
