"""What `speed` says."""

from collections.abc import Sequence

from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line, table
from tray_app.core.text.text import Translator


def question(calls: int, chat_model: str, tr: Translator) -> str:
    return tr.gettext(
        "This sends {calls} short task calls and as many short chats through Open WebUI (chat model {model}). "
        "Proceed? [y/N]"
    ).format(calls=calls, model=clean(chat_model))


def running(asked: str, run: int, runs: int, tr: Translator) -> str:
    name = clean(asked) or tr.gettext("same as chat")
    return tr.gettext("Task model {name}: run {run} of {runs}...").format(name=name, run=run, runs=runs)


def no_chat_model(tr: Translator) -> str:
    return tr.gettext("No chat model is loaded. Send it one message in Open WebUI, then try again.")


def tasks_off(tr: Translator) -> str:
    return tr.gettext("Titles, tags and follow-ups are all off: there is no task call to time.")


def sentence(answered: str, task_s: float, first_token_s: float, tr: Translator) -> str:
    """One measurement as one sentence, for the menu."""
    return tr.gettext("A task call takes {task} s on {model}; a chat begins after {first} s.").format(
        task=round(task_s, 1), model=clean(answered), first=round(first_token_s, 1)
    )


CLEARLY_SOONER = 0.9
"""Times of a chat's beginning differ by a tenth from run to run."""


def _best(rows: Sequence[tuple[str, str, float, float]], tr: Translator) -> str:
    """The setting with which a chat begins soonest, where the runs tell it from the second."""
    first, second, *_ = sorted(rows, key=lambda row: row[3])
    if first[3] > CLEARLY_SOONER * second[3]:
        return tr.gettext("How soon the chat starts makes no clear difference here.")
    if not first[0]:
        return tr.gettext("The chat starts soonest when the chat model does the tasks itself.")
    return tr.gettext("The chat starts soonest with {name} as task model.").format(name=clean(first[0]))


def lines(rows: Sequence[tuple[str, str, float, float]], runs: int, tr: Translator) -> list[Line]:
    """Rows of (asked, answered, task seconds, first token seconds), medians."""
    cells = []
    for asked, answered, task_s, first_s in rows:
        name = clean(asked) or tr.gettext("same as chat")
        cells.append((name, clean(answered), f"{task_s:.2f} s", f"{first_s:.2f} s"))
    header = (tr.gettext("task model"), tr.gettext("answered"), tr.gettext("task call"), tr.gettext("first token"))
    made = table(header, cells)
    if len(rows) > 1:
        made.append(line(Span(_best(rows, tr), Style.GOOD)))
    note = tr.ngettext("Median of {runs} run.", "Medians of {runs} runs.", runs).format(runs=runs)
    made.append(line(Span(in_turn(note, tr.gettext("Nothing was left changed.")), Style.FAINT)))
    return made
