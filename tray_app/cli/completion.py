"""`completion bash|zsh|fish|powershell`: what the shell offers after Tab, made from the command line itself."""

import argparse
from argparse import Namespace

import shtab

from tray_app.app.wiring import App
from tray_app.cli.main import DONE, build
from tray_app.cli.terminal import Terminal
from tray_app.core.text import completion as view
from tray_app.core.text.text import Translator
from tray_app.core.values.task_settings import SLOTS, TASKS

PROGRAM = "elbowroom"  # a shell completes the arguments of one name, not of `python3 run.py`
PATHS = {"DIR": shtab.DIRECTORY, "FILE": shtab.FILE}  # by the word that --help shows
VALUES = {
    "SETTING=VALUE": [f"{task}={state}" for task in TASKS for state in ("on", "off")] + [f"{one}=" for one in SLOTS]
}


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """The script goes to stdout as it is; how to use it to stderr, so that `>` and `| source` get the script alone."""
    del app
    terminal.text(script(options.shell, tr))
    terminal.note(view.how_to_use(options.shell, PROGRAM, tr))
    return DONE


def script(shell: str, tr: Translator) -> str:
    """Commands, options and fixed values with their descriptions in the user's language."""
    parser = build(tr, PROGRAM)
    _offer_values(parser)
    written: str = shtab.complete(parser, shell)
    return written.rstrip("\n")


def _offer_values(parser: argparse.ArgumentParser) -> None:
    """Paths are completed as paths; `set` offers each task with its two values. Nothing is parsed with it."""
    for action in parser._actions:  # noqa: SLF001 there is no public list of them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 as above
            for command in action.choices.values():
                _offer_values(command)
        elif str(action.metavar) in PATHS:
            action.complete = PATHS[str(action.metavar)]  # type: ignore[attr-defined]
        else:
            action.choices = VALUES.get(str(action.metavar), action.choices)
