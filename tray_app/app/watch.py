"""One look: a poll, one diagnosis, the remedies. Used by the command line and by the worker."""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from tray_app.app import rhythm
from tray_app.app.poll import Poll
from tray_app.core.diagnosis.alerts import Alerts, Notice, Quiet, Told
from tray_app.core.diagnosis.alerts import step as step_alerts
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.recent import History, Moment
from tray_app.core.fit.candidates import Candidate
from tray_app.core.remedies.ranked import Strategy, remedies, strategies
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.limits import Limits
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.snapshot import (
    Snapshot,
)

NO_ALERTS = Alerts()


class Look(Struct, frozen=True):
    """One poll and what follows from it."""

    snapshot: Snapshot
    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]
    alerts: Alerts = NO_ALERTS
    notices: tuple[Notice, ...] = ()


class Observer:
    """Judges each poll against the polls before it; owned by one thread."""

    def __init__(
        self,
        poll: Poll,
        limits: Callable[[], Limits],
        candidates: Callable[[], tuple[Candidate, ...]],
    ) -> None:
        self.poll = poll
        self._limits = limits
        self._candidates = candidates
        self.history = History()
        self.alerts = Alerts()

    def remember_told(self, told: Mapping[str, float]) -> None:
        """Notices of an earlier run still count for their cool-down."""
        self.alerts = replace(self.alerts, told=tuple(Told(cause, at) for cause, at in told.items()))

    def told(self) -> dict[str, float]:
        return {one.cause: one.at for one in self.alerts.told}

    def look(self, quiet: Quiet | None = None) -> Look:
        """One poll, judged against the polls before it; `quiet`: what the user does not want to hear."""
        snapshot = self.poll.take()
        limits = self._limits()
        diagnosis = diagnose(snapshot, self.history, limits)
        self.history = self.history.add(snapshot)
        self.alerts, notices = step_alerts(self.alerts, diagnosis, Moment.of(snapshot), limits, quiet)
        offered = remedies(diagnosis, snapshot, limits, candidates=self._candidates())
        return Look(snapshot, diagnosis, offered, self.alerts, notices)

    def strategies(self, look: Look) -> tuple[Strategy, ...]:
        """The three answers to the problem, with the one that suits this machine."""
        return strategies(look.diagnosis, look.snapshot, self._limits(), candidates=self._candidates())

    def look_twice(self, sleep: Callable[[float], object] = time.sleep) -> Look:
        """Two polls, so that rates are known. Whatever was asked a second ago is not asked again."""
        self.look()
        sleep(rhythm.SECOND_SAMPLE_S)
        return self.look()
