"""Remedies that give the tasks a model of another server, and why there is none to give."""

from tray_app.core.remedies.case import Case, once
from tray_app.core.remedies.models import OFFERED, can_do_tasks, for_all, is_small_for, slot_changes
from tray_app.core.remedies.strategy import StrategyReason
from tray_app.core.remedies.switches import calls, planned, running_tasks, task_calls_per_minute
from tray_app.core.tasks.hosted.offers import for_tasks, offer
from tray_app.core.tasks.same_ollama import is_on_this_machine
from tray_app.core.values.fit import Basis, Fit, Verdict
from tray_app.core.values.plan import Plan
from tray_app.core.values.remedy import Effect, HostedModel, Reason
from tray_app.core.values.snapshot import WebUIModel


def hosted_remedies(here: Case) -> list[HostedModel]:
    """Models that Open WebUI already lists from an outside connection. Chat text goes to that host, so it asks."""
    if here.facts.settings is None or not running_tasks(here):
        return []
    chosen = here.facts.settings.model(here.facts.slot)
    found = [one for one in _for_tasks(here) if for_all(one, here) and one.id != chosen]
    return [_use(one, here) for one in found[:OFFERED]]


def why_none(here: Case) -> tuple[StrategyReason, str]:
    """Where tasks are on and no hosted model is offered for them: the reason, and the model that it is about if any."""
    if here.facts.listed is None:
        return StrategyReason.MODELS_UNKNOWN, ""
    if not _outside(here):
        return StrategyReason.NONE_LISTED, ""
    able, settings = _for_tasks(here), here.facts.settings
    used = next((one for one in able if settings is not None and one.id == settings.model(here.facts.slot)), None)
    if used is not None:
        return StrategyReason.IN_USE, used.id
    return (StrategyReason.HOSTED_NOT_FOR_ALL if able else StrategyReason.HOSTED_NOT_FOR_TASKS), ""


@once
def _outside(here: Case) -> tuple[WebUIModel, ...]:
    """Models that answer, and not at the Ollama that is watched."""
    return tuple(
        one
        for one in here.facts.listed or ()
        if can_do_tasks(one) and one.host and not one.ollama_name and (one.served.elsewhere or not one.is_local)
    )


@once
def _for_tasks(here: Case) -> tuple[WebUIModel, ...]:
    """Those that write text, the best first, as of an endpoint's own list; on a server of one's own only small ones: a
    big one is no quick helper there either."""
    able = {
        one.id: one
        for one in _outside(here)
        if not one.served.elsewhere or (one.size_bytes is not None and is_small_for(one.size_bytes, here))
    }
    ranked = for_tasks(offer(one.id, one.name, one.served.price) for one in able.values())
    return tuple(able[one.id] for one in ranked)


def _use(entry: WebUIModel, here: Case) -> HostedModel:
    host, server = entry.host or "", here.facts.open_webui
    near = server is not None and is_on_this_machine(host, server.url)
    later, first = calls(running_tasks(here))
    made = HostedModel(
        model=entry.id,
        host=host,
        plan=Plan(tuple(slot_changes(entry.id, here))),
        reason=Reason.HOSTED_HERE if near else Reason.HOSTED,
        effect=Effect(later, task_calls_per_minute(here), None if near else 0, first),
        fit=Fit(Verdict.UNKNOWN if near else Verdict.NOT_LOCAL, basis=Basis.HOSTED),
    )
    return planned(here, made)
