"""The app itself: demo, tray, start at login, completion."""

import argparse

from tray_app.autostart.launch import AT_LOGIN
from tray_app.cli.arguments.adder import Adder
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "start": "start.run",
    "tray": "tray.run",
    "demo": "demo.run",
    "quit": "quit.run",
    "autostart": "autostart.run",
    "relay": "chat_first.relay.run",
    "metal": "metal.run",
    "completion": "completion.run",
}
SHELLS = ("bash", "zsh", "fish", "powershell")


def add_to(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    demo = add("demo", _("the whole story on embedded stand-ins"), "demo", "demo --fast")
    where = demo.add_mutually_exclusive_group()
    where.add_argument("--terminal", action="store_true", help=_("play it in the terminal (default)"))
    where.add_argument("--tray", action="store_true", help=_("play it in the tray"))
    demo.add_argument("--fast", action="store_true", help=_("do not wait between the scenes"))
    tray = add("tray", _("the icon in menu bar, tray or panel"), "")
    tray.add_argument(AT_LOGIN, action="store_true", help=argparse.SUPPRESS)
    start = add("start", _("the icon, or the demo where there is nothing to watch"), "")
    start.set_defaults(at_login=False, tray=False, terminal=False, fast=False)
    add("quit", _("end the icon that runs, as its last row does"), "quit")
    autostart = add("autostart", _("start at login"), "autostart on", "autostart status")
    autostart.add_argument("state", choices=("on", "off", "status"))
    relay = add.hidden("relay")
    relay.add_argument("--listen", metavar="HOST:PORT")
    relay.add_argument("--upstream", metavar="URL")
    relay.add_argument("--tied", action="store_true")
    add.hidden("metal")
    completion = add("completion", _("print what a shell offers after Tab"), "completion bash")
    completion.add_argument("shell", choices=SHELLS)
