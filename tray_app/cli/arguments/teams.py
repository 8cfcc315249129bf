"""Several hosts: gateway."""

from pathlib import Path

from tray_app.cli.arguments.adder import Adder, number
from tray_app.core.lanes.haproxy import LISTEN, STATS, Prefer
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "gateway": "chat_first.gateway.run",
}


def add_to(add: Adder, tr: Translator) -> None:
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
