"""Endpoints elsewhere: hosted."""

from tray_app.cli.arguments.adder import Adder
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "hosted": "hosted.shown.run",
}


def add_to(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    hosted = add(
        "hosted",
        _("let a hosted model do the tasks; see whom chat text goes to"),
        "hosted add openrouter.ai",
        "hosted add https://openrouter.ai/api/v1 --key-stdin --model qwen/qwen3-4b < key.txt",
        "hosted list",
        "hosted remove openrouter.ai",
    )
    hosted.add_argument("action", choices=("add", "list", "remove"))
    hosted.add_argument("url", nargs="?", metavar="URL")
    hosted.add_argument("--model", metavar="ID", default="", help=_("the model that is to do the tasks"))
    hosted.add_argument("--key-stdin", action="store_true", help=_("read the endpoint's key from standard input"))
    hosted.add_argument("--dry-run", action="store_true", help=_("show what would change and stop"))
    hosted.add_argument("--yes", action="store_true", help=_("do not ask"))
    hosted.add_argument("--json", action="store_true", help=_("print JSON (schema 1)"))
