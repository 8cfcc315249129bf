"""How a command gets its words: help, examples, the options that work everywhere, and numbers within bounds."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from tray_app.app import language
from tray_app.cli.terminal import Help
from tray_app.core.text import usage_errors
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.storage.catalogs import LANGUAGES

LEAST_S, MOST_S = 0.1, 86400.0


class Parser(argparse.ArgumentParser):
    """Usage errors become UsageError: one line, the nearest right word, exit code 2."""

    command = ""

    def error(self, message: str) -> NoReturn:
        raise UsageError(Slip.ARGUMENTS, message, command=self.command)


class Once(argparse.Action):
    """Of two addresses none is dropped in silence: a command that takes one says so."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest, None) is not None:
            raise UsageError(Slip.TWICE, option_string or self.dest, command=getattr(parser, "command", ""))
        setattr(namespace, self.dest, values)


def _language(given: str) -> str:
    """Under any name that systems have for it."""
    return language.known(given) or given


def everywhere(parser: argparse.ArgumentParser, tr: Translator, *, defaults: bool, hosts: bool = False) -> None:
    """Options that work before and after the command: only the first parser sets defaults. `hosts`: several Ollamas."""
    _ = tr.gettext
    default = None if defaults else argparse.SUPPRESS
    group = parser.add_argument_group(_("everywhere"))
    group.add_argument("--home", type=Path, metavar="DIR", default=default, help=_("keep every file under DIR"))
    if hosts:
        several = _("an Ollama host; once for each")
        group.add_argument("--ollama", dest="hosts", action="append", default=[], metavar="URL", help=several)
    else:
        group.add_argument("--ollama", action=Once, metavar="URL", default=default, help=_("where Ollama listens"))
    group.add_argument("--open-webui", metavar="URL", default=default, help=_("where Open WebUI answers"))
    group.add_argument("--lang", type=_language, choices=LANGUAGES, default=default, help=_("language of this command"))


def as_examples(tr: Translator, *lines: str) -> str:
    return tr.gettext("examples:") + "\n" + "\n".join(f"  {tr.program} {text}" for text in lines)


class Adder:
    """Adds one command with its help, examples and the global options."""

    def __init__(self, commands: "argparse._SubParsersAction[Parser]", tr: Translator) -> None:
        self._commands = commands
        self._tr = tr

    def __call__(self, name: str, text: str, *examples: str, hosts: bool = False) -> Parser:
        parser = self._commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=as_examples(self._tr, *examples) if any(examples) else None,
            formatter_class=Help,
            allow_abbrev=False,
        )
        parser.command = name
        everywhere(parser, self._tr, defaults=False, hosts=hosts)
        return parser

    def hidden(self, name: str) -> Parser:
        """One that nobody types: it is in no help."""
        parser = self._commands.add_parser(name, formatter_class=Help, allow_abbrev=False)
        parser.command = name
        everywhere(parser, self._tr, defaults=False)
        return parser


def seconds(tr: Translator) -> Callable[[str], float]:
    """A number of seconds from a command line."""

    def read(text: str) -> float:
        with suppress(ValueError):
            if LEAST_S <= (value := float(text)) <= MOST_S:
                return value
        raise argparse.ArgumentTypeError(usage_errors.seconds(text, LEAST_S, MOST_S, tr))

    return read


def number(tr: Translator) -> Callable[[str], int]:
    """A whole number of one or more from a command line."""

    def read(text: str) -> int:
        with suppress(ValueError):
            if (value := int(text)) >= 1:
                return value
        raise argparse.ArgumentTypeError(usage_errors.whole_number(text, 1, tr))

    return read
