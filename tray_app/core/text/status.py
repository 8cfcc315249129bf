"""The answer to `status` and `watch`: readings, findings and remedies as lines."""

from collections.abc import Sequence

from tray_app.core.report.overview import Overview, Source
from tray_app.core.report.programs import program_loads, seen_once
from tray_app.core.report.versions import notes
from tray_app.core.text import at_model, refusals, versions
from tray_app.core.text import findings as finding_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.evidence import evidence_lines
from tray_app.core.text.level import level_words, meanwhile, next_step, told
from tray_app.core.text.lines import Line, Span, Style, clean, line, pad, width
from tray_app.core.text.load import gpu_used, part, used
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import joined, listed, pressure_word, request_counts, why_words
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.finding import Diagnosis, Finding, Level, Severity
from tray_app.core.values.reading import Why
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import Access, OpenWebUI, Presence, Pressure, ProcessRole
from tray_app.core.values.task_settings import SLOTS, TASKS, Switch
from tray_app.core.values.units import KIB, format_bytes

_LEVEL_STYLE = {
    Level.CALM: Style.GOOD,
    Level.TIGHT: Style.WARN,
    Level.OVERLOADED: Style.BAD,
    Level.UNKNOWN: Style.FAINT,
}
_PRESSURE_STYLE = {
    Pressure.NORMAL: Style.GOOD,
    Pressure.WARNING: Style.WARN,
    Pressure.CRITICAL: Style.BAD,
    Pressure.UNKNOWN: Style.FAINT,
}
_SEVERITY_STYLE = {Severity.INFO: Style.PLAIN, Severity.TIGHT: Style.WARN, Severity.OVERLOADED: Style.BAD}

_OLLAMA = (ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER)
_OPEN_WEBUI = (ProcessRole.OPEN_WEBUI,)
SHOWN_REMEDIES = 3
SHOWN_REQUESTS = 6
SHOWN_SWAPPING = 100 * KIB
"""Bytes per second; a system at rest moves a page now and then."""


def looking(tr: Translator) -> str:
    return tr.gettext("Looking at memory, Ollama and Open WebUI...")


def internal_error(tr: Translator) -> str:
    return tr.gettext("Something went wrong inside Elbowroom; the log has the details.")


def job_runs_already(tr: Translator) -> str:
    return tr.gettext("Something else is still running: wait until it is done.")


def tried(urls: Sequence[str], tr: Translator) -> str:
    """Where a server was looked for, and how to name another place."""
    text = tr.gettext("Looked for at {urls}. Name another place with --open-webui URL or --ollama URL.")
    return text.format(urls=", ".join(clean(url) for url in urls))


def level_style(level: Level) -> Style:
    return _LEVEL_STYLE[level]


def pressure_style(pressure: Pressure | None) -> Style:
    return _PRESSURE_STYLE[pressure or Pressure.UNKNOWN]


def _labelled(rows: Sequence[tuple[str, Line]]) -> list[Line]:
    columns = max(width(label) for label, _ in rows) + 2
    return [line(Span(pad(label, columns), Style.FAINT), *content) for label, content in rows]


def memory_line(seen: Overview, tr: Translator) -> Line:
    memory = seen.memory
    if memory is None:
        return _why(seen, Source.MEMORY, tr)
    text = tr.gettext("pressure {pressure}, {available} of {total} available").format(
        pressure=pressure_word(memory.pressure, tr),
        available=format_bytes(memory.available_bytes),
        total=format_bytes(memory.total_bytes),
    )
    if memory.swap_used_bytes:
        text += tr.gettext(", {used} swapped out").format(used=format_bytes(memory.swap_used_bytes))
    swapping = (memory.swap_in_bytes_per_s or 0) + (memory.swap_out_bytes_per_s or 0)
    if swapping >= SHOWN_SWAPPING:
        text += tr.gettext(", swapping {rate}/s").format(rate=format_bytes(swapping))
    return line(Span(text, _PRESSURE_STYLE[memory.pressure]))


def _why(seen: Overview, source: Source, tr: Translator) -> Line:
    return line(Span(why_words(seen.why[source], tr), Style.FAINT))


def _gpu(seen: Overview, tr: Translator) -> list[Line]:
    """Nothing where models run in RAM, or where the GPU does not tell how much it is used."""
    if seen.gpu is None:
        return [_why(seen, Source.GPU, tr)]
    use = gpu_used(seen.gpu, tr)
    return [line(joined((part for part in (clean(seen.gpu.name), use) if part), tr))] if use else []


def _programs(seen: Overview, roles: Sequence[ProcessRole], tr: Translator) -> list[Line]:
    """What the processes and containers of these roles use, one line each."""
    if seen.processes is None:
        return []
    loads = [one for one in seen_once(program_loads(seen.processes)) if one.role in roles]
    return [line(Span(f"{part(one, tr)}: {used(one, tr)}", Style.FAINT)) for one in loads]


