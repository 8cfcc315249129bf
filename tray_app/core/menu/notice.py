"""Notices: what is wrong and why, with the best fix as a button; and what came of a fix, with its undo."""

from tray_app.core.menu.screen import Button, NoticeView
from tray_app.core.report.receipt import Receipt
from tray_app.core.text import findings as finding_view
from tray_app.core.text import ollama_settings as ollama_view
from tray_app.core.text import receipt as receipt_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.level import level_word
from tray_app.core.text.names import row_text, short
from tray_app.core.text.plan import done_sentences
from tray_app.core.text.tasks import prove_words
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined
from tray_app.core.values.command import ApplyRemedy, Prove, Snooze, SnoozeUntil, Undo
from tray_app.core.values.finding import Finding, Level, Severity
from tray_app.core.values.plan import Change
from tray_app.core.values.remedy import AdviceKind, Consent, Remedy
from tray_app.core.values.task_settings import SLOTS

# Windows balloons hold 63 and 255 UTF-16 units; the adapters clip by units, these keep sentences whole.
TITLE_LIMIT, BODY_LIMIT = 60, 240


def about(finding: Finding, remedies: tuple[Remedy, ...], tr: Translator) -> NoticeView:
    """What is wrong; the button is the best fix that needs no question."""
    best = next((remedy for remedy in remedies if remedy.needs < Consent.CONFIRMED), None)
    body, buttons = finding_view.sentence(finding, tr), []
    if best is not None:
        text = remedy_view.sentence(best, tr)
        buttons.append(Button(row_text(text, TITLE_LIMIT), ApplyRemedy(best)))
    buttons.append(Button(tr.gettext("Snooze for 1 hour"), Snooze(SnoozeUntil.HOUR)))
    return NoticeView(
        title=row_text(title(finding, tr), TITLE_LIMIT),
        body=row_text(body, BODY_LIMIT),
        cause=f"{finding.kind}:{finding.subject}",
        buttons=tuple(buttons),
        urgent=finding.severity is Severity.OVERLOADED,
    )


def title(finding: Finding, tr: Translator) -> str:
    """The level and whom it is about: the numbers stand in the body, once."""
    level = level_word(Level.OVERLOADED if finding.severity is Severity.OVERLOADED else Level.TIGHT, tr)
    if not finding.subject:
        return level
    return tr.gettext("{level}: {what}").format(level=level, what=short(finding.subject))


def relief(finding: Finding, minutes: int, level: Level, tr: Translator) -> NoticeView:
    """What was told is over. It takes the place of the notice that told it."""
    head = tr.gettext("Calm again") if level is Level.CALM else tr.gettext("The overload is over")
    if finding.subject:
        head = tr.gettext("{level}: {what}").format(level=head, what=short(finding.subject))
    lasted = max(1, minutes)
    body = tr.ngettext("The overload lasted {count} minute.", "The overload lasted {count} minutes.", lasted)
    return NoticeView(head, row_text(body.format(count=lasted), BODY_LIMIT), f"{finding.kind}:{finding.subject}")


def changed(change_id: str, changes: tuple[Change, ...], tr: Translator) -> NoticeView:
    """What a fix changed, the way back, and of a task model the call that shows whether it takes the tasks."""
    body = joined(done_sentences(changes, tr), tr)
    buttons = [Button(tr.gettext("Undo"), Undo(change_id, changes))] if change_id else []
    buttons += [Button(prove_words(tr), Prove(one.setting)) for one in changes if one.setting in SLOTS]
    return NoticeView(tr.gettext("Changed"), row_text(body, BODY_LIMIT), f"changed:{change_id}", tuple(buttons))


def receipt(receipt: Receipt, tr: Translator) -> NoticeView:
    """What a change brought, once enough answers came after it; the way back is a button."""
    body = f"{receipt_view.what(receipt, tr)}: {receipt_view.brief(receipt, tr)}"
    undo = Button(tr.gettext("Undo"), Undo(receipt.change_id, receipt.changes))
    title = row_text(tr.gettext("What the last change brought"), TITLE_LIMIT)
    return NoticeView(title, row_text(body, BODY_LIMIT), f"receipt:{receipt.change_id}", (undo,))


def advised(kind: AdviceKind, in_effect: bool, now: str, tr: Translator) -> NoticeView:  # noqa: FBT001 - a fact
    """Whether a setting of Ollama's that was advised took effect when it was started again."""
    body = ollama_view.took_effect(kind, tr) if in_effect else ollama_view.not_taken(kind, now, tr)
    return told(tr.gettext("Ollama was started again"), body, f"advised:{kind.value}")


def told(title: str, body: str, cause: str) -> NoticeView:
    """A finished sentence (an error, a download that ended) as a notice."""
    return NoticeView(row_text(title, TITLE_LIMIT), row_text(body, BODY_LIMIT), cause)
