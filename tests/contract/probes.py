"""Small questions to an Open WebUI, and its answers in a form that can be compared and kept.

Each probe takes a Bench and returns JSON without what changes from run to run. They run in this order on one server:
the first ones need it fresh.
"""

import re

from tests.contract.bench import ADMIN, BIG, HOSTED, HOSTED_SMALL, MESSAGES, PENDING, SMALL, USER
from tray_app.standins.server import wait_until

FOREIGN_KEY = "sk-0123456789abcdef0123456789abcdef"
PROBES = []


def probe(function):
    PROBES.append(function)
    return function


def seen(answer):
    """Status, and for errors the detail, else what kind of content came."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json":
        return [answer.status_code, kind]
    told = answer.json()
    if isinstance(told, dict) and "detail" in told:
        return [answer.status_code, detail(told["detail"])]
    return [answer.status_code, "json"]


def detail(value):
    if isinstance(value, list):
        return sorted([entry["type"], *entry["loc"], entry["msg"]] for entry in value)
    return re.sub(r"[0-9a-f-]{36}", "ID", str(value))


@probe
def tasks_before_any_model_list(bench):
    """A fresh server knows no models."""
    if bench.version < (0, 5, 0):
        return "not asked"
    return {kind: seen(bench.task(kind)) for kind in ("title", "tags")}


@probe
def identity(bench):
    version = bench.ask("GET", "/api/version")
    features = bench.ask("GET", "/api/config").json()["features"]
    kept = ("auth", "enable_api_key", "enable_api_keys", "enable_autocomplete_generation", "enable_title_generation")
    return {
        "health": bench.ask("GET", "/health").json(),
        "version": version.json()["version"],
        "version keys": sorted(version.json()),
        "features": {name: features[name] for name in kept if name in features},
    }


@probe
def signed_in_config(bench):
    """What a session adds, by header and by cookie."""
    kept = ("enable_autocomplete_generation", "enable_title_generation", "enable_follow_up_generation")
    found = {}
    for name, headers in (
        ("header", {"Authorization": f"Bearer {bench.token()}"}),
        ("cookie", {"Cookie": f"token={bench.token()}"}),
        ("garbage", {"Authorization": "Bearer garbage"}),
    ):
        features = bench.ask("GET", "/api/config", headers=headers).json()["features"]
        found[name] = {key: features[key] for key in kept if key in features}
    return found


@probe
def unknown_paths(bench):
    paths = (
        "/no-such",
        "/api/no-such",
        "/api/v1/no-such",
        "/ollama/no-such",
        "/api/task/config",
        "/api/v1/tasks/config",
    )
    found = {f"GET {path}": seen(bench.ask("GET", path)) for path in paths}
    found |= {f"POST {path}": seen(bench.ask("POST", path, {})) for path in paths}
    found["GET update"] = seen(bench.ask("GET", f"{bench.base}/config/update", token=bench.token()))
    found["PUT update"] = seen(bench.ask("PUT", f"{bench.base}/config/update", {}, token=bench.token()))
    return found


@probe
def tokens(bench):
    """Who gets what, on a route for users and on one for admins."""
    found = {}
    for name, token in (
        ("none", None),
        ("garbage", "garbage"),
        ("unknown key", FOREIGN_KEY),
        ("pending", bench.token(PENDING)),
        ("user", bench.token(USER)),
        ("admin", bench.token()),
    ):
        found[name] = {
            "read": seen(bench.ask("GET", f"{bench.base}/config", token=token)),
            "write": seen(bench.ask("POST", f"{bench.base}/config/update", {"TASK_MODEL": ""}, token=token)),
            "admin": seen(bench.ask("GET", "/ollama/config", token=token)),
            "who": seen(bench.ask("GET", "/api/v1/auths/", token=token)),
            "models": seen(bench.ask("GET", "/api/models", token=token)),
        }
        if bench.version >= (0, 5, 0):
            found[name]["running"] = seen(bench.ask("GET", "/api/tasks", token=token))
    return found


@probe
def other_ways_to_send_a_token(bench):
    path = f"{bench.base}/config"
    return {
        "cookie": seen(bench.ask("GET", path, headers={"Cookie": f"token={bench.token()}"})),
        "lower case": seen(bench.ask("GET", path, headers={"Authorization": f"bearer {bench.token()}"})),
        "no scheme": seen(bench.ask("GET", path, headers={"Authorization": bench.token()})),
        "no token": seen(bench.ask("GET", path, headers={"Authorization": "Bearer"})),
    }


@probe
def signing_in(bench):
    path = "/api/v1/auths/signin"
    right = bench.ask("POST", path, {"email": ADMIN["email"].upper(), "password": ADMIN["password"]})
    told = right.json()
    return {
        "right": [right.status_code, told.get("role"), told.get("token_type"), told.get("email")],
        "expires": type(told.get("expires_at")).__name__ if "expires_at" in told else "absent",
        "wrong": seen(bench.ask("POST", path, {"email": ADMIN["email"], "password": "wrong"})),
        "unknown": seen(bench.ask("POST", path, {"email": "nobody@example.com", "password": "wrong"})),
        "no password": seen(bench.ask("POST", path, {"email": ADMIN["email"]})),
        "empty": seen(bench.ask("POST", path, {})),
        "not json": seen(bench.ask("POST", path, content=b"{")),
        "second sign-up": seen(
            bench.ask("POST", "/api/v1/auths/signup", {**USER, "email": "late@example.com", "profile_image_url": ""})
        )[0],
    }


@probe
def who_am_i(bench):
    told = bench.ask("GET", "/api/v1/auths/", token=bench.token(USER)).json()
    return [told["role"], told["email"], told.get("token_type")]


@probe
def settings(bench):
    return bench.read()


@probe
def partial_writes(bench):
    """One field left out at a time; nothing may have changed where it is refused."""
    path, found, before = f"{bench.base}/config/update", {}, bench.read()
    for name in before:
        body = {key: value for key, value in before.items() if key != name}
        found[name] = seen(bench.ask("POST", path, body, token=bench.token()))
    found["empty"] = seen(bench.ask("POST", path, {}, token=bench.token()))
    found["list"] = seen(bench.ask("POST", path, [], token=bench.token()))
    found["not json"] = seen(bench.ask("POST", path, content=b"{", token=bench.token()))
    found["not json, anonymous"] = seen(bench.ask("POST", path, content=b"{"))
    found["unchanged"] = bench.read() == before
    return found


@probe
def odd_values(bench):
    """What the form makes of values of other types, read back from the server."""
    path, found, before = f"{bench.base}/config/update", {}, bench.read()
    for name in before:
        for value in (None, "", "yes", "maybe", "200", 7, 0.5, True, {"num_ctx": 2048}):
            answer = bench.ask("POST", path, before | {name: value}, token=bench.token())
            if answer.status_code == 200:
                found[f"{name}={value!r}"] = answer.json()[name]
            else:
                found[f"{name}={value!r}"] = [entry[0] for entry in seen(answer)[1]]
    bench.write(before)
    extra = bench.ask("POST", path, before | {"NO_SUCH_FIELD": 1}, token=bench.token())
    return found | {"extra": [extra.status_code, extra.json() == before], "restored": bench.read() == before}


@probe
def erased_parameters(bench):
    """The one field that may be left out is then erased."""
    before = bench.read()
    if "TASK_MODEL_PARAMS" not in before:
        return "not there"
    bench.write(before | {"TASK_MODEL_PARAMS": {"num_ctx": 2048}})
    kept = bench.read()["TASK_MODEL_PARAMS"]
    told = bench.write({name: value for name, value in before.items() if name != "TASK_MODEL_PARAMS"})
    found = [kept, told["TASK_MODEL_PARAMS"], bench.read()["TASK_MODEL_PARAMS"]]
    bench.write(before)
    return found


@probe
def model_list(bench):
    def entry(model):
        kept = {name: model.get(name, "absent") for name in ("owned_by", "connection_type")}
        return kept | {"ollama": "ollama" in model, "loaded": model.get("loaded", "absent")}

    found = {}
    for name, who in (("admin", ADMIN), ("user", USER)):
        models = bench.ask("GET", "/api/models", token=bench.token(who)).json()["data"]
        found[name] = {model["id"]: entry(model) for model in models}
    return found


@probe
def task_model_slots(bench):
    """Which model a title runs on, by the chat's model and the two slots."""
    bench.ask("GET", "/api/models", token=bench.token())
    before, found = bench.read(), {}
    for local, external in (("", ""), (SMALL, ""), ("", HOSTED_SMALL), (HOSTED_SMALL, SMALL), ("no-such:1b", "")):
        bench.write(before | {"TASK_MODEL": local, "TASK_MODEL_EXTERNAL": external})
        for chat in (BIG, HOSTED):
            found[f"{chat} with {local!r} and {external!r}"] = bench.answered_by("title", chat)
    bench.write(before)
    return found


