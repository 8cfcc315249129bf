"""Remedies that give the tasks a small model of their own, or take one away from them."""

from msgspec import Struct

from tray_app.core.remedies.case import Case, once
from tray_app.core.remedies.switches import calls, planned, running_tasks, task_calls_per_minute, thinking_change
from tray_app.core.tasks.target import Where
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.finding import ModelThrash, TaskModelDoesNotFit
from tray_app.core.values.fit import Basis, Fit, Verdict
from tray_app.core.values.names import full_name, same_model
from tray_app.core.values.plan import Action, ActionKind, Change, Plan
from tray_app.core.values.remedy import Effect, Reason, SameAsChat, UseModel
from tray_app.core.values.snapshot import Capability, InstalledModel, WebUIModel

OFFERED = 3
"""Models of one sort that are offered at once."""
COMFORTABLE_BYTES = (600_000_000, 4_000_000_000)
"""Below, titles get poor; above, a task model is not small any more."""
WORTH_SHARE = 0.5
"""A task model relieves the chat model only when it is clearly smaller."""
_REASONS = {
    Verdict.FITS: Reason.FITS_BESIDE,
    Verdict.TIGHT: Reason.BARELY_FITS,
    Verdict.UNKNOWN: Reason.FIT_UNKNOWN,
}
"""Of what is offered, best first."""


class Offer(Struct, frozen=True):
    """A model that could do the tasks, with its verdict. `pull_bytes`: it must be downloaded first."""

    id: str
    name: str
    size_bytes: int
    fit: Fit
    reasoning: bool
    pull_bytes: int | None = None


def can_do_tasks(model: WebUIModel) -> bool:
    """Base models that answer in text; Open WebUI's makers advise against presets, and pipes run code of their own."""
    if model.pipe or model.arena or model.preset or not model.active:
        return False
    return not (
        model.capabilities
        and Capability.EMBEDDING in model.capabilities
        and Capability.COMPLETION not in model.capabilities
    )


def model_remedies(here: Case) -> list[UseModel]:
    """Small models, best first; none that evicts the chat model or spills."""
    if here.facts.settings is None or here.facts.chat_model is None or not running_tasks(here):
        return []
    return [*(_use(offer, here) for offer in installed_offers(here)[:OFFERED]), *models_to_get(here)]


def models_to_get(here: Case) -> list[UseModel]:
    """Small models to download and use for tasks; worth showing also while nothing is wrong."""
    if here.facts.settings is None or here.facts.chat_model is None or not running_tasks(here):
        return []
    pulls = pull_offers(here)
    fitting = [offer for offer in pulls if offer.fit.verdict is Verdict.FITS]
    return [_use(offer, here) for offer in fitting[:OFFERED] or pulls[:1]]


def kept_private(here: Case) -> tuple[Offer | None, Offer | None]:
    """What fits and is not offered only because not everybody may use it: the best installed one, the best to get."""
    theirs = [one for one in installed_offers(here, public=False) if one.fit.verdict is Verdict.FITS]
    new = [one for one in _missing(here) if one.fit.verdict is Verdict.FITS] if here.other_users else []
    return next(iter(theirs), None), next(iter(new), None)


def thought_of(here: Case) -> list[Offer]:
    """Every small model that could do the tasks, whatever the verdict on it and whoever may use it."""
    present = sorted(_present(here), key=lambda pair: not pair[1])
    return [*(one for one, _ in present), *_absent(here)]


def is_small_for(size_bytes: int, here: Case) -> bool:
    """Clearly smaller than the chat model."""
    chat = here.facts.chat_model
    return chat is not None and size_bytes < WORTH_SHARE * chat.size_bytes


def in_use(here: Case) -> str:
    """The small model of this Ollama that does the tasks already; empty where none does."""
    target = here.facts.target(here.facts.chat_model.name) if here.facts.chat_model is not None else None
    if target is None or target.where is not Where.OTHER or target.unusable is not None:
        return ""
    model = here.facts.installed_as(target.model)
    return target.chosen if model is not None and is_small_for(model.size_bytes, here) else ""


def installed_offers(here: Case, *, public: bool = True) -> list[Offer]:
    """Installed models that Open WebUI lists and that can do the tasks: those that all users may use, or the others."""
    return _ranked([one for one, everybodys in _present(here) if everybodys is public], here)


@once
def _present(here: Case) -> tuple[tuple[Offer, bool], ...]:
    """Each with whether everybody may use it."""
    if here.facts.open_webui is None or here.facts.ollama is None:
        return ()
    installed = {model.name: model for model in here.facts.ollama.installed}
    made = []
    for entry in here.facts.listed or ():
        model = installed.get(entry.ollama_name or "")
        if model is not None and _can_serve(entry, model, here):
            fit = here.facts.beside(model)
            reasoning = Capability.THINKING in (model.capabilities or ())
            made.append((Offer(entry.id, model.name, model.size_bytes, fit, reasoning), for_all(entry, here)))
    return tuple(made)


def for_all(entry: WebUIModel, here: Case) -> bool:
    """May everybody use it who is there?"""
    return entry.public is not False or here.other_users is False


def _can_serve(entry: WebUIModel, model: InstalledModel, here: Case) -> bool:
    """A base model that answers in text and is smaller than the chat model."""
    if (
        not can_do_tasks(entry)
        or model.remote_host
        or here.facts.chat_model is None
        or same_model(model.name, here.facts.chat_model.name)
    ):
        return False
    if model.capabilities is not None and Capability.COMPLETION not in model.capabilities:
        return False
    if model.shape is not None and not model.shape.caches:
        return False
    return bool(slot_changes(entry.id, here)) and is_small_for(model.size_bytes, here)


