"""What one look at one Ollama comes to, as far as metrics go."""

from msgspec import Struct

from tray_app.core.values.finding import Diagnosis, Finding
from tray_app.core.values.names import full_name
from tray_app.core.values.snapshot import Ollama, Snapshot


class WatchedOllama(Struct, frozen=True):
    """`url`: the address by which it is told from the others. `local`: it runs on this machine, so that this machine's
    budget is its own. `alerts`: findings over time with their state. `took_s`: of the look."""

    url: str
    local: bool
    snapshot: Snapshot
    diagnosis: Diagnosis
    budget_bytes: int | None
    used_bytes: int | None
    alerts: tuple[tuple[Finding, str], ...] = ()
    took_s: float = 0.0


def listed(ollama: Ollama | None) -> dict[str, str]:
    """Full name -> name of every model that it knows."""
    if ollama is None:
        return {}
    names = [one.name for one in ollama.installed] + [one.name for one in ollama.loaded]
    return {full_name(name): name for name in names}
