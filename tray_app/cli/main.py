"""The command line: words in, one function of this folder called, exit code out."""

import argparse
import importlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tray_app import __version__
from tray_app.app import language
from tray_app.autostart.launch import AT_LOGIN
from tray_app.cli.terminal import Help, Terminal, drop_output, prepare_streams
from tray_app.core.lanes.haproxy import LISTEN, STATS, Prefer
from tray_app.core.tasks.assignments import nearest
from tray_app.core.text import usage_errors
from tray_app.core.text.text import Translator
from tray_app.core.values.errors import ElbowroomError, Slip, Unreachable, UsageError
from tray_app.core.values.task_settings import SLOTS, TASKS
from tray_app.storage.catalogs import LANGUAGES

if TYPE_CHECKING:
    from tray_app.app.wiring import App

LEAST_S, MOST_S = 0.1, 86400.0
DONE, FAILED, USAGE, NOTHING_TO_DO, INTERRUPTED = 0, 1, 2, 3, 130

# command -> module of this folder and its function; imported only when the command runs.
COMMANDS = {
    "start": "start.run",
    "tray": "tray.run",
    "demo": "demo.run",
    "status": "status.run",
    "watch": "watch.run",
    "settings": "settings.run",
    "journal": "journal.run",
    "receipt": "journal.brought",
    "fit": "fit.run",
    "doctor": "doctor.run",
    "set": "change.set_",
    "fix": "change.fix",
    "undo": "change.undo",
    "connect": "account.connect",
    "disconnect": "account.disconnect",
    "speed": "speed.run",
    "record": "trace.record",
    "replay": "trace.replay",
    "autostart": "autostart.run",
    "chat-first": "chat_first.switch.run",
    "gateway": "chat_first.gateway.run",
    "relay": "chat_first.relay.run",
    "completion": "completion.run",
}
SHELLS = ("bash", "zsh", "fish", "powershell")


class Parser(argparse.ArgumentParser):
    """Usage errors become UsageError: one line, the nearest right word, exit code 2."""

    command = ""

    def error(self, message: str) -> NoReturn:
        raise UsageError(Slip.ARGUMENTS, message, command=self.command)


def _command(given: str) -> str:
    if given not in COMMANDS:
        words = tuple(word for word in COMMANDS if word not in {"tray", "start", "relay"})
        raise UsageError(Slip.COMMAND, given, nearest(given, words), words)
    return given


def _language(given: str) -> str:
    """Under any name that systems have for it."""
    return language.known(given) or given


def _globals(parser: argparse.ArgumentParser, tr: Translator, *, defaults: bool, hosts: bool = False) -> None:
    """Options that work before and after the command: only the first parser sets defaults. `hosts`: several Ollamas."""
    _ = tr.gettext
    default = None if defaults else argparse.SUPPRESS
    group = parser.add_argument_group(_("everywhere"))
    group.add_argument("--home", type=Path, metavar="DIR", default=default, help=_("keep every file under DIR"))
    if hosts:
        several = _("an Ollama host; once for each")
        group.add_argument("--ollama", dest="hosts", action="append", default=[], metavar="URL", help=several)
    else:
        group.add_argument("--ollama", metavar="URL", default=default, help=_("where Ollama listens"))
    group.add_argument("--open-webui", metavar="URL", default=default, help=_("where Open WebUI answers"))
    group.add_argument("--lang", type=_language, choices=LANGUAGES, default=default, help=_("language of this command"))


def _examples(tr: Translator, *lines: str) -> str:
    return tr.gettext("examples:") + "\n" + "\n".join(f"  {tr.program} {text}" for text in lines)


