"""The menu's first rows: how things are, what is being done, and what came of the last click."""

from tray_app.core.menu.icon import headline
from tray_app.core.menu.screen import SEPARATOR, Row, ScreenState
from tray_app.core.report.overview import Overview, Source
from tray_app.core.report.programs import another_ollama
from tray_app.core.text import findings as finding_view
from tray_app.core.text import refusals
from tray_app.core.text.names import row_text, short, wrapped
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import pressure_word, why_words
from tray_app.core.values.command import Cancel, Connect, CopyText, Link, OpenLink, Refresh
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.finding import Blind
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.reading import Why
from tray_app.core.values.snapshot import Access, Presence
from tray_app.core.values.units import GIB, format_bytes


def state_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What is wrong, memory, and each source that cannot be seen.

    A click on the first two looks again: rows without a command are drawn faint, and these are the ones to read.
    """
    rows = [Row(row_text(headline(state, tr)), Refresh(), id="headline")]
    seen = state.overview
    if seen is not None:
        rows.append(Row(row_text(memory_line(state, seen, tr)), Refresh(), id="memory"))
        rows += why_rows(state, tr)
        rows += ollama_rows(seen, tr)
        unsure = state.diagnosis is not None and state.diagnosis.blind in {Blind.NO_ANSWER, Blind.REQUESTS_UNSEEN}
        if unsure and seen.requests is None and seen.ollama is not None:
            words = tr.gettext("Requests: {state}").format(state=why_words(seen.why[Source.REQUESTS], tr))
            rows.append(Row(row_text(words), id="requests"))
        rows += access_rows(seen, tr)
    if state.message:
        rows.append(Row(row_text(state.message), id="message"))
    return tuple(rows)


def why_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """Every finding in full, what it rests on included, in lines that a menu can hold."""
    if state.diagnosis is None or not state.diagnosis.findings:
        return ()
    rows: list[Row] = []
    for number, finding in enumerate(state.diagnosis.findings):
        if number:
            rows.append(SEPARATOR)
        lines = wrapped(finding_view.sentence(finding, tr))
        rows += [Row(line, Refresh(), id=f"why:{number}:{part}") for part, line in enumerate(lines)]
    return (Row(tr.gettext("Why?"), children=tuple(rows), id="why"),)


def memory_line(state: ScreenState, seen: Overview, tr: Translator) -> str:
    """`Memory pressure warning · 19.8 of 21.3 GiB model budget`, as much of it as is known."""
    if seen.memory is None:
        pressure = tr.gettext("Memory: {state}").format(state=why_words(seen.why[Source.MEMORY], tr))
    else:
        pressure = tr.gettext("Memory pressure {pressure}").format(pressure=pressure_word(seen.memory.pressure, tr))
    budget = budget_line(state, tr)
    return f"{pressure} · {budget}" if budget else pressure


def budget_line(state: ScreenState, tr: Translator) -> str:
    """What loaded models use of what models may use; empty where either is unknown."""
    if state.used_bytes is None or state.budget_bytes is None:
        return ""
    return tr.gettext("{used} of {budget} model budget").format(
        used=f"{state.used_bytes / GIB:.1f}", budget=format_bytes(state.budget_bytes)
    )


def ollama_rows(seen: Overview, tr: Translator) -> tuple[Row, ...]:
    """A word only where Ollama cannot be watched; a click opens the page to get it from."""
    if seen.ollama is None:
        text = tr.gettext("Ollama: {state}").format(state=why_words(seen.why[Source.OLLAMA], tr))
        return (Row(row_text(text), id="ollama"),)
    if seen.ollama.presence is Presence.ABSENT and another_ollama(seen):
        text = tr.gettext("Another Ollama runs at {url}").format(url=another_ollama(seen))
        command = typed(tr, "status", "--ollama", another_ollama(seen))
        copy = Row(row_text(tr.gettext("Copy: {text}").format(text=command)), CopyText(command), id="copy:ollama")
        return (Row(row_text(text), children=(copy,), id="ollama"),)
    if seen.ollama.presence is Presence.ABSENT:
        text = tr.gettext("No Ollama runs here: start it, or get it...")
        return (Row(row_text(text), OpenLink(Link.OLLAMA_PAGE), id="ollama"),)
    return ()


def access_rows(seen: Overview, tr: Translator) -> tuple[Row, ...]:
    """One line why nothing can be changed, where that is so, and what a click on it does: it connects."""
    if seen.open_webui is None:
        why = seen.why[Source.OPEN_WEBUI]
        text = tr.gettext("Open WebUI: {state}").format(state=why_words(why, tr))
        if why.why is Why.UNREACHABLE:
            text = tr.gettext("No Open WebUI answers: start it, or give its address...")
        return (Row(row_text(text), Connect(), id="access"),)
    match seen.open_webui.access:
        case Access.NONE:
            text = tr.gettext("Connect to Open WebUI to see and change its tasks...")
        case Access.USER:
            because = refusals.brief(seen.open_webui.refused or RefusedBecause.NOT_ADMIN, tr)
            text = tr.gettext("Read-only ({reason}): connect as an admin...").format(reason=because)
        case Access.REFUSED:
            because = refusals.brief(seen.open_webui.refused or RefusedBecause.OTHER, tr)
            text = tr.gettext("Sign in again ({reason})...").format(reason=because)
        case Access.ADMIN:
            return ()
    return (Row(row_text(text), Connect(seen.open_webui.url), id="access"),)


def job_text(job: RunningJob, tr: Translator) -> str:
    """`Downloading gemma3:1b: 40 % of 815 MiB`."""
    if job.cancelling:
        return tr.gettext("Cancelling...")
    name = short(job.subject)
    if job.kind is JobKind.PULL:
        if job.percent is None or job.total_bytes is None:
            return tr.gettext("Downloading {name}...").format(name=name)
        return tr.gettext("Downloading {name}: {percent}% of {size}").format(
            name=name, percent=job.percent, size=format_bytes(job.total_bytes)
        )
    return {
        JobKind.CHANGE: tr.gettext("Changing Open WebUI's settings..."),
        JobKind.UNDO: tr.gettext("Undoing a change..."),
        JobKind.UNLOAD: tr.gettext("Unloading {name}...").format(name=name),
        JobKind.STOP_GENERATIONS: tr.gettext("Stopping answers..."),
        JobKind.END: tr.gettext("Ending a runner of {name}...").format(name=name),
        JobKind.PROVE: tr.gettext("Asking which model does the tasks..."),
        JobKind.SPEED_TEST: tr.gettext("Testing response speed..."),
        JobKind.CONNECT: tr.gettext("Connecting to Open WebUI..."),
        JobKind.HOSTED: tr.gettext("Asking {name}...").format(name=name),
        JobKind.COMPARE: tr.gettext("Comparing task models..."),
    }[job.kind]


def job_rows(state: ScreenState, tr: Translator) -> tuple[Row, ...]:
    """What runs, with its progress, and the way to end it."""
    job = state.job
    if job is None:
        return ()
    rows = [Row(row_text(job_text(job, tr)), id="job")]
    if job.cancellable and not job.cancelling:
        rows.append(Row(tr.gettext("Cancel"), Cancel(job.id), id="cancel"))
    return tuple(rows)


def connect_row(state: ScreenState, tr: Translator) -> Row:
    """Says again when the stored sign-in no longer works."""
    server = state.overview.open_webui if state.overview is not None else None
    command = Connect(server.url if server is not None else "")
    if server is not None and server.access in {Access.USER, Access.REFUSED, Access.ADMIN}:
        return Row(tr.gettext("Connect to Open WebUI again..."), command, id="connect")
    return Row(tr.gettext("Connect to Open WebUI..."), command, id="connect")
