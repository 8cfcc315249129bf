"""What is changed at Open WebUI: set, fix, undo, relief, chat-first, speed."""

from tray_app.cli.arguments.adder import Adder, number
from tray_app.core.tasks.conversations import CONVERSATIONS
from tray_app.core.text.text import Translator
from tray_app.core.values.task_settings import SLOTS, TASKS

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "set": "change.set_",
    "fix": "change.fix",
    "undo": "change.undo",
    "chat-first": "chat_first.switch.run",
    "relief": "relief.run.run",
    "speed": "speed.run",
}


def add_to(add: Adder, tr: Translator) -> None:
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
    relief = add(
        "relief",
        _("automatic relief: choose it, its rules, and what it would have done"),
        "relief",
        "relief follow-ups-off",
        "relief follow-ups-off --last-day",
        "relief off",
    )
    relief.add_argument("remedy", nargs="?", metavar="ID", help=_("a task's switch such as follow-ups-off, or off"))
    relief.add_argument(
        "--clear", type=number(tr), metavar="MINUTES", help=_("how long it must be calm before it is taken back")
    )
    relief.add_argument(
        "--last-day", action="store_true", help=_("say what it would have done in the last day; nothing is set")
    )
    relief.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))
    chat_first = add(
        "chat-first", _("keep all tasks and let no chat wait for one"), "chat-first on", "chat-first status"
    )
    chat_first.add_argument("state", choices=("on", "off", "status"))
    chat_first.add_argument("--at", metavar="URL", help=_("a gateway of your own instead of Elbowroom's relay"))
    chat_first.add_argument("--dry-run", action="store_true", help=dry)
    chat_first.add_argument("--yes", action="store_true", help=_("do not ask"))
    chat_first.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))
    _speed(add, tr)


def _speed(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    speed = add(
        "speed",
        _("time task calls and the chat's first word, alone and while tasks run, and compare what models write"),
        "speed",
        "speed --compare",
        "speed --compare gemma3:1b llama3.2:3b --conversation bicycle",
    )
    speed.add_argument("--runs", type=number(tr), metavar="N", default=3, help=_("rounds to measure (3)"))
    speed.add_argument(
        "--compare",
        nargs="*",
        metavar="MODEL",
        help=_("task models to try side by side; without a name the small ones that are installed"),
    )
    speed.add_argument(
        "--conversation",
        metavar="NAME",
        choices=tuple(one.name for one in CONVERSATIONS),
        default="",
        help=_("the built-in conversation that they work on: {names}").format(
            names=", ".join(f"{one.name} ({one.language})" for one in CONVERSATIONS)
        ),
    )
    speed.add_argument("--yes", action="store_true", help=_("do not ask"))
    speed.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))
