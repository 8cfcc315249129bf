"""The list of OpenAI-type connections of the played Open WebUI, and what it asks their endpoints.

Read from the releases' own routers/openai.py (apps/openai/main.py to 0.4.8).
"""

import json
from typing import Any

from tray_app.core.values.version import Version
from tray_app.standins.server import Response, as_json
from tray_app.standins.upstream import UpstreamError, get_text
from tray_app.standins.webui_accounts import NotAllowed
from tray_app.standins.webui_models import Hosted, Registry
from tray_app.standins.webui_settings import BadForm, an_object, problem

VERIFY_PASSES_ERRORS: Version = (0, 6, 30)
_FORM = (("OPENAI_API_BASE_URLS", list, "list"), ("OPENAI_API_KEYS", list, "list"), ("OPENAI_API_CONFIGS", dict, ""))


def told(version: Version, registry: Registry) -> dict[str, Any]:
    """0.3 tells the switch alone."""
    if version < (0, 4, 0):
        return {"ENABLE_OPENAI_API": registry.hosted_on}
    found = enumerate(registry.hosted)
    configs = {_name(version, index, one): config for index, one in found if (config := one.told()) is not None}
    return {
        "ENABLE_OPENAI_API": registry.hosted_on,
        "OPENAI_API_BASE_URLS": [one.url for one in registry.hosted],
        "OPENAI_API_KEYS": [one.key for one in registry.hosted],
        "OPENAI_API_CONFIGS": configs,
    }


def _name(version: Version, index: int, one: Hosted) -> str:
    """By address up to 0.5.0, by position later."""
    return one.url if version <= (0, 5, 0) else str(index)


def accept(version: Version, registry: Registry, body: Any) -> None:
    """The whole list, as the form takes it. Missing keys are filled up, and settings that are nobody's are dropped."""
    given, wrong = an_object(body), []
    for name, kind, said in _FORM:
        if name not in given:
            wrong.append(problem("missing", ("body", name), "Field required", body))
        elif not isinstance(given[name], kind):
            text = f"Input should be a valid {said or 'dictionary'}"
            wrong.append(problem(f"{kind.__name__}_type", ("body", name), text, given[name]))
    if wrong:
        raise BadForm(wrong)
    registry.hosted_on = given.get("ENABLE_OPENAI_API")
    configs, keys = given["OPENAI_API_CONFIGS"], given["OPENAI_API_KEYS"]
    made = []
    for index, url in enumerate(given["OPENAI_API_BASE_URLS"]):
        key = keys[index] if index < len(keys) else ""
        one = Hosted(url, key)
        one.take(configs.get(_name(version, index, one)))
        made.append(one)
    registry.hosted[:] = made


def accept_urls(registry: Registry, body: Any) -> None:
    """0.3: the addresses alone; the keys stay where they are, by position."""
    urls = _texts(body, "urls")
    keys = [one.key for one in registry.hosted]
    registry.hosted[:] = [Hosted(url, keys[index] if index < len(keys) else "") for index, url in enumerate(urls)]


def accept_keys(registry: Registry, body: Any) -> None:
    """0.3: the keys alone, by position."""
    keys = _texts(body, "keys")
    for index, one in enumerate(registry.hosted):
        one.key = keys[index] if index < len(keys) else ""


def accept_switch(registry: Registry, body: Any) -> None:
    """0.3: whether the list is used."""
    registry.hosted_on = an_object(body).get("enable_openai_api")


def _texts(body: Any, name: str) -> list[str]:
    given = an_object(body)
    if name not in given:
        raise BadForm([problem("missing", ("body", name), "Field required", body)])
    if not isinstance(given[name], list):
        raise BadForm([problem("list_type", ("body", name), "Input should be a valid list", given[name])])
    return list(given[name])


def verify(version: Version, body: Any) -> Response:
    """The server itself asks there for the models; newer releases hand an error on as it came."""
    given = an_object(body)
    wrong = [problem("missing", ("body", one), "Field required", body) for one in ("url", "key") if one not in given]
    if wrong:
        raise BadForm(wrong)
    return _asked(str(given["url"]), str(given["key"]), as_it_came=version >= VERIFY_PASSES_ERRORS)


def models(registry: Registry, index: int) -> Response:
    """What the endpoint of one connection lists."""
    one = registry.hosted[index]
    return _asked(one.url, one.key, as_it_came=False)


def _asked(url: str, key: str, *, as_it_came: bool) -> Response:
    try:
        status, kind, text = get_text(url, "/models", key)
    except UpstreamError as error:
        raise NotAllowed(500, "Open WebUI: Server Connection Error") from error
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if status == 200 or as_it_came:
        return as_json(found, status) if found is not None else Response(text, status, kind)
    said = f"External Error: {found['error']}" if found and "error" in found else f"HTTP Error: {status}"
    raise NotAllowed(500, f"Unexpected error: {said}")
