"""One poll counted from its own readings: by the running app, and anew by `replay` with the counting of today. Pure."""

from urllib.parse import urlsplit

from msgspec.structs import replace

from tray_app.core.requests.count import step
from tray_app.core.requests.inputs import RequestInputs, RequestState
from tray_app.core.requests.owners import with_owners
from tray_app.core.requests.runners import LOADING_S, with_models, with_names
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import Processes, Snapshot


def counted(state: RequestState, snapshot: Snapshot) -> tuple[RequestState, Snapshot]:
    """The snapshot with its requests, and what the next poll must remember. Its processes and log carry names."""
    inputs = RequestInputs(
        taken_at=snapshot.taken_at,
        uptime_s=snapshot.uptime_s,
        processes=snapshot.processes,
        ollama=snapshot.ollama,
        connections=snapshot.connections,
        slots=snapshot.slots,
        log=snapshot.ollama_log,
        open_webui=snapshot.open_webui,
        relay=snapshot.relay,
    )
    state, requests = step(state, inputs)
    return state, replace(snapshot, requests=Known(requests, snapshot.taken_at))


def named(snapshot: Snapshot) -> Snapshot:
    """A recorded snapshot with the names of runners and log events found anew, as the code of today finds them."""
    ollama, processes, log = snapshot.ollama, snapshot.processes, snapshot.ollama_log
    if not isinstance(ollama, Known):
        return snapshot
    if isinstance(processes, Known):
        port = _port(ollama.value.url)
        read = _as_read(processes.value)
        owned = read if port is None else with_owners(read, port, local=ollama.value.local)
        old = [one.pid for one in read.watched if processes.taken_at - one.started_at >= LOADING_S]
        processes = Known(with_models(owned, ollama.value, old), processes.taken_at)
    if isinstance(log, Known):
        log = Known(with_names(log.value, ollama.value), log.taken_at)
    return replace(snapshot, processes=processes, ollama_log=log)


def _as_read(processes: Processes) -> Processes:
    """Runners as their command line tells them: by blob, where it names one."""
    watched = (replace(one, model=None, loading=False) if one.blob_digest else one for one in processes.watched)
    return replace(processes, watched=tuple(watched))


def _port(url: str) -> int | None:
    """None where a recording does not tell it: then the owners stay as they were recorded."""
    try:
        return urlsplit(url).port
    except ValueError:
        return None
