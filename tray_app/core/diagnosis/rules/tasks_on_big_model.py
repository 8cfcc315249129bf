"""The settings send tasks to the big model; nothing hurts yet."""

from tray_app.core.diagnosis.facts import BigModel, Facts
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.task_settings import Setting


def check(facts: Facts) -> tuple[Finding, ...] | None:
    """Where the settings cannot be read, running requests may prove that there are tasks."""
    if facts.big_models is None:
        return None
    found: list[Finding] = []
    for one in facts.big_models:
        landing = facts.lands_on(one.model.name)
        if landing is None:
            traffic = facts.traffic(one.model.name)
            if traffic is None or not traffic.tasks:
                return None
            found.append(_finding(one, ()))
        elif unasked := tuple(task for task in facts.unasked or () if task in landing):
            found.append(_finding(one, unasked))
    return tuple(found)


def _finding(big: BigModel, tasks: tuple[Setting, ...]) -> Finding:
    evidence = [
        Evidence("model_bytes", big.model.size_bytes, "bytes"),
        Evidence("budget_share", round(big.share * 100, 1), "percent"),
        Evidence("tasks", ",".join(tasks)),
    ]
    if big.budget_bytes is not None:
        evidence.append(Evidence("budget_bytes", big.budget_bytes, "bytes"))
    return Finding(Kind.TASKS_ON_BIG_MODEL, big.model.name, Severity.TIGHT, tuple(evidence))
