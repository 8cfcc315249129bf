"""`speed`: how long do tasks take, how soon does the chat begin, and which of several task models is best?"""

from argparse import Namespace
from collections.abc import Sequence

from msgspec.structs import replace

from tray_app.app import language
from tray_app.app.doing.trying import Bench, bench, held_in, knower, priced
from tray_app.app.speed import Progress, chat_model, listed_here, timed_tasks
from tray_app.app.wiring import App
from tray_app.cli.change import put_back
from tray_app.cli.main import DONE, FAILED, INTERRUPTED, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.choices import entrants
from tray_app.core.report.status import SCHEMA
from tray_app.core.report.trial import Entrant, document
from tray_app.core.tasks.conversations import named as conversation
from tray_app.core.tasks.settings import decode
from tray_app.core.text import speed as view
from tray_app.core.text import trial as trial_view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.snapshot import WebUIModel

Entrants = tuple[Entrant, ...]


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """With consent only: the calls take as long as the models need."""
    app.carrier.writable()
    app.carrier.settle()
    put_back(app, terminal, tr)
    chat = chat_model(app.carrier)
    if chat is None:
        terminal.note(view.no_chat_model(tr))
        return FAILED
    try:
        tasks = timed_tasks(decode(app.carrier.open_webui.read_document()))
        chosen, left_out = _chosen(app, chat, options, terminal, tr)
        rounds = options.runs * (1 + len(chosen))
        if not options.yes and not _agreed(terminal, view.question(rounds, len(tasks), chat.id, tr), tr):
            return FAILED
        test = bench(app.carrier, chat, held_in(app.paths), lambda name: _known(app, chat, name))
        test.contest = replace(test.contest, left_out=left_out)
        cut = _measured(test, chat.id, chosen, options, terminal, tr)
    except ChangeError as error:
        if error.problem is not Problem.NOTHING_TO_DO:
            raise
        terminal.note(view.tasks_off(tr))
        return NOTHING_TO_DO
    if options.json:
        terminal.json({"schema": SCHEMA, **document(test.contest)})
    elif test.contest.trials:
        terminal.show(trial_view.lines(test.contest, terminal.columns, tr))
    elif cut:
        terminal.note(trial_view.ending(test.contest, tr))
    if cut:
        return INTERRUPTED
    return DONE if test.contest.ended is None else FAILED


def _known(app: App, chat: WebUIModel, name: str) -> Entrant:
    """The task model of now: it may run elsewhere, and cost something."""
    return knower(app.observer.look().facts, listed_here(app.carrier), chat, app.open_webui)(name)


def _agreed(terminal: Terminal, question: str, tr: Translator) -> bool:
    if not terminal.interactive:
        raise UsageError(Slip.NEEDS_YES, "speed")
    return terminal.ask(question, yes_words(tr))


def _chosen(
    app: App, chat: WebUIModel, options: Namespace, terminal: Terminal, tr: Translator
) -> tuple[Entrants, Entrants]:
    """The models that are tried besides the one of now, with what that means said first, and those that are left out:
    one that has no room beside the chat model is asked about."""
    if options.compare is None:
        return (), ()
    facts = app.observer.look().facts
    listed = listed_here(app.carrier)
    found = priced(entrants(facts, listed, chat, options.compare or None), listed, app.open_webui)
    if not found:
        terminal.note(view.none_to_try(tr))
    kept, left = [], []
    for one in found:
        if one.fit.verdict.is_bad:
            terminal.note(view.crowds(one, tr))
            ask = terminal.interactive and not options.yes
            if ask and not terminal.ask(view.ask_crowding(tr), yes_words(tr)):
                left.append(one)
                continue
        kept.append(one)
    if kept:
        terminal.note(view.switches(kept, tr))
    return tuple(kept), tuple(left)


def _measured(
    test: Bench, chat: str, chosen: Sequence[Entrant], options: Namespace, terminal: Terminal, tr: Translator
) -> bool:
    """Whether it was cut short by Ctrl-C: what was measured until then is told all the same."""
    given = [
        *(("--lang", options.lang) if options.lang else ()),
        *(("--home", str(options.home)) if options.home else ()),
    ]
    about = conversation(options.conversation, language.of_command_line(given))
    with terminal.progress() as progress:

        def show(step: Progress) -> None:
            place = (step.number, step.all)
            progress.update(view.running(step.asked, step.run, step.runs, step.task, place, tr))

        try:
            test.compare(chat, chosen, options.runs, show, about)
        except KeyboardInterrupt:
            return True
    return False
