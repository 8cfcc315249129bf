"""Open WebUI's list of OpenAI-type connections, to which we add one, or take back the one that we added.

The document holds the keys of all of them. A value here is an address, what of its settings decides which models are
listed, and only whether there is a key: so no key can reach a plan, a screen or the journal. It is handed to the write
apart from the change, and nothing is decided by it: a connection is ours by its address and its settings.
"""

from collections.abc import Iterable, Mapping

from tray_app.core.tasks.releases import CONFIGS_BY_NUMBER_SINCE, OPENAI_CONFIG_SINCE
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.token import Token
from tray_app.core.values.version import Document, Json, Version

ENABLED, URLS, KEYS, CONFIGS = (
    "ENABLE_OPENAI_API",
    "OPENAI_API_BASE_URLS",
    "OPENAI_API_KEYS",
    "OPENAI_API_CONFIGS",
)
"""The last one is missing before 0.4: those releases list every model of every connection."""
_URL, _KEY, _ON, _MODELS, _PREFIX, _MORE, _BY = "url", "key", "on", "models", "prefix", "more", "by"
BY_NUMBER, BY_ADDRESS, NO_SETTINGS = "number", "address", "none"
"""How the release names a connection's settings in the document."""
_OURS = frozenset({"enable", "model_ids", "prefix_id", "tags", "connection_type"})
"""The settings that a connection of ours has; the names of further ones tell that somebody has worked on it."""


def named_by(version: Version) -> str:
    """How this release names the settings of a connection."""
    if version < OPENAI_CONFIG_SINCE:
        return NO_SETTINGS
    return BY_NUMBER if version >= CONFIGS_BY_NUMBER_SINCE else BY_ADDRESS


def check(document: Mapping[str, Json]) -> None:
    """ValueError names the key that is missing or of another type: then this is no document that we may write."""
    urls, keys, configs = document.get(URLS), document.get(KEYS), document.get(CONFIGS, {})
    good = {
        ENABLED: isinstance(document.get(ENABLED), bool),  # without it the server would switch every connection off
        URLS: isinstance(urls, list) and all(isinstance(url, str) for url in urls),
        KEYS: isinstance(keys, list) and all(isinstance(key, str) for key in keys),
        CONFIGS: isinstance(configs, dict) and all(isinstance(one, dict) for one in configs.values()),
    }
    for key, fine in good.items():
        if not fine:
            raise ValueError(f"{key} is {type(document.get(key)).__name__}")


REMEDY = "hosted-connection"


def remedy_id(model: str) -> str:
    """How the journal names the change that adds a connection for this model."""
    return f"{REMEDY}:{model}"


def added_for(remedy: str) -> str:
    """The model that a connection was added for; empty where the change was another one."""
    name, _, model = remedy.partition(":")
    return model if name == REMEDY else ""


def _list(document: Mapping[str, Json], key: str) -> list[Json]:
    found = document[key]
    assert isinstance(found, list)
    return found


def urls_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple(str(url) for url in _list(document, URLS))


def is_on(document: Mapping[str, Json]) -> bool:
    """Whether any connection of the list is used at all."""
    return document[ENABLED] is True


def secrets_of(document: Mapping[str, Json]) -> tuple[str, ...]:
    """What no text may repeat of it: keys, and every header."""
    found = [str(key) for key in _list(document, KEYS)]
    for one in _configs(document).values():
        headers = one.get("headers") if isinstance(one, dict) else None
        if isinstance(headers, dict):
            found += [value for value in headers.values() if isinstance(value, str)]
    return tuple(key for key in found if key)


def _configs(document: Mapping[str, Json]) -> dict[str, Json]:
    found = document.get(CONFIGS)
    return found if isinstance(found, dict) else {}


def would_lose(document: Mapping[str, Json], by: str) -> bool:
    """Whether settings go by address where the release takes them by number: any write would drop those."""
    numbers = {str(index) for index in range(len(urls_of(document)))}
    return by == BY_NUMBER and not _configs(document).keys() <= numbers


# --- one connection ---------------------------------------------------------------------------------


def _index(document: Mapping[str, Json], url: str) -> int | None:
    found = [index for index, one in enumerate(urls_of(document)) if one.rstrip("/") == url.rstrip("/")]
    return found[0] if found else None


def connection(document: Mapping[str, Json], url: str) -> Json:
    """The value of the connection with this address; None where there is none."""
    index = _index(document, url)
    if index is None:
        return None
    keys, config = _list(document, KEYS), _config(document, index)
    models = config.get("model_ids")
    more: list[Json] = [*sorted(name for name, value in config.items() if name not in _OURS and value)]
    told: dict[str, Json] = {
        _URL: urls_of(document)[index],
        _KEY: index < len(keys) and bool(keys[index]),
        _ON: config.get("enable") is not False,
        _MODELS: [str(one) for one in models] if isinstance(models, list) else [],
        _PREFIX: str(config.get("prefix_id") or ""),
        _MORE: more,
    }
    return told


def _config(document: Mapping[str, Json], index: int) -> dict[str, Json]:
    """By number, or by address as older releases keep them."""
    configs = _configs(document)
    found = configs.get(str(index), configs.get(urls_of(document)[index]))
    return found if isinstance(found, dict) else {}


def added(url: str, models: Iterable[str], *, key: bool, by: str, prefix: str = "") -> Change:
    """The change that adds one; of its models only these are listed, where the release can limit that."""
    limited: list[Json] = [] if by == NO_SETTINGS else [*models]
    after: dict[str, Json] = {_URL: url, _KEY: key, _ON: True, _MODELS: limited, _PREFIX: prefix, _MORE: [], _BY: by}
    return Change(Setting.OPENAI_CONNECTION, None, after, url)


