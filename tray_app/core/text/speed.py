"""What `speed` asks and says while it measures; the result is told by `core/text/trial.py`."""

from collections.abc import Sequence

from tray_app.core.report.trial import Entrant, Trial
from tray_app.core.text.fit import verdict_words
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed
from tray_app.core.values.task_settings import Setting


def question(rounds: int, tasks: int, chat_model: str, tr: Translator) -> str:
    """Each round has the tasks of a message alone, the same beside a chat, and two chats."""
    return tr.gettext(
        "This sends {calls} short task calls and {chats} short chats through Open WebUI (chat model {model}). "
        "Proceed? [y/N]"
    ).format(calls=rounds * 2 * tasks, chats=rounds * 2, model=clean(chat_model))


def what_it_does(tr: Translator) -> str:
    """Before a comparison that the page offers."""
    return tr.gettext(
        "Each model writes the tasks of one built-in conversation, alone and beside a chat. While one is measured it "
        "does everybody's tasks, and a hosted one receives parts of their chats; then the settings are as before."
    )


def switches(entrants: Sequence[Entrant], tr: Translator) -> str:
    """What is changed meanwhile, and for whom."""
    names = listed((called(one, tr) for one in entrants), tr)
    told = tr.gettext(
        "Tried: {names}. While each is measured it does everybody's tasks; then the settings are as before."
    ).format(names=names)
    hosts = listed(dict.fromkeys(clean(one.host) for one in entrants if one.host is not None), tr)
    if not hosts:
        return told
    goes = tr.gettext("Text of chats that others have meanwhile goes to {hosts}.").format(hosts=hosts)
    return in_turn(told, goes)


def crowds(one: Entrant, tr: Translator) -> str:
    """Before it is measured: it would push the chat model out, or make one of them slow."""
    return tr.gettext("{name} has no room beside the chat model ({verdict}): chats get slow while it is tried.").format(
        name=called(one, tr), verdict=verdict_words(one.fit, tr)
    )


def ask_crowding(tr: Translator) -> str:
    return tr.gettext("Try it, too? [y/N]")


def none_to_try(tr: Translator) -> str:
    return tr.gettext("No small model is installed that Open WebUI lists for tasks: only the one of now is measured.")


def put_back(tr: Translator) -> str:
    return tr.gettext("A comparison was cut short earlier: the task model is back as it was.")


def left_switched(tr: Translator) -> str:
    told = tr.gettext(
        "A comparison was cut short: the task model is still the one that it tried. Put it back: {command}"
    )
    return told.format(command=typed(tr, "undo"))


def called(one: Entrant, tr: Translator) -> str:
    return clean(one.id) or tr.gettext("same as chat")


def running(asked: str, run: int, runs: int, task: Setting | None, place: tuple[int, int], tr: Translator) -> str:
    """`place`: the how-manyth of how many models."""
    name = clean(asked) or tr.gettext("same as chat")
    what = setting_name(task, tr) if task is not None else tr.gettext("chats")
    number, of = place
    return tr.gettext("Task model {name} ({number} of {all}): run {run} of {runs}, {what}...").format(
        name=name, number=number, all=of, run=run, runs=runs, what=what
    )


def no_chat_model(tr: Translator) -> str:
    return tr.gettext("No chat model is loaded. Send it one message in Open WebUI, then try again.")


def tasks_off(tr: Translator) -> str:
    return tr.gettext("Titles, tags and follow-ups are all off: there is no task call to time.")


def sentence(row: Trial, tr: Translator) -> str:
    """One measurement as one sentence, for the menu."""
    return tr.gettext(
        "A chat starts after {first} s, and after {crowded} s while tasks run. A task call takes {task} s on {model}."
    ).format(
        first=round(row.first_token_s or 0.0, 1),
        crowded=round(row.crowded_token_s or 0.0, 1),
        task=round(row.tasks[0].seconds, 1),
        model=clean(row.answered),
    )
