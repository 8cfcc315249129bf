"""The level in words: plain calm only where everything could be asked, else what is missing and the way to get it."""

from tray_app.core.report.overview import Overview, Source
from tray_app.core.report.programs import another_ollama
from tray_app.core.text import refusals
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import why_words
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.finding import Blind, Diagnosis, Level
from tray_app.core.values.snapshot import Access

OPEN_WEBUI_URL = "http://127.0.0.1:8080"
"""Where Open WebUI answers when nothing was set, for a command to be changed by hand."""
ELSEWHERE = "http://HOST:11434"


def level_word(level: Level, tr: Translator) -> str:
    return {
        Level.CALM: tr.gettext("Calm"),
        Level.TIGHT: tr.gettext("Tight"),
        Level.OVERLOADED: tr.gettext("Overloaded"),
        Level.UNKNOWN: tr.gettext("Unknown"),
    }[level]


def level_words(diagnosis: Diagnosis, tr: Translator) -> str:
    """`Calm as far as can be seen`, or the level alone."""
    if diagnosis.level is not Level.CALM or diagnosis.blind is None:
        return level_word(diagnosis.level, tr)
    if diagnosis.blind is Blind.NOTHING_TO_WATCH:
        return tr.gettext("Nothing to watch yet")
    return tr.gettext("Calm as far as can be seen")


def told(diagnosis: Diagnosis, seen: Overview, tr: Translator) -> str:
    """What the level rests on where nothing is found."""
    match diagnosis.blind:
        case None:
            return tr.gettext("Nothing crowds your models.") if diagnosis.level is Level.CALM else ""
        case Blind.OTHER_OLLAMA:
            return tr.gettext("Open WebUI uses another Ollama than the one that is read: {url}.").format(
                url=clean(_other_ollama(seen))
            )
        case Blind.WHICH_OLLAMA:
            return tr.gettext(
                "Open WebUI uses an Ollama at {url}; whether that is the one that is read cannot be told."
            ).format(url=clean(_other_ollama(seen)))
        case Blind.SIGN_IN_REFUSED | Blind.NOT_ADMIN:
            return _refused(diagnosis.blind, seen, tr)
        case Blind.PRESSURE_UNSEEN | Blind.REQUESTS_UNSEEN:
            return _unseen(diagnosis.blind, seen, tr)
        case _:
            return {
                Blind.NOT_JUDGED: tr.gettext("Not judged now: {kinds}.").format(kinds=_kinds(diagnosis)),
                Blind.NOTHING_TO_WATCH: _no_ollama(seen, tr),
                Blind.NOTHING_LISTED: tr.gettext(
                    "Open WebUI lists no model of this Ollama: what it sends does not arrive here."
                ),
                Blind.NO_OPEN_WEBUI: tr.gettext("Memory and Ollama are seen, but no Open WebUI answers."),
                Blind.NOT_CONNECTED: tr.gettext(
                    "Not connected: memory and Ollama are seen, not what Open WebUI sends."
                ),
                Blind.NO_ANSWER: tr.gettext("Not enough could be read to judge."),
            }[diagnosis.blind]


def _no_ollama(seen: Overview, tr: Translator) -> str:
    if seen.ollama is None or not another_ollama(seen):
        return tr.gettext("No Ollama runs here.")
    return tr.gettext("No Ollama answers at {url}, but another one runs here.").format(url=clean(seen.ollama.url))


def _unseen(blind: Blind, seen: Overview, tr: Translator) -> str:
    """What this set-up never tells, and why."""
    if blind is Blind.REQUESTS_UNSEEN:
        return tr.gettext("Requests at Ollama: {why}.").format(why=_why_requests(seen, tr))
    why = next((why_words(one, tr) for one in seen.missing_pressure), "")
    return tr.gettext("Memory pressure: {why}. All else is seen.").format(why=why)


def _refused(blind: Blind, seen: Overview, tr: Translator) -> str:
    """The server's reason, and what is not seen for it."""
    url, because = _refusal(blind, seen)
    lacks = {
        Blind.NOT_ADMIN: tr.gettext("Not all that Open WebUI sends is seen."),
        Blind.SIGN_IN_REFUSED: tr.gettext("Memory and Ollama are seen, not what Open WebUI sends."),
    }[blind]
    return in_turn(refusals.said(because, url, because.value, tr)[0], lacks)


def _refusal(blind: Blind, seen: Overview) -> tuple[str, RefusedBecause]:
    """Where from, and why. A recording of an earlier version does not hold the reason."""
    unknown = RefusedBecause.NOT_ADMIN if blind is Blind.NOT_ADMIN else RefusedBecause.OTHER
    if seen.open_webui is None:
        return OPEN_WEBUI_URL, unknown
    return clean(seen.open_webui.url), seen.open_webui.refused or unknown


def next_step(diagnosis: Diagnosis, seen: Overview, tr: Translator) -> str:
    """The way to what is missing, with a command to type; empty where nothing is."""
    if diagnosis.blind is None:
        return ""
    if diagnosis.blind in {Blind.SIGN_IN_REFUSED, Blind.NOT_ADMIN}:
        url, because = _refusal(diagnosis.blind, seen)
        return refusals.said(because, url, "", tr)[1]
    step, command = _step(diagnosis.blind, seen, tr)
    return step.format(command=command)


