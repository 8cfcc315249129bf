"""Open WebUI's list of Ollama connections, of which we change an address and our own headers, nothing else.

The document also holds keys and other people's headers. A value here is the address and what stands under our own
header names, so that nothing else can reach a plan, a screen or the journal; everything else goes back as it came.
"""

from collections.abc import Iterable, Mapping

from tray_app.core.values.plan import Change, Record
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Document, Json

ENABLED, URLS, CONFIGS = "ENABLE_OLLAMA_API", "OLLAMA_BASE_URLS", "OLLAMA_API_CONFIGS"
_URL, _HEADERS = "url", "headers"
KEYS = (ENABLED, URLS, CONFIGS)
TASK_HEADER, USER_HEADER, CHAT_HEADER = "X-Elbowroom-Task", "X-Elbowroom-User", "X-Elbowroom-Chat"
HEADERS: dict[str, Json] = {TASK_HEADER: "{{TASK}}", USER_HEADER: "{{USER_ID}}", CHAT_HEADER: "{{CHAT_ID}}"}
"""Open WebUI puts its own word for a request's kind, and opaque ids, where the braces are (utils/headers.py)."""
SOMEBODYS = "(set by somebody else)"
"""In the place of a value under our name that is not ours: it may be a secret."""


def check(document: Mapping[str, Json]) -> None:
    """ValueError names the key that is missing or of another type: then this is no document that we may write."""
    urls, configs = document.get(URLS), document.get(CONFIGS)
    good = {
        ENABLED: isinstance(document.get(ENABLED), bool),  # without it the server would switch every connection off
        URLS: isinstance(urls, list) and all(isinstance(url, str) for url in urls),
        CONFIGS: isinstance(configs, dict) and all(isinstance(one, dict) for one in configs.values()),
    }
    for key in KEYS:
        if not good[key]:
            raise ValueError(f"{key} is {type(document.get(key)).__name__}")


def urls_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    found = document[URLS]
    assert isinstance(found, list)
    return tuple(str(url) for url in found)


def _configs(document: Mapping[str, Json]) -> dict[str, Json]:
    found = document[CONFIGS]
    assert isinstance(found, dict)
    return found


def is_by_position(document: Mapping[str, Json]) -> bool:
    """Whether every connection's settings go by its number. Those that go by address, as servers before 0.5.15 kept
    them, would be dropped by any write (routers/ollama.py, update_config)."""
    return _configs(document).keys() <= {str(index) for index in range(len(urls_of(document)))}


def secrets_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    """What no text may repeat of it: keys, and the headers that are not ours."""
    configs = [one for one in _configs(document).values() if isinstance(one, dict)]
    texts = [one.get("key") for one in configs]
    texts += [value for one in configs for name, value in (_headers(one) or {}).items() if value != HEADERS.get(name)]
    return tuple(text for text in texts if isinstance(text, str))


def _config(document: Mapping[str, Json], index: int) -> dict[str, Json] | None:
    found = _configs(document).get(str(index))
    return found if isinstance(found, dict) else None


def _headers(config: Mapping[str, Json] | None) -> dict[str, Json] | None:
    found = None if config is None else config.get(_HEADERS)
    return found if isinstance(found, dict) else None


def connection(document: Mapping[str, Json], index: int) -> Json:
    """The value of one connection: {"url": ...}, with "headers": null where it has settings but no headers."""
    told: dict[str, Json] = {_URL: urls_of(document)[index]}
    config = _config(document, index)
    if config is not None:
        headers = _headers(config)
        told[_HEADERS] = (
            None if headers is None else {name: _shown(name, headers) for name in HEADERS if name in headers}
        )
    return told


def _shown(name: str, headers: Mapping[str, Json]) -> Json:
    return HEADERS[name] if headers[name] == HEADERS[name] else SOMEBODYS


def taken_names(document: Mapping[str, Json], index: int) -> tuple[str, ...]:
    """Headers of ours that somebody set to something else, or in other letters, which servers take for the same."""
    headers, ours = _headers(_config(document, index)) or {}, {name.lower(): name for name in HEADERS}
    return tuple(
        name
        for name, value in headers.items()
        if name.lower() in ours and (name not in HEADERS or value != HEADERS[name])
    )


def told_as(url: str, *, ours: bool) -> Json:
    """The value of a connection with that address, with all of our headers or none."""
    return {_URL: url, _HEADERS: dict(HEADERS) if ours else None}


def led_to(document: Mapping[str, Json], index: int, url: str) -> Change:
    """The change that leads one connection to `url` and has Open WebUI tell each request's kind. What somebody set
    under our names stays."""
    before = connection(document, index)
    after: Json = {_URL: url, _HEADERS: {**HEADERS, **_somebodys(before)}}
    return Change(Setting.OLLAMA_CONNECTION, before, after, str(index))


# --- one connection of a document that may have been rearranged since -----------------------------------


