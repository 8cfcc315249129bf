"""Remedies that give the tasks another model: a small one beside the chat model, or a hosted one."""

import re

from msgspec import Struct

from tray_app.core.fit.candidates import Candidate
from tray_app.core.fit.verdict import beside
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.switches import calls, planned, running_tasks, task_calls_per_minute, thinking_change
from tray_app.core.values.finding import ModelThrash, TaskModelDoesNotFit
from tray_app.core.values.fit import Basis, Fit, Verdict
from tray_app.core.values.names import same_model
from tray_app.core.values.plan import Action, ActionKind, Change, Plan
from tray_app.core.values.remedy import Effect, HostedModel, Reason, SameAsChat, UseModel
from tray_app.core.values.snapshot import Capability, InstalledModel, WebUIModel

OFFERED = 3
"""Models of one sort that are offered at once."""
COMFORTABLE_BYTES = (600_000_000, 4_000_000_000)
"""Below, titles get poor; above, a task model is not small any more."""
WORTH_SHARE = 0.5
"""A task model relieves the chat model only when it is clearly smaller."""
_REASONS = {Verdict.FITS: Reason.FITS_BESIDE, Verdict.TIGHT: Reason.BARELY_FITS}
_ORDER = (Verdict.FITS, Verdict.TIGHT, Verdict.UNKNOWN)
_NOT_FOR_TEXT = re.compile(r"embed|whisper|tts|image|dall|moderation|rerank|audio|speech|vision-only", re.IGNORECASE)
_SMALL_HOSTED = re.compile(r"mini|small|flash|haiku|lite|nano|instant|-[1-9]b|:[1-9]b", re.IGNORECASE)


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


def model_remedies(here: Case, candidates: tuple[Candidate, ...]) -> list[UseModel]:
    """Small models, best first; none that evicts the chat model or spills."""
    if here.facts.settings is None or here.facts.chat_model is None or not running_tasks(here):
        return []
    return [*(_use(offer, here) for offer in installed_offers(here)[:OFFERED]), *models_to_get(here, candidates)]


def models_to_get(here: Case, candidates: tuple[Candidate, ...]) -> list[UseModel]:
    """Small models to download and use for tasks; worth showing also while nothing is wrong."""
    if here.facts.settings is None or here.facts.chat_model is None or not running_tasks(here):
        return []
    pulls = pull_offers(here, candidates)
    fitting = [offer for offer in pulls if offer.fit.verdict is Verdict.FITS]
    return [_use(offer, here) for offer in fitting[:OFFERED] or pulls[:1]]


def kept_private(here: Case, candidates: tuple[Candidate, ...]) -> tuple[Offer | None, Offer | None]:
    """What fits and is not offered only because not everybody may use it: the best installed one, the best to get."""
    theirs = [one for one in installed_offers(here, public=False) if one.fit.verdict is Verdict.FITS]
    new = [one for one in _missing(here, candidates) if one.fit.verdict is Verdict.FITS] if here.other_users else []
    return next(iter(theirs), None), next(iter(new), None)


def judged(here: Case, candidates: tuple[Candidate, ...]) -> list[Fit]:
    """The verdict on every small model that was thought of, whatever it is."""
    thought_of = [*_present(here, public=True), *_present(here, public=False), *_absent(here, candidates)]
    return [one.fit for one in thought_of]


def installed_offers(here: Case, *, public: bool = True) -> list[Offer]:
    """Installed models that Open WebUI lists and that can do the tasks: those that all users may use, or the others."""
    return _ranked(_present(here, public=public), here)


def _present(here: Case, *, public: bool) -> list[Offer]:
    if here.facts.open_webui is None or here.facts.ollama is None:
        return []
    installed = {model.name: model for model in here.facts.ollama.installed}
    made = []
    for entry in here.facts.listed or ():
        model = installed.get(entry.ollama_name or "")
        if model is not None and _for_all(entry, here) is public and _can_serve(entry, model, here):
            fit = beside(model, here.facts.place, here.facts.limits)
            reasoning = Capability.THINKING in (model.capabilities or ())
            made.append(Offer(entry.id, model.name, model.size_bytes, fit, reasoning))
    return made


def _for_all(entry: WebUIModel, here: Case) -> bool:
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
    return bool(_slot_changes(entry.id, here)) and model.size_bytes < WORTH_SHARE * here.facts.chat_model.size_bytes


def pull_offers(here: Case, candidates: tuple[Candidate, ...]) -> list[Offer]:
    """Models of the table that are not installed. A new model is private: no help where others use this server too."""
    return [] if here.other_users else _missing(here, candidates)


def _missing(here: Case, candidates: tuple[Candidate, ...]) -> list[Offer]:
    return _ranked(_absent(here, candidates), here)


def _absent(here: Case, candidates: tuple[Candidate, ...]) -> list[Offer]:
    if here.facts.open_webui is None or here.facts.ollama is None or here.facts.chat_model is None:
        return []
    prefix = _prefix(here)
    if prefix is None:
        return []
    made = []
    for one in candidates:
        there = any(same_model(model.name, one.name) for model in here.facts.ollama.installed)
        if there or one.download_bytes >= WORTH_SHARE * here.facts.chat_model.size_bytes:
            continue
        fit = beside(one.shape, here.facts.place, here.facts.limits)
        if fit.verdict is not Verdict.UNKNOWN:
            made.append(Offer(prefix + one.name, one.name, one.download_bytes, fit, one.reasoning, one.download_bytes))
    return made