def switched_on(document: Mapping[str, Json]) -> tuple[Change, ...]:
    """The change that has the list used at all, where it is not; it remembers how many connections there were."""
    if is_on(document):
        return ()
    return (Change(Setting.OPENAI_API, before=False, after=True, place=str(len(urls_of(document)))),)


def listing(document: Mapping[str, Json], url: str, model: str) -> Change | None:
    """The change that has one that is there list this model, too; None where it does."""
    before = connection(document, url)
    if not isinstance(before, dict):
        return None
    models = models_of(before)
    wanted = [*models, model] if models and model not in models else [*models]
    after: dict[str, Json] = {**before, _ON: True, _MODELS: [*wanted]}
    return None if after == before else Change(Setting.OPENAI_CONNECTION, before, after, url)


def url_of(value: Json) -> str:
    found = value.get(_URL) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def models_of(value: Json) -> tuple[str, ...]:
    """The models that alone are listed; empty: all of them."""
    found = value.get(_MODELS) if isinstance(value, dict) else None
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def has_key(value: Json) -> bool:
    return isinstance(value, dict) and value.get(_KEY) is True


def is_used(value: Json) -> bool:
    """Switched on, where the whole list is."""
    return isinstance(value, dict) and value.get(_ON) is True


def prefix_of(value: Json) -> str:
    """What its models' ids begin with."""
    found = value.get(_PREFIX) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _settings(value: Json) -> object:
    """What tells whether somebody changed it: everything but the key, and how the document names it."""
    if not isinstance(value, dict):
        return None
    return {name: one for name, one in value.items() if name not in (_KEY, _BY)}


def same(left: Json, right: Json) -> bool:
    return _settings(left) == _settings(right) and has_key(left) == has_key(right)


def held(document: Mapping[str, Json], change: Change) -> Json:
    return is_on(document) if change.setting is Setting.OPENAI_API else connection(document, change.place)


def taken_back(document: Mapping[str, Json], made: Change) -> tuple[Change | None, bool]:
    """The change back, as far as what was made is still there; and whether somebody changed it since. A key that is
    another one by now changes nothing."""
    now = held(document, made)
    if made.setting is Setting.OPENAI_API:
        others = made.place.isdecimal() and len(urls_of(document)) > int(made.place) + 1
        return (made.back(), False) if now == made.after and not others else (None, False)
    if _settings(now) == _settings(made.before):
        return None, False
    if _settings(now) != _settings(made.after) or not _can_go(document, made):
        return None, True
    return Change(made.setting, now, made.before, made.place), False


def _can_go(document: Mapping[str, Json], made: Change) -> bool:
    """Before 0.4 addresses and keys are written one after the other: where others stand after ours, a key would for a
    moment belong to another address."""
    last = len(urls_of(document)) - 1
    return made.before is not None or CONFIGS in document or _index(document, made.place) == last


def changed(document: Mapping[str, Json], changes: Iterable[Change], key: Token | None = None) -> Document:
    """The whole document with only these made. `key`: of a connection that is added. KeyError: it is gone."""
    made: Document = dict(document)
    for change in changes:
        if change.setting is Setting.OPENAI_API:
            made[ENABLED] = change.after is True
        elif change.after is None:
            made = _without(made, change.place)
        elif change.before is None and _index(made, change.place) is None:
            made = _with(made, change, key)
        else:
            made = _set(made, change)
    return made


def _with(document: Document, change: Change, key: Token | None) -> Document:
    urls, keys, configs = [*_list(document, URLS)], [*_list(document, KEYS)], dict(_configs(document))
    keys = (keys + [""] * len(urls))[: len(urls)]  # as the server itself fills them up
    by = change.after.get(_BY) if isinstance(change.after, dict) else ""
    made: Document = {**document, URLS: [*urls, change.place], KEYS: [*keys, key.value if key else ""]}
    if CONFIGS in document:
        name = change.place if by == BY_ADDRESS else str(len(urls))
        models: list[Json] = [*models_of(change.after)]
        config: dict[str, Json] = {
            "enable": True,
            "tags": [],
            "prefix_id": prefix_of(change.after),
            "model_ids": models,
        }
        made[CONFIGS] = {**configs, name: {**config, "connection_type": "external"}}
    return made


def _set(document: Document, change: Change) -> Document:
    """Which models are listed, and whether it is used. Before 0.4 it has no settings."""
    if CONFIGS not in document:
        return document
    index = _index(document, change.place)
    if index is None:
        raise KeyError(change.place)
    configs = dict(_configs(document))
    name = next((one for one in (str(index), urls_of(document)[index]) if one in configs), str(index))
    models: list[Json] = [*models_of(change.after)]
    configs[name] = {**_config(document, index), "enable": is_used(change.after), "model_ids": models}
    return {**document, CONFIGS: configs}


def _without(document: Document, url: str) -> Document:
    """The later ones move up, their keys and settings with them. One that is gone already leaves it as it is."""
    index = _index(document, url)
    if index is None:
        return document
    urls, keys = [*_list(document, URLS)], [*_list(document, KEYS)]
    address = str(urls.pop(index))
    del keys[index : index + 1]
    made: Document = {**document, URLS: urls, KEYS: keys}
    if CONFIGS in document:
        made[CONFIGS] = {
            _moved(name, index): one for name, one in _configs(document).items() if name not in (str(index), address)
        }
    return made


def _moved(name: str, gone: int) -> str:
    return str(int(name) - 1) if name.isdecimal() and int(name) > gone else name
