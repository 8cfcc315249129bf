"""One look: a poll, one diagnosis, the remedies. Used by the command line and by the worker."""

import time
from collections.abc import Callable, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tray_app.app import rhythm
from tray_app.app.poll import Poll
from tray_app.core.diagnosis.alerts import Alerts, Notice, Quiet, Told
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.judge import Judge
from tray_app.core.fit.candidates import Candidate
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.choices import task_models
from tray_app.core.remedies.ranked import remedies, strategies
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.limits import Limits
from tray_app.core.values.remedy import Remedy, Strategy, TaskModels
from tray_app.core.values.snapshot import Snapshot


class Look(Struct, frozen=True, dict=True):
    """One poll and what follows from it."""

    snapshot: Snapshot
    facts: Facts
    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]
    alerts: Alerts
    notices: tuple[Notice, ...]
    candidates: tuple[Candidate, ...]

    @cached_property
    def task_models(self) -> TaskModels:
        """Only a menu asks for these."""
        return task_models(Case(self.facts, self.diagnosis), self.candidates)

    @cached_property
    def strategies(self) -> tuple[Strategy, ...]:
        """The three answers to the problem, with the one that suits this machine."""
        return strategies(self.facts, self.diagnosis, self.candidates)


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
        self._judge = Judge()

    def remember_told(self, told: Mapping[str, float]) -> None:
        """Notices of an earlier run still count for their cool-down."""
        told_before = tuple(Told(cause, at) for cause, at in told.items())
        self._judge.alerts = replace(self._judge.alerts, told=told_before)

    def told(self) -> dict[str, float]:
        return {one.cause: one.at for one in self._judge.alerts.told}

    def look(self, quiet: Quiet | None = None) -> Look:
        """One poll, judged against the polls before it; `quiet`: what the user does not want to hear."""
        made = self._judge.judge(self.poll.take(), self._limits(), quiet)
        candidates = self._candidates()
        offered = remedies(made.facts, made.diagnosis, candidates)
        return Look(made.snapshot, made.facts, made.diagnosis, offered, made.alerts, made.notices, candidates)

    def look_twice(self, sleep: Callable[[float], object] = time.sleep) -> Look:
        """Two polls, so that rates are known. Whatever was asked a second ago is not asked again."""
        self.look()
        sleep(rhythm.SECOND_SAMPLE_S)
        return self.look()