def _unseen(seen: Overview, tr: Translator) -> list[tuple[str, Line]]:
    """Why the rows above lack processes or containers; nothing where nobody wanted them."""
    if seen.processes is None:
        label, unknown = tr.gettext("Processes"), seen.why[Source.PROCESSES]
    elif Source.CONTAINERS in seen.why:
        label, unknown = tr.gettext("Containers"), seen.why[Source.CONTAINERS]
    else:
        return []
    if unknown.why is Why.NOT_ASKED:
        return []
    return [(label, line(Span(why_words(unknown, tr), Style.FAINT)))]


def _models(seen: Overview, tr: Translator) -> list[Line]:
    ollama = seen.ollama
    if ollama is None:
        return [_why(seen, Source.OLLAMA, tr)]
    if ollama.presence is Presence.ABSENT:
        return [line(tr.gettext("not running here"))]
    head = tr.gettext("{version} at {url}").format(version=clean(ollama.version), url=clean(ollama.url))
    if not ollama.loaded:
        return [line(head), line(tr.gettext("no model loaded"))]
    rows = [line(head)]
    for model in ollama.loaded:
        on_gpu = model.size_vram_bytes / model.size_bytes if model.size_bytes else 0.0
        if model.name in seen.doubtful:
            place = tr.gettext("how much of it is on the GPU is not known")
        elif on_gpu == 0:
            place = tr.gettext("on the CPU")
        else:
            place = tr.gettext("{percent}% on the GPU").format(percent=round(on_gpu * 100))
        rows.append(line(f"{clean(model.name)}  {format_bytes(model.size_bytes)}  ", Span(place, Style.FAINT)))
    return rows


def _who(seen: Overview, tr: Translator) -> list[Line]:
    """Each request by name, where there are any and they are told one by one."""
    told = at_model.who(seen.requests, SHOWN_REQUESTS, tr) if seen.requests is not None else []
    return [line(Span(one, Style.FAINT)) for one in told]


def _relay(seen: Overview, tr: Translator) -> list[Line]:
    """Nothing where no relay runs."""
    if seen.relay is None:
        return [_why(seen, Source.RELAY, tr)] if Source.RELAY in seen.why else []
    counts = seen.relay.counts
    text = tr.gettext("on: {held} tasks were held so far, {broken_off} times one gave way after it had begun").format(
        held=counts.held, broken_off=counts.broken_off
    )
    lines = [line(text)]
    if not seen.relay.upstream_ok:
        lines.append(line(Span(tr.gettext("Ollama did not answer the relay"), Style.WARN)))
    return [*lines, *_programs(seen, (ProcessRole.RELAY,), tr)]


def _requests(seen: Overview, tr: Translator) -> Line:
    if seen.requests is None:
        return _why(seen, Source.REQUESTS, tr)
    why = seen.why.get(Source.RUNNING)
    if why is not None and why == seen.why.get(Source.WAITING):
        return line(Span(why_words(why, tr), Style.FAINT))

    running, waiting = (None if one is None else str(one) for one in (seen.running, seen.waiting))
    if waiting is not None and seen.requests.waiting_confidence is Confidence.LOWER_BOUND:
        waiting = tr.gettext("at least {count}").format(count=waiting)
    reasons = [why_words(seen.why[one], tr) if one in seen.why else "" for one in (Source.RUNNING, Source.WAITING)]
    text = request_counts(running, waiting, (reasons[0], reasons[1]), tr)
    if held := sum(one.held for one in seen.requests.queue or ()):
        text = tr.gettext("{requests}, {held} held until no chat runs").format(requests=text, held=held)
    return line(Span(text, Style.WARN if seen.waiting and seen.waiting > 0 else Style.PLAIN))


def access_words(server: OpenWebUI, tr: Translator) -> str:
    """`connected as admin`, or why not."""
    refused = refusals.brief(server.refused or RefusedBecause.OTHER, tr)
    read_only = refusals.brief(server.refused or RefusedBecause.NOT_ADMIN, tr)
    return {
        Access.NONE: tr.gettext("not connected"),
        Access.USER: tr.gettext("connected, read-only: {reason}").format(reason=read_only),
        Access.ADMIN: tr.gettext("connected as admin"),
        Access.REFUSED: refused,
    }[server.access]


def _servers(seen: Overview, tr: Translator) -> list[str]:
    """Open WebUI's Ollama servers where there are several: what runs at the others is not seen here."""
    servers = seen.connections or ()
    others = [clean(one.url) for one in servers if one.watched is not True]
    ours = {one.index for one in servers if one.watched}
    if not ours or not others:
        return []
    told = [tr.gettext("it also uses other Ollama servers, which are not read: {urls}").format(urls=", ".join(others))]
    if any(ours & set(one.served.servers) and set(one.served.servers) - ours for one in seen.listed or ()):
        told.append(tr.gettext("models that several servers have are called at any of them: not all calls arrive here"))
    return told


