"""Who is at the model, the loaded models, each with a way to free it that asks first, and what the programs use."""

from tray_app.core.menu.app import monitor_rows
from tray_app.core.menu.paging import paged
from tray_app.core.menu.screen import SEPARATOR, Row, ScreenState
from tray_app.core.report.overview import Overview
from tray_app.core.report.programs import program_loads, seen_once
from tray_app.core.text import at_model
from tray_app.core.text.load import gpu_used, program, used
from tray_app.core.text.names import row_text, short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined
from tray_app.core.values.command import Unload
from tray_app.core.values.snapshot import LoadedModel
from tray_app.core.values.units import format_bytes

SHOWN_REQUESTS = 8
STEP_PERCENT = 10
"""A menu that changed with every percent would be pushed to the screen at every poll."""


def model_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Who is at the models now, by name, and the models. Nothing where there are neither or Ollama cannot be asked."""
    seen = state.overview
    if seen is None or seen.ollama is None:
        return ()
    told = at_model.who(seen.requests, SHOWN_REQUESTS, tr, steady=True) if seen.requests is not None else []
    now = tuple(Row(row_text(one), id=f"at-model:{number}") for number, one in enumerate(told))
    rows = paged([model_row(model, seen, tr, busy=state.busy) for model in seen.ollama.loaded], tr)
    if not (now or rows):
        return ()
    between = (SEPARATOR,) if now and rows else ()
    loads = load_rows(state, tr)
    below = (SEPARATOR, *loads) if loads else ()
    return (Row(tr.gettext("Models"), children=(*now, *between, *rows, *below), id="models"),)


def machine_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What the programs use, where no model's row has it beneath itself."""
    return () if model_rows(state, tr) else load_rows(state, tr)


def load_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What Ollama, its runners, Open WebUI and the GPU are doing, and the system's own monitor for the rest."""
    seen = state.overview
    if seen is None:
        return monitor_rows(state, tr)
    rows: list[Row] = []
    if seen.processes is not None:
        for load in seen_once(program_loads(seen.processes)):
            words = f"{program(load, tr)}: {used(load, tr, step_percent=STEP_PERCENT)}"
            rows.append(Row(row_text(words), id=f"load:{len(rows)}"))
    if seen.gpu is not None and (use := gpu_used(seen.gpu, tr, step_percent=STEP_PERCENT)):
        rows.append(Row(row_text(f"GPU: {use}"), id="load:gpu"))
    monitor = monitor_rows(state, tr)
    if not rows:
        return monitor
    below = (SEPARATOR, *monitor) if monitor else ()
    return (Row(tr.gettext("Memory and CPU"), children=(*paged(rows, tr), *below), id="load"),)


def model_row(model: LoadedModel, seen: Overview, tr: Translator, *, busy: bool) -> Row:
    """`qwen3:32b Q4_K_M 19.7 GiB, 100 % GPU, 4 min left`, with its size and answers before `Unload it`."""
    told = [
        Row(tr.gettext("Frees {size}; the next message loads it again").format(size=format_bytes(model.size_bytes)))
    ]
    running = running_on(model, seen)
    if running:
        words = tr.ngettext(
            "{count} answer that it is writing is finished first",
            "{count} answers that it is writing are finished first",
            running,
        )
        told.append(Row(words.format(count=running)))
    confirm = Row(
        tr.gettext("Unload it"), Unload(model.name, model.digest), id=f"confirm:unload:{model.name}", busy=busy
    )
    unload = Row(tr.gettext("Unload"), children=(*told, confirm), id=f"unload:{model.name}")
    return Row(row_text(model_text(model, seen.at.taken_at, tr)), children=(unload,), id=f"model:{model.name}")


def model_text(model: LoadedModel, now: float, tr: Translator) -> str:
    parts = [
        " ".join(
            part for part in (short(model.name), short(model.quantization), format_bytes(model.size_bytes)) if part
        )
    ]
    if model.size_bytes > 0:
        percent = round(model.size_vram_bytes * 100 / model.size_bytes)
        parts.append(tr.gettext("{percent}% GPU").format(percent=percent))
    parts.append(time_left(model.expires_at, now, tr))
    return joined(parts, tr)


def time_left(expires_at: float | None, now: float, tr: Translator) -> str:
    """In minutes: seconds would change the menu at every poll."""
    if expires_at is None:
        return tr.gettext("kept loaded")
    seconds = expires_at - now
    if seconds < 60:
        return tr.gettext("under 1 min left")
    if seconds < 7200:
        return tr.gettext("{minutes} min left").format(minutes=int(seconds // 60))
    return tr.gettext("{hours} h left").format(hours=int(seconds // 3600))


def running_on(model: LoadedModel, seen: Overview) -> int:
    """0 also where it is not known: the row only warns."""
    active = seen.requests.active if seen.requests is not None else ()
    return sum(request.model == model.name for request in active)
