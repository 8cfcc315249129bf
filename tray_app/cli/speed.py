"""`speed`: how long do tasks take, and how soon does the chat begin?"""

from argparse import Namespace

from tray_app.app.speed import Progress, bench, chat_model, timed_tasks
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.report.status import SCHEMA
from tray_app.core.tasks.settings import decode
from tray_app.core.text import speed as view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.usage import Slip, UsageError


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """With consent only: the calls take as long as the models need."""
    app.carrier.writable()
    chat = chat_model(app.carrier)
    if chat is None:
        terminal.note(view.no_chat_model(tr))
        return FAILED
    try:
        tasks = timed_tasks(decode(app.carrier.open_webui.read_document()))
        if not options.yes:
            if not terminal.interactive:
                raise UsageError(Slip.NEEDS_YES, "speed")
            rounds = options.runs * (1 + len(options.compare))
            if not terminal.ask(view.question(rounds, len(tasks), chat.id, tr), yes_words(tr)):
                return FAILED
        with terminal.progress() as progress:

            def show(step: Progress) -> None:
                progress.update(view.running(step.asked, step.run, step.runs, tr))

            timings = bench(app.carrier, chat).compare(chat.id, options.compare, options.runs, show)
    except ChangeError as error:
        if error.problem is not Problem.NOTHING_TO_DO:
            raise
        terminal.note(view.tasks_off(tr))
        return NOTHING_TO_DO
    if options.json:
        made = {
            "schema": SCHEMA,
            "chat_model": chat.id,
            "runs": options.runs,
            "timings": [
                {
                    "task_model": one.asked,
                    "answered": one.answered,
                    "task": one.task.value,
                    "task_s": one.task_s,
                    "first_token_s": one.first_token_s,
                    "first_token_while_tasks_run_s": one.crowded_token_s,
                }
                for one in timings
            ],
        }
        terminal.json(made)
    else:
        terminal.show(view.lines(timings, options.runs, terminal.columns, tr))
    return DONE
