"""Several Ollamas, a row each: its level, its models, who runs and waits; then what is wrong where."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tray_app.core.report.overview import Overview, Source
from tray_app.core.text import findings as finding_view
from tray_app.core.text.level import level_words
from tray_app.core.text.lines import Line, Span, Style, clean, line, pad, width
from tray_app.core.text.status import level_style, memory_line
from tray_app.core.text.text import Translator
from tray_app.core.text.watch import NOT_KNOWN, WatchFrame, fitted, foot, within
from tray_app.core.text.words import joined, why_words
from tray_app.core.values.finding import Diagnosis, MemoryPressure, Severity
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import Presence
from tray_app.core.values.units import format_bytes

GAP = 2


class HostRow(Struct, frozen=True):
    """What one look came to. `url`: by which it is told from the others."""

    url: str
    seen: Overview
    diagnosis: Diagnosis


def lines(rows: Sequence[HostRow], tr: Translator) -> list[Line]:
    """The rows, this machine's memory, and each finding with the host that it is about."""
    head = [line("Ollama"), line(tr.gettext("Level")), line(tr.gettext("Running")), line(tr.gettext("Waiting"))]
    table = [[*head, line(tr.gettext("Models"))], *(cells(row, tr) for row in rows)]
    widths = [max(sum(width(span.text) for span in row[place]) for row in table) for place in range(len(table[0]))]
    made = [_row(row, widths) for row in table]
    made[0] = tuple(Span(span.text, Style.FAINT) for span in made[0])
    memory = line(Span(tr.gettext("Memory") + "  ", Style.FAINT), *memory_line(rows[0].seen, tr))
    return [*made, line(""), memory, *_findings(rows, tr)]


def frame(rows: Sequence[HostRow], window: WatchFrame, tr: Translator) -> list[Line]:
    """Never more lines than the window has, none wider than it."""
    end = fitted([foot(rows[0].seen.at.taken_at, window, tr)], window)[:1]
    body = fitted(lines(rows, tr), window)
    return [*within(body, window.rows - len(end), window, tr), *end][: window.rows]


def _row(cells: Sequence[Line], widths: Sequence[int]) -> Line:
    spans: list[Span] = []
    for cell, wide in zip(cells, widths, strict=True):
        used = sum(width(span.text) for span in cell)
        spans += [*cell, Span(pad("", wide - used + GAP))]
    return tuple(spans[:-1])


def cells(row: HostRow, tr: Translator) -> list[Line]:
    """Its address, its level, who runs, who waits, its models or why they are not known."""
    seen = row.seen
    level = Span(level_words(row.diagnosis, tr), level_style(row.diagnosis.level))
    return [
        line(clean(row.url)),
        line(level),
        line(NOT_KNOWN if seen.running is None else str(seen.running)),
        line(_waiting(seen, tr)),
        _models(seen, tr),
    ]


def _waiting(seen: Overview, tr: Translator) -> str:
    if seen.waiting is None:
        return NOT_KNOWN
    if seen.requests is not None and seen.requests.waiting_confidence is Confidence.LOWER_BOUND:
        return tr.gettext("at least {count}").format(count=seen.waiting)
    return str(seen.waiting)


def _models(seen: Overview, tr: Translator) -> Line:
    ollama = seen.ollama
    if ollama is None:
        return line(Span(why_words(seen.why[Source.OLLAMA], tr), Style.WARN))
    if ollama.presence is Presence.ABSENT:
        return line(Span(tr.gettext("not running here"), Style.WARN))
    told = [f"{clean(one.name)} {format_bytes(one.size_bytes)}" for one in ollama.loaded]
    return line(joined(told, tr) or tr.gettext("no model loaded"))


def _findings(rows: Sequence[HostRow], tr: Translator) -> Iterator[Line]:
    for row in rows:
        for text in found(row, tr, memory=row is rows[0]):
            yield line("* ", text)


def found(row: HostRow, tr: Translator, *, memory: bool) -> Iterator[str]:
    """What is wrong, and where. Memory is this machine's, so that one row tells of it (`memory`)."""
    for finding in row.diagnosis.findings:
        if finding.severity is Severity.INFO or (isinstance(finding, MemoryPressure) and not memory):
            continue
        yield tr.gettext("{where}: {what}").format(where=clean(row.url), what=finding_view.sentence(finding, tr))
