"""Versions: how old they are, what is known to be wrong with them, and what Open WebUI says of a newer one."""

from collections.abc import Iterable

from tray_app.core.report.versions import Age, KnownFault, Program, VersionNote
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.text import Translator
from tray_app.core.values.version import ReleaseFault, parse_version

_NAMES = {Program.OLLAMA: "Ollama", Program.OPEN_WEBUI: "Open WebUI"}


def name(note: VersionNote) -> str:
    """`Ollama 0.30.4`."""
    return f"{_NAMES[note.program]} {clean(note.version)}".rstrip()


def age(note: VersionNote, tr: Translator) -> str:
    """Against what was known when this was built; nobody is asked."""
    texts = {
        Age.OLDER: tr.gettext("{name}: older than {newest}, the newest that this Elbowroom knows."),
        Age.SAME: tr.gettext("{name}: the newest that this Elbowroom knows."),
        Age.NEWER: tr.gettext("{name}: newer than {newest}, the newest that this Elbowroom knows."),
        Age.UNKNOWN: tr.gettext("{name}: how old it is cannot be told."),
    }
    return texts[note.age].format(name=name(note), newest=note.newest)


def fault(note: VersionNote, known: KnownFault, tr: Translator) -> str:
    """What is wrong with it, and the first release without that."""
    text = tr.gettext("{name}: {what} Fixed in {fixed}.")
    return text.format(name=name(note), what=_what(known.fault, tr), fixed=known.fixed)


def faults(notes: Iterable[VersionNote], tr: Translator) -> list[str]:
    """All that is known, one sentence each."""
    return [fault(note, one, tr) for note in notes for one in note.faults]


def brief(notes: Iterable[VersionNote], tr: Translator) -> str:
    """All of it in one line; empty where nothing is known."""
    return in_turn(*faults(notes, tr))


def steps(notes: Iterable[VersionNote], tr: Translator) -> list[str]:
    """What to do about faults: one release that has none of them."""
    step = tr.gettext("Update {program} to {fixed} or newer.")
    return [step.format(program=_NAMES[one.program], fixed=one.mended_by) for one in notes if one.mended_by]


def _what(known: ReleaseFault, tr: Translator) -> str:
    return {
        ReleaseFault.CPU_EVICTS: tr.gettext("without a GPU, any second model evicts the chat model."),
        ReleaseFault.WEIGHTS_TWICE: tr.gettext(
            "it says that half of a model runs on the CPU when all of it is on the GPU."
        ),
        ReleaseFault.TITLE_WITHOUT_LIMIT: tr.gettext("it forgets to limit how much a title may write."),
        ReleaseFault.DIRECT_WITHOUT_TASK_MODEL: tr.gettext(
            "a chat over a person's own direct connection ignores the task model."
        ),
        ReleaseFault.IMPORT_WIPES: tr.gettext(
            "importing a settings file wipes every setting that the file does not have."
        ),
    }[known]


def told(version: str, latest: str, tr: Translator) -> str:
    """What Open WebUI says when it is asked for a newer version. `latest`: empty where it could not find out."""
    mine, other = parse_version(version), parse_version(latest)
    if other is None:
        return tr.gettext("Open WebUI could not find out whether a newer version is out.")
    if mine is None or other > mine:
        text = tr.gettext("Open WebUI says that {latest} is out; here is {version}.")
        return text.format(latest=clean(latest), version=clean(version))
    return tr.gettext("Open WebUI names no newer version than {version}; it may be told not to look.").format(
        version=clean(version)
    )


def who_asks(tr: Translator) -> str:
    """Beside an answer of Open WebUI's."""
    return tr.gettext("Open WebUI looked itself; Elbowroom asks nobody outside.")
