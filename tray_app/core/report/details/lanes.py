"""Who was at the models over time: each kind of request in a lane of its own. Pure.

Where single requests can be told apart each is a bar with what it waited; in a longer window a lane has a column for
each step. Requests that lie too close for the eye are one bar that says how many it stands for.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from tray_app.core.report.details.scale import Frame
from tray_app.core.report.details.stored import CallSum
from tray_app.core.values.requests import FinishedRequest, RequestKind, Requests, TaskCall
from tray_app.core.values.task_settings import Setting

FINEST = 1200
"""Bars that lie closer than this share of the window cannot be told apart on any screen."""
TRACKS = 3
"""Requests of a lane that are drawn beside each other; of more the newest joins the bar that ends first."""


class LaneKind(StrEnum):
    """Values are stable: the page styles by them."""

    CHAT = "chat"
    TITLES = "titles"
    TAGS = "tags"
    FOLLOW_UPS = "follow-ups"
    AUTOCOMPLETE = "autocomplete"
    QUERIES = "queries"
    OTHER = "other-tasks"
    UNTOLD = "untold"  # nobody knows whether it was a chat or a task


_OF_TASKS: dict[str, LaneKind] = {
    TaskCall.TITLES: LaneKind.TITLES,
    TaskCall.TAGS: LaneKind.TAGS,
    TaskCall.FOLLOW_UPS: LaneKind.FOLLOW_UPS,
    TaskCall.AUTOCOMPLETE: LaneKind.AUTOCOMPLETE,
    TaskCall.QUERIES: LaneKind.QUERIES,
    Setting.SEARCH_QUERIES: LaneKind.QUERIES,
    Setting.RETRIEVAL_QUERIES: LaneKind.QUERIES,
}


def lane_of(kind: RequestKind, task: str | None) -> LaneKind:
    if kind is RequestKind.CHAT:
        return LaneKind.CHAT
    if kind is RequestKind.UNKNOWN:
        return LaneKind.UNTOLD
    return _OF_TASKS.get(task or "", LaneKind.OTHER)


class Bar(Struct, frozen=True, gc=False):
    """One request, or several that lie too close: Unix seconds. It was held until `held_until`, waited at Ollama until
    `busy_since`, and ended at `until`. Of several only begin and end are told, and the seconds they worked."""

    since: float
    held_until: float
    busy_since: float
    until: float
    calls: int = 1
    busy_s: float = 0.0
    model: str | None = None
    first_token_at: float | None = None
    broken_off: int = 0
    served: bool = True
    is_open: bool = False
    """It still runs or waits."""
    track: int = 0


class Column(Struct, frozen=True, gc=False):
    """What of a lane ended in one step."""

    place: int
    calls: int
    busy_s: float
    held_s: float
    broken_off: int = 0


class TimeLane(Struct, frozen=True):
    """`calls`, `busy_s`, `held_s`: all of it in the window, ended requests alone."""

    kind: LaneKind
    bars: tuple[Bar, ...] = ()
    columns: tuple[Column, ...] = ()
    calls: int = 0
    busy_s: float = 0.0
    held_s: float = 0.0
    broken_off: int = 0

    @property
    def tracks(self) -> int:
        return 1 + max((one.track for one in self.bars), default=0)


def open_bars(requests: Requests | None, now: float) -> dict[LaneKind, list[Bar]]:
    """Who runs and who waits at this moment."""
    found: dict[LaneKind, list[Bar]] = {}
    for one in requests.active if requests is not None else ():
        began = now - max(0.0, one.running_s or 0.0)
        first = None
        if one.first_token_s is not None:
            first = min(now, began + one.first_token_s)
        bar = Bar(began, began, began, now, 1, now - began, one.model, first, is_open=True)
        found.setdefault(lane_of(one.kind, one.task), []).append(bar)
    for waits in (requests.queue or ()) if requests is not None else ():
        since = now - max(0.0, waits.waited_s)
        held = now if waits.held else since
        bar = Bar(since, held, now, now, 1, 0.0, waits.model, None, waits.broken_off, is_open=True)
        found.setdefault(lane_of(waits.kind, waits.task), []).append(bar)
    return found


def lanes(
    shown: Frame, finished: Sequence[FinishedRequest], calls: Iterable[CallSum], now_open: dict[LaneKind, list[Bar]]
) -> tuple[TimeLane, ...]:
    """Those in which there is something, in one order; the chats' is always there."""
    if shown.is_fine:
        return _with_bars(shown, finished, now_open)
    return _with_columns(shown, finished, calls)