def url_of(value: Json) -> str:
    """The address of a connection's value; empty where it has none, as a damaged line of a journal."""
    found = value.get(_URL) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _ours(value: Json) -> dict[str, Json]:
    found = value.get(_HEADERS) if isinstance(value, dict) else None
    return {name: found[name] for name in HEADERS if name in found} if isinstance(found, dict) else {}


def has_our_headers(value: Json) -> bool:
    """Chat first is on there: its headers come with the requests."""
    return bool(_ours(value))


def _somebodys(value: Json) -> dict[str, Json]:
    return {name: one for name, one in _ours(value).items() if one == SOMEBODYS}


def switches(change: Change) -> bool | None:
    """Whether a change switches chat first on or off; None where it does neither."""
    before, after = (TASK_HEADER in _ours(value) for value in (change.before, change.after))
    return None if change.setting is not Setting.OLLAMA_CONNECTION or before == after else after


def same(left: Json, right: Json) -> bool:
    """Equal for the server: no headers, and none of ours, are the same."""
    return url_of(left) == url_of(right) and _ours(left) == _ours(right)


def _index(document: Mapping[str, Json], place: str, *known: str) -> int | None:
    """Where a connection is now: at its place, or, where that holds another one, the only one with the first of the
    known addresses that there is. None where it is gone."""
    urls = urls_of(document)
    at_place = next((index for index, url in enumerate(urls) if str(index) == place), None)
    if at_place is not None and urls[at_place] in known:
        return at_place
    for one in known:
        moved = [index for index, url in enumerate(urls) if url == one]
        if moved:
            return moved[0] if len(moved) == 1 else at_place
    return at_place


def held(document: Mapping[str, Json], change: Change) -> Json:
    """What the document holds there now. KeyError where the connection is gone."""
    index = _index(document, change.place, url_of(change.after), url_of(change.before))
    if index is None:
        raise KeyError(change.place)
    return connection(document, index)


def changed(document: Mapping[str, Json], changes: Iterable[Change]) -> Document:
    """The whole document with only these connections' addresses and our headers changed. KeyError: it is gone."""
    urls, configs = list(urls_of(document)), dict(_configs(document))
    for change in changes:
        index = _index(document, change.place, url_of(change.before), url_of(change.after))
        if index is None or not url_of(change.after):
            raise KeyError(change.place)
        urls[index] = url_of(change.after)
        config = _with_headers(_config(document, index), change.after)
        configs.pop(str(index), None)
        if config is not None:
            configs[str(index)] = config
    return {**document, URLS: [*urls], CONFIGS: configs}


def _with_headers(config: dict[str, Json] | None, value: Json) -> dict[str, Json] | None:
    """The settings of a connection with our headers as `value` says. What was made only for them goes with them."""
    wanted = _ours(value)
    kept = {name: one for name, one in (_headers(config) or {}).items() if name not in HEADERS}
    somebodys = {name: one for name, one in (_headers(config) or {}).items() if wanted.get(name) == SOMEBODYS}
    headers = kept | {name: one for name, one in wanted.items() if one != SOMEBODYS} | somebodys
    made = {name: one for name, one in (config or {}).items() if name != _HEADERS}
    was_there = value.get(_HEADERS) is not None if isinstance(value, dict) else False
    if headers or was_there:
        return {**made, _HEADERS: headers}
    is_new = not made and isinstance(value, dict) and _HEADERS not in value
    return None if is_new else made


def taken_back(now: Json, made: Change) -> tuple[Json, bool, bool]:
    """A connection with what is still ours of a change taken back; whether anything was, and whether somebody has
    changed anything else of it since."""
    if not url_of(made.before) or not url_of(made.after):  # no line of ours says that
        return now, False, True
    url, is_ours, drifted = _undone(url_of(now), url_of(made.before), url_of(made.after))
    seen, before, after = _ours(now), _ours(made.before), _ours(made.after)
    headers: dict[str, Json] = {}
    for name in HEADERS:
        value, mine, other = _undone(seen.get(name), before.get(name), after.get(name))
        is_ours, drifted = is_ours or mine, drifted or other
        if value is not None:
            headers[name] = value
    told: dict[str, Json] = {_URL: url}
    if headers:
        told[_HEADERS] = headers
    elif isinstance(made.before, dict) and _HEADERS in made.before:
        told[_HEADERS] = None if made.before[_HEADERS] is None else {}
    return told, is_ours, drifted


def _undone(now: Json, before: Json, after: Json) -> tuple[Json, bool, bool]:
    if before in (now, after):
        return now, False, False
    return (before, True, False) if now == after else (now, False, True)


def behind(records: Iterable[Record]) -> dict[str, str]:
    """Where the addresses lead that we wrote: to what stood there before."""
    return {
        url_of(one.after): url_of(one.before)
        for record in records
        for one in record.changes
        if one.setting is Setting.OLLAMA_CONNECTION
    }
