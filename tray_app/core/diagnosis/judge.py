"""The judgement of one poll after the other: the same for the running app and for a recorded trace."""

from msgspec import Struct

from tray_app.core.diagnosis.alerts import Alerts, Notice, Quiet, step
from tray_app.core.diagnosis.diagnose import diagnose
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.diagnosis.recent import History
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.limits import Limits
from tray_app.core.values.snapshot import Snapshot


class Judgement(Struct, frozen=True):
    """What follows from one poll and the polls before."""

    snapshot: Snapshot
    facts: Facts
    diagnosis: Diagnosis
    alerts: Alerts
    notices: tuple[Notice, ...]


class Judge:
    """Keeps the polls and alerts so far; owned by one thread."""

    def __init__(self) -> None:
        self.history = History()
        self.alerts = Alerts()

    def judge(self, snapshot: Snapshot, limits: Limits, quiet: Quiet | None = None) -> Judgement:
        """`quiet`: what the user does not want to hear."""
        facts = Facts(snapshot, self.history, limits)
        diagnosis = diagnose(facts)
        self.alerts, notices = step(self.alerts, diagnosis, facts.at, limits, quiet)
        self.history = self.history.add(facts.seen)
        return Judgement(snapshot, facts, diagnosis, self.alerts, notices)