def _prefix(here: Case) -> str | None:
    """What Open WebUI puts before this Ollama's names; None where it would list a new model by none at all."""
    ours = next((one for one in here.facts.overview.connections or () if one.watched), None)
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
    params = here.facts.settings.task_model_params if here.facts.settings is not None else None
    allowed = [offer for offer in offers if offer.fit.verdict in _ORDER and (params is not None or not offer.reasoning)]
    low, high = COMFORTABLE_BYTES

    def rank(offer: Offer) -> tuple[int, bool, bool, int, str]:
        comfortable = low <= offer.size_bytes <= high
        return _ORDER.index(offer.fit.verdict), offer.reasoning, not comfortable, offer.size_bytes, offer.id

    return sorted(allowed, key=rank)


def _use(offer: Offer, here: Case) -> UseModel:
    settings = here.facts.settings
    if settings is None:
        raise ValueError("a plan needs the settings")
    changes = _slot_changes(offer.id, here)
    if offer.reasoning and (change := thinking_change(settings.task_model_params or "{}")) is not None:
        changes.append(change)
    pulled = None if offer.pull_bytes is None else Action(ActionKind.PULL, offer.name, offer.pull_bytes)
    later, first = calls(running_tasks(here))
    need = offer.fit.need_bytes
    effect = Effect(later, task_calls_per_minute(here), None if need is None else -need, first)
    made = UseModel(
        model=offer.id,
        plan=Plan(tuple(changes), () if pulled is None else (pulled,)),
        reason=_REASONS.get(offer.fit.verdict, Reason.FIT_UNKNOWN),
        effect=effect,
        fit=offer.fit,
        asks=offer.fit.verdict is Verdict.UNKNOWN or (offer.pull_bytes is not None and here.other_users is None),
    )
    return planned(here, made)


def _slot_changes(model: str, here: Case) -> list[Change]:
    """The chat model's slot, and the one of presets on it where that is empty: there somebody else's choice stays."""
    own, settings = here.facts.slot, here.facts.settings
    if settings is None:
        return []
    before = {slot: settings.model(slot) for slot in here.facts.slots}
    return [Change(slot, old, model) for slot, old in before.items() if old != model and (slot is own or not old)]


def same_as_chat(here: Case) -> SameAsChat | None:
    """The task model back to none, where the chosen one and the chat model take each other's place."""
    settings, thrash, misfit = here.facts.settings, here.found(ModelThrash), here.found(TaskModelDoesNotFit)
    hurts = (thrash is not None and thrash.task_model is not None) or misfit is not None
    if settings is None or not hurts:
        return None
    chat = thrash.model if thrash is not None else misfit.chat_model if misfit is not None else ""
    target = here.facts.target(chat)
    slot = target.slot if target is not None and target.chosen else here.facts.slot
    if not settings.model(slot):
        return None
    plan = Plan((Change(slot, settings.model(slot), ""),))
    return planned(here, SameAsChat(model=settings.model(slot), plan=plan, reason=Reason.TAKES_ITS_PLACE))


def hosted_remedies(here: Case) -> list[HostedModel]:
    """Models that Open WebUI already lists from an outside connection. Chat text goes to that host, so it asks."""
    if here.facts.open_webui is None or here.facts.settings is None or not running_tasks(here):
        return []
    chosen = here.facts.settings.model(here.facts.slot)
    found = [one for one in here.facts.listed or () if _is_hosted(one, here) and one.id != chosen]
    found.sort(key=lambda one: (_SMALL_HOSTED.search(one.id) is None, one.id))
    later, first = calls(running_tasks(here))
    effect = Effect(later, task_calls_per_minute(here), 0, first)
    return [
        planned(
            here,
            HostedModel(
                model=one.id,
                host=one.host or "",
                plan=Plan(tuple(_slot_changes(one.id, here))),
                reason=Reason.HOSTED,
                effect=effect,
                fit=Fit(Verdict.NOT_LOCAL, basis=Basis.HOSTED),
            ),
        )
        for one in found[:OFFERED]
    ]


def hosted_at_all(here: Case) -> bool | None:
    """Does Open WebUI list a model of an outside connection, whoever may use it? None where its list is not known."""
    if here.facts.listed is None:
        return None
    return any(one.host and not one.ollama_name and can_do_tasks(one) for one in here.facts.listed)


def _is_hosted(entry: WebUIModel, here: Case) -> bool:
    if not can_do_tasks(entry) or entry.ollama_name or not entry.host or _NOT_FOR_TEXT.search(entry.id):
        return False
    if entry.served.elsewhere and not _is_small(entry, here):
        return False
    outside = entry.served.elsewhere or not entry.is_local
    return outside and not (entry.public is False and here.other_users is not False)


def _is_small(entry: WebUIModel, here: Case) -> bool:
    """Small enough for a server of one's own, where a big one is no quick helper either."""
    chat = here.facts.chat_model
    return chat is not None and entry.size_bytes is not None and entry.size_bytes < WORTH_SHARE * chat.size_bytes
