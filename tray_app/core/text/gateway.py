"""The file of a gateway, and what is said of it."""

from collections.abc import Iterator

from tray_app.core.lanes.haproxy import Gateway, Part, Remark, Section, sections
from tray_app.core.text.lines import line, wrapped
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed

COLUMNS = 110
INDENT = "    "


def haproxy(gateway: Gateway, version: str, tr: Translator) -> str:
    """The whole file; what stands after `#` is for whoever reads it."""
    made = tr.gettext("Made by Elbowroom {version} for HAProxy 2.6 and newer.").format(version=version)
    written = [f"# {made}"]
    remarks = _remarks(tr)
    for section in sections(gateway):
        written += ["", *_section(section, remarks)]
    return "\n".join(written) + "\n"


def _section(section: Section, remarks: dict[Remark, str]) -> Iterator[str]:
    yield from _comment(section.remark, remarks, "")
    yield section.head
    for part in section.parts:
        yield from _part(part, remarks)


def _part(part: Part, remarks: dict[Remark, str]) -> Iterator[str]:
    yield from _comment(part.remark, remarks, INDENT)
    for one in part.lines:
        yield INDENT + one


def _comment(remark: Remark | None, remarks: dict[Remark, str], indent: str) -> Iterator[str]:
    if remark is not None:
        for piece in wrapped(line(remarks[remark]), COLUMNS - len(indent)):
            yield f"{indent}# {''.join(span.text for span in piece).strip()}"


def how_to_use(path: str, listen: str, tr: Translator) -> list[str]:
    """What to do with it. `path` as it is typed; empty where it was printed."""
    file = tr.quoted(path) if path else "FILE"
    host = listen.replace("*", "HOST") if listen.startswith(("*", ":")) else listen
    at = f"http://{host}"
    return [
        tr.gettext("HAProxy checks it with: {command}").format(command=f"haproxy -c -f {file}"),
        tr.gettext("Once it runs, this leads Open WebUI there: {command}").format(
            command=typed(tr, "chat-first", "on", "--at", at, without="--ollama")
        ),
    ]


def _remarks(tr: Translator) -> dict[Remark, str]:
    return _of_the_entry(tr) | _of_the_hosts(tr)


def _of_the_entry(tr: Translator) -> dict[Remark, str]:
    _ = tr.gettext
    return {
        Remark.DEFAULTS: _("Requests of people go first, Open WebUI's background tasks after them."),
        Remark.HANG_UP: _(
            "A client that hangs up gives its place back, waiting or answered: that is how the stop button works."
        ),
        Remark.AT_ONCE: _("Each word of an answer goes on as soon as it comes; else HAProxy may wait 0.2 s for more."),
        Remark.REFUSED: _("Where a host takes no connection, another one gets the request."),
        Remark.LONG: _("While a model loads, or a task is worked out, nothing is sent for a long time."),
        Remark.QUEUE: _("What has waited for a place as long as this is answered with 503."),
        Remark.GONE: _("A machine that disappears without closing its connections is noticed within a minute."),
        Remark.OPEN: _("Ollama asks for no password: whoever reaches this address can use the models."),
        Remark.CLASSES: _("0, which is first, is everything else: chats, and what stands before their answer."),
        Remark.PREFERRED: _("Which host a chat would go to, if that one has a free place."),
        Remark.HEADERS: _("Ollama is not told who asks."),
        Remark.WAYS: _("Only what takes a place in a model waits for one."),
        Remark.EXPORTER: _("Statistics: a page at /, numbers for Prometheus at /metrics."),
    }


def _of_the_hosts(tr: Translator) -> dict[Remark, str]:
    _ = tr.gettext
    return {
        Remark.PLACES: _(
            "maxconn is what a host answers side by side (OLLAMA_NUM_PARALLEL); the rest waits here, by class and age."
        ),
        Remark.HEALTH: _("A host that fails three times in a row gets nothing until it has answered twice."),
        Remark.OWN_NAME: _("Each host gets its own name as Host; Ollama refuses others in places."),
        Remark.TAKE_PREFERRED: _("Preferred only while it has a free place: nobody waits for it."),
        Remark.EMBEDDINGS: _("Embeddings do not wait for answers."),
        Remark.OTHERS: _("Lists and downloads: always the first host that is up, so that they agree with each other."),
    }
