"""Task calls crowd a big local model: the case this app exists for."""

from tray_app.core.diagnosis.big_model import Weighed, big_models, spilled_bytes
from tray_app.core.diagnosis.cause import CauseKind, cause_of, is_pressed, pressure_of
from tray_app.core.diagnosis.recent import History
from tray_app.core.diagnosis.traffic import Traffic, chat_waits, is_settling, traffic_of
from tray_app.core.tasks.target import lands_on
from tray_app.core.values.finding import Evidence, Finding, Kind, Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Unknown
from tray_app.core.values.snapshot import Snapshot


def check(snapshot: Snapshot, history: History, limits: Limits) -> tuple[Finding, ...] | Unknown:
    """A big model, tasks on it, requests that pile up, and something that hurts: all four, or nothing."""
    if not isinstance(snapshot.requests, Known):
        return snapshot.requests
    if isinstance(snapshot.requests.value.running, Unknown):
        return snapshot.requests.value.running
    big = big_models(snapshot, limits)
    if isinstance(big, Unknown):
        return big
    settling = is_settling(snapshot, history, limits)
    if settling is not None:
        return settling
    found = (_storm(one, snapshot, history, limits) for one in big)
    return tuple(finding for finding in found if finding is not None)


def _storm(big: Weighed, snapshot: Snapshot, history: History, limits: Limits) -> Finding | None:
    model = big.model
    traffic = traffic_of(model.name, snapshot)
    if isinstance(traffic, Unknown) or not traffic.piles_up(limits):
        return None
    tasks = lands_on(model.name, snapshot)
    by_settings = not isinstance(tasks, Unknown) and bool(tasks)
    if not by_settings and not traffic.tasks:
        return None
    spilled = spilled_bytes(model, snapshot)
    cause = cause_of(snapshot)
    # An unseen cause may be another program: then only a model that fills half of the memory is blamed (cause_of).
    pressed = is_pressed(snapshot) and cause.kind is CauseKind.MODEL
    waits = chat_waits(model.name, traffic, snapshot, history)
    if not (pressed or spilled or waits):
        return None
    evidence = [
        *_requests(traffic),
        Evidence("model_bytes", model.size_bytes, "bytes"),
        Evidence("budget_share", round(big.share * 100, 1), "percent"),
        Evidence("pressure", pressure_of(snapshot).value),
        Evidence("tasks", ",".join(() if isinstance(tasks, Unknown) else tasks)),
        Evidence("tasks_by", "settings" if by_settings else "requests"),
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