@probe
def task_answers(bench):
    """The shape of an answer, what is sent for it, and what a switched-off task says."""
    bench.ask("GET", "/api/models", token=bench.token())
    before, found = bench.read(), {}
    kinds = {
        "title": "ENABLE_TITLE_GENERATION",
        "tags": "ENABLE_TAGS_GENERATION",
        "follow_up": "ENABLE_FOLLOW_UP_GENERATION",
        "auto": "ENABLE_AUTOCOMPLETE_GENERATION",
        "queries": "ENABLE_SEARCH_QUERY_GENERATION",
        "query": "ENABLE_SEARCH_QUERY",
    }
    for kind, switch in kinds.items():
        more = {"type": "web_search"} if kind == "queries" else {"type": "general"}
        if switch in before:
            bench.write(before | {switch: True})
        answer = bench.task(kind, **more)
        found[kind] = seen(answer)
        if answer.status_code == 200 and found[kind][1] == "json":
            choice = answer.json()["choices"][0]
            call = bench.ollama.calls()[-1]
            opening = call["messages"][0]["content"].split("\n", 2)[:2]
            found[kind] += [answer.json()["model"], sorted(choice["message"])[-2:], call["stream"]]
            found[kind] += [
                [line[:40] for line in opening] if call["messages"][0]["content"].startswith("#") else opening[0][:40]
            ]
        if switch in before:
            bench.write(before | {switch: False})
            found[f"{kind} off"] = seen(bench.task(kind, **more))
    if "ENABLE_RETRIEVAL_QUERY_GENERATION" in before:
        bench.write(before | {"ENABLE_RETRIEVAL_QUERY_GENERATION": False})
        found["retrieval off"] = seen(bench.task("queries", type="retrieval"))
    bench.write(before)
    return found