def _with_bars(
    shown: Frame, finished: Sequence[FinishedRequest], now_open: dict[LaneKind, list[Bar]]
) -> tuple[TimeLane, ...]:
    by_lane: dict[LaneKind, list[FinishedRequest]] = {}
    known: dict[tuple[RequestKind, str | None], list[FinishedRequest]] = {}
    for one in finished:
        key = one.kind, one.task
        if key not in known:
            known[key] = by_lane.setdefault(lane_of(*key), [])
        known[key].append(one)
    made = []
    for kind in LaneKind:
        here, standing = by_lane.get(kind, []), now_open.get(kind, [])
        if not (here or standing or kind is LaneKind.CHAT):
            continue
        made.append(
            TimeLane(  # sums of lists: an hour may have ten thousand
                kind,
                _packed(here, standing, (shown.until - shown.since) / FINEST, shown.since),
                calls=len(here),
                busy_s=sum([one.busy_s for one in here]),
                held_s=sum([one.held_s for one in here]),
                broken_off=sum([one.broken_off for one in here]),
            )
        )
    return tuple(made)


def bar_of(one: FinishedRequest) -> Bar:
    """Held first, then at Ollama: what waited there came before what worked. Times that contradict each other (a clock
    that was set back) give way to begin and end."""
    since, until = min(one.began_at, one.ended_at), one.ended_at
    busy = max(since, until - max(0.0, one.busy_s))
    held = min(busy, since + max(0.0, one.held_s))
    first = one.first_token_at
    return Bar(since, held, busy, until, 1, one.busy_s, one.model, first, one.broken_off, one.served)


class _Track:
    """One row of bars: the newest is still open to others that lie too close."""

    __slots__ = ("alike", "done", "since", "until")

    def __init__(self) -> None:
        self.done: list[Bar] = []
        self.alike: list[FinishedRequest | Bar] = []
        """What the newest bar stands for."""
        self.since = self.until = 0.0

    def end(self) -> None:
        """The newest bar is done."""
        if len(self.alike) > 1:
            busy_s, broken = sum([one.busy_s for one in self.alike]), sum([one.broken_off for one in self.alike])
            since, until = self.since, self.until
            self.done.append(Bar(since, since, since, until, len(self.alike), busy_s, broken_off=broken))
        else:
            self.done += [one if isinstance(one, Bar) else bar_of(one) for one in self.alike]


def _packed(ended: Sequence[FinishedRequest], standing: Sequence[Bar], close_s: float, since: float) -> tuple[Bar, ...]:
    """Beside each other where they overlap; those that are short and lie close become one."""
    found: list[FinishedRequest | Bar] = [*ended, *standing]
    ends = [one.ended_at for one in ended]
    begins = list(map(min, [one.began_at for one in ended], ends))
    begins += [one.since for one in standing]
    ends += [one.until for one in standing]
    tracks = [_Track() for _ in range(TRACKS)]
    for number in sorted(range(len(found)), key=begins.__getitem__):
        begin, end = begins[number], ends[number]
        if end < since:
            continue
        short = end - begin <= 3 * close_s
        for track in tracks:
            until = track.until
            if not track.alike or begin >= until + close_s:
                track.end()
                track.alike, track.since, track.until = [found[number]], begin, end
                break
            if short and begin >= until - close_s and until - track.since <= 40 * close_s:
                track.alike.append(found[number])
                if end > until:
                    track.until = end
                break
        else:
            first = min(tracks, key=lambda track: track.until)
            first.alike.append(found[number])
            first.until = max(first.until, end)
    bars: list[Bar] = []
    for number, track in enumerate(tracks):
        track.end()
        bars += [one if not number else _on(one, number) for one in track.done]
    return tuple(bars)


def _on(one: Bar, track: int) -> Bar:
    whole = one.since, one.held_until, one.busy_since, one.until, one.calls, one.busy_s, one.model
    return Bar(*whole, one.first_token_at, one.broken_off, one.served, one.is_open, track)


def _with_columns(shown: Frame, finished: Sequence[FinishedRequest], calls: Iterable[CallSum]) -> tuple[TimeLane, ...]:
    found: dict[LaneKind, dict[int, list[float]]] = {}
    for one in calls:
        _count(found, lane_of(one.kind, one.task), one.place, (one.calls, one.busy_s, one.held_s, one.broken_off))
    for ended in finished:
        more = 1, ended.busy_s, ended.held_s, ended.broken_off
        _count(found, lane_of(ended.kind, ended.task), shown.place(ended.ended_at), more)
    made = []
    for kind in LaneKind:
        here = {place: sums for place, sums in found.get(kind, {}).items() if 0 <= place < shown.steps}
        if not here and kind is not LaneKind.CHAT:
            continue
        columns = tuple(Column(place, int(a), b, c, int(d)) for place, (a, b, c, d) in sorted(here.items()))
        made.append(
            TimeLane(
                kind,
                columns=columns,
                calls=sum(one.calls for one in columns),
                busy_s=sum(one.busy_s for one in columns),
                held_s=sum(one.held_s for one in columns),
                broken_off=sum(one.broken_off for one in columns),
            )
        )
    return tuple(made)


def _count(found: dict[LaneKind, dict[int, list[float]]], kind: LaneKind, place: int, more: tuple[float, ...]) -> None:
    sums = found.setdefault(kind, {}).setdefault(place, [0.0, 0.0, 0.0, 0.0])
    for index, value in enumerate(more):
        sums[index] += value
