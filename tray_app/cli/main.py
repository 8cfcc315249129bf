"""The command line: words in, one function of this folder called, exit code out."""

import argparse
import importlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tray_app import __version__
from tray_app.app import language
from tray_app.cli.arguments import account, changing, hosted, living, looking, teams
from tray_app.cli.arguments.adder import Adder, Parser, as_examples, everywhere
from tray_app.cli.terminal import Help, Terminal, drop_output, prepare_streams
from tray_app.core.tasks.assignments import nearest
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.service import Unreachable
from tray_app.core.values.errors.usage import Slip, UsageError

if TYPE_CHECKING:
    from tray_app.app.wiring import App

GROUPS = (looking, changing, account, hosted, living, teams)
COMMANDS = {name: place for group in GROUPS for name, place in group.COMMANDS.items()}
UNHEARD = logging.NullHandler()
"""What is logged is for the log file of tray and relay; a person at a terminal is told in sentences."""
DONE, FAILED, USAGE, NOTHING_TO_DO, INTERRUPTED = 0, 1, 2, 3, 130


def _command(given: str) -> str:
    if given not in COMMANDS:
        words = tuple(word for word in COMMANDS if word not in {"tray", "start", "relay", "metal"})
        raise UsageError(Slip.COMMAND, given, nearest(given, words), words)
    return given


def build(tr: Translator, program: str = "") -> Parser:
    """The whole command line; `program`: under another name than that which is typed here."""
    _ = tr.gettext
    parser = Parser(
        prog=program or tr.program,
        description=_(
            "Room for your chat model: watches memory, Ollama and Open WebUI, says what crowds it, and fixes it."
        ),
        epilog=as_examples(tr, "status", "fix --dry-run", "set follow-ups=off", "undo", "demo"),
        formatter_class=Help,
        allow_abbrev=False,
    )
    version = f"elbowroom {__version__}"
    parser.add_argument("--version", action="version", version=version, help=_("show the version and exit"))
    everywhere(parser, tr, defaults=True)
    commands = parser.add_subparsers(dest="command", metavar=_("COMMAND"), parser_class=Parser)
    add = Adder(commands, tr)
    for group in GROUPS:
        group.add_to(add, tr)
    return parser


def _first_word(argv: Sequence[str]) -> str | None:
    """The first argument that is no option and no option's value."""
    takes_value = {"--home", "--ollama", "--open-webui", "--lang"}
    rest = iter(argv)
    for word in rest:
        if word in takes_value:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def parse(argv: Sequence[str], tr: Translator) -> argparse.Namespace:
    """Arguments as a namespace; no command means the tray. UsageError where something is wrong."""
    word = _first_word(argv)
    if word is not None:
        _command(word)
    options = build(tr).parse_args(list(argv))
    if options.command is None:
        options.command, options.at_login = "tray", False
    if options.ollama is None and len(getattr(options, "hosts", ())) == 1:
        options.ollama, options.hosts = options.hosts[0], []  # one host is not several
    return options


def _note_file_problems(app: "App", terminal: Terminal, tr: Translator) -> None:
    """Everything that is wrong with our files, where this command read them."""
    for trouble in app.file_problems:
        from tray_app.core.text import errors

        terminal.note(errors.told(trouble, tr))
    if not app.settings_problems:
        return
    from tray_app.core.text import settings as settings_view

    for problem in app.settings_problems:
        terminal.note(settings_view.sentence(problem, tr))


def _note_where(app: "App", terminal: Terminal, tr: Translator) -> None:
    """Where nobody named a server: where it was looked for, and how to name one."""
    if app.tried:
        from tray_app.core.text import status

        terminal.note(status.tried(app.tried, tr))


def _terminal(argv: Sequence[str]) -> Terminal:
    if prepare_streams():
        return Terminal()
    from tray_app.cli import unseen

    unseen.begin(argv)
    return Terminal(unseen=partial(unseen.tell, argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; every expected failure ends as one line on stderr and an exit code."""
    logging.getLogger().addHandler(UNHEARD)
    terminal = _terminal(argv)
    spoken = language.of_command_line(argv)
    tr = language.load(spoken, language.given(argv))
    try:
        try:
            with language.in_standard_library(spoken):
                options = parse(argv, tr)
        finally:
            terminal.out.flush()  # the help, which argparse prints
        from tray_app.app.wiring import App, Overrides

        module, _, function = COMMANDS[options.command].rpartition(".")
        command = getattr(importlib.import_module(f"tray_app.cli.{module}"), function)
        with App(Overrides.of(options)) as app:
            try:
                code: int = command(app, options, terminal, tr)
            except Unreachable:
                _note_where(app, terminal, tr)
                raise
            _note_file_problems(app, terminal, tr)
        terminal.out.flush()
    except ElbowroomError as error:
        from tray_app.core.text import errors

        terminal.problem(f"elbowroom: {errors.told(error, tr)}")
        return USAGE if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        terminal.note(tr.gettext("elbowroom: stopped"))
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()  # the reader went away (`| head`): nothing to say to nobody
        return DONE
    else:
        return code