@probe
def title_limits(bench):
    """Where the length limit of a title goes."""
    bench.ask("GET", "/api/models", token=bench.token())
    bench.task("title").raise_for_status()
    call = bench.ollama.calls()[-1]
    return {
        "options": call.get("options") or {},
        "num_predict": call.get("num_predict", "absent"),
        "keys": sorted(set(call) - {"options", "num_predict"}),
    }


@probe
def wrong_task_calls(bench):
    bench.ask("GET", "/api/models", token=bench.token())
    found = {kind: seen(bench.task(kind, "no-such:1b")) for kind in ("title", "tags")}
    found["anonymous"] = seen(bench.ask("POST", f"{bench.base}/title/completions", {"model": BIG}))
    if bench.version >= (0, 4, 7):
        before = bench.read()
        bench.write(before | {"ENABLE_AUTOCOMPLETE_GENERATION": True, "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": 5})
        found["too long"] = seen(bench.task("auto", type="general"))
        bench.write(before)
    return found


@probe
def private_models(bench):
    """An ordinary user and a task model that is not theirs; only Open WebUI's own failure, nothing at Ollama."""
    bench.ask("GET", "/api/models", token=bench.token())
    before = len(bench.ollama.calls())
    found = {"title": seen(bench.task("title", token=bench.token(USER)))}
    found["reached Ollama"] = len(bench.ollama.calls()) - before
    return found


