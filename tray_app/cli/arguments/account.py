"""Who may change it: connect, disconnect."""

from tray_app.cli.arguments.adder import Adder
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "connect": "account.connect",
    "disconnect": "account.disconnect",
}


def add_to(add: Adder, tr: Translator) -> None:
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