def _looking(add: "Adder", tr: Translator) -> None:
    _ = tr.gettext
    as_json = _("print JSON (schema 1)")
    status = add("status", _("what is going on now, and what helps"), "status", "status --json")
    status.add_argument("--json", action="store_true", help=as_json)
    watch = add("watch", _("the same, refreshed continuously"), "watch", "watch --json --interval 5 --count 12")
    watch.add_argument("--json", action="store_true", help=as_json)
    watch.add_argument("--interval", type=seconds(tr), metavar="S", default=5.0, help=_("seconds between polls (5)"))
    watch.add_argument("--count", type=number(tr), metavar="N", help=_("stop after N polls"))
    settings = add("settings", _("Open WebUI's task settings now"), "settings")
    settings.add_argument("--json", action="store_true", help=as_json)
    journal = add("journal", _("every change that was made, and what became of it"), "journal")
    journal.add_argument("--json", action="store_true", help=as_json)
    receipt = add("receipt", _("what a change brought: the time before it against the time after"), "receipt")
    receipt.add_argument("change", nargs="?", metavar="CHANGE", help=_("its id, as `journal --json` tells it"))
    receipt.add_argument("--json", action="store_true", help=as_json)
    fit = add("fit", _("does a model fit beside what is loaded?"), "fit gemma3:1b", "fit gemma3:1b --with qwen3:32b")
    fit.add_argument("model", metavar="MODEL")
    beside = fit.add_mutually_exclusive_group()
    beside.add_argument("--with", dest="beside", metavar="MODEL", help=_("beside this model instead"))
    beside.add_argument("--alone", action="store_true", help=_("as if no other model were loaded"))
    fit.add_argument("--context", type=number(tr), metavar="N", help=_("context length in tokens"))
    fit.add_argument("--json", action="store_true", help=as_json)
    doctor = add(
        "doctor", _("what can be read here, what cannot, and what to do"), "doctor", "doctor --capture ./captured"
    )
    doctor.add_argument("--json", action="store_true", help=as_json)
    doctor.add_argument("--capture", type=Path, metavar="DIR", help=_("save raw numeric sources to send us"))
    record = add("record", _("write one line per poll to a file"), "record trace.jsonl --seconds 60")
    record.add_argument("file", type=Path, metavar="FILE")
    record.add_argument("--seconds", type=seconds(tr), metavar="N", help=_("stop after N seconds"))
    replay = add("replay", _("run the diagnosis again on a recorded file"), "replay trace.jsonl --json")
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--json", action="store_true", help=as_json)


def _changing(add: "Adder", tr: Translator) -> None:
    _ = tr.gettext
    dry = _("show what would change and stop")
    prove = _("one real task call afterwards: which model answers?")
    set_ = add("set", _("change task settings"), "set follow-ups=off", "set autocomplete=off task-model=gemma3:1b")
    set_.add_argument(
        "assignments",
        nargs="+",
        metavar="SETTING=VALUE",
        help=_(
            "{tasks}: on or off; {slots}: a model id that Open WebUI lists, or nothing for the chat model itself"
        ).format(tasks=", ".join(TASKS), slots=", ".join(SLOTS)),
    )
    set_.add_argument("--dry-run", action="store_true", help=dry)
    set_.add_argument("--prove", action="store_true", help=prove)
    fix = add("fix", _("apply the best fix, or the one named ID"), "fix", "fix --list", "fix follow-ups-off --yes")
    fix.add_argument("id", nargs="?", metavar="ID")
    fix.add_argument("--list", action="store_true", help=_("list what helps, best first"))
    fix.add_argument("--dry-run", action="store_true", help=dry)
    fix.add_argument("--yes", action="store_true", help=_("do not ask"))
    fix.add_argument("--prove", action="store_true", help=prove)
    undo = add("undo", _("take back the newest change"), "undo", "undo --all")
    undo.add_argument("--all", action="store_true", help=_("take back every change, newest first"))
    undo.add_argument("--dry-run", action="store_true", help=dry)
    chat_first = add(
        "chat-first", _("keep all tasks and let no chat wait for one"), "chat-first on", "chat-first status"
    )
    chat_first.add_argument("state", choices=("on", "off", "status"))
    chat_first.add_argument("--at", metavar="URL", help=_("a gateway of your own instead of Elbowroom's relay"))
    chat_first.add_argument("--dry-run", action="store_true", help=dry)
    chat_first.add_argument("--yes", action="store_true", help=_("do not ask"))
    chat_first.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))
    speed = add(
        "speed",
        _("time task calls and the chat's first word, alone and while tasks run"),
        "speed",
        "speed --compare gemma3:1b --runs 3",
    )
    speed.add_argument("--runs", type=number(tr), metavar="N", default=3, help=_("rounds to measure (3)"))
    speed.add_argument("--compare", nargs="+", metavar="MODEL", default=[], help=_("task models to try side by side"))
    speed.add_argument("--yes", action="store_true", help=_("do not ask"))
    speed.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))


def _account(add: "Adder", tr: Translator) -> None:
    _ = tr.gettext
    connect = add("connect", _("sign in to Open WebUI"), "connect http://127.0.0.1:8080 --api-key-stdin < key.txt")
    connect.add_argument("url", metavar="URL")
    how = connect.add_mutually_exclusive_group()
    how.add_argument("--api-key-stdin", action="store_true", help=_("read an API key from standard input"))
    how.add_argument("--token-stdin", action="store_true", help=_("read a session token from standard input"))
    how.add_argument("--email", metavar="E", help=_("sign in with this e-mail address"))
    connect.add_argument("--password-stdin", action="store_true", help=_("read the password from standard input"))
    connect.add_argument(
        "--insecure-file-secret", action="store_true", help=_("no keychain: keep the token in a file only you can read")
    )
    connect.add_argument(
        "--allow-plain-http", action="store_true", help=_("send the token unencrypted to a host that is not private")
    )
    add("disconnect", _("forget the sign-in"), "disconnect")