def pull_offers(here: Case) -> list[Offer]:
    """Models of the table that are not installed. A new model is private: no help where others use this server too."""
    return [] if here.other_users else _missing(here)


def _missing(here: Case) -> list[Offer]:
    """Nobody downloads a model of which it is not known whether it fits."""
    return _ranked([one for one in _absent(here) if one.fit.verdict is not Verdict.UNKNOWN], here)


@once
def _absent(here: Case) -> tuple[Offer, ...]:
    if here.facts.open_webui is None or here.facts.ollama is None or here.facts.chat_model is None:
        return ()
    prefix = _prefix(here)
    if prefix is None:
        return ()
    made, there = [], {full_name(model.name) for model in here.facts.ollama.installed}
    for one in here.candidates:
        if full_name(one.name) in there or not is_small_for(one.download_bytes, here):
            continue
        fit = here.facts.beside(one.shape)
        made.append(Offer(prefix + one.name, one.name, one.download_bytes, fit, one.reasoning, one.download_bytes))
    return tuple(made)


def _connection(here: Case) -> OllamaConnection | None:
    """Open WebUI's own to this Ollama."""
    return next((one for one in here.facts.overview.connections or () if one.watched), None)


def lists_chosen_only(here: Case) -> bool:
    """Of this Ollama Open WebUI lists the models that an administrator chose, and no new one by itself."""
    ours = _connection(here)
    return ours is not None and ours.limited


def _prefix(here: Case) -> str | None:
    """What Open WebUI puts before this Ollama's names; None where it would list a new model by none at all."""
    ours = _connection(here)
    if ours is not None and (ours.limited or ours.prefix):
        return None if ours.limited else f"{ours.prefix}."
    prefixes = {
        one.id.removesuffix(one.ollama_name)
        for one in here.facts.listed or ()
        if one.ollama_name and one.id.endswith(one.ollama_name) and not (one.preset or one.served.elsewhere)
        if ours is None or not one.served.servers or ours.index in one.served.servers
    }
    return prefixes.pop() if len(prefixes) == 1 else None if prefixes else ""


def _ranked(offers: list[Offer], here: Case) -> list[Offer]:
    """By verdict, then plain before thinking, then a comfortable size, smallest first."""
    allowed = [offer for offer in offers if offer.fit.verdict in _REASONS and not thinks_on(offer, here)]
    low, high = COMFORTABLE_BYTES

    def rank(offer: Offer) -> tuple[int, bool, bool, int, str]:
        comfortable = low <= offer.size_bytes <= high
        return list(_REASONS).index(offer.fit.verdict), offer.reasoning, not comfortable, offer.size_bytes, offer.id

    return sorted(allowed, key=rank)


def thinks_on(offer: Offer, here: Case) -> bool:
    """It thinks before it answers, and this version of Open WebUI cannot tell it not to."""
    settings = here.facts.settings
    return offer.reasoning and (settings is None or settings.task_model_params is None)


def _use(offer: Offer, here: Case) -> UseModel:
    settings = here.facts.settings
    if settings is None:
        raise ValueError("a plan needs the settings")
    changes = slot_changes(offer.id, here)
    if offer.reasoning and (change := thinking_change(settings.task_model_params or "{}")) is not None:
        changes.append(change)
    pulled = None if offer.pull_bytes is None else Action(ActionKind.PULL, offer.name, offer.pull_bytes)
    later, first = calls(running_tasks(here))
    need = offer.fit.need_bytes
    is_short = offer.fit.verdict is Verdict.TIGHT and offer.fit.basis in (Basis.PRESSURE, Basis.LOADED)
    effect = Effect(later, task_calls_per_minute(here), None if need is None else -need, first)
    made = UseModel(
        model=offer.id,
        plan=Plan(tuple(changes), () if pulled is None else (pulled,)),
        reason=Reason.MEMORY_IS_SHORT if is_short else _REASONS[offer.fit.verdict],
        effect=effect,
        fit=offer.fit,
        asks=offer.fit.verdict is Verdict.UNKNOWN or (offer.pull_bytes is not None and here.other_users is None),
    )
    return planned(here, made)


def slot_changes(model: str, here: Case) -> list[Change]:
    """The chat model's slot, and the one of presets on it where that is empty: there somebody else's choice stays."""
    own, settings = here.facts.slot, here.facts.settings
    if settings is None:
        return []
    before = {slot: settings.model(slot) for slot in here.facts.slots}
    return [Change(slot, old, model) for slot, old in before.items() if old != model and (slot is own or not old)]


def same_as_chat(here: Case) -> SameAsChat | None:
    """The task model back to none, where the chosen one and the chat model take each other's place."""
    settings, thrash, misfit = here.facts.settings, here.found(ModelThrash), here.found(TaskModelDoesNotFit)
    swaps = thrash is not None and thrash.task_model is not None
    if settings is None or not (swaps or misfit is not None):
        return None
    chat = thrash.model if thrash is not None else misfit.chat_model if misfit is not None else ""
    target = here.facts.target(chat)
    slot = target.slot if target is not None and target.chosen else here.facts.slot
    if not settings.model(slot):
        return None
    plan = Plan((Change(slot, settings.model(slot), ""),))
    evicts = swaps or (misfit is not None and misfit.verdict is Verdict.EVICTS)
    reason = Reason.TAKES_ITS_PLACE if evicts else Reason.NO_ROOM_FOR_BOTH
    return planned(here, SameAsChat(model=settings.model(slot), plan=plan, reason=reason))
