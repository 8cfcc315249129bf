"""What the relay of chat first goes by on this machine: the user's limits, and which models evict each other."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.fit.verdict import beside
from tray_app.core.lanes.known import rules_for, wished_models
from tray_app.core.lanes.rules import LanesRules
from tray_app.core.values.fit import Verdict
from tray_app.core.values.limits import ChatFirst, ModelPerTask
from tray_app.core.values.names import same_model


def relay_rules(facts: Facts, settings: ChatFirst, models: ModelPerTask) -> LanesRules:
    """Asked in each poll: only models that do tasks are judged, and only beside a chat model that is loaded."""
    return rules_for(settings, models, facts.ollama, _evicting(facts, models))


def _evicting(facts: Facts, models: ModelPerTask) -> tuple[tuple[str, str], ...]:
    chat = facts.chat_model
    if chat is None:
        return ()
    chosen = facts.settings.model(facts.slot) if facts.settings is not None else ""
    names = dict.fromkeys((*wished_models(models).values(), *filter(None, (chosen,))))
    here = [one for name in names if not same_model(name, chat.name) and (one := facts.installed_as(name)) is not None]
    return tuple(
        (one.name, chat.name) for one in here if beside(one, facts.place, facts.limits).verdict is Verdict.EVICTS
    )
