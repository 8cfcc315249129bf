"""Findings over time: told only once they last, over only once they stay away, and one notice per cause.

Holding and clearing are judged by the monotonic clock. An Unknown poll neither raises nor clears; time that nobody
watched (sleep) counts for neither. Notices are remembered by Unix time, so that a restart does not repeat them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from tray_app.core.values.finding import Diagnosis, Finding, QueueBacklog, Severity, TaskStorm
from tray_app.core.values.limits import Limits
from tray_app.core.values.names import same_model
from tray_app.core.values.reading import Moment, is_gap

HOLD_SHARE = 0.6
"""A condition holds that is there in so many of the polls: a number that is not known, or falls short, for a moment
does not end a trouble that lasts."""
FORGET_S = 900.0
"""An alert that could not be judged for so long is dropped: nobody knows any more."""

Key = tuple[str, str]
"""Kind and subject of a finding."""


class AlertState(StrEnum):
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


class Held(Struct, frozen=True):
    """In how many of the polls since it began a condition was there."""

    hits: int = 0
    polls: int = 0

    def with_poll(self, *, there: bool) -> "Held":
        return Held(self.hits + there, self.polls + 1)

    @property
    def holds(self) -> bool:
        return self.hits >= HOLD_SHARE * self.polls


class Alert(Struct, frozen=True):
    """`since_s`: when this state began (pending: when the condition was first seen), in monotonic seconds.

    `held`: the polls since then; `overloaded`: the same since `overloaded_since_s`.
    """

    finding: Finding
    state: AlertState
    since_s: float
    judged_s: float
    held: Held = Held()
    overloaded_since_s: float | None = None
    overloaded: Held = Held()
    told: bool = False
    """Its notice was shown, or another one of the same cause stood for it."""
    shown_s: float | None = None
    """When its own notice was shown."""
    gone_s: float | None = None
    """Since when the condition has been away."""


class Told(Struct, frozen=True):
    """A notice that was shown: the cause, and when (Unix seconds)."""

    cause: str
    at: float


class Quiet(Struct, frozen=True):
    """What the user wants to hear: nothing until `snoozed_until`, nothing of `muted` models, only critical memory."""

    snoozed_until: float | None = None
    only_critical: bool = False
    muted: tuple[str, ...] = ()


class Notice(Struct, frozen=True):
    """To be shown now. `cause` is what one notice per cool-down is counted by. `lasted_s`: it is over after so long."""

    finding: Finding
    cause: str
    lasted_s: float | None = None


class Alerts(Struct, frozen=True):
    """All alerts, and the notices of the last cool-down."""

    alerts: Mapping[Key, Alert] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    last: Moment | None = None

    def words(self) -> dict[tuple[str, str], str]:
        """(kind, subject) -> state, for the JSON output."""
        return {key: alert.state.value for key, alert in self.alerts.items()}


def step(
    before: Alerts, diagnosis: Diagnosis, now: Moment, limits: Limits, quiet: Quiet | None = None
) -> tuple[Alerts, tuple[Notice, ...]]:
    """Advance every alert by one poll."""
    known = _after_gap(before, now)
    elapsed = max(now.uptime_s - before.last.uptime_s, 0.0) if before.last is not None else 0.0
    found = {finding.key: finding for finding in (*diagnosis.explained, *diagnosis.findings)}
    after: dict[Key, Alert] = {}
    for key, alert in known.items():
        if key in found:
            after[key] = _seen(alert, found[key], now.uptime_s)
        elif type(alert.finding) in diagnosis.undecided:
            kept = _frozen(alert, elapsed)
            if now.uptime_s - kept.judged_s <= FORGET_S:
                after[key] = kept
        else:
            gone = _missed(alert, now.uptime_s, limits)
            if gone is not None:
                after[key] = gone
    for key, finding in found.items():
        if key not in after:
            after[key] = _seen(Alert(finding, AlertState.PENDING, now.uptime_s, now.uptime_s), finding, now.uptime_s)
    shown = [finding.key for finding in diagnosis.findings]
    for key in shown:
        after[key] = _ripened(after[key], now.uptime_s, limits)
    told = tuple(_recent(before.told, now.taken_at, limits))
    quiet = quiet or Quiet()
    after, told, notices = _tell(after, shown, told, now, limits, quiet)
    return Alerts(after, told, now), notices or _relief(known, after, now, quiet)


def _relief(before: Mapping[Key, Alert], after: Mapping[Key, Alert], now: Moment, quiet: Quiet) -> tuple[Notice, ...]:
    """One word that it is over, when the last of what was told has ended: whoever was warned wants to hear of it."""
    if any(alert.shown_s is not None for alert in after.values()):
        return ()
    ended = [
        alert
        for key, alert in before.items()
        if key not in after and alert.shown_s is not None and alert.gone_s is not None
    ]
    ended = [alert for alert in ended if not _is_hushed(alert.finding, now.taken_at, quiet)]
    return tuple(
        Notice(alert.finding, cause_of(alert.finding), (alert.gone_s or 0.0) - (alert.shown_s or 0.0))
        for alert in ended[:1]
    )


def _after_gap(before: Alerts, now: Moment) -> dict[Key, Alert]:
    """After sleep a pending alert starts again, and what was recovering has to stay away anew."""
    if before.last is None or not is_gap(before.last, now):
        return dict(before.alerts)
    return {
        key: replace(
            alert,
            since_s=now.uptime_s,
            judged_s=now.uptime_s,
            held=Held(),
            overloaded_since_s=None if alert.overloaded_since_s is None else now.uptime_s,
            overloaded=Held(),
        )
        for key, alert in before.alerts.items()
    }


def _seen(alert: Alert, finding: Finding, now_s: float) -> Alert:
    state, since_s = alert.state, alert.since_s
    if state is AlertState.RECOVERING:
        state, since_s = AlertState.FIRING, now_s
        alert = replace(alert, gone_s=None)
    known = replace(alert, finding=finding, state=state, since_s=since_s, judged_s=now_s)
    known = replace(known, held=known.held.with_poll(there=True))
    return _weighed(known, now_s, overloaded=finding.severity is Severity.OVERLOADED)


def _weighed(alert: Alert, now_s: float, *, overloaded: bool) -> Alert:
    """Since when it is overloaded: a poll in which it is less does not start that anew."""
    since = alert.overloaded_since_s
    if since is None:
        since, held = (now_s, Held(1, 1)) if overloaded else (None, Held())
    else:
        held = alert.overloaded.with_poll(there=overloaded)
        if not held.holds:
            since, held = None, Held()
    return replace(alert, overloaded_since_s=since, overloaded=held)


def _frozen(alert: Alert, elapsed: float) -> Alert:
    """Time in which nothing could be judged counts for nothing."""
    overloaded = alert.overloaded_since_s
    return replace(
        alert,
        since_s=alert.since_s + elapsed,
        overloaded_since_s=None if overloaded is None else overloaded + elapsed,
    )


def _missed(alert: Alert, now_s: float, limits: Limits) -> Alert | None:
    """The condition is not there in this poll. None: the alert is over."""
    alert = _weighed(replace(alert, held=alert.held.with_poll(there=False)), now_s, overloaded=False)
    if alert.state is AlertState.PENDING:
        return replace(alert, judged_s=now_s) if alert.held.holds else None
    if alert.state is AlertState.FIRING:
        alert = replace(alert, state=AlertState.RECOVERING, since_s=now_s, gone_s=now_s)
    return None if now_s - alert.since_s >= limits.clear_s else replace(alert, judged_s=now_s)


def _ripened(alert: Alert, now_s: float, limits: Limits) -> Alert:
    if alert.state is AlertState.PENDING and now_s - alert.since_s >= limits.hold_s:
        return replace(alert, state=AlertState.FIRING, since_s=now_s)
    return alert


def _recent(told: Iterable[Told], now: float, limits: Limits) -> Iterable[Told]:
    for one in told:
        # A clock that was set back must not lengthen the cool-down.
        at = min(one.at, now)
        if now - at < limits.cool_down_s:
            yield Told(one.cause, at)


def cause_of(finding: Finding) -> str:
    """What the user would call the same thing: all that is wrong with one model, or with one program."""
    return finding.subject


def _told_as(finding: Finding) -> tuple[str, ...]:
    """The queue that is left when a storm is over is no news, whichever model works it off."""
    queue = isinstance(finding, TaskStorm | QueueBacklog)
    return (cause_of(finding), QueueBacklog.incident) if queue else (cause_of(finding),)


def _tell(
    alerts: dict[Key, Alert],
    shown: list[Key],
    told: tuple[Told, ...],
    now: Moment,
    limits: Limits,
    quiet: Quiet,
) -> tuple[dict[Key, Alert], tuple[Told, ...], tuple[Notice, ...]]:
    """Notices for what is overloaded and has lasted; at most one per cause and cool-down."""
    notices: list[Notice] = []
    recent = list(told)
    for key in shown:
        alert = alerts[key]
        if alert.told or not _lasts(alert, now.uptime_s, limits) or _is_hushed(alert.finding, now.taken_at, quiet):
            continue
        same = {cause_of(alert.finding), alert.finding.incident}
        if all(one.cause not in same for one in recent):
            notices.append(Notice(alert.finding, cause_of(alert.finding)))
            recent += [Told(cause, now.taken_at) for cause in _told_as(alert.finding)]
            alert = replace(alert, shown_s=now.uptime_s)
        alerts[key] = replace(alert, told=True)
    return alerts, tuple(recent), tuple(notices)


def _lasts(alert: Alert, now_s: float, limits: Limits) -> bool:
    since = alert.overloaded_since_s
    now = alert.state is AlertState.FIRING and alert.finding.severity is Severity.OVERLOADED
    return now and since is not None and now_s - since >= limits.hold_s


def _is_hushed(finding: Finding, now: float, quiet: Quiet) -> bool:
    if quiet.snoozed_until is not None and now < quiet.snoozed_until:
        return True
    if quiet.only_critical and not finding.is_critical:
        return True
    return any(same_model(finding.subject, model) for model in quiet.muted)
