"""What the relay of chat first goes by on this machine: the user's limits, and which models evict each other."""

from msgspec.structs import replace

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.lanes.known import rules_for, wished_models
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.fit import Verdict
from tray_app.core.values.limits import ChatFirst, ModelPerTask
from tray_app.core.values.names import same_model
from tray_app.core.values.relay import NotTaken, WishNotTaken


def relay_rules(facts: Facts, settings: ChatFirst, models: ModelPerTask) -> LanesRules:
    """Asked in each poll: only models that do tasks are judged, and only beside a chat model that is loaded."""
    rules = rules_for(settings, models, facts.ollama, _evicting(facts, models))
    refused = {one.task for one in not_taken(facts, models)}
    return replace(rules, task_models=tuple(one for one in rules.task_models if one[0] not in refused))


def not_taken(facts: Facts, models: ModelPerTask) -> tuple[WishNotTaken, ...]:
    """The user's models that do not do their task, each with the reason; what cannot be judged does it."""
    if facts.ollama is None or not facts.ollama.installed:
        return ()
    evicting = dict(_evicting(facts, models))
    found = []
    for task, model in wished_models(models).items():
        here = facts.installed_as(model)
        if here is None:
            found.append(WishNotTaken(task, model, NotTaken.MISSING))
        elif here.name in evicting:
            found.append(WishNotTaken(task, model, NotTaken.EVICTS, evicting[here.name]))
    return tuple(found)


def _evicting(facts: Facts, models: ModelPerTask) -> tuple[tuple[str, str], ...]:
    chat = facts.chat_model
    if chat is None:
        return ()
    chosen = facts.settings.model(facts.slot) if facts.settings is not None else ""
    names = dict.fromkeys((*wished_models(models).values(), *filter(None, (chosen,))))
    here = [one for name in names if not same_model(name, chat.name) and (one := facts.installed_as(name)) is not None]
    return tuple((one.name, chat.name) for one in here if facts.beside(one).verdict is Verdict.EVICTS)
