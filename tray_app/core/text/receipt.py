"""What a change brought, in words: a table for the command line, one row for the menu, a notice."""

from collections.abc import Callable

from tray_app.core.report.receipt import Comparison, Figure, NotCompared, Receipt, Side
from tray_app.core.text.lines import Line, Span, Style, line, table
from tray_app.core.text.plan import done_sentences
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined, percent
from tray_app.core.values.units import format_bytes

_BRIEF = (Figure.FIRST_WORD, Figure.CALLS, Figure.LONGEST_WAIT)
"""What the menu and the notice tell, where it can be compared."""


def nothing_changed(tr: Translator) -> str:
    return tr.gettext("No change was made yet.")


def lines(receipt: Receipt, local_time: Callable[[float], str], tr: Translator) -> list[Line]:
    """The change, how many answers it rests on, the figures, and why some of them are not compared."""
    made = [
        line(Span(what(receipt, tr), Style.STRONG), Span(f"  {local_time(receipt.at)}", Style.FAINT)),
        line(rests_on(receipt.before, receipt.after, tr)),
    ]
    if receipt.missing:
        made.append(line(Span(not_enough(receipt.missing, tr), Style.WARN)))
    elif receipt.before.missing:
        made.append(line(Span(_too_little_before(receipt.before, tr), Style.WARN)))
    if not (receipt.before.answers or receipt.after.answers):
        made.append(
            line(Span(tr.gettext("Answers are counted while the icon runs, or chat first is on."), Style.FAINT))
        )
    if all(one.before is None and one.after is None for one in receipt.comparisons):
        return made
    header = (tr.gettext("figure"), tr.gettext("before"), tr.gettext("after"))
    rows = [
        (_name(one.figure, tr), _value(one.figure, one.before, tr), _value(one.figure, one.after, tr))
        for one in receipt.comparisons
    ]
    made += [line(""), *table(header, rows)]
    made += [line(Span(text, Style.FAINT)) for text in reasons(receipt, tr)]
    return made


def figure(one: Comparison, tr: Translator) -> tuple[str, str, str, str]:
    """Its name, both sides, and the change between them; no change where they are not compared."""
    before, after = _value(one.figure, one.before, tr), _value(one.figure, one.after, tr)
    change = "" if one.why_not is not None else _change(one.before, one.after, tr)
    return _name(one.figure, tr), before, after, change


def _change(before: float | None, after: float | None, tr: Translator) -> str:
    if before is None or after is None or before == after:
        return tr.gettext("the same")
    if not before:
        return tr.gettext("more")
    if not after:
        return tr.gettext("none left")
    percent = round(100 * (after - before) / before)
    if not percent:
        return tr.gettext("the same")
    if percent == -100:  # something is left
        return tr.gettext("over {percent}% less").format(percent=99)
    return tr.gettext("{percent}% less").format(percent=-percent) if percent < 0 else _more(percent, tr)


def _more(percent: int, tr: Translator) -> str:
    return tr.gettext("{percent}% more").format(percent=percent)


def missing(receipt: Receipt, tr: Translator) -> str:
    """How many answers it still needs, or that there is nothing to compare with; empty where it has enough."""
    if receipt.missing:
        return not_enough(receipt.missing, tr)
    return _too_little_before(receipt.before, tr) if receipt.before.missing else ""


def reasons(receipt: Receipt, tr: Translator) -> list[str]:
    """Why some figures are not compared, each reason once."""
    found = {one.why_not: one for one in receipt.comparisons if one.why_not not in (None, NotCompared.TOO_FEW)}
    return [_why(one, receipt, tr) for one in found.values()]


def what(receipt: Receipt, tr: Translator) -> str:
    """`Follow-ups: on -> off`."""
    return joined(done_sentences(receipt.changes, tr), tr)


def brief(receipt: Receipt, tr: Translator) -> str:
    """`first word after 3.4 s -> 0.9 s, 3.2 -> 1.1 task calls per answer`; or how many answers are still missing."""
    if receipt.missing:
        return not_enough(receipt.missing, tr)
    if receipt.before.missing:
        return _too_little_before(receipt.before, tr)
    return joined(pieces(receipt, tr), tr) or tr.gettext("nothing of it can be compared")


def pieces(receipt: Receipt, tr: Translator) -> list[str]:
    """The figures that matter most, as far as they can be compared."""
    return [
        tr.gettext("{figure} {before} -> {after}").format(
            figure=_name(one.figure, tr),
            before=_value(one.figure, one.before, tr),
            after=_value(one.figure, one.after, tr),
        )
        for one in receipt.comparisons
        if one.figure in _BRIEF and one.why_not is None
    ]


def not_enough(missing: int, tr: Translator) -> str:
    text = tr.ngettext("not enough yet: {count} more answer", "not enough yet: {count} more answers", missing)
    return text.format(count=missing)


def _too_little_before(before: Side, tr: Translator) -> str:
    text = tr.ngettext(
        "only {count} answer was seen before the change: there is nothing to compare with",
        "only {count} answers were seen before the change: there is nothing to compare with",
        before.answers,
    )
    return text.format(count=before.answers)


def rests_on(before: Side, after: Side, tr: Translator) -> str:
    return tr.gettext(
        "{minutes_before} min with {before} answers before, {minutes_after} min with {after} after"
    ).format(
        minutes_before=_minutes(before.until - before.since),
        before=before.answers,
        minutes_after=_minutes(after.until - after.since),
        after=after.answers,
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f}"


def _name(figure: Figure, tr: Translator) -> str:
    return {
        Figure.FIRST_WORD: tr.gettext("wait for the first word of an answer"),
        Figure.CALLS: tr.gettext("task calls per answer"),
        Figure.TASK_SECONDS: tr.gettext("seconds of task work per answer"),
        Figure.LONGEST_WAIT: tr.gettext("longest wait at Ollama"),
        Figure.PRESSED: tr.gettext("time with memory short"),
        Figure.SWAPPED: tr.gettext("swapped out"),
    }[figure]


def _value(figure: Figure, value: float | None, tr: Translator) -> str:
    if value is None:
        return tr.gettext("not known")
    match figure:
        case Figure.FIRST_WORD | Figure.LONGEST_WAIT | Figure.TASK_SECONDS:
            return tr.gettext("{count} s").format(count=f"{value:.1f}")
        case Figure.CALLS:
            return f"{value:.1f}"
        case Figure.PRESSED:
            return percent(100 * value, tr)
        case Figure.SWAPPED:
            return format_bytes(int(value))


def _why(one: Comparison, receipt: Receipt, tr: Translator) -> str:
    match one.why_not:
        case NotCompared.NOT_TIMED:
            return tr.gettext("First words cannot be compared: they are only timed while chat first is on.")
        case NotCompared.NOT_TOLD_APART:
            count = max(receipt.before.untold, receipt.after.untold)
            text = tr.ngettext(
                "Task calls cannot be compared: of {count} request it is not known whether it was a chat or a task.",
                "Task calls cannot be compared: of {count} requests it is not known whether they were chats or tasks.",
                count,
            )
            return text.format(count=count)
        case _:
            text = tr.gettext("{figure}: cannot be compared, it was not seen on both sides.")
            return text.format(figure=_name(one.figure, tr))