@probe
def streamed_chat(bench):
    body = {"model": BIG, "messages": MESSAGES, "stream": True}
    answer = bench.ask("POST", "/api/chat/completions", body, token=bench.token())
    events = [line for line in answer.text.splitlines() if line.startswith("data: {")]
    kind = answer.headers["content-type"].partition(";")[0]
    return [answer.status_code, kind, '"delta"' in events[0], answer.text.rstrip().endswith("[DONE]")]


@probe
def chat_of_no_model(bench):
    body = {"model": "no-such:1b", "messages": MESSAGES, "stream": True}
    return bench.ask("POST", "/api/chat/completions", body, token=bench.token()).status_code


@probe
def generations(bench):
    if bench.version < (0, 5, 0):
        return seen(bench.ask("GET", "/api/tasks", token=bench.token()))
    stop = bench.ask("POST", "/api/tasks/stop/00000000-0000-0000-0000-000000000000", token=bench.token())
    told = stop.json()
    return {
        "list": bench.ask("GET", "/api/tasks", token=bench.token()).json(),
        "stop": [stop.status_code, told.get("status", "absent"), detail(told.get("message") or told.get("detail"))],
        "stop as user": seen(bench.ask("POST", "/api/tasks/stop/x", token=bench.token(USER))),
    }


@probe
def connections(bench):
    own = bench.ask("GET", "/ollama/config", token=bench.token()).json()
    usage = bench.ask("GET", "/api/usage", token=bench.token())
    found = {"ollama": sorted(own), "urls": own.get("OLLAMA_BASE_URLS") == [bench.ollama.url], "usage": seen(usage)}
    if found["usage"][1] == "json":
        found["usage keys"] = sorted(usage.json())
    hosted = bench.ask("GET", "/openai/config", token=bench.token())
    found["openai"] = sorted(hosted.json()) if seen(hosted)[1] == "json" else seen(hosted)
    for name, who in (("admin", ADMIN), ("user", USER)):
        loaded = bench.ask("GET", "/ollama/api/ps", token=bench.token(who))
        shape = seen(loaded)
        if shape[1] == "json":
            shape.append([key.replace(bench.ollama.url, "URL") for key in sorted(loaded.json())])
        found[f"ps as {name}"] = shape
    return found


@probe
def ollama_connections(bench):
    """What is stored of the list of Ollama connections, what each call then tells Ollama, and who may try an address."""
    if bench.version < (0, 10, 0):
        return "not asked"
    path, admin = "/ollama/config", bench.token()
    before, found = bench.ask("GET", path, token=admin).json(), {}

    def write(body, token=admin):
        return bench.ask("POST", f"{path}/update", body, token=token)

    found["fresh"] = before | {"OLLAMA_BASE_URLS": len(before["OLLAMA_BASE_URLS"])}
    for name, body in (
        ("empty", {}),
        ("list", []),
        ("no configs", {name: before[name] for name in before if name != "OLLAMA_API_CONFIGS"}),
        ("texts", before | {"OLLAMA_BASE_URLS": "http://127.0.0.1:9", "OLLAMA_API_CONFIGS": "none"}),
    ):
        found[name] = seen(write(body))
    found["as user"] = seen(write(before, bench.token(USER)))
    found["untouched"] = bench.ask("GET", path, token=admin).json() == before
    words = {"X-Task": "{{TASK}}", "X-User": "{{USER_ID}}", "X-Chat": "{{CHAT_ID}}", "X-Own": "as it is %"}
    config = {"enable": True, "key": "sk-ollama", "tags": [], "prefix_id": "", "model_ids": [], "headers": words}
    after = before | {"OLLAMA_API_CONFIGS": {"0": config, "7": {"key": "of nobody"}}, "NO_SUCH_FIELD": 1}
    told = write(after).json()
    kept = before | {"OLLAMA_API_CONFIGS": {"0": config}}
    found["stored"] = [told == kept, bench.ask("GET", path, token=admin).json() == kept]
    found["tasks right after"] = seen(bench.task("title"))
    found["told to Ollama"] = _told_to_ollama(bench)
    switched_off = {name: before[name] for name in before if name != "ENABLE_OLLAMA_API"}
    found["without the switch"] = write(switched_off).json()["ENABLE_OLLAMA_API"]
    write(before).raise_for_status()
    found["restored"] = bench.ask("GET", path, token=admin).json() == before
    bench.ask("GET", "/api/models?refresh=true", token=admin)
    return found | {"verify": _verified(bench)}


