"""What is seen: status, watch, settings, journal, receipt, fit, doctor, record, replay."""

from pathlib import Path

from tray_app.cli.arguments.adder import Adder, number, seconds
from tray_app.core.text.text import Translator

# command -> module of cli and its function; imported only when the command runs.
COMMANDS = {
    "status": "status.run",
    "watch": "watch.run",
    "details": "browser.details.run",
    "settings": "settings.run",
    "journal": "journal.run",
    "receipt": "journal.brought",
    "fit": "fit.run",
    "doctor": "doctor.run",
    "record": "trace.record",
    "replay": "trace.replay",
}


def add_to(add: Adder, tr: Translator) -> None:
    _ = tr.gettext
    as_json = _("print JSON (schema 1)")
    side_by_side = "--ollama http://gpu1.lan:11434 --ollama http://gpu2.lan:11434"
    now = "status", "status --json", f"status {side_by_side}"
    status = add("status", _("what is going on now, and what helps"), *now, hosts=True)
    status.add_argument("--json", action="store_true", help=as_json)
    watch = add(
        "watch",
        _("the same, refreshed continuously"),
        "watch",
        "watch --json --interval 5 --count 12",
        f"watch {side_by_side}",
        hosts=True,
    )
    watch.add_argument("--json", action="store_true", help=as_json)
    watch.add_argument("--interval", type=seconds(tr), metavar="S", default=5.0, help=_("seconds between polls (5)"))
    watch.add_argument("--count", type=number(tr), metavar="N", help=_("stop after N polls"))
    page = "details", f"details {side_by_side}"
    add("details", _("everything to look at, as a page in the browser"), *page, hosts=True)
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
    doctor.add_argument(
        "--check-updates", action="store_true", help=_("also ask Open WebUI whether a newer version of it is out")
    )
    doctor.add_argument("--json", action="store_true", help=as_json)
    doctor.add_argument("--capture", type=Path, metavar="DIR", help=_("save raw numeric sources to send us"))
    record = add("record", _("write one line per poll to a file"), "record trace.jsonl --seconds 60")
    record.add_argument("file", type=Path, metavar="FILE")
    record.add_argument("--seconds", type=seconds(tr), metavar="N", help=_("stop after N seconds"))
    replay = add("replay", _("run the diagnosis again on a recorded file"), "replay trace.jsonl --json")
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--json", action="store_true", help=as_json)
