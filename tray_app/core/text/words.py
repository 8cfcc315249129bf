"""Single words that several views say alike."""

from collections.abc import Callable, Iterable

from tray_app.core.text import distrust, refusals
from tray_app.core.text.system_words import system_words
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.service import Distrust, RefusedBecause
from tray_app.core.values.reading import Unknown, Unseen, Why
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.units import format_bytes


def pressure_word(pressure: Pressure, tr: Translator) -> str:
    return {
        Pressure.NORMAL: tr.gettext("normal"),
        Pressure.WARNING: tr.gettext("warning"),
        Pressure.CRITICAL: tr.gettext("critical"),
        Pressure.UNKNOWN: tr.gettext("unknown"),
    }[pressure]


def percent(number: float, tr: Translator) -> str:
    """`81%`: a space before the sign, or none, as the language writes it."""
    return tr.gettext("{number}%").format(number=round(number))


def size(count: int | None) -> str:
    """Bytes as people read them; `?` where they are not known."""
    return "?" if count is None else format_bytes(count)


def yes_words(tr: Translator) -> frozenset[str]:
    """What a person may answer to a question; English is understood everywhere."""
    # A catalog adds the words of its language, in small letters, with spaces between them.
    return frozenset(("y", "yes", *tr.gettext("y yes").split()))


def listed(words: Iterable[str], tr: Translator) -> str:
    """`titles, tags`: words of one kind, with what the language puts between them."""
    return _chained(words, lambda first, more: tr.gettext("{first}, {more}").format(first=first, more=more))


def joined(facts: Iterable[str], tr: Translator) -> str:
    """`19.7 GiB, 100 % GPU`: several facts about one thing; some languages have another comma for these."""
    return _chained(facts, lambda fact, more: tr.gettext("{fact}, {more}").format(fact=fact, more=more))


def _chained(parts: Iterable[str], pair: Callable[[str, str], str]) -> str:
    made = ""
    for part in parts:
        made = pair(made, part) if made else part
    return made


def waits_behind(model: str, waiting: int, tr: Translator) -> str:
    return tr.ngettext("{count} request waits behind {model}", "{count} requests wait behind {model}", waiting).format(
        count=waiting, model=model
    )


def request_counts(running: str | None, waiting: str | None, why: tuple[str, str], tr: Translator) -> str:
    """`2 running, at least 1 waiting`; where a count is not known (None), `why` stands in its place, as a word of its
    own: some languages count with a word that no reason can have.
    """
    if running is not None and waiting is not None:
        return tr.gettext("{running} running, {waiting} waiting").format(running=running, waiting=waiting)
    known, unknown = tr.gettext("{count} running"), tr.gettext("running: {reason}")
    first = unknown.format(reason=why[0]) if running is None else known.format(count=running)
    known, unknown = tr.gettext("{count} waiting"), tr.gettext("waiting: {reason}")
    second = unknown.format(reason=why[1]) if waiting is None else known.format(count=waiting)
    return listed((first, second), tr)


def why_words(unknown: Unknown, tr: Translator) -> str:
    """`unknown (nothing answers: 127.0.0.1:11434)`: the reason in plain words, the fact after it."""
    return tr.gettext("unknown ({reason})").format(reason=reason_words(unknown, tr))


def reason_words(unknown: Unknown, tr: Translator) -> str:
    """`nothing answers: 127.0.0.1:11434`."""
    words = {
        Why.NOT_ASKED: tr.gettext("not asked"),
        Why.NOT_YET: tr.gettext("needs a second look"),
        Why.MISSING: tr.gettext("this system does not have it"),
        Why.UNSUPPORTED: tr.gettext("this version cannot tell"),
        Why.DENIED: tr.gettext("the system does not let us look"),
        Why.UNREACHABLE: tr.gettext("nothing answers"),
        Why.UNTRUSTED: tr.gettext("no safe connection"),
        Why.TIMED_OUT: tr.gettext("no answer in time"),
        Why.REFUSED: tr.gettext("the sign-in was refused"),
        Why.IN_FRONT: tr.gettext("a proxy before it asks for a sign-in of its own"),
        Why.TOO_MANY: tr.gettext("it refuses requests for now"),
        Why.BAD_ANSWER: tr.gettext("an unexpected answer"),
        Why.REMOTE: tr.gettext("runs on another machine"),
    }
    facts: dict[str, str] = {
        Unseen.NO_SERVER_PROCESS: tr.gettext("Ollama's process cannot be seen from here"),
        Unseen.RUNNER_WITHOUT_SLOTS: tr.gettext("Ollama before 0.30 does not tell"),
        Unseen.RUNNER_SILENT: tr.gettext("its runner does not answer"),
        Unseen.SEVERAL_SERVERS: tr.gettext("several Ollama servers run here, and which one is watched cannot be seen"),
        Unseen.CONNECTIONS_KEPT: tr.gettext("clients keep their connections open, so they cannot be counted"),
        Unseen.OTHER_USERS_SOCKETS: tr.gettext("Ollama runs as another user"),
        Unseen.NOT_CONNECTED: tr.gettext("not connected"),
    }
    if unknown.detail in facts:
        return facts[unknown.detail]
    if unknown.why is Why.REFUSED and unknown.detail in set(RefusedBecause):
        return refusals.brief(RefusedBecause(unknown.detail), tr)
    reason = words[unknown.why]
    fact = system_words(unknown.detail, tr)
    if unknown.why is Why.UNTRUSTED and unknown.detail in set(Distrust):
        fact = distrust.brief(Distrust(unknown.detail), fact, tr)
    return tr.gettext("{reason}: {fact}").format(reason=reason, fact=fact) if fact else reason
