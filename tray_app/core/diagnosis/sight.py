"""Could the question be asked at all? Where nothing is found, this is what calm may be said for."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.report.overview import Source
from tray_app.core.values.finding import Blind
from tray_app.core.values.reading import Why
from tray_app.core.values.snapshot import Access, Presence, Pressure

_PASSING = {Why.NOT_YET, Why.UNREACHABLE, Why.TIMED_OUT, Why.BAD_ANSWER}
"""Why a source that tells at other times says nothing now. A server that is known and silent is one, too."""
_LASTING = {Why.MISSING, Why.UNSUPPORTED, Why.DENIED}
"""Why this system will say nothing at the next poll either."""
_BY_ACCESS = {
    Access.NONE: Blind.NOT_CONNECTED,
    Access.REFUSED: Blind.SIGN_IN_REFUSED,
    Access.USER: Blind.NOT_ADMIN,
}


def blind_to(facts: Facts) -> Blind | None:
    """What is missing most; None where everything could be asked. What fails now comes before what the set-up lacks."""
    pressure = _pressure(facts)
    if pressure is Blind.NO_ANSWER or facts.ollama is None:
        return Blind.NO_ANSWER
    if facts.serves_open_webui is False:
        return Blind.OTHER_OLLAMA if facts.overview.connections else Blind.NOTHING_LISTED
    if facts.ollama.presence is Presence.ABSENT:
        return Blind.NOTHING_TO_WATCH
    if facts.may_be_another_ollama:
        return Blind.WHICH_OLLAMA
    if _nothing_listed(facts):
        return Blind.NOTHING_LISTED
    requests = _requests(facts)
    return requests if requests is Blind.NO_ANSWER else _open_webui(facts) or requests or pressure


def _pressure(facts: Facts) -> Blind | None:
    """What the system does not have or does not let us see stays so: the rest is judged without it."""
    if facts.pressure is not Pressure.UNKNOWN:
        return None
    missing = facts.overview.missing_pressure
    return Blind.PRESSURE_UNSEEN if missing and all(one.why in _LASTING for one in missing) else Blind.NO_ANSWER


def _nothing_listed(facts: Facts) -> bool:
    """An administrator is shown every model: where this Ollama has some and none is listed, none is reached."""
    server = facts.open_webui
    if server is None or server.access is not Access.ADMIN or facts.listed is None or not facts.installed:
        return False
    return not any(one.ollama_name and not one.served.elsewhere for one in facts.listed)


def _open_webui(facts: Facts) -> Blind | None:
    server = facts.open_webui
    if server is None:
        # Where nothing listens, nothing is sent either: it is not running, which is no fault that passes by itself.
        absent = facts.overview.why[Source.OPEN_WEBUI].why in {Why.UNREACHABLE, Why.NOT_ASKED}
        return Blind.NO_OPEN_WEBUI if absent else Blind.NO_ANSWER
    if server.access in _BY_ACCESS:
        return _BY_ACCESS[server.access]
    return Blind.NO_ANSWER if facts.settings is None else None


def _requests(facts: Facts) -> Blind | None:
    """Nothing waits where nothing runs, so what waits is asked for only then."""
    if facts.running is not None and (facts.waiting is not None or facts.running == 0):
        return None
    asked = (Source.REQUESTS, Source.RUNNING, Source.WAITING)
    why = next((facts.overview.why[one].why for one in asked if one in facts.overview.why), None)
    return Blind.NO_ANSWER if why in _PASSING else Blind.REQUESTS_UNSEEN
