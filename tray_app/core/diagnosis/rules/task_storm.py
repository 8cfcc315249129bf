"""Task calls crowd a big local model: the case this app exists for."""

from tray_app.core.diagnosis.cause import CauseKind
from tray_app.core.diagnosis.facts import BigModel, Facts
from tray_app.core.diagnosis.traffic import Traffic
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity


def check(facts: Facts) -> tuple[Finding, ...] | None:
    """A big model, tasks on it, requests that pile up, and something that hurts: all four, or nothing."""
    if facts.running is None or facts.big_models is None or facts.is_settling:
        return None
    found = (_storm(one, facts) for one in facts.big_models)
    return tuple(finding for finding in found if finding is not None)


def _storm(big: BigModel, facts: Facts) -> Finding | None:
    model = big.model
    traffic = facts.traffic(model.name)
    if traffic is None or not traffic.piles_up(facts.limits):
        return None
    tasks = facts.lands_on(model.name)
    if not tasks and not traffic.tasks:
        return None
    spilled = facts.spilled_bytes(model)
    # An unseen cause may be another program: then only a model that fills half of the memory is blamed (cause_of).
    pressed = facts.is_pressed and facts.cause.kind is CauseKind.MODEL
    waits = facts.chat_waits(model.name, traffic)
    if not (pressed or spilled or waits):
        return None
    evidence = [
        *_requests(traffic),
        Evidence("model_bytes", model.size_bytes, "bytes"),
        Evidence("budget_share", round(big.share * 100, 1), "percent"),
        Evidence("pressure", facts.pressure.value),
        Evidence("tasks", ",".join(tasks or ())),
        Evidence("tasks_by", "settings" if tasks else "requests"),
        Evidence("chat_waits", "yes" if waits else "no"),
    ]
    if big.budget_bytes is not None:
        evidence.append(Evidence("budget_bytes", big.budget_bytes, "bytes"))
    if spilled:
        evidence.append(Evidence("spilled_bytes", spilled, "bytes"))
    return Finding(Kind.TASK_STORM, model.name, Severity.OVERLOADED, tuple(evidence))


def _requests(traffic: Traffic) -> list[Evidence]:
    found = [Evidence("running", traffic.running, "requests")]
    if traffic.waiting is not None:
        found.append(Evidence("waiting", traffic.waiting, "requests"))
    if traffic.tasks:
        found.append(Evidence("running_tasks", traffic.tasks, "requests"))
    if traffic.longest_wait_s is not None:
        found.append(Evidence("longest_wait_s", round(traffic.longest_wait_s, 1), "s"))
    return found
