"""The report of `doctor` as lines: each source with its time, what it said, and what does not work and why."""

import json
from collections.abc import Iterator

from tray_app.core.report.doctor import Entry, EntryState, RawSource, Report
from tray_app.core.text.lines import Line, Span, Style, clean, line, pad
from tray_app.core.text.memory import remedy_for_missing
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import why_words
from tray_app.core.values.reading import Unknown, Unseen, Why
from tray_app.core.values.version import Json

_STYLE = {EntryState.WORKS: Style.GOOD, EntryState.UNKNOWN: Style.WARN, EntryState.FAILED: Style.BAD}
_VALUE_WIDTH = 400


def lines(report: Report, tr: Translator) -> list[Line]:
    """The whole report. It was redacted before; here it is only laid out."""
    shown: list[Line] = []
    for name, version in report.versions:
        shown.append(line(Span(f"{name} ", Style.STRONG), clean(version) or tr.gettext("unknown")))
    for name, url in report.addresses:
        shown.append(line(Span(f"{name} ", Style.STRONG), clean(url)))
    for entry in report.entries:
        shown.append(line(""))
        shown.extend(_entry(entry, report.addresses, tr))
    if report.files:
        shown.append(line(""))
        shown.append(line(tr.gettext("Saved, only numbers and this report; look at them before you send them:")))
        shown.extend(line(f"  {name}") for name in report.files)
    return shown


def _state(state: EntryState, tr: Translator) -> str:
    return {
        EntryState.WORKS: tr.gettext("works"),
        EntryState.UNKNOWN: tr.gettext("no answer"),
        EntryState.FAILED: tr.gettext("failed"),
    }[state]


def _entry(entry: Entry, addresses: tuple[tuple[str, str], ...], tr: Translator) -> Iterator[Line]:
    yield line(
        Span(pad(entry.name, 28), Style.STRONG),
        Span(pad(_state(entry.state, tr), 12), _STYLE[entry.state]),
        Span(tr.gettext("{milliseconds} ms").format(milliseconds=f"{entry.seconds * 1000:.1f}"), Style.FAINT),
    )
    if entry.why is not None:
        error = f"{entry.error}: " if entry.error else ""
        yield line(f"  {error}{why_words(entry.why, tr)}")
        if step := next_step(entry.why, dict(addresses).get("open-webui", ""), tr):
            yield line(f"  {step}")
    for name, text in _values(entry.value):
        yield line(Span(f"  {name} ", Style.FAINT), text)
    for name, detail in _missing_inputs(entry.value):
        if advice := remedy_for_missing(name, detail, tr):
            yield line(Span(f"  {clean(name)} ", Style.FAINT), Span(advice, Style.WARN))
    for path, why in entry.missing:
        yield line(Span(f"  {path} ", Style.FAINT), Span(why_words(why, tr), Style.WARN))
    for raw in entry.raw:
        yield _raw(raw, tr)


def next_step(why: Unknown, open_webui: str, tr: Translator) -> str:
    """What to do about a source that did not answer; empty where nothing can be done here."""
    if why.why is Why.REFUSED or why.detail == Unseen.NOT_CONNECTED:
        return tr.gettext("Connect first: {command}").format(command=typed(tr, "connect", open_webui))
    steps = {
        Why.UNREACHABLE: tr.gettext("Check that it runs, or give its address with --ollama or --open-webui."),
        Why.TIMED_OUT: tr.gettext("It may be starting or very busy: try again in a moment."),
    }
    return steps.get(why.why, "")


def _missing_inputs(value: Json) -> Iterator[tuple[str, str]]:
    """Name and detail of what the memory reading says is missing."""
    items = value.get("missing") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield str(item.get("name", "")), str(item.get("detail", ""))


def _values(value: Json) -> Iterator[tuple[str, str]]:
    """One line per field that says something; deeper ones as JSON."""
    if not isinstance(value, dict):
        if value is not None:
            yield "", clean(json.dumps(value, ensure_ascii=False), _VALUE_WIDTH)
        return
    for name, item in value.items():
        if item is None or item in ("", [], {}) or (isinstance(item, dict) and "unknown" in item):
            continue
        known = _told(item["value"] if isinstance(item, dict) and item.keys() == {"value", "taken_at"} else item)
        if known in ("", [], {}):
            continue
        text = known if isinstance(known, str) else json.dumps(known, ensure_ascii=False)
        yield clean(name), clean(text, _VALUE_WIDTH)


def _told(value: Json) -> Json:
    """Without the fields that say nothing."""
    if isinstance(value, list):
        return [_told(item) for item in value]
    if isinstance(value, dict):
        return {name: _told(item) for name, item in value.items() if item is not None and item not in ("", [], {})}
    return value


def _raw(raw: RawSource, tr: Translator) -> Line:
    label = Span(f"  {tr.gettext('raw')} {clean(raw.name)} ", Style.FAINT)
    if raw.why is not None:
        return line(label, Span(why_words(raw.why, tr), Style.FAINT))
    size = tr.ngettext("{n} byte", "{n} bytes", raw.size_bytes or 0).format(n=raw.size_bytes or 0)
    if raw.text is None:
        return line(label, size, ", ", tr.gettext("not shown: more than numbers"))
    return line(label, size)
