"""What `speed` says."""

from collections.abc import Sequence

from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line, table
from tray_app.core.text.text import Translator


def question(calls: int, chat_model: str, tr: Translator) -> str:
    return tr.gettext(
        "This sends {calls} short task calls and as many short chats through Open WebUI (chat model {model}). Go? [y/N]"
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


def lines(rows: Sequence[tuple[str, str, float, float]], runs: int, tr: Translator) -> list[Line]:
    """Rows of (asked, answered, task seconds, first token seconds), medians."""
    cells = []
    for asked, answered, task_s, first_s in rows:
        name = clean(asked) or tr.gettext("same as chat")
        cells.append((name, clean(answered), f"{task_s:.2f} s", f"{first_s:.2f} s"))
    header = (tr.gettext("task model"), tr.gettext("answered"), tr.gettext("task call"), tr.gettext("first token"))
    made = table(header, cells)
    if len(rows) > 1:
        best = min(rows, key=lambda row: row[3])
        made.append(
            line(
                Span(
                    tr.gettext("The chat starts soonest with {name}.").format(
                        name=clean(best[0]) or tr.gettext("same as chat")
                    ),
                    Style.GOOD,
                )
            )
        )
    note = tr.ngettext("Median of {runs} run.", "Medians of {runs} runs.", runs).format(runs=runs)
    made.append(line(Span(in_turn(note, tr.gettext("Nothing was left changed.")), Style.FAINT)))
    return made
