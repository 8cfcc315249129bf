"""The admin's other endpoints of the played Open WebUI: connections, keys, users, model records."""

import re
from collections.abc import Callable
from typing import Any

from tray_app.core.values.version import Version
from tray_app.standins import webui_hosted
from tray_app.standins.server import Request, Response, as_json
from tray_app.standins.upstream import UpstreamError, get_json
from tray_app.standins.webui_accounts import Account, Accounts, NotAllowed
from tray_app.standins.webui_models import ModelRecord, Registry
from tray_app.standins.webui_settings import BadForm, problem

PARTS_OF_0_3 = frozenset({"/openai/urls", "/openai/keys", "/openai/urls/update", "/openai/keys/update"})


class AdminRoutes:
    """Looks a request up among the endpoints that the release has."""

    def __init__(self, version: Version, accounts: Accounts, registry: Registry) -> None:
        self.version = version
        self.accounts = accounts
        self.registry = registry
        self.before_write: Callable[[], None] = lambda: None
        """As that of the task settings, for the list of Ollama connections."""

    def route(self, request: Request) -> Callable[[Request], Response] | None:
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/api/v1/auths/admin/config"): self._read_admin,
            ("POST", "/api/v1/auths/admin/config"): self._write_admin,
            ("POST", "/api/v1/auths/api_key"): self._make_key,
            ("GET", "/api/v1/auths/api_key"): self._show_key,
            ("DELETE", "/api/v1/auths/api_key"): self._delete_key,
            ("POST", "/api/v1/auths/add"): self._add,
            ("GET", "/api/v1/users/default/permissions"): self._read_permissions,
            ("POST", "/api/v1/users/default/permissions"): self._write_permissions,
            ("GET", "/api/v1/users/user/settings"): self._user_settings,
            ("POST", "/api/v1/users/user/settings/update"): self._write_user_settings,
            ("POST", "/api/v1/models/create"): self._create_model,
            ("GET", "/ollama/config"): self._ollama_config,
            ("POST", "/ollama/config/update"): self._write_ollama_config,
            ("POST", "/ollama/verify"): self._verify_ollama,
            ("GET", "/ollama/api/tags"): self._tags,
            ("GET", "/ollama/api/ps"): self._ps,
            **self._openai_routes(),
            ("GET", "/ollama/urls"): self._ollama_urls,
            ("GET", "/api/v1/users/search"): self._search_users,
            ("GET", "/api/v1/users/"): self._list_users,
            ("GET", "/api/usage"): self._usage,
        }
        if (request.method, request.path) in self._missing():
            return None
        found = routes.get((request.method, request.path))
        if request.method == "GET" and re.fullmatch(r"/openai/models/[0-9]+", request.path):
            return self._openai_models
        if found is None and request.method == "DELETE" and re.fullmatch(r"/api/v1/users/[0-9a-f-]{36}", request.path):
            return self._delete_user
        return found

    def _missing(self) -> set[tuple[str, str]]:
        """Endpoints that came later."""
        missing: set[tuple[str, str]] = set()
        if self.version < (0, 6, 14):
            missing.add(("GET", "/api/usage"))
        if self.version >= (0, 4, 0):
            missing |= {("GET", "/ollama/urls")}
            missing |= {(method, path) for method, path in self._openai_routes() if path in PARTS_OF_0_3}
        else:
            missing.add(("POST", "/openai/verify"))
        if self.version < (0, 5, 0):
            missing |= {("GET", "/ollama/api/ps"), ("POST", "/api/v1/models/create")}
            missing |= {(method, "/api/v1/users/default/permissions") for method in ("GET", "POST")}
        return missing

    # --- API keys and accounts --------------------------------------------------------------

    def _key_switch(self) -> str:
        return "ENABLE_API_KEYS" if self.version >= (0, 6, 37) else "ENABLE_API_KEY"

    def _admin_config(self) -> dict[str, Any]:
        told: dict[str, Any] = {"ENABLE_SIGNUP": self.accounts.signup_on, "DEFAULT_USER_ROLE": "pending"}
        if self.version >= (0, 4, 0):
            told[self._key_switch()] = self.accounts.keys_on
        if self.version >= (0, 5, 2):
            stem = "API_KEYS" if self.version >= (0, 6, 37) else "API_KEY"
            told[f"ENABLE_{stem}_ENDPOINT_RESTRICTIONS"] = self.accounts.keys_restricted
            told[f"{stem}_ALLOWED_ENDPOINTS"] = self.accounts.keys_allowed_paths
        return told

    def _read_admin(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json(self._admin_config())

    def _write_admin(self, request: Request) -> Response:
        self.accounts.admin(request)
        body = request.json() or {}
        missing = [name for name in self._admin_config() if name not in body]
        if missing:
            raise NotAllowed(
                422, [{"type": "missing", "loc": ["body", name], "msg": "Field required"} for name in missing]
            )
        self.accounts.signup_on = bool(body["ENABLE_SIGNUP"])
        self.accounts.keys_on = bool(body.get(self._key_switch(), True))
        stem = "API_KEYS" if self.version >= (0, 6, 37) else "API_KEY"
        self.accounts.keys_restricted = bool(body.get(f"ENABLE_{stem}_ENDPOINT_RESTRICTIONS", False))
        self.accounts.keys_allowed_paths = str(body.get(f"{stem}_ALLOWED_ENDPOINTS", ""))
        return as_json(self._admin_config())

    def _make_key(self, request: Request) -> Response:
        return as_json({"api_key": self.accounts.make_key(self.accounts.user(request))})

    def _show_key(self, request: Request) -> Response:
        key = self.accounts.user(request).api_key
        if key is None:
            raise NotAllowed(404, "Oops! It looks like there's a hiccup. The API key is missing.")
        return as_json({"api_key": key})

    def _delete_key(self, request: Request) -> Response:
        self.accounts.user(request).api_key = None
        return Response(b"true")

    def _add(self, request: Request) -> Response:
        self.accounts.admin(request)
        body = request.json() or {}
        account = self.accounts.add(body["email"], body["password"], body["name"], body.get("role", "pending"))
        return as_json(self.accounts.open_session(account))

    def _delete_user(self, request: Request) -> Response:
        self.accounts.admin(request)
        target = request.path.rpartition("/")[2]
        self.accounts.accounts[:] = [account for account in self.accounts.accounts if account.id != target]
        return Response(b"true")

    def _search_users(self, request: Request) -> Response:
        """Open to ordinary users too; before it existed, `search` was taken for the id of an account."""
        self.accounts.user(request)
        if self.version < (0, 6, 30):
            raise NotAllowed(400, "We could not find what you're looking for :/")
        told = [self._told_user(account) for account in self.accounts.accounts]
        return as_json({"users": told, "total": len(told)})

    def _list_users(self, request: Request) -> Response:
        """A bare list in older releases."""
        self.accounts.admin(request)
        if self.version >= (0, 6, 30):
            return self._search_users(request)
        return as_json([self._told_user(account) for account in self.accounts.accounts])

    def _told_user(self, account: Account) -> dict[str, Any]:
        return {"id": account.id, "name": account.name, "email": account.email, "role": account.role}

    def _ollama_urls(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json({"OLLAMA_BASE_URLS": list(self.registry.ollama.urls)})

    def _read_permissions(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json({"features": {"api_keys": self.accounts.keys_permission}})

    def _write_permissions(self, request: Request) -> Response:
        self.accounts.admin(request)
        body = request.json() or {}
        self.accounts.keys_permission = bool(body.get("features", {}).get("api_keys"))
        return as_json(body)

    def _user_settings(self, request: Request) -> Response:
        ui = self.accounts.user(request).ui
        return as_json(None if ui is None else {"ui": ui})

    def _write_user_settings(self, request: Request) -> Response:
        """Replaces the whole `ui` up to 0.10 and merges it from 0.11 on."""
        account = self.accounts.user(request)
        ui = (request.json() or {}).get("ui") or {}
        account.ui = {**(account.ui or {}), **ui} if self.version >= (0, 11, 0) else ui
        return as_json({"ui": account.ui})

    # --- models and connections -------------------------------------------------------------

    def _create_model(self, request: Request) -> Response:
        self.accounts.admin(request)
        body = request.json() or {}
        grants = body.get("access_grants") or []
        everyone = any(grant.get("principal_id") == "*" for grant in grants)
        if self.version < (0, 8, 0):
            everyone = body.get("access_control", {}) is None
        record = ModelRecord(
            str(body["id"]),
            name=str(body.get("name", "")),
            base_model_id=body.get("base_model_id"),
            public=everyone,
            active=bool(body.get("is_active", True)),
            params=body.get("params") or {},
        )
        self.registry.records[record.id] = record
        return as_json(self.registry.info(record))

    def _ollama_config(self, request: Request) -> Response:
        self.accounts.admin(request)
        told = self.registry.ollama.told()
        if "OLLAMA_API_CONFIGS" in told:
            told["OLLAMA_API_CONFIGS"] = self._ollama_configs()
        return as_json(told)

    def _ollama_configs(self) -> dict[str, Any]:
        """By address up to 0.5.0, by position later."""
        connections = self.registry.ollama
        keys = [url if self.version <= (0, 5, 0) else str(index) for index, url in enumerate(connections.urls)]
        played = {
            key: {"enable": True, "prefix_id": prefix}
            for index, key in enumerate(keys)
            if (prefix := self.registry.prefix(index))
        }
        return {**played, **connections.configs}

    def _write_ollama_config(self, request: Request) -> Response:
        """Later releases forget the models with it: nobody knows which connection has which."""
        self.accounts.admin(request)
        given = request.json()
        self.before_write()
        self.registry.ollama.accept(given)
        if self.version >= (0, 11, 0):
            self.registry.forget()
        return as_json(self.registry.ollama.told())

    def _verify_ollama(self, request: Request) -> Response:
        """The server itself asks there."""
        self.accounts.admin(request)
        body = request.json()
        if not isinstance(body, dict) or "url" not in body:
            raise BadForm([problem("missing", ("body", "url"), "Field required", body)])
        try:
            return as_json(get_json(str(body["url"]), "/api/version", str(body.get("key") or "")))
        except UpstreamError as error:
            if not error.status:
                raise NotAllowed(500, "Open WebUI: Server Connection Error") from error
            raise NotAllowed(500, f"Unexpected error: HTTP Error: {error.status}") from error

    def _openai_routes(self) -> dict[tuple[str, str], Callable[[Request], Response]]:
        return {
            ("GET", "/openai/config"): self._openai_config,
            ("POST", "/openai/config/update"): self._write_openai,
            ("POST", "/openai/verify"): self._verify_openai,
            ("GET", "/openai/urls"): self._openai_urls,
            ("GET", "/openai/keys"): self._openai_keys,
            ("POST", "/openai/urls/update"): lambda request: self._write_part(
                request, webui_hosted.accept_urls, self._openai_urls
            ),
            ("POST", "/openai/keys/update"): lambda request: self._write_part(
                request, webui_hosted.accept_keys, self._openai_keys
            ),
        }

    def _openai_config(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json(webui_hosted.told(self.version, self.registry))

    def _write_openai(self, request: Request) -> Response:
        """Later releases forget the models with it."""
        self.accounts.admin(request)
        given = request.json()
        self.before_write()
        if self.version < (0, 4, 0):
            webui_hosted.accept_switch(self.registry, given)
        else:
            webui_hosted.accept(self.version, self.registry, given)
        if self.version >= (0, 11, 0):
            self.registry.forget()
        return self._openai_config(request)

    def _write_part(
        self, request: Request, accept: Callable[[Registry, object], None], told: Callable[[Request], Response]
    ) -> Response:
        self.accounts.admin(request)
        given = request.json()
        self.before_write()
        accept(self.registry, given)
        return told(request)

    def _openai_urls(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json({"OPENAI_API_BASE_URLS": [one.url for one in self.registry.hosted]})

    def _openai_keys(self, request: Request) -> Response:
        self.accounts.admin(request)
        return as_json({"OPENAI_API_KEYS": [one.key for one in self.registry.hosted]})

    def _verify_openai(self, request: Request) -> Response:
        self.accounts.admin(request)
        return webui_hosted.verify(self.version, request.json())

    def _openai_models(self, request: Request) -> Response:
        self.accounts.admin(request)
        return webui_hosted.models(self.registry, int(request.path.rpartition("/")[2]))

    def _tags(self, request: Request) -> Response:
        account = self.accounts.user(request)
        found = [entry for entry in self.registry.listed_for(account) if entry["owned_by"] == "ollama"]
        return as_json({"models": [entry["ollama"] for entry in found if "ollama" in entry]})

    def _ps(self, request: Request) -> Response:
        """0.9 fails whenever Ollama answers; 0.5 to 0.6.5 nest the answer below the URL."""
        version, url = self.version, self.registry.ollama.urls[0]
        if version >= (0, 6, 36):
            self.accounts.admin(request)
        else:
            self.accounts.user(request)
        try:
            told = get_json(url, "/api/ps")
        except UpstreamError:
            return as_json({"models": []} if version >= (0, 6, 36) else {url: None})
        if (0, 9, 0) <= version < (0, 10, 0):
            return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        if version < (0, 6, 36):
            return as_json({url: told})
        return as_json({"models": [{**entry, "urls": [0]} for entry in told["models"]]})

    def _usage(self, request: Request) -> Response:
        """`user_count`: accounts that were active lately; here all that opened a session."""
        self.accounts.user(request)
        active = {account.id for account in self.accounts.sessions.values()}
        if self.version < (0, 6, 41):
            return as_json({"model_ids": [], "user_ids": sorted(active)})
        return as_json({"model_ids": [], "user_count": len(active)})
