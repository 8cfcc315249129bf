"""Open WebUI's OpenAI-type connections: the list as one document, and what it says of an endpoint.

The answers hold the connections' keys: nothing of them is logged, and no error repeats one.
"""

from tray_app.core.tasks import openai_connections
from tray_app.core.tasks.releases import OPENAI_CONFIG_SINCE
from tray_app.core.values.errors.service import TooOld
from tray_app.core.values.token import Token
from tray_app.core.values.version import Document, Json, Version
from tray_app.services._decode import an_object, texts
from tray_app.services._webui_models import Outside, outside_of
from tray_app.services.http import Http

CONFIG_PATH = "/openai/config"
VERIFY_DEADLINE_S = 15.0
"""It waits up to 10 s for the endpoint (AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST)."""
WRITE_DEADLINE_S = 15.0
"""0.3 lists every connection's models before it takes another list of addresses."""
LIST_LIMIT_BYTES = 32 * 1024 * 1024
"""OpenRouter's list has a description of every model."""


def _parts(version: Version) -> tuple[tuple[str, str, str], ...]:
    """Of 0.3, which keeps the list in three places: path, key in the answer, key in the form. In the order in which
    they may be written: no key is ever beside an address that it does not belong to."""
    if version >= OPENAI_CONFIG_SINCE:
        return ()
    return (
        ("/openai/urls", openai_connections.URLS, "urls"),
        ("/openai/keys", openai_connections.KEYS, "keys"),
        (CONFIG_PATH, openai_connections.ENABLED, "enable_openai_api"),
    )


def read(http: Http, version: Version, *, fresh: bool) -> Document:
    """The whole list."""
    parts = _parts(version)
    if not parts:
        return an_object(http.get_json(CONFIG_PATH, fresh=fresh, as_is=True), http.url)
    made: Document = {}
    for path, key, _ in parts:
        made[key] = an_object(http.get_json(path, fresh=fresh, as_is=True), http.url).get(key)
    return made


def write(http: Http, version: Version, document: Document) -> Document:
    """The whole list back; of 0.3's three places only those that differ."""
    secrets = openai_connections.secrets_of(document)
    parts = _parts(version)
    if not parts:
        answer = http.post_json(
            f"{CONFIG_PATH}/update", dict(document), deadline_s=WRITE_DEADLINE_S, as_is=True, secrets=secrets
        )
        return an_object(answer, http.url)
    before = read(http, version, fresh=False)
    for path, key, field in parts:
        if before[key] != document[key]:
            body: Json = {field: document[key]}
            http.post_json(f"{path}/update", body, deadline_s=WRITE_DEADLINE_S, as_is=True, secrets=secrets)
    return read(http, version, fresh=False)


def hosts(http: Http, version: Version) -> dict[int, Outside]:
    """By position, as `WebUIModel.url_index` counts: nothing but hosts and prefixes leaves this function."""
    path = CONFIG_PATH if version >= OPENAI_CONFIG_SINCE else "/openai/urls"
    config = an_object(http.get_json(path), http.url)
    return outside_of(config, texts(config, openai_connections.URLS) or ())


def verify(http: Http, version: Version, url: str, key: Token | None) -> Json:
    """The endpoint's own list of models, as Open WebUI itself gets it there. It writes nothing. TooOld before 0.4;
    ServiceError where it gets none."""
    if version < OPENAI_CONFIG_SINCE:
        raise TooOld(http.url)
    value = key.value if key is not None else ""
    return http.post_json(
        "/openai/verify",
        {"url": url, "key": value},
        deadline_s=VERIFY_DEADLINE_S,
        limit_bytes=LIST_LIMIT_BYTES,
        secrets=(value,),
    )


def models(http: Http, index: int, deadline_s: float) -> Json:
    """The list of the connection at this place, which Open WebUI asks for with the key that it keeps."""
    return http.get_json(f"/openai/models/{index}", deadline_s=deadline_s, limit_bytes=LIST_LIMIT_BYTES)
