"""What `speed` says."""

from collections.abc import Sequence

from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line, pad, table, width
from tray_app.core.text.text import Translator
from tray_app.core.values.job import Timing


def question(rounds: int, tasks: int, chat_model: str, tr: Translator) -> str:
    """Each round has one task call alone, those of a message, and two chats."""
    return tr.gettext(
        "This sends {calls} short task calls and {chats} short chats through Open WebUI (chat model {model}). "
        "Proceed? [y/N]"
    ).format(calls=rounds * (1 + tasks), chats=rounds * 2, model=clean(chat_model))


def running(asked: str, run: int, runs: int, tr: Translator) -> str:
    name = clean(asked) or tr.gettext("same as chat")
    return tr.gettext("Task model {name}: run {run} of {runs}...").format(name=name, run=run, runs=runs)


def no_chat_model(tr: Translator) -> str:
    return tr.gettext("No chat model is loaded. Send it one message in Open WebUI, then try again.")


def tasks_off(tr: Translator) -> str:
    return tr.gettext("Titles, tags and follow-ups are all off: there is no task call to time.")


def sentence(row: Timing, tr: Translator) -> str:
    """One measurement as one sentence, for the menu."""
    return tr.gettext(
        "A chat starts after {first} s, and after {crowded} s while tasks run. A task call takes {task} s on {model}."
    ).format(
        first=round(row.first_token_s, 1),
        crowded=round(row.crowded_token_s, 1),
        task=round(row.task_s, 1),
        model=clean(row.answered),
    )


CLEARLY_SOONER = 0.9
"""Times of a chat's beginning differ by a tenth from run to run."""
NOTICED_S = 0.1
"""Less than that no person sees."""


def _verdict(rows: Sequence[Timing], tr: Translator) -> str:
    """With several: the setting with which a chat begins soonest while tasks run, where the runs tell it from the
    second. With one: whether tasks delay the chat."""
    first, *others = sorted(rows, key=lambda row: row.crowded_token_s)
    if not others:
        if not _clearly_sooner(first.first_token_s, first.crowded_token_s):
            return tr.gettext("Tasks do not delay the chat here.")
        later = f"{first.crowded_token_s - first.first_token_s:.1f}"
        return tr.gettext("While tasks run, the chat starts {seconds} s later.").format(seconds=later)
    if not _clearly_sooner(first.crowded_token_s, others[0].crowded_token_s):
        return tr.gettext("How soon the chat starts makes no clear difference here.")
    if not first.asked:
        return tr.gettext("The chat starts soonest when the chat model does the tasks itself.")
    return tr.gettext("The chat starts soonest with {name} as task model.").format(name=clean(first.asked))


def _clearly_sooner(one_s: float, other_s: float) -> bool:
    return one_s <= CLEARLY_SOONER * other_s and other_s - one_s >= NOTICED_S


def lines(rows: Sequence[Timing], runs: int, columns: int, tr: Translator) -> list[Line]:
    """A table, or a block for each model where that is too wide."""
    numbers = (tr.gettext("task call"), tr.gettext("first word"), tr.gettext("while tasks run"))
    header = (tr.gettext("task model"), tr.gettext("answered"), *numbers)
    cells = [
        (
            clean(row.asked) or tr.gettext("same as chat"),
            clean(row.answered),
            *(tr.gettext("{seconds} s").format(seconds=f"{value:.2f}") for value in _times(row)),
        )
        for row in rows
    ]
    made = table(header, cells)
    if max(width("".join(span.text for span in one)) for one in made) > columns:
        made = [piece for row in cells for piece in _block(row, header)]
    made.append(line(Span(_verdict(rows, tr), Style.GOOD)))
    note = tr.ngettext("Median of {runs} run.", "Medians of {runs} runs.", runs).format(runs=runs)
    made.append(line(Span(in_turn(note, tr.gettext("Nothing was left changed.")), Style.FAINT)))
    return made


def _times(row: Timing) -> tuple[float, float, float]:
    return row.task_s, row.first_token_s, row.crowded_token_s


def _block(row: Sequence[str], header: Sequence[str]) -> list[Line]:
    asked, *others = row
    widest = max(width(name) for name in header[1:])
    return [
        line(asked),
        *(
            line(Span(f"  {pad(name, widest)}  ", Style.FAINT), cell)
            for name, cell in zip(header[1:], others, strict=True)
        ),
    ]
