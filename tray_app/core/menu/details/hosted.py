"""The form that adds a hosted task model, step by step: where it is, which model, what would change, what was done."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.menu.details.document import Offered, PageButton
from tray_app.core.menu.details.fixes import plan_sentences
from tray_app.core.menu.screen import ScreenState
from tray_app.core.tasks.cost import of_tokens, price_range
from tray_app.core.tasks.hosted.offers import HostedOffer, for_tasks
from tray_app.core.text import details as page_view
from tray_app.core.text import errors as error_view
from tray_app.core.text import hosted as view
from tray_app.core.text.change import not_in_effect, not_proven, proven
from tray_app.core.text.lines import clean
from tray_app.core.text.plan import change_sentence
from tray_app.core.text.text import Translator
from tray_app.core.values.command import Undo
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.hosted import HostedError
from tray_app.core.values.job import JobKind
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting

MOST_OFFERS = 40
"""Models at once: an endpoint may list thousands."""


class HostedStep(StrEnum):
    PLACE = "place"
    MODEL = "model"
    PLAN = "plan"
    DONE = "done"


class HostedField(StrEnum):
    """Where an error is told."""

    ADDRESS = "address"
    KEY = "key"
    MODEL = "model"
    PLAN = "plan"


class WrittenTitle(Struct, frozen=True):
    """By the endpoint, before anything was written. `tokens`: None where it does not count them."""

    text: str
    seconds: float
    tokens: tuple[int, int] | None = None


class ProvenModel(Struct, frozen=True):
    """One real task call afterwards. `chat`, `wanted`, `answered`: models."""

    chat: str
    wanted: str
    answered: str
    seconds: float
    good: bool


class HostedFormState(Struct, frozen=True):
    """How far somebody got. The key is no part of it. `address`: as it was typed. `out`: chat text leaves the network.

    `tasks`: those that would go there. `written`, `changes`, `change_id`, `proof`: of what was done.
    """

    step: HostedStep = HostedStep.PLACE
    address: str = ""
    host: str = ""
    out: bool = True
    offers: tuple[HostedOffer, ...] = ()
    model: HostedOffer | None = None
    plan: Plan = Plan()
    woken: tuple[str, ...] = ()
    tasks: tuple[Setting, ...] = ()
    error: ElbowroomError | None = None
    at: HostedField = HostedField.ADDRESS
    no_key: bool = False
    """What was typed as a key is none."""
    written: WrittenTitle | None = None
    changes: tuple[Change, ...] = ()
    change_id: str = ""
    proof: ProvenModel | None = None
    proof_missing: bool = False
    """It could not be asked which model does the tasks now."""


class OfferView(Struct, frozen=True):
    id: str
    text: str
    price: str
    mark: str


class OffersView(Struct, frozen=True):
    """Of those that were searched for. `more`: how many are not shown, in words."""

    models: tuple[OfferView, ...]
    more: str


class HostedView(Struct, frozen=True):
    """`told`: why there is no form. `working`: a step of it is being carried out; `busy`: something else is."""

    step: HostedStep
    intro: str
    told: str
    address: str = ""
    error: str = ""
    at: HostedField = HostedField.ADDRESS
    offers: OffersView = OffersView((), "")
    chosen: str = ""
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    undo: PageButton | None = None
    working: bool = False
    busy: bool = False


def hosted_view(state: HostedFormState, screen: ScreenState, offered: Offered, tr: Translator) -> HostedView | None:
    """None where there is no Open WebUI, and in the demo, which has no endpoint to offer."""
    server = screen.overview.open_webui if screen.overview is not None else None
    if server is None or screen.played:
        return None
    intro = view.what_it_is(tr)
    if server.access is not Access.ADMIN:
        return HostedView(state.step, intro, view.needs_admin(tr))
    model, done = state.model, state.step is HostedStep.DONE
    return HostedView(
        step=state.step,
        intro=intro,
        told="",
        address=state.address,
        error=_error(state, tr),
        at=state.at,
        offers=offers_view(state.offers, "", tr) if state.step is HostedStep.MODEL else OffersView((), ""),
        chosen=model.id if model is not None else "",
        plan=plan_sentences(state.plan, tr) if state.step is HostedStep.PLAN else (),
        notes=_notes(state, tr),
        done=_done(state, tr) if done else (),
        undo=_undo(state, screen, offered, tr) if done else None,
        working=screen.job is not None and screen.job.kind is JobKind.HOSTED,
        busy=screen.busy,
    )


def offers_view(offers: tuple[HostedOffer, ...], wanted: str, tr: Translator) -> OffersView:
    """The best for small tasks first, of those with all of the wanted words."""
    found = for_tasks(offers, wanted)
    shown = tuple(
        OfferView(one.id, clean(one.id, 100), view.prices(one, tr), view.marks(one, tr)) for one in found[:MOST_OFFERS]
    )
    if not found:
        return OffersView((), view.none_found(tr))
    left = len(found) - len(shown)
    return OffersView(shown, view.more_models(left, tr) if left > 0 else "")


def _error(state: HostedFormState, tr: Translator) -> str:
    if state.no_key:
        return view.no_key(tr)
    if state.error is None:
        return ""
    if isinstance(state.error, HostedError):
        return view.said_in_form(state.error, tr)
    return error_view.told(state.error, tr)


def _notes(state: HostedFormState, tr: Translator) -> tuple[str, ...]:
    if state.step is HostedStep.MODEL:
        return (view.lists(state.host, len(for_tasks(state.offers)), tr),)
    if state.step is not HostedStep.PLAN or state.model is None:
        return ()
    woken = (view.woken(state.woken, tr),) if state.woken else ()
    leaves = view.leaves(state.host, state.tasks, tr, out=state.out)
    return (*woken, leaves, view.cost(price_range(state.model.price, state.tasks), tr))


def _done(state: HostedFormState, tr: Translator) -> tuple[str, ...]:
    told = []
    if state.written is not None:
        one, price = state.written, state.model.price if state.model is not None else None
        usd = of_tokens(price, *one.tokens) if price is not None and one.tokens is not None else None
        told.append(view.tried_text(one.text, one.seconds, one.tokens, usd, tr))
    told += [change_sentence(change, tr) for change in state.changes]
    if state.proof_missing:
        told.append(not_proven(tr))
    elif state.proof is not None:
        one_call = state.proof
        if one_call.good:
            line = proven(one_call.chat, one_call.answered, one_call.seconds, tr)
            told.append("".join(span.text for span in line))
        else:
            told.append(not_in_effect(one_call.chat, one_call.wanted, one_call.answered, tr))
    return tuple(told)


def _undo(state: HostedFormState, screen: ScreenState, offered: Offered, tr: Translator) -> PageButton | None:
    """As the menu offers it: the choice goes before the connection."""
    entry = next((one for one in screen.undoable if one.id == state.change_id), None)
    if entry is None:
        return None
    return PageButton(page_view.undo_word(tr), offered.act(Undo(entry.id, entry.changes)), busy=screen.busy)
