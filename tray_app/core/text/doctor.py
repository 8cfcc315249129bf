"""The report of `doctor` for people: what works, what does not and why, and what to do. `--json` has everything."""

from collections.abc import Iterator

from tray_app.core.report.doctor import Entry, EntryState, Probed, Report
from tray_app.core.report.versions import Program
from tray_app.core.text import distrust, doctor_values, refusals, tray_problem, versions
from tray_app.core.text.lines import Line, Span, Style, clean, line, pad, width
from tray_app.core.text.memory import remedy_for_missing
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import reason_words
from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.core.values.errors.service import Distrust, RefusedBecause
from tray_app.core.values.reading import Unknown, Unseen, Why

NOT_FOR_PEOPLE = {Probed.OPEN_WEBUI_FEATURES, Probed.CONNECTIONS}
"""What only helps those who mend Elbowroom."""

SERVERS = (Probed.OLLAMA_VERSION, Probed.OPEN_WEBUI, Probed.OPEN_WEBUI_ACCESS)
"""What is to be done about these comes first."""


def lines(report: Report, tr: Translator) -> list[Line]:
    """The whole report. It was redacted before; here it is only laid out."""
    shown = [one for one in report.entries if one.name not in NOT_FOR_PEOPLE and not _behind_another(one, report)]
    works = [one for one in shown if one.state is EntryState.WORKS]
    silent = [one for one in shown if one.state is not EntryState.WORKS and not _not_wanted(one)]
    made = [
        *_part(tr.gettext("Works"), [_works(one, report, tr) for one in works], Style.GOOD),
        *_part(tr.gettext("Does not work"), [_silent(one, tr) for one in silent], Style.WARN),
        *_part(tr.gettext("Not asked"), [_silent(one, tr) for one in shown if _not_wanted(one)], Style.FAINT),
    ]
    first = sorted(shown, key=lambda one: one.name not in SERVERS)
    todo = (*(step for one in first for step in _steps(one, report, tr)), *versions.steps(report.notes, tr))
    if steps := list(dict.fromkeys(todo)):
        made.append(line(Span(tr.gettext("What to do"), Style.STRONG)))
        made += [line(f"  {number}. {step}") for number, step in enumerate(steps, 1)]
        made.append(line(""))
    made.append(line(Span(tr.gettext("Versions"), Style.STRONG)))
    made += [line(f"  {versions.age(one, tr)}") for one in report.notes]
    made += [line(Span(f"  {one}", Style.WARN)) for one in versions.faults(report.notes, tr)]
    made += [line(f"  {one}") for one in _newer(report, tr)]
    made.append(line("  " + ", ".join(f"{name} {clean(version)}" for name, version in report.versions)))
    everything = tr.gettext("Everything that was read, without what is private: {command}")
    made.append(line(Span(everything.format(command=typed(tr, "doctor", "--json")), Style.FAINT)))
    if report.files:
        made.append(line(tr.gettext("Saved, only numbers and this report; look at them before you send them:")))
        made += [line(f"  {name}") for name in report.files]
    return made


def _newer(report: Report, tr: Translator) -> tuple[str, ...]:
    """Only where Open WebUI was asked."""
    here = next((one for one in report.notes if one.program is Program.OPEN_WEBUI), None)
    if report.newer is None or here is None:
        return ()
    return versions.told(here.version, report.newer, tr), versions.who_asks(tr)


def _part(title: str, rows: list[tuple[str, str]], style: Style) -> Iterator[Line]:
    if not rows:
        return
    yield line(Span(title, Style.STRONG))
    columns = max(width(label) for label, _ in rows) + 2
    for label, text in rows:
        yield line("  ", Span(pad(label, columns), style), text)
    yield line("")


def _not_wanted(entry: Entry) -> bool:
    """Nobody asked for it: that is no fault."""
    return entry.why is not None and entry.why.why is Why.NOT_ASKED and entry.why.detail != Unseen.NOT_CONNECTED


def _behind_another(entry: Entry, report: Report) -> bool:
    """What is silent only because another source is: that one is told. And a Python that is like all others."""
    first: dict[str, Probed] = {
        Probed.OLLAMA_LOADED: Probed.OLLAMA_VERSION,
        Probed.OLLAMA_INSTALLED: Probed.OLLAMA_VERSION,
        Probed.OPEN_WEBUI_ACCESS: Probed.OPEN_WEBUI,
        Probed.OPEN_WEBUI_TASKS: Probed.OPEN_WEBUI_ACCESS,
        Probed.OPEN_WEBUI_MODELS: Probed.OPEN_WEBUI_ACCESS,
        Probed.OPEN_WEBUI_BUSY: Probed.OPEN_WEBUI_ACCESS,
    }
    if entry.state is EntryState.WORKS:
        return not doctor_values.is_worth_a_line(entry)
    before = next((one for one in report.entries if one.name == first.get(entry.name)), None)
    return before is not None and before.state is not EntryState.WORKS


def _works(entry: Entry, report: Report, tr: Translator) -> tuple[str, str]:
    return _label(entry, tr), doctor_values.summary(entry, dict(report.addresses), tr)


def _silent(entry: Entry, tr: Translator) -> tuple[str, str]:
    return _label(entry, tr), _reason(entry, tr)


