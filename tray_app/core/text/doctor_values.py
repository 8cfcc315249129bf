"""What a source of `doctor` said, in a few words: from the redacted JSON of its value."""

from collections.abc import Iterator, Mapping

from tray_app.core.report.doctor import Entry, Probed
from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.words import pressure_word, request_counts
from tray_app.core.values.reading import Why
from tray_app.core.values.requests import Confidence
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.units import format_bytes
from tray_app.core.values.version import Json

NAMED = 5
"""Models that are named one by one."""


def is_worth_a_line(entry: Entry) -> bool:
    """A Python that is no framework build is like all others."""
    return entry.name != Probed.PYTHON_BUILD or _text(_fields(entry.value), "framework") not in ("", "none")


def summary(entry: Entry, addresses: Mapping[str, str], tr: Translator) -> str:
    """`0.32.15 at http://127.0.0.1:11434`; a plain word where the value says no more than that there is one."""
    value, fields = entry.value, _fields(entry.value)
    at = tr.gettext("{version} at {url}")
    words: dict[str, str] = {
        Probed.HOST: " ".join(_text(fields, name) for name in ("system", "system_version", "architecture")),
        Probed.MEMORY: _memory(fields, tr),
        Probed.GPU: _gpu(fields, tr),
        Probed.PROCESSES: _count(fields.get("watched"), tr),
        Probed.AUTOSTART: _autostart(fields, tr),
        Probed.NOTICES: _text(fields, "by"),
        Probed.KEYCHAIN: _text(fields, "backend"),
        Probed.PYTHON_BUILD: _text(fields, "framework"),
        Probed.OLLAMA_VERSION: at.format(version=clean(str(value)), url=addresses.get("ollama", "")),
        Probed.OLLAMA_LOADED: _names(value, tr) or tr.gettext("no model loaded"),
        Probed.OLLAMA_INSTALLED: _count(value, tr),
        Probed.REQUESTS: _requests(fields, tr),
        Probed.RELAY: _relay(fields, tr),
        Probed.OPEN_WEBUI: at.format(version=_text(fields, "version"), url=addresses.get("open-webui", "")),
        Probed.OPEN_WEBUI_ACCESS: tr.gettext("connected as admin"),
        Probed.OPEN_WEBUI_MODELS: _count(value, tr),
        Probed.OPEN_WEBUI_BUSY: clean(str(value)),
    }
    return words.get(entry.name, "") or tr.gettext("found")


def missing_inputs(value: Json) -> Iterator[tuple[str, Why, str]]:
    """Name, reason and detail of what the memory reading says is missing."""
    items = value.get("missing") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            word = str(item.get("why"))
            yield str(item.get("name")), Why(word) if word in set(Why) else Why.BAD_ANSWER, str(item.get("detail"))


def _fields(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, Json], name: str) -> str:
    return clean(str(fields.get(name) or ""))


def _number(fields: Mapping[str, Json], name: str) -> float | None:
    found = fields.get(name)
    if isinstance(found, dict):
        found = found.get("value")
    return found if isinstance(found, int | float) else None


def _memory(fields: Mapping[str, Json], tr: Translator) -> str:
    available, total = _number(fields, "available_bytes"), _number(fields, "total_bytes")
    word = _text(fields, "pressure")
    if available is None or total is None or word not in set(Pressure):
        return ""
    return tr.gettext("pressure {pressure}, {available} of {total} available").format(
        pressure=pressure_word(Pressure(word), tr),
        available=format_bytes(int(available)),
        total=format_bytes(int(total)),
    )


def _gpu(fields: Mapping[str, Json], tr: Translator) -> str:
    budget = _number(fields, "budget_bytes")
    if budget is None:
        return ""
    room = tr.gettext("models may use {size}").format(size=format_bytes(int(budget)))
    return ", ".join(filter(None, (_text(fields, "name"), room)))


def _requests(fields: Mapping[str, Json], tr: Translator) -> str:
    unknown = tr.gettext("unknown")
    return request_counts(_how_many(fields, "running", tr), _how_many(fields, "waiting", tr), (unknown, unknown), tr)


def _how_many(fields: Mapping[str, Json], name: str, tr: Translator) -> str | None:
    """`at least 2`, where it is only a lower bound; None: not known."""
    number = _number(fields, name)
    if number is None:
        return None
    is_least = _text(fields, f"{name}_confidence") == Confidence.LOWER_BOUND
    return tr.gettext("at least {count}").format(count=f"{number:.0f}") if is_least else f"{number:.0f}"


def _relay(fields: Mapping[str, Json], tr: Translator) -> str:
    numbers = {name: f"{_number(fields, name) or 0:.0f}" for name in ("port", "pid", "held", "broken_off")}
    text = tr.gettext("relay {version} at port {port} (process {pid}): {held} held, {broken_off} gave way")
    told = text.format(version=_text(fields, "version"), **numbers)
    lost = "" if fields.get("upstream_ok") else tr.gettext("Ollama did not answer the relay")
    return ", ".join(filter(None, (told, lost)))


def _autostart(fields: Mapping[str, Json], tr: Translator) -> str:
    return {
        "on": tr.gettext("on"),
        "off": tr.gettext("off"),
        "other-path": tr.gettext("on, for another place"),
        "switched-off-by-system": tr.gettext("off in the system's own settings"),
    }.get(_text(fields, "state"), "")


def _count(value: Json, tr: Translator) -> str:
    number = len(value) if isinstance(value, list) else 0
    return tr.ngettext("{count} found", "{count} found", number).format(count=number)


def _names(value: Json, tr: Translator) -> str:
    found = [_text(one, "name") for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    names = ", ".join(found[:NAMED])
    return (
        names
        if len(found) <= NAMED
        else tr.gettext("{names} and {count} more").format(names=names, count=len(found) - NAMED)
    )
