"""The settings send tasks to the big model; nothing hurts yet."""

from tray_app.core.diagnosis.big_model import Weighed, big_models
from tray_app.core.diagnosis.recent import History
from tray_app.core.diagnosis.traffic import traffic_of
from tray_app.core.tasks.target import come_unasked, lands_on
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Unknown, value_of
from tray_app.core.values.snapshot import Snapshot


def check(snapshot: Snapshot, _history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    big = big_models(snapshot, limits)
    if isinstance(big, Unknown):
        return big
    found: list[Finding] = []
    for one in big:
        tasks = _tasks(one.model.name, snapshot)
        if isinstance(tasks, Unknown):
            return tasks
        if tasks is not None:
            found.append(_finding(one, tasks))
    return tuple(found)


def _tasks(model: str, snapshot: Snapshot) -> str | Unknown | None:
    """The tasks, comma-separated; empty where only running requests prove that there are some; None: none."""
    landing = lands_on(model, snapshot)
    if isinstance(landing, Unknown):
        traffic = traffic_of(model, snapshot)
        return "" if not isinstance(traffic, Unknown) and traffic.tasks else landing
    server = value_of(snapshot.open_webui)
    settings = value_of(server.tasks) if server is not None else None
    if server is None or settings is None:
        return None
    unasked = tuple(task for task in come_unasked(server, settings) if task in landing)
    return ",".join(unasked) or None


def _finding(big: Weighed, tasks: str) -> Finding:
    evidence = [
        Evidence("model_bytes", big.model.size_bytes, "bytes"),
        Evidence("budget_share", round(big.share * 100, 1), "percent"),
        Evidence("tasks", tasks),
    ]
    if big.budget_bytes is not None:
        evidence.append(Evidence("budget_bytes", big.budget_bytes, "bytes"))
    return Finding(Kind.TASKS_ON_BIG_MODEL, big.model.name, Severity.TIGHT, tuple(evidence))