def meanwhile(diagnosis: Diagnosis, seen: Overview, tr: Translator) -> str:
    """Where there is nothing at all yet: what can be tried without it; else empty."""
    if diagnosis.blind is not Blind.NOTHING_TO_WATCH or seen.open_webui is not None or another_ollama(seen):
        return ""
    return tr.gettext("Or see first what it does: {command}").format(command=typed(tr, "demo"))


def _step(blind: Blind, seen: Overview, tr: Translator) -> tuple[str, str]:
    connect = typed(tr, "connect", seen.open_webui.url if seen.open_webui is not None else OPEN_WEBUI_URL)
    doctor = tr.gettext("What each source said: {command}"), typed(tr, "doctor")
    return {
        Blind.NOTHING_TO_WATCH: _without_ollama(seen, connect, tr),
        Blind.OTHER_OLLAMA: (
            tr.gettext("Read that one: {command}"),
            typed(tr, "status", "--ollama", _other_ollama(seen)),
        ),
        Blind.WHICH_OLLAMA: (
            tr.gettext("Read it by the same address as Open WebUI does: {command}"),
            typed(tr, "status", "--ollama", _other_ollama(seen)),
        ),
        Blind.NOTHING_LISTED: (
            tr.gettext("Check Open WebUI's connection to Ollama: Admin Panel > Settings > Connections."),
            "",
        ),
        Blind.NO_OPEN_WEBUI: (tr.gettext("When it runs, connect to it: {command}"), connect),
        Blind.NOT_CONNECTED: (tr.gettext("Connect: {command}"), connect),
        Blind.REQUESTS_UNSEEN: doctor,
        Blind.PRESSURE_UNSEEN: doctor,
        Blind.NOT_JUDGED: doctor,
        Blind.NO_ANSWER: doctor,
    }[blind]


OF_THE_ENVIRONMENT = (RefusedBecause.ENVIRONMENT, RefusedBecause.ENVIRONMENT_NOT_ADMIN)
"""The variable's key wins over what `connect` stores: to connect would change nothing."""


def _without_ollama(seen: Overview, connect: str, tr: Translator) -> tuple[str, str]:
    """An Open WebUI that is there knows which Ollama it uses, so nobody has to type its address."""
    server, another = seen.open_webui, another_ollama(seen)
    if another:
        return tr.gettext("Read that one: {command}"), typed(tr, "status", "--ollama", another)
    if server is not None and server.access is not Access.ADMIN and server.refused not in OF_THE_ENVIRONMENT:
        return tr.gettext("Start Ollama, or connect to Open WebUI, which knows where its Ollama is: {command}"), connect
    elsewhere = typed(tr, "status", "--ollama", ELSEWHERE)
    return tr.gettext("Start Ollama, or name the one on another machine: {command}"), elsewhere


def brief(diagnosis: Diagnosis, seen: Overview | None, tr: Translator) -> str:
    """Level and reason for a tooltip: `Calm as far as can be seen: not connected to Open WebUI`."""
    if diagnosis.blind is None and diagnosis.level is Level.CALM:
        return tr.gettext("Calm: nothing crowds your models")
    refused = seen.open_webui.refused if seen is not None and seen.open_webui is not None else None
    elsewhere = seen is not None and another_ollama(seen)
    what = {
        Blind.NOTHING_TO_WATCH: tr.gettext("another Ollama runs here")
        if elsewhere
        else tr.gettext("no Ollama runs here"),
        Blind.OTHER_OLLAMA: tr.gettext("Open WebUI uses another Ollama"),
        Blind.WHICH_OLLAMA: tr.gettext("Open WebUI may use another Ollama"),
        Blind.NOTHING_LISTED: tr.gettext("Open WebUI lists no model of this Ollama"),
        Blind.NOT_JUDGED: tr.gettext("not all of it could be judged"),
        Blind.NO_OPEN_WEBUI: tr.gettext("no Open WebUI answers"),
        Blind.NOT_CONNECTED: tr.gettext("not connected to Open WebUI"),
        Blind.SIGN_IN_REFUSED: refusals.brief(refused or RefusedBecause.OTHER, tr),
        Blind.NOT_ADMIN: tr.gettext("connected without admin rights"),
        Blind.REQUESTS_UNSEEN: tr.gettext("requests cannot be seen"),
        Blind.PRESSURE_UNSEEN: tr.gettext("memory pressure cannot be read"),
        Blind.NO_ANSWER: tr.gettext("not everything can be seen"),
    }[diagnosis.blind or Blind.NO_ANSWER]
    return tr.gettext("{level}: {what}").format(level=level_words(diagnosis, tr), what=what)


def _other_ollama(seen: Overview) -> str:
    """The first of Open WebUI's servers that is not the one that is read."""
    return next((one.url for one in seen.connections or () if not one.watched), ELSEWHERE)


def _kinds(diagnosis: Diagnosis) -> str:
    return ", ".join(one.kind for one in diagnosis.undecided)


def _why_requests(seen: Overview, tr: Translator) -> str:
    asked = (Source.REQUESTS, Source.RUNNING, Source.WAITING)
    return next((why_words(seen.why[one], tr) for one in asked if one in seen.why), "")