def _told_to_ollama(bench):
    """The headers of each kind of call."""
    settings, found = bench.read(), {}
    bench.write(settings | {"ENABLE_AUTOCOMPLETE_GENERATION": True})
    bench.ask("GET", "/api/models?refresh=true", token=bench.token())

    def last(path):
        request = next(one for one in reversed(bench.ollama.asked) if one.path == path)
        told = {name: request.headers.get(name, "absent") for name in ("x-task", "x-user", "x-chat", "x-own")}
        told["key"] = request.headers.get("authorization", "absent")
        return told | {"x-user": re.sub(r"[0-9a-f-]{36}", "ID", told["x-user"])}

    found["list of models"] = last("/api/tags")
    for kind in ("title", "tags", "follow_up", "queries", "auto"):
        more = {"type": "web_search" if kind == "queries" else "general", "chat_id": "chat-1"}
        bench.task(kind, **more).raise_for_status()
        found[kind] = last("/api/chat")
    body = {"model": BIG, "messages": MESSAGES, "stream": True}
    bench.ask("POST", "/api/chat/completions", body, token=bench.token()).raise_for_status()
    found["chat"] = last("/api/chat")
    bench.write(settings)
    return found


def _verified(bench):
    """Open WebUI itself asks there."""

    def verify(body, who=ADMIN):
        return bench.ask("POST", "/ollama/verify", body, token=bench.token(who))

    good = verify({"url": bench.ollama.url, "key": ""})
    return {
        "ollama": [good.status_code, sorted(good.json())],
        "nobody": seen(verify({"url": "http://127.0.0.1:9", "key": ""})),
        "another path": seen(verify({"url": f"{bench.ollama.url}/no-such", "key": ""}))[0],
        "no address": seen(verify({})),
        "as user": seen(verify({"url": bench.ollama.url}, USER)),
        "anonymous": seen(bench.ask("POST", "/ollama/verify", {"url": bench.ollama.url})),
    }


@probe
def hosted_connections(bench):
    """What is stored of the list of OpenAI-type connections, who may, and what Open WebUI says of an endpoint."""
    found = _hosted_forms(bench)
    admin, key = bench.token(), bench.hosted.key

    def verify(body, who=ADMIN):
        return bench.ask("POST", "/openai/verify", body, token=bench.token(who))

    found["verify"] = bench.version >= (0, 4, 0) and {  # before, every other path is passed on to the endpoint
        "good": seen(verify({"url": bench.hosted.base, "key": key})),
        "wrong key": seen(verify({"url": bench.hosted.base, "key": "sk-wrong"})),
        "nobody": seen(verify({"url": "http://127.0.0.1:9/v1", "key": ""}))[0],
        "no key": seen(verify({"url": bench.hosted.base})),
        "as user": seen(verify({"url": bench.hosted.base, "key": key}, USER)),
    }
    listed = bench.ask("GET", "/openai/models/0", token=admin)
    found["list of one"] = [listed.status_code, [one["id"] for one in listed.json()["data"]]]
    return found