def _reason(entry: Entry, tr: Translator) -> str:
    if entry.why is None:
        return clean(entry.error)
    problem = _tray_problem(entry)
    if problem is not None:
        return tray_problem.sentence(problem, tr)
    return _own_reason(entry, tr) or reason_words(entry.why, tr)


def _own_reason(entry: Entry, tr: Translator) -> str:
    """Of what has one of its own; empty for all others."""
    if entry.name == Probed.NOTICES:
        return tr.gettext("Nothing on this desktop shows them: icon and menu tell the same")
    if entry.name == Probed.KEYCHAIN:
        return tr.gettext("this system has none that can be used")
    if entry.name == Probed.CONTAINERS and _not_wanted(entry):
        return tr.gettext("to watch them, set allow_docker_socket = true in settings.toml")
    if entry.name == Probed.RELAY and entry.why is not None and entry.why.why is Why.NOT_ASKED:
        return tr.gettext("no relay runs; how it stands: {command}").format(command=typed(tr, "chat-first", "status"))
    return ""


def _tray_problem(entry: Entry) -> TrayUnavailable | None:
    """What keeps the icon from being shown: the first word of the detail."""
    if entry.name != Probed.TRAY_HOST or entry.why is None:
        return None
    word, _, detail = entry.why.detail.partition(" ")
    return TrayUnavailable(TrayProblem(word), detail) if word in set(TrayProblem) else None


def _steps(entry: Entry, report: Report, tr: Translator) -> Iterator[str]:
    """What to do about it, where there is something."""
    for name, why, detail in doctor_values.missing_inputs(entry.value):
        if advice := remedy_for_missing(name, why, detail, tr):
            yield advice
    if entry.name == Probed.KEYCHAIN and entry.why is not None:
        if not _is_signed_in(report):
            yield tr.gettext(
                "Where there is no keychain, set ELBOWROOM_API_KEY, or connect with --insecure-file-secret: it keeps "
                "the sign-in in a file that only you can read."
            )
    elif entry.why is not None and (step := next_step(entry, entry.why, dict(report.addresses), tr)):
        yield step


def _is_signed_in(report: Report) -> bool:
    """Without a keychain: then there is nothing to do about it."""
    access = next((one for one in report.entries if one.name == Probed.OPEN_WEBUI_ACCESS), None)
    return access is not None and access.state is EntryState.WORKS


def next_step(entry: Entry, why: Unknown, addresses: dict[str, str], tr: Translator) -> str:
    """What to do about a source that did not answer; empty where nothing can be done here."""
    open_webui = addresses.get("open-webui", "")
    if why.detail == Unseen.NOT_CONNECTED:
        return tr.gettext("Connect first: {command}").format(command=typed(tr, "connect", open_webui))
    match why.why:
        case Why.REFUSED if why.detail in set(RefusedBecause):
            return refusals.said(RefusedBecause(why.detail), open_webui, "", tr)[1]
        case Why.UNTRUSTED:
            return distrust.step(Distrust(why.detail) if why.detail in set(Distrust) else Distrust.OTHER, tr)
        case Why.TIMED_OUT:
            return tr.gettext("It may be starting or very busy: try again in a moment.")
        case Why.UNREACHABLE:
            return _start(entry, tr)
    return ""


def _start(entry: Entry, tr: Translator) -> str:
    if entry.name == Probed.OLLAMA_VERSION:
        command = typed(tr, "doctor", "--ollama", "http://HOST:11434")
        return tr.gettext("Start Ollama, or name its address: {command}").format(command=command)
    if entry.name == Probed.OPEN_WEBUI:
        command = typed(tr, "doctor", "--open-webui", "http://HOST:8080")
        return tr.gettext("Start Open WebUI, or name its address: {command}").format(command=command)
    return ""


def _label(entry: Entry, tr: Translator) -> str:
    labels: dict[str, str] = {
        Probed.HOST: tr.gettext("System"),
        Probed.MEMORY: tr.gettext("Memory"),
        Probed.GPU: tr.gettext("GPU"),
        Probed.PROCESSES: tr.gettext("Processes"),
        Probed.CONTAINERS: tr.gettext("Containers"),
        Probed.OLLAMA_LOG: tr.gettext("Ollama's log"),
        Probed.AUTOSTART: tr.gettext("Start at login"),
        Probed.TRAY_HOST: tr.gettext("Icon"),
        Probed.NOTICES: tr.gettext("Notifications"),
        Probed.KEYCHAIN: tr.gettext("Keychain"),
        Probed.PYTHON_BUILD: tr.gettext("Python"),
        Probed.RELAY: tr.gettext("Chat first"),
        Probed.OLLAMA_VERSION: "Ollama",
        Probed.OLLAMA_LOADED: tr.gettext("Models in memory"),
        Probed.OLLAMA_INSTALLED: tr.gettext("Models installed"),
        Probed.REQUESTS: tr.gettext("Requests"),
        Probed.OPEN_WEBUI: "Open WebUI",
        Probed.OPEN_WEBUI_ACCESS: tr.gettext("Sign-in"),
        Probed.OPEN_WEBUI_TASKS: tr.gettext("Task settings"),
        Probed.OPEN_WEBUI_MODELS: tr.gettext("Models listed"),
        Probed.OPEN_WEBUI_BUSY: tr.gettext("Chats being answered"),
    }
    return labels.get(entry.name, clean(entry.name))
