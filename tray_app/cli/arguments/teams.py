"""Several hosts and servers: gateway, metrics, plan, apply."""

from pathlib import Path

from tray_app.cli.arguments.adder import Adder, number, seconds
from tray_app.core.lanes.haproxy import LISTEN, STATS, Prefer
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "gateway": "chat_first.gateway.run",
    "metrics": "teams.metrics.run",
    "plan": "teams.plan.plan",
    "apply": "teams.plan.apply",
}
METRICS_AT = "127.0.0.1:9464"


def add_to(add: Adder, tr: Translator) -> None:
    _add_gateway(add, tr)
    _add_metrics(add, tr)
    _add_plans(add, tr)


def _add_metrics(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    metrics = add(
        "metrics",
        _("tell Prometheus what is seen here"),
        "metrics",
        "metrics --listen 0.0.0.0:9464",
        "metrics --ollama http://gpu1.lan:11434 --ollama http://gpu2.lan:11434",
        "metrics --textfile /var/lib/prometheus/node-exporter/elbowroom.prom --interval 15",
        hosts=True,
    )
    where = metrics.add_mutually_exclusive_group()
    listen = _("where Prometheus reads it ({default})").format(default=METRICS_AT)
    where.add_argument("--listen", metavar="ADDR", default=METRICS_AT, help=listen)
    once = _("write it once to FILE, for node_exporter; with --interval again and again")
    where.add_argument("--textfile", type=Path, metavar="FILE", help=once)
    often = _("seconds between two looks (by default 2 to 15, as much as is going on)")
    metrics.add_argument("--interval", type=seconds(tr), metavar="S", help=often)


def _add_gateway(add: Adder, tr: Translator) -> None:
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


def _add_plans(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    plan = add(
        "plan",
        _("write the task settings as a file, for other servers"),
        "plan tasks.toml",
        "plan - --open-webui https://chat.example.com",
    )
    plan.add_argument("file", metavar="FILE", help=_("a new file, or - for standard output"))
    apply = add(
        "apply",
        _("make a server's task settings like a file of `plan`"),
        "apply tasks.toml --dry-run",
        "apply tasks.toml --yes --open-webui https://chat.example.com",
        "apply - --yes < tasks.toml",
    )
    apply.add_argument("file", metavar="FILE", help=_("a file of `plan`, or - for standard input"))
    apply.add_argument("--dry-run", action="store_true", help=_("show what would change and stop"))
    apply.add_argument("--yes", action="store_true", help=_("do not ask"))
    apply.add_argument("--prove", action="store_true", help=_("one real task call afterwards: which model answers?"))