def _hosted_forms(bench):
    admin, found = bench.token(), {}
    if bench.version < (0, 4, 0):
        for path, field, value in (
            ("/openai/urls", "urls", [bench.hosted.base, "http://127.0.0.1:9/v1"]),
            ("/openai/keys", "keys", ["sk-another"]),
            ("/openai/config", "enable_openai_api", False),
        ):
            before = bench.ask("GET", path, token=admin).json()
            ((name, old),) = before.items()
            told = bench.ask("POST", f"{path}/update", {field: value}, token=admin)
            found[path] = [
                name,
                told.json() == {name: value},
                seen(bench.ask("POST", f"{path}/update", [], token=admin)),
            ]
            bench.ask("POST", f"{path}/update", {field: old}, token=admin).raise_for_status()
            found[path].append(bench.ask("GET", path, token=admin).json() == before)
        return found
    path = "/openai/config"
    before = bench.ask("GET", path, token=admin).json()

    def write(body, token=admin):
        return bench.ask("POST", f"{path}/update", body, token=token)

    found["fresh"] = [before["ENABLE_OPENAI_API"], before["OPENAI_API_KEYS"] == [bench.hosted.key]]
    for name, body in (
        ("empty", {}),
        ("list", []),
        ("no configs", {name: before[name] for name in before if name != "OPENAI_API_CONFIGS"}),
        ("texts", before | {"OPENAI_API_BASE_URLS": "http://127.0.0.1:9", "OPENAI_API_CONFIGS": "none"}),
    ):
        found[name] = seen(write(body))
    found["as user"] = seen(write(before, bench.token(USER)))
    found["untouched"] = bench.ask("GET", path, token=admin).json() == before
    second = "http://127.0.0.1:9/v1"
    config = {"enable": True, "tags": [], "prefix_id": "", "model_ids": ["only/one"], "connection_type": "external"}
    name = second if bench.version <= (0, 5, 0) else "1"
    urls, configs = [bench.hosted.base, second], {**before["OPENAI_API_CONFIGS"], name: config}
    after = before | {"OPENAI_API_BASE_URLS": urls, "OPENAI_API_CONFIGS": configs, "NO_SUCH_FIELD": 1}
    kept = {one: after[one] for one in before} | {"OPENAI_API_KEYS": [*before["OPENAI_API_KEYS"], ""]}
    found["stored"] = [write(after).json() == kept, bench.ask("GET", path, token=admin).json() == kept]
    if bench.version >= (0, 5, 15):
        found["of nobody"] = write(after | {"OPENAI_API_CONFIGS": {**configs, "7": {}}}).json() == kept
    listed = {}

    def is_listed():  # releases keep their list for a moment
        models = bench.ask("GET", "/api/models?refresh=true", token=admin).json()["data"]
        listed.update({one["id"]: one for one in models if one.get("owned_by") == "openai"})
        return "only/one" in listed

    wait_until(is_listed)
    found["listed"] = sorted(listed)
    found["entry"] = [listed["only/one"].get(one, "absent") for one in ("owned_by", "urlIdx", "connection_type")]
    write(before).raise_for_status()
    found["restored"] = bench.ask("GET", path, token=admin).json() == before
    found["tasks right after"] = seen(bench.task("title")) if bench.version >= (0, 5, 0) else "not asked"
    bench.ask("GET", "/api/models?refresh=true", token=admin)
    return found


