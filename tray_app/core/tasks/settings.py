"""Open WebUI's task settings as values, and one change to the whole document."""

import json
from collections.abc import Mapping

from tray_app.core.tasks.releases import KEYS
from tray_app.core.values.task_settings import SLOTS, TASKS, Setting, Switch, TaskSettings
from tray_app.core.values.version import Document, Json


def key_of(setting: Setting, document: Mapping[str, Json]) -> str | None:
    """The document's key for a setting, or None where this version has no such setting."""
    return next((key for key in KEYS[setting] if key in document), None)


_FIELDS: dict[Setting, str] = {task: task.value.replace("-", "_") for task in TASKS}


def value(document: Mapping[str, Json], setting: Setting) -> Json:
    """What the document holds. KeyError where this version has no such setting."""
    key = key_of(setting, document)
    if key is None:
        raise KeyError(setting.value)
    return document[key]


def fits_type(setting: Setting, given: Json) -> bool:
    """Whether Open WebUI's form takes this value: bool, str or null, object or null."""
    if setting in SLOTS:
        return given is None or isinstance(given, str)
    if setting is Setting.TASK_MODEL_PARAMS:
        return given is None or isinstance(given, dict)
    return isinstance(given, bool)


def decode(document: Mapping[str, Json]) -> TaskSettings:
    """The document as values. ValueError names the key that is missing or of another type.

    Both slots have been there since 0.3.0: an answer without them is no task settings. A null switch is what
    old databases can hold: the server itself refuses to take it back, so it is not read as off.
    """
    for setting in KEYS:
        key = key_of(setting, document)
        if key is None and setting in SLOTS:
            raise ValueError(f"{KEYS[setting][0]} is missing")
        if key is not None and not fits_type(setting, document[key]):
            raise ValueError(f"{key} is {type(document[key]).__name__}")
    params = None
    if key_of(Setting.TASK_MODEL_PARAMS, document):
        params = json.dumps(document["TASK_MODEL_PARAMS"] or {}, sort_keys=True, ensure_ascii=False)
    return TaskSettings(
        **{field: _switch(document, task) for task, field in _FIELDS.items()},
        task_model=str(document["TASK_MODEL"] or ""),
        task_model_external=str(document["TASK_MODEL_EXTERNAL"] or ""),
        task_model_params=params,
    )


def _switch(document: Mapping[str, Json], task: Setting) -> Switch:
    key = key_of(task, document)
    if key is None:
        return Switch.UNSUPPORTED
    return Switch.ON if document[key] else Switch.OFF


def changed(document: Mapping[str, Json], values: Mapping[Setting, Json]) -> Document:
    """The whole document with only these settings changed. KeyError: no such setting; ValueError: wrong type.

    Everything else is carried as it came: from 0.11.1 a field that is left out is reset by the server
    (TASK_MODEL_PARAMS), before that the server refuses the whole document.
    """
    target = dict(document)
    for setting, new in values.items():
        key = key_of(setting, document)
        if key is None:
            raise KeyError(setting.value)
        if not fits_type(setting, new):
            raise ValueError(f"{key} cannot be {type(new).__name__}")
        target[key] = new
    return target
