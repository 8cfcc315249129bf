"""The fixes of the details page: what each does, why, exactly what changes, and what is asked first."""

from tray_app.core.menu.details.document import Fix, Offered, PageButton, PageQuestion
from tray_app.core.menu.screen import ScreenState
from tray_app.core.menu.state import connect_row
from tray_app.core.text import ollama_settings as ollama_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.plan import change_sentence, plan_lines
from tray_app.core.text.text import Translator
from tray_app.core.values.command import ApplyRemedy
from tray_app.core.values.plan import Plan
from tray_app.core.values.remedy import Consent, Remedy


def fixes(screen: ScreenState, offered: Offered, tr: Translator) -> tuple[Fix | None, tuple[Fix, ...]]:
    """The best that needs no question, as in the menu, and the others."""
    best = next((remedy for remedy in screen.remedies if remedy.needs < Consent.CONFIRMED), None)
    made = {remedy.id: fix_of(remedy, screen, offered, tr) for remedy in screen.remedies}
    first = made.pop(best.id) if best is not None else None
    return first, tuple(made.values())


def plan_sentences(plan: Plan, tr: Translator) -> tuple[str, ...]:
    actions = ("".join(span.text for span in line) for line in plan_lines(Plan(actions=plan.actions), tr))
    return (*actions, *(change_sentence(change, tr) for change in plan.changes))


def fix_of(remedy: Remedy, screen: ScreenState, offered: Offered, tr: Translator) -> Fix:
    """A click, or a question that shows the plan; advice tells its steps."""
    text, why = remedy_view.sentence_with_effect(remedy, tr), remedy_view.reason(remedy, tr)
    if remedy.advice_only:
        return _advice(remedy, screen, offered, tr)
    plan = plan_sentences(remedy.plan, tr)
    if remedy.needs < Consent.CONFIRMED:
        button = PageButton(remedy_view.sentence(remedy, tr), offered.act(ApplyRemedy(remedy)), busy=screen.busy)
        return Fix(remedy.id, text, why, plan, button)
    warning = () if remedy.undoable else (tr.gettext("This cannot be undone"),)
    yes = PageButton(tr.gettext("Do it anyway"), offered.act(ApplyRemedy(remedy, confirmed=True)), busy=screen.busy)
    asked = PageQuestion(text, (*plan, why, *warning), yes)
    button = PageButton(remedy_view.sentence(remedy, tr), busy=screen.busy)
    return Fix(remedy.id, text, why, plan, button, asked)


def _advice(remedy: Remedy, screen: ScreenState, offered: Offered, tr: Translator) -> Fix:
    system = screen.overview.host.system if screen.overview is not None else ""
    button = None
    if remedy.needs_sign_in and not screen.played:
        row = connect_row(screen, tr)
        button = PageButton(row.text, offered.act(row.command) if row.command is not None else "")
    return Fix(
        remedy.id,
        remedy_view.sentence_with_effect(remedy, tr),
        remedy_view.reason(remedy, tr),
        button=button,
        steps=tuple(ollama_view.advice_steps(remedy, system, tr)),
        copies=tuple(PageButton(text, copy=text) for text in ollama_view.advice_copies(remedy, system)),
    )
