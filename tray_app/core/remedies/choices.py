"""Which models can be chosen for tasks, in which slot, and whether each fits beside the chat model."""

from collections.abc import Iterable

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.models import COMFORTABLE_BYTES, OFFERED, WORTH_SHARE, can_do_tasks, models_to_get
from tray_app.core.report.trial import Entrant
from tray_app.core.tasks.assignments import nearest
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.names import same_model
from tray_app.core.values.remedy import TaskModelChoice, TaskModels
from tray_app.core.values.snapshot import Capability, WebUIModel

_ORDER = (Verdict.FITS, Verdict.NOT_LOCAL, Verdict.TIGHT, Verdict.UNKNOWN, Verdict.SPILLS, Verdict.EVICTS)
NOT_LOCAL = Fit(Verdict.NOT_LOCAL)
UNKNOWN = Fit(Verdict.UNKNOWN)


def choice(model: WebUIModel, facts: Facts) -> TaskModelChoice:
    here = facts.installed_as(model.ollama_name) if model.ollama_name else None
    if here is not None and here.remote_host:
        return TaskModelChoice(model.id, NOT_LOCAL, here.remote_host)
    if here is not None and facts.serves_open_webui is not False:
        return TaskModelChoice(model.id, facts.beside(here))
    if model.host and (model.served.elsewhere or not model.is_ollamas):
        return TaskModelChoice(model.id, NOT_LOCAL, model.host)
    return TaskModelChoice(model.id, UNKNOWN)


def _is_the_chat_model(model: WebUIModel, facts: Facts) -> bool:
    here = facts.installed_as(model.ollama_name) if model.ollama_name else None
    served_here = here is not None and facts.serves_open_webui is not False
    chat = facts.chat_model
    return served_here and chat is not None and here is not None and same_model(here.name, chat.name)


def choices(facts: Facts) -> tuple[TaskModelChoice, ...]:
    """Best first: those that fit, hosted ones, then those that hurt. The one in use is always among them.

    The chat model is none of them: that choice is `same as chat`.
    """
    if facts.settings is None:
        return ()
    listed = facts.listed or ()
    found = [choice(model, facts) for model in listed if can_do_tasks(model) and not _is_the_chat_model(model, facts)]
    found.sort(key=lambda item: (_ORDER.index(item.fit.verdict), item.fit.need_bytes or 0, item.id))
    used = facts.settings.model(facts.slot)
    if used and all(item.id != used for item in found):
        usable = facts.listed is None or any(model.id == used and model.active for model in listed)
        found.insert(0, TaskModelChoice(used, UNKNOWN, usable=usable))
    return tuple(found)


def task_models(here: Case) -> TaskModels:
    """What the menu offers, worked out once per poll."""
    return TaskModels(here.facts.slot, choices(here.facts), tuple(models_to_get(here)))


# --- to be tried side by side ----------------------------------------------------------------


def entrant(model: WebUIModel, facts: Facts) -> Entrant:
    """One of Open WebUI's models, as it would be tried."""
    made = choice(model, facts)
    return Entrant(model.id, made.fit, model.ollama_name, made.host, model.served.price)


def entrants(
    facts: Facts, listed: tuple[WebUIModel, ...], chat: WebUIModel, names: Iterable[str] | None
) -> tuple[Entrant, ...]:
    """The named ones, by Open WebUI's id or by Ollama's name, empty for the chat model itself; else some that are
    installed, small, everybody's and not known to crowd the chat model, best first. UsageError for one not `listed`."""
    if names is not None:
        return tuple(_named(name, listed, facts) for name in names)

    def rank(model: WebUIModel, made: Entrant) -> tuple[int, bool, bool, int]:
        low, high = COMFORTABLE_BYTES
        size, thinks = model.size_bytes or 0, Capability.THINKING in (model.capabilities or ())
        return _ORDER.index(made.fit.verdict), thinks, not low <= size <= high, size

    small = [(model, entrant(model, facts)) for model in listed if _is_small(model, chat, facts)]
    kept = [(model, made) for model, made in small if made.is_here and not made.fit.verdict.is_bad]
    return tuple(made for _, made in sorted(kept, key=lambda pair: rank(*pair))[:OFFERED])


def _is_small(model: WebUIModel, chat: WebUIModel, facts: Facts) -> bool:
    """An installed model, clearly smaller than the chat model, that everybody may use."""
    private = model.public is False and facts.other_users != 0
    if not can_do_tasks(model) or model.ollama_name is None or private:
        return False
    return bool(model.size_bytes and chat.size_bytes) and (model.size_bytes or 0) < WORTH_SHARE * (chat.size_bytes or 0)


def _named(name: str, listed: tuple[WebUIModel, ...], facts: Facts) -> Entrant:
    if not name:
        return Entrant("", Fit(Verdict.FITS))
    found = [one for one in listed if one.id == name]
    if not found:
        found = [one for one in listed if one.ollama_name and not one.preset and same_model(one.ollama_name, name)]
    if not found:
        ids = tuple(one.id for one in listed if can_do_tasks(one))
        raise UsageError(Slip.TASK_MODEL, name, nearest(name, ids), ids, "speed")
    return entrant(found[0], facts)
