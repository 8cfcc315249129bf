"""What several pictures of the details page call alike: lengths of time, days, kinds of requests, marks."""

from datetime import UTC, datetime, timedelta, timezone

from tray_app.core.report.details.lanes import LaneKind
from tray_app.core.report.details.scale import Offset, TimeWindow
from tray_app.core.report.history import OFF, ON, Mark, MarkKind
from tray_app.core.text.names import short
from tray_app.core.text.tasks import setting_name, task_words
from tray_app.core.text.text import Translator
from tray_app.core.values.task_settings import SLOTS, Setting
from tray_app.core.values.version import Json


def window_name(window: TimeWindow, tr: Translator) -> str:
    return {
        TimeWindow.TEN_MINUTES: tr.gettext("10 minutes"),
        TimeWindow.HOUR: tr.gettext("Hour"),
        TimeWindow.DAY: tr.gettext("Day"),
        TimeWindow.WEEK: tr.gettext("Week"),
    }[window]


def duration(seconds: float, tr: Translator) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return tr.gettext("{count} s").format(count=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr.gettext("{count} min").format(count=minutes)
    hours, rest = divmod(minutes, 60)
    if not rest or hours >= 24:
        return tr.gettext("{count} h").format(count=hours)
    return tr.gettext("{hours} h {minutes} min").format(hours=hours, minutes=rest)


def lane_name(kind: LaneKind, tr: Translator) -> str:
    return {
        LaneKind.CHAT: tr.gettext("Chats"),
        LaneKind.TITLES: task_words(Setting.TITLES, tr).name,
        LaneKind.TAGS: task_words(Setting.TAGS, tr).name,
        LaneKind.FOLLOW_UPS: task_words(Setting.FOLLOW_UPS, tr).name,
        LaneKind.AUTOCOMPLETE: task_words(Setting.AUTOCOMPLETE, tr).name,
        LaneKind.QUERIES: tr.gettext("Queries"),
        LaneKind.OTHER: tr.gettext("Other tasks"),
        LaneKind.UNTOLD: tr.gettext("Kind not known"),
    }[kind]


def mark_words(mark: Mark, tr: Translator) -> str:
    """`Autocomplete off`, `qwen3:32b evicted`, `7 requests refused`."""
    match mark.kind:
        case MarkKind.CHANGED:
            return _change_words(mark, tr)
        case MarkKind.TAKEN_BACK:
            return tr.gettext("taken back: {change}").format(change=_change_words(mark, tr))
        case MarkKind.REFUSED:
            text = tr.ngettext("{count} request refused", "{count} requests refused", mark.count)
            return text.format(count=mark.count)
        case MarkKind.EVICTED:
            return tr.gettext("{model} evicted").format(model=_model(mark.model, tr))
        case MarkKind.OUT_OF_MEMORY:
            return tr.gettext("{model}: out of memory").format(model=_model(mark.model, tr))
        case MarkKind.CRASHED:
            return tr.gettext("{model}: its runner crashed").format(model=_model(mark.model, tr))


def _change_words(mark: Mark, tr: Translator) -> str:
    known = {one.value: one for one in Setting}
    setting = known.get(mark.setting or "")
    name = setting_name(setting, tr) if setting is not None else short(mark.setting or "")
    if setting is Setting.OLLAMA_CONNECTION and mark.value is not None:
        name = tr.gettext("Chat first")
    if mark.value == ON:
        return tr.gettext("{setting} on").format(setting=name)
    if mark.value == OFF:
        return tr.gettext("{setting} off").format(setting=name)
    if setting in SLOTS and mark.value is not None:
        value = short(mark.value) or tr.gettext("same as chat")
        return tr.gettext("{setting}: {value}").format(setting=name, value=value)
    return tr.gettext("{setting} changed").format(setting=name)


def _model(name: str | None, tr: Translator) -> str:
    return short(name) if name else tr.gettext("a model")


def local(at: float, offset: Offset) -> datetime:
    seconds = offset(at)
    return datetime.fromtimestamp(at, timezone(timedelta(seconds=seconds)) if seconds else UTC)


def weekday(at: float, offset: Offset, tr: Translator) -> str:
    names = (
        tr.gettext("Mon"),
        tr.gettext("Tue"),
        tr.gettext("Wed"),
        tr.gettext("Thu"),
        tr.gettext("Fri"),
        tr.gettext("Sat"),
        tr.gettext("Sun"),
    )
    there = local(at, offset)
    return tr.gettext("{weekday} {day}").format(weekday=names[there.weekday()], day=there.day)


def clock(at: float, window: TimeWindow, offset: Offset, tr: Translator) -> str:
    """As fine as the window is."""
    there = local(at, offset)
    if window is TimeWindow.WEEK:
        return f"{weekday(at, offset, tr)} {there:%H:%M}"
    return f"{there:%H:%M:%S}" if window is TimeWindow.TEN_MINUTES else f"{there:%H:%M}"


def offsets(since: float, until: float, offset: Offset) -> list[Json]:
    """Where local time begins to be how far ahead of UTC: one entry, or two where clocks are put forward or back."""
    found: list[Json] = []
    at, last = since, None
    while at <= until:
        now = offset(at)
        if now != last:
            found.append([at, now])
        last = now
        at += 900.0
    return found