def _living(add: "Adder", tr: Translator) -> None:
    _ = tr.gettext
    demo = add("demo", _("the whole story on embedded stand-ins"), "demo", "demo --fast")
    where = demo.add_mutually_exclusive_group()
    where.add_argument("--terminal", action="store_true", help=_("play it in the terminal (default)"))
    where.add_argument("--tray", action="store_true", help=_("play it in the tray"))
    demo.add_argument("--fast", action="store_true", help=_("do not wait between the scenes"))
    tray = add("tray", _("the icon (the same as no command)"), "")
    tray.add_argument(AT_LOGIN, action="store_true", help=argparse.SUPPRESS)
    start = add("start", _("the icon, or the demo where there is nothing to watch"), "")
    start.set_defaults(at_login=False, tray=False, terminal=False, fast=False)
    autostart = add("autostart", _("start at login"), "autostart on", "autostart status")
    autostart.add_argument("state", choices=("on", "off", "status"))
    relay = add.hidden("relay")
    relay.add_argument("--listen", metavar="HOST:PORT")
    relay.add_argument("--upstream", metavar="URL")
    completion = add("completion", _("print what a shell offers after Tab"), "completion bash")
    completion.add_argument("shell", choices=SHELLS)


def _teams(add: "Adder", tr: Translator) -> None:
    _ = tr.gettext
    gateway = add(
        "gateway",
        _("print a configuration that puts people first on several Ollama hosts"),
        "gateway haproxy --ollama http://gpu1.lan:11434 --ollama http://gpu2.lan:11434 --listen '*:11436'",
        "gateway haproxy --ollama http://gpu1:11434 --ollama https://gpu2.example.com --slots 4 2 --output haproxy.cfg",
        hosts=True,
    )
    gateway.add_argument("kind", choices=("haproxy",))
    slots = _("what a host answers side by side (OLLAMA_NUM_PARALLEL): one number, or one for each host (1)")
    gateway.add_argument("--slots", nargs="+", type=number(tr), metavar="N", default=[1], help=slots)
    listen = _("where Open WebUI reaches it ({default})").format(default=LISTEN)
    gateway.add_argument("--listen", metavar="ADDR", default=LISTEN, help=listen)
    stats = _("where its numbers are, for people and for Prometheus ({default})").format(default=STATS)
    gateway.add_argument("--stats", metavar="ADDR", default=STATS, help=stats)
    prefer = _("which free host a chat gets: that of its last message, that of its model, or any (chat)")
    gateway.add_argument("--prefer", choices=tuple(Prefer), default=Prefer.CHAT, help=prefer)
    gateway.add_argument("--output", type=Path, metavar="FILE", help=_("write it to FILE"))


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
            epilog=_examples(self._tr, *examples) if any(examples) else None,
            formatter_class=Help,
            allow_abbrev=False,
        )
        parser.command = name
        _globals(parser, self._tr, defaults=False, hosts=hosts)
        return parser

    def hidden(self, name: str) -> Parser:
        """One that nobody types: it is in no help."""
        parser = self._commands.add_parser(name, formatter_class=Help, allow_abbrev=False)
        parser.command = name
        _globals(parser, self._tr, defaults=False)
        return parser


def build(tr: Translator, program: str = "") -> Parser:
    """The whole command line; `program`: under another name than that which is typed here."""
    _ = tr.gettext
    parser = Parser(
        prog=program or tr.program,
        description=_(
            "Room for your chat model: watches memory, Ollama and Open WebUI, says what crowds it, and fixes it."
        ),
        epilog=_examples(tr, "status", "fix --dry-run", "set follow-ups=off", "undo", "demo"),
        formatter_class=Help,
        allow_abbrev=False,
    )
    version = f"elbowroom {__version__}"
    parser.add_argument("--version", action="version", version=version, help=_("show the version and exit"))
    _globals(parser, tr, defaults=True)
    commands = parser.add_subparsers(dest="command", metavar=_("COMMAND"), parser_class=Parser)
    add = Adder(commands, tr)
    for part in (_looking, _changing, _account, _living, _teams):
        part(add, tr)
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
