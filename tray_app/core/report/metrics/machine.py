"""What there is once, however many Ollamas are watched: this machine, the relay, Open WebUI, our journal."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.metric import Reported, as_label
from tray_app.core.report.metrics.ollama import busy_chats, given, is_up, states
from tray_app.core.report.overview import Overview, overview
from tray_app.core.values.own_use import OwnTotals
from tray_app.core.values.plan import IN_FORCE, Event, Record
from tray_app.core.values.relay import Lane, RelayState, Stage
from tray_app.core.values.snapshot import Pressure, Snapshot
from tray_app.core.values.task_settings import TASKS, Switch

JUDGED = (Lane.CHAT, Lane.TASK, Lane.TYPING)


def of_machine(snapshot: Snapshot, *, open_webui_expected: bool) -> Iterator[Reported]:
    """`open_webui_expected`: somebody named one, or it was seen; else its silence tells nothing."""
    view = overview(snapshot)
    yield from _memory(view)
    up = is_up(snapshot.open_webui)
    if up or open_webui_expected:
        yield from given(catalog.WEBUI_UP, up)
    yield from _open_webui(view)
    yield from given(catalog.RELAY_UP, is_up(snapshot.relay))
    if view.relay is not None:
        yield from _relay(view.relay)


def _memory(view: Overview) -> Iterator[Reported]:
    memory, gpu = view.memory, view.gpu
    yield from states(catalog.PRESSURE, memory.pressure if memory is not None else Pressure.UNKNOWN, Pressure)
    if memory is not None:
        yield from given(catalog.MEMORY_TOTAL, memory.total_bytes)
        yield from given(catalog.AVAILABLE, memory.available_bytes)
        yield from given(catalog.SWAP_USED, memory.swap_used_bytes)
        yield from given(catalog.SWAP_IN, memory.swap_in_bytes_per_s)
        yield from given(catalog.SWAP_OUT, memory.swap_out_bytes_per_s)
    if gpu is not None:
        yield from given(catalog.GPU_USED, gpu.used_bytes)
        yield from given(catalog.GPU_BUSY, None if gpu.busy_percent is None else gpu.busy_percent / 100)


def _open_webui(view: Overview) -> Iterator[Reported]:
    if view.open_webui is None:
        return
    yield Reported(catalog.WEBUI, 1.0, (as_label(view.open_webui.version),))
    yield from given(catalog.BUSY_CHATS, busy_chats(view))
    for task in TASKS if view.settings is not None else ():
        switch = view.settings.switch(task) if view.settings is not None else Switch.UNSUPPORTED
        if switch is not Switch.UNSUPPORTED:
            yield Reported(catalog.TASK_ON, float(switch is Switch.ON), (task.value,))


def _relay(relay: RelayState) -> Iterator[Reported]:
    yield Reported(catalog.RELAY_UPSTREAM, float(relay.upstream_ok))
    standing = Counter((one.lane, one.stage) for one in relay.standing)
    for lane in JUDGED:
        for stage in Stage:
            yield Reported(catalog.RELAY_STANDING, float(standing[lane, stage]), (lane.value, stage.value))
    counts = relay.counts
    for lane, count in zip(JUDGED, (counts.chats, counts.tasks, counts.typing), strict=True):
        yield Reported(catalog.RELAY_REQUESTS, float(count), (lane.value,))
    yield Reported(catalog.RELAY_HOLDS, float(counts.held))
    yield Reported(catalog.RELAY_BREAKS, float(counts.broken_off))
    yield Reported(catalog.RELAY_DROPS, float(counts.dropped))
    yield Reported(catalog.RELAY_FAILS, float(counts.failed))


def of_journal(lines: Sequence[Record], changes: Sequence[Record]) -> Iterator[Reported]:
    """`changes`: what became of each. An empty journal tells that nothing was changed."""
    events = Counter(one.event for one in lines)
    yield from (Reported(catalog.CHANGES, float(events[event]), (event.value,)) for event in Event)
    yield Reported(catalog.IN_FORCE, float(sum(one.event in IN_FORCE for one in changes)))
    done = [one.at for one in lines if one.event in {Event.APPLIED, Event.UNDONE}]
    yield from given(catalog.CHANGED_AT, max(done, default=None))


def of_exporter(version: str, python: str, own: OwnTotals, scrape_s: float | None) -> Iterator[Reported]:
    """What telling all this costs. `scrape_s`: what the scrape before took."""
    yield Reported(catalog.BUILD, 1.0, (version, python))
    yield from given(catalog.CPU, own.cpu_s)
    yield from given(catalog.RESIDENT, own.memory_bytes)
    yield from given(catalog.STARTED, own.started_at)
    yield from given(catalog.SCRAPE, scrape_s)