@probe
def accounts_and_addresses(bench):
    """How many accounts there are, and which servers it uses: told in other ways by older releases."""
    found = {}
    paths = ["/api/v1/users/search?page=1", "/api/v1/users/?skip=0&limit=50", "/ollama/urls"]
    if bench.version < (0, 4, 0):
        paths.append("/openai/urls")  # later releases pass it on to the hosted endpoint
    for path in paths:
        answer = bench.ask("GET", path, token=bench.token())
        found[path] = seen(answer)
        if found[path][1] == "json":
            told = answer.json()
            found[path].append(
                len(told) if isinstance(told, list) else {key: told[key] for key in ("total",) if key in told}
            )
    found["as user"] = seen(bench.ask("GET", "/api/v1/users/search?page=1", token=bench.token(USER)))
    return found


@probe
def own_settings(bench):
    path = "/api/v1/users/user/settings"
    found = [bench.ask("GET", path, token=bench.token(USER)).json()]
    for ui in ({"promptAutocomplete": True}, {"autoTags": False}):
        answer = bench.ask("POST", f"{path}/update", {"ui": ui}, token=bench.token(USER))
        told = bench.ask("GET", path, token=bench.token(USER)).json()
        found.append([answer.status_code, told["ui"]])
    return found


@probe
def api_keys(bench):
    """Made as the release allows it; then used, switched off and revoked."""
    path, admin = "/api/v1/auths/api_key", bench.token()
    config = "/api/v1/auths/admin/config"
    found = {"by default": seen(bench.ask("POST", path, token=admin))}
    before = bench.ask("GET", config, token=admin).json()
    switch = next((name for name in ("ENABLE_API_KEYS", "ENABLE_API_KEY") if name in before), None)
    found["switch"] = [switch, before.get(switch)]
    if switch:
        bench.ask("POST", config, before | {switch: True}, token=admin).raise_for_status()
    permissions = bench.ask("GET", "/api/v1/users/default/permissions", token=admin)
    made = bench.ask("POST", path, token=admin)
    found["switched on"] = seen(made)
    if made.status_code != 200:
        allowed = permissions.json()
        allowed["features"]["api_keys"] = True
        bench.ask("POST", "/api/v1/users/default/permissions", allowed, token=admin).raise_for_status()
        made = bench.ask("POST", path, token=admin)
    key = made.json()["api_key"]
    assert key.startswith("sk-")
    found["read"] = seen(bench.ask("GET", f"{bench.base}/config", token=key))
    found["write"] = seen(bench.ask("POST", f"{bench.base}/config/update", bench.read(), token=key))
    found["models"] = seen(bench.ask("GET", "/api/models", token=key))
    found["admin"] = seen(bench.ask("GET", "/ollama/config", token=key))
    found["who"] = seen(bench.ask("GET", "/api/v1/auths/", token=key))
    found["x-api-key"] = seen(bench.ask("GET", f"{bench.base}/config", headers={"x-api-key": key}))
    if switch:
        bench.ask("POST", config, before | {switch: False}, token=admin).raise_for_status()
        found["switched off"] = seen(bench.ask("GET", f"{bench.base}/config", token=key))
        found["switched off, unknown key"] = seen(bench.ask("GET", f"{bench.base}/config", token=FOREIGN_KEY))
        bench.ask("POST", config, before | {switch: True}, token=admin).raise_for_status()
    restriction = next((name for name in before if name.endswith("_ENDPOINT_RESTRICTIONS")), None)
    if restriction:
        listed = next(name for name in before if name.endswith("_ALLOWED_ENDPOINTS"))
        for text in ("/api/models", f"{bench.base}/config", "/api/v1/tasks"):
            body = before | {switch: True, restriction: True, listed: text}
            bench.ask("POST", config, body, token=admin).raise_for_status()
            found[f"only {text}"] = seen(bench.ask("GET", f"{bench.base}/config", token=key))
        bench.ask("POST", config, before | {switch: True, restriction: False}, token=admin).raise_for_status()
    bench.ask("DELETE", path, token=admin).raise_for_status()
    found["revoked"] = seen(bench.ask("GET", f"{bench.base}/config", token=key))
    bench.ask("POST", config, before, token=admin)
    return found