def _open_webui(seen: Overview, tr: Translator) -> list[Line]:
    server, tasks = seen.open_webui, seen.settings
    if server is None:
        return [_why(seen, Source.OPEN_WEBUI, tr)]
    where = tr.gettext("{version} at {url}").format(version=clean(server.version), url=clean(server.url))
    access = joined((where, access_words(server, tr)), tr).removeprefix(where)
    rows = [line(where, Span(access, Style.FAINT))]
    rows += [line(text) for text in _servers(seen, tr)]
    if tasks is not None:
        on = [setting_name(task, tr) for task in TASKS if tasks.switch(task) is Switch.ON]
        rows.append(line(tr.gettext("tasks on: {tasks}").format(tasks=listed(on, tr) or tr.gettext("none"))))
        models = [f"{setting_name(s, tr)}: {clean(tasks.model(s))}" for s in SLOTS if tasks.model(s)]
        rows.append(line("; ".join(models) or tr.gettext("tasks run on the chat model itself")))
    elif server.access is not Access.NONE:
        why = why_words(seen.why[Source.TASKS], tr)
        rows.append(line(Span(tr.gettext("task settings: ") + why, Style.FAINT)))
    return rows


def finding_line(finding: Finding, tr: Translator) -> Line:
    return line(Span("* ", _SEVERITY_STYLE[finding.severity]), finding_view.sentence(finding, tr))


def _faults(seen: Overview, tr: Translator) -> list[tuple[str, Line]]:
    """What is known to be wrong with the versions that run here, in one line."""
    told = versions.brief(notes(seen), tr)
    return [(tr.gettext("Known faults"), line(Span(told, Style.WARN)))] if told else []


def _indent(rows: Sequence[Line], label: str) -> list[tuple[str, Line]]:
    return [(label if index == 0 else "", row) for index, row in enumerate(rows)]


def status_lines(
    seen: Overview, diagnosis: Diagnosis, remedies: Sequence[Remedy], tr: Translator, *, who: bool = True
) -> list[Line]:
    """Level and top finding first, then what was read, then what helps and the command that does it.

    `who`: each request by name, too.
    """
    style = _LEVEL_STYLE[diagnosis.level]
    word = level_words(diagnosis, tr)
    lines: list[Line] = []
    if diagnosis.top is None or diagnosis.blind is not None:
        lines.append(line(Span(word, style), f"  {told(diagnosis, seen, tr)}".rstrip()))
        steps = next_step(diagnosis, seen, tr), meanwhile(diagnosis, seen, tr)
        lines += [line(step) for step in steps if step]
    else:
        lines.append(line(Span(word, style)))
    for finding in diagnosis.findings:
        lines.append(finding_line(finding, tr))
        rests_on = "  |  ".join(evidence_lines(finding, tr, finding_view.sentence(finding, tr)))
        if rests_on:
            lines.append(line(Span(f"  {rests_on}", Style.FAINT)))
    lines.append(line(""))
    lines += _labelled(
        [
            (tr.gettext("Memory"), memory_line(seen, tr)),
            *_indent(_gpu(seen, tr), "GPU"),
            *_indent([*_models(seen, tr), *_programs(seen, _OLLAMA, tr)], "Ollama"),
            *_indent([_requests(seen, tr), *(_who(seen, tr) if who else ())], tr.gettext("Requests")),
            *_indent(_relay(seen, tr), tr.gettext("Chat first")),
            *_indent([*_open_webui(seen, tr), *_programs(seen, _OPEN_WEBUI, tr)], "Open WebUI"),
            *_unseen(seen, tr),
            *_faults(seen, tr),
        ]
    )
    if remedies:
        lines += [line(""), line(Span(tr.gettext("What helps"), Style.STRONG))]
        lines += remedy_lines(remedies[:SHOWN_REMEDIES], tr)
        left = len(remedies) - SHOWN_REMEDIES
        if left > 0:
            more = tr.ngettext("{count} more: {command}", "{count} more: {command}", left)
            lines.append(line(Span("  " + more.format(count=left, command=typed(tr, "fix", "--list")), Style.FAINT)))
    return lines


def verdict_lines(diagnosis: Diagnosis, remedies: Sequence[Remedy], tr: Translator) -> list[Line]:
    """Level, findings and the best remedy, without the readings: one answer of a replay."""
    lines = [line("  ", Span(level_words(diagnosis, tr), _LEVEL_STYLE[diagnosis.level]))]
    lines += [line("  ", *finding_line(finding, tr)) for finding in diagnosis.findings]
    if remedies:
        lines.append(line(Span("  -> ", Style.FAINT), remedy_view.sentence(remedies[0], tr)))
    return lines


def remedy_lines(remedies: Sequence[Remedy], tr: Translator) -> list[Line]:
    """Each remedy with its effect, and the command that carries it out."""
    lines: list[Line] = []
    for remedy in remedies:
        effect = remedy_view.effect(remedy, tr)
        lines.append(line("  " + remedy_view.sentence(remedy, tr), Span(f"  {effect}" if effect else "", Style.FAINT)))
        command = Span("    " + typed(tr, "fix", remedy.id), Style.FAINT)
        lines.append(line(command, tr.gettext("  shows the steps")) if remedy.advice_only else line(command))
    return lines
