"""A plan's changes in the whole document that they belong to: what it holds, and the document with them made.

A further kind of document is a `DocumentKind`, its settings, a file like `settings.py` or `openai_connections.py` and
its lines here; the carrier, the journal, undo and drift then know it.
"""

from collections.abc import Iterable, Mapping

from tray_app.core.tasks import ollama_connections, openai_connections, settings
from tray_app.core.values.plan import Change
from tray_app.core.values.task_settings import SLOTS, DocumentKind, Setting
from tray_app.core.values.token import Token
from tray_app.core.values.version import Document, Json


def kind_of(changes: Iterable[Change]) -> DocumentKind:
    """The document that they belong to: a plan's changes are all of one, and it is written once."""
    return next((one.setting.document for one in changes), DocumentKind.TASK_SETTINGS)


def shown(kind: DocumentKind, document: Mapping[str, Json]) -> object:
    """What of the document may come to be shown. ValueError names what is missing or of another type: then this is no
    document that may be written back.
    """
    match kind:
        case DocumentKind.TASK_SETTINGS:
            return settings.decode(document)
        case DocumentKind.OLLAMA_CONNECTIONS:
            ollama_connections.check(document)
            return ollama_connections.urls_of(document)
        case DocumentKind.OPENAI_CONNECTIONS:
            openai_connections.check(document)
            urls = openai_connections.urls_of(document)
            return urls, [openai_connections.connection(document, url) for url in urls]


def secrets_of(kind: DocumentKind, document: Mapping[str, Json]) -> tuple[str, ...]:
    """What no text may repeat of it, whatever a server answers."""
    match kind:
        case DocumentKind.TASK_SETTINGS:
            return ()
        case DocumentKind.OLLAMA_CONNECTIONS:
            return ollama_connections.secrets_of(document)
        case DocumentKind.OPENAI_CONNECTIONS:
            return openai_connections.secrets_of(document)


def held(document: Mapping[str, Json], change: Change) -> Json:
    """What the document holds where the change is. KeyError where it has no such place."""
    match change.setting.document:
        case DocumentKind.TASK_SETTINGS:
            return settings.value(document, change.setting)
        case DocumentKind.OLLAMA_CONNECTIONS:
            return ollama_connections.held(document, change)
        case DocumentKind.OPENAI_CONNECTIONS:
            return openai_connections.held(document, change)


def changed(document: Mapping[str, Json], changes: Iterable[Change], key: Token | None = None) -> Document:
    """The whole document with the changes made. `key`: of a connection that is added, which no change holds. KeyError:
    no such place; ValueError: a value of another type.
    """
    changes = tuple(changes)
    match kind_of(changes):
        case DocumentKind.TASK_SETTINGS:
            return settings.changed(document, {one.setting: one.after for one in changes})
        case DocumentKind.OLLAMA_CONNECTIONS:
            return ollama_connections.changed(document, changes)
        case DocumentKind.OPENAI_CONNECTIONS:
            return openai_connections.changed(document, changes, key)


def same(setting: Setting, left: Json, right: Json) -> bool:
    """Equal for the server: in a slot null and "" both mean `same as the chat model`, and no parameters are none."""
    if setting is Setting.OLLAMA_CONNECTION:
        return ollama_connections.same(left, right)
    if setting is Setting.OPENAI_CONNECTION:
        return openai_connections.same(left, right)
    if setting in SLOTS:
        return (left or "") == (right or "")
    if setting is Setting.TASK_MODEL_PARAMS:
        return equal(left or {}, right or {})
    return equal(left, right)


def equal(left: Json, right: Json) -> bool:
    """Equal as JSON, where true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and left == right


def taken_back(document: Mapping[str, Json], made: Change) -> tuple[Change | None, bool]:
    """The change back, as far as what was made is still there; and whether somebody changed it since."""
    if made.setting.document is DocumentKind.OPENAI_CONNECTIONS:
        return openai_connections.taken_back(document, made)
    try:
        now = held(document, made)
    except KeyError:
        return None, True
    if made.setting is Setting.OLLAMA_CONNECTION:
        value, is_ours, drifted = ollama_connections.taken_back(now, made)
        return (Change(made.setting, now, value, made.place) if is_ours else None), drifted
    if same(made.setting, now, made.after):
        return made.back(), False
    return None, not same(made.setting, now, made.before)
