"""The stand-in for Open WebUI: accounts, task settings, models, tasks and chats, by release, on loopback."""

import json
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

from tray_app.core.values.version import Version, parse_version
from tray_app.standins import webui_settings
from tray_app.standins.server import HTML_PAGE, DemoServer, Lines, Request, Response, as_json
from tray_app.standins.webui_accounts import Accounts, NotAllowed
from tray_app.standins.webui_admin import AdminRoutes
from tray_app.standins.webui_models import Hosted, Registry
from tray_app.standins.webui_settings import problem
from tray_app.standins.webui_tasks import Generations

Route = Callable[[Request], Response | Lines]
ADMIN = ("admin@example.com", "admin-password-1")
USER = ("user@example.com", "user-password-1")
PENDING = ("pending@example.com", "pending-password-1")


class DemoOpenWebUI(DemoServer):
    """An Open WebUI of any release from 0.3.0 on, in front of an Ollama.

    A fresh one has no accounts; `with_accounts` makes an admin, a user and a pending one (ADMIN, USER, PENDING).
    `workers` above 1 plays several processes without Redis: a connection belongs to one of them. `settings` is the
    truth that tests compare with; `accounts`, `registry` and `generations` hold the rest.
    """

    def __init__(
        self,
        version: str = "0.12.4",
        *,
        ollama_url: str = "http://127.0.0.1:9",
        hosted: tuple[Hosted, ...] = (),
        auth: bool = True,
        with_accounts: bool = True,
        workers: int = 1,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        parsed = parse_version(version)
        assert parsed is not None, version
        self.version_text = version
        self.version: Version = parsed
        self.deployment_id = str(uuid.uuid4())
        self.newest = ""
        self.accounts = Accounts(parsed, auth=auth, keys_on=parsed < (0, 6, 37))
        self.registry = Registry(parsed, [ollama_url], list(hosted))
        self._stores = [webui_settings.defaults(parsed)]
        self.set_workers(workers)
        self.generations = Generations(parsed, self.registry, lambda: self.settings)
        self.before_write: Callable[[], None] = lambda: None
        """Called when a write of the task settings has arrived, before it is stored: another admin's moment."""
        self._lock = threading.Lock()
        self._admin = AdminRoutes(parsed, self.accounts, self.registry)
        if with_accounts and auth:
            for (email, password), role in ((ADMIN, "admin"), (USER, "user"), (PENDING, "pending")):
                self.accounts.add(email, password, role.capitalize(), role)
            self.accounts.signup_on = parsed < (0, 3, 36)

    # --- the truth, for tests and the demo --------------------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        """The task settings (of the first worker)."""
        return self._stores[0]

    def set_workers(self, workers: int) -> None:
        """From 0.10 all workers read the same database; before, each keeps its own values."""
        first = self._stores[0]
        count = workers if self.version < (0, 10, 0) else 1
        self._stores = [first, *(dict(first) for _ in range(count - 1))]

    def session(self, email: str = ADMIN[0]) -> str:
        """A session token without signing in over HTTP."""
        account = self.accounts.by_email(email)
        assert account is not None, email
        return str(self.accounts.open_session(account)["token"])

    def api_key(self, email: str = ADMIN[0]) -> str:
        """An API key; switches keys on."""
        account = self.accounts.by_email(email)
        assert account is not None, email
        self.accounts.keys_on = self.accounts.keys_permission = True
        return self.accounts.make_key(account)

    def stop(self) -> None:
        """Like a restart of the process: settings and accounts stay, the model list does not."""
        self.generations.end()
        super().stop()
        self.registry.forget()
        self.deployment_id = str(uuid.uuid4())

    # --- routing ----------------------------------------------------------------------------

    def handle(self, request: Request) -> Response | Lines:
        try:
            if request.body and "json" in request.headers.get("content-type", "json"):
                request.json()
        except ValueError as error:
            return self._not_json(request, error)
        if (0, 6, 41) <= self.version < (0, 7, 0) and " " not in request.headers.get("authorization", " "):
            # These releases split the header before looking at it.
            return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        route = self._route(request)
        try:
            return route(request) if route else self._no_such_path(request)
        except NotAllowed as denied:
            return as_json({"detail": denied.detail}, denied.status)
        except webui_settings.BadForm as refused:
            return as_json({"detail": refused.problems}, 422)

    def _not_json(self, request: Request, error: ValueError) -> Response:
        """Said before anything else is looked at, the token included."""
        if self.version >= (0, 12, 0) and request.path.startswith("/api/v1/auths/"):
            return as_json({"detail": "Invalid authentication request."}, 422)
        where = error.pos if isinstance(error, json.JSONDecodeError) else 0
        return as_json({"detail": [problem("json_invalid", ("body", where), "JSON decode error", {})]}, 422)

    def _no_such_path(self, request: Request) -> Response:
        """The single-page app answers every unknown GET; 0.3 and 0.4 keep it away from their sub-applications."""
        if self.version < (0, 5, 0) and re.match(r"/(api/v1|ollama|openai)/", request.path):
            return as_json({"detail": "Not Found"}, 404)
        if request.method in {"GET", "HEAD"}:
            return Response(HTML_PAGE, content_type="text/html; charset=utf-8")
        return as_json({"detail": "Method Not Allowed"}, 405)

    def _route(self, request: Request) -> Route | None:
        return self._exact(request) or self._task_route(request) or self._admin.route(request)

    def _exact(self, request: Request) -> Route | None:
        base = "/api/task" if self.version < (0, 5, 0) else "/api/v1/tasks"
        routes: dict[tuple[str, str], Route] = {
            ("GET", "/health"): lambda _: as_json({"status": True}),
            ("GET", "/api/version"): self._version,
            ("GET", "/api/version/updates"): self._updates,
            ("GET", "/api/config"): self._config,
            ("POST", "/api/v1/auths/signin"): self._sign_in,
            ("POST", "/api/v1/auths/signup"): self._sign_up,
            ("GET", "/api/v1/auths/"): self._who_am_i,
            ("GET", f"{base}/config"): self._read_settings,
            ("POST", f"{base}/config/update"): self._write_settings,
            ("GET", "/api/models"): self._models,
            ("POST", "/api/chat/completions"): self._chat,
        }
        if self.version >= (0, 5, 0):
            routes["GET", "/api/tasks"] = self._running
        return routes.get((request.method, request.path))

    # --- anonymous --------------------------------------------------------------------------

    def _version(self, _request: Request) -> Response:
        told = {"version": self.version_text}
        if self.version >= (0, 6, 37):
            told["deployment_id"] = ""
        return as_json(told)

    def _updates(self, request: Request) -> Response:
        """As an Open WebUI that may not look outside; `newest` is what one that may finds."""
        if self.version >= (0, 5, 0):
            self.accounts.user(request)
        return as_json({"current": self.version_text, "latest": self.newest or self.version_text})

    def _config(self, request: Request) -> Response:
        """Public; a session adds the rest. An API key never does."""
        features: dict[str, Any] = {
            "auth": self.accounts.auth,
            "auth_trusted_header": False,
            "enable_ldap": False,
            "enable_signup": self.accounts.signup_on,
            "enable_login_form": True,
        }
        told: dict[str, Any] = {"status": True, "name": "Open WebUI", "version": self.version_text}
        if not self.accounts.accounts and self.version >= (0, 4, 0):
            told["onboarding"] = True
        header = request.headers.get("authorization", "")
        known = self.accounts.caller(request)
        if known and (self.version >= (0, 6, 18) or not header):
            if self.version >= (0, 5, 11):
                features["enable_autocomplete_generation"] = self.settings["ENABLE_AUTOCOMPLETE_GENERATION"]
            if self.version >= (0, 12, 0):
                for name in ("TITLE", "FOLLOW_UP", "TAGS"):
                    features[f"enable_{name.lower()}_generation"] = self.settings[f"ENABLE_{name}_GENERATION"]
            told["default_models"] = None
        keys = "enable_api_keys" if self.version >= (0, 6, 37) else "enable_api_key"
        if self.version >= (0, 4, 0) and (known or self.version < (0, 9, 6)):
            features[keys] = self.accounts.keys_on
        return as_json(told | {"oauth": {"providers": {}}, "features": features})

    def _sign_in(self, request: Request) -> Response:
        body = self._form(request, "email", "password")
        return self._session(self.accounts.sign_in(body["email"], body["password"]))

    def _sign_up(self, request: Request) -> Response:
        body = self._form(request, "name", "email", "password")
        return self._session(self.accounts.sign_up(body["email"], body["password"], body["name"]))

    def _session(self, told: dict[str, Any]) -> Response:
        cookie = f"token={told['token']}; HttpOnly; Path=/; SameSite=lax" if "token" in told else ""
        return as_json(told, headers=(("Set-Cookie", cookie),) if cookie else ())

    def _form(self, request: Request, *names: str) -> dict[str, str]:
        """Required texts of a body; 0.12 does not say which one is missing."""
        body = request.json()
        if isinstance(body, dict) and all(isinstance(body.get(name), str) for name in names):
            return {name: body[name] for name in names}
        if self.version >= (0, 12, 0):
            raise NotAllowed(422, "Invalid authentication request.")
        if not isinstance(body, dict):
            raise NotAllowed(422, [problem("missing", ("body",), "Field required", body)])
        missing = [name for name in names if name not in body]
        raise NotAllowed(422, [problem("missing", ("body", name), "Field required", body) for name in missing])

    # --- signed in --------------------------------------------------------------------------

    def _who_am_i(self, request: Request) -> Response:
        account = self.accounts.human(request)
        token = request.headers.get("authorization", "").partition(" ")[2]
        return as_json(self.accounts.told(account, token))

    def _store(self, request: Request) -> dict[str, Any]:
        return self._stores[request.connection % len(self._stores)]

    def _read_settings(self, request: Request) -> Response:
        self.accounts.user(request)
        return as_json(self._store(request))

    def _write_settings(self, request: Request) -> Response:
        self.accounts.admin(request)
        accepted = webui_settings.accept(self.version, request.json())
        self.before_write()
        with self._lock:
            self._store(request).update(accepted)
        return as_json(accepted)

    def _models(self, request: Request) -> Response:
        account = self.accounts.user(request)
        refresh = request.query.get("refresh") == "true" and self.version >= (0, 6, 18)
        return as_json({"data": self.registry.listed_for(account, refresh=refresh)})

    def _chat(self, request: Request) -> Response | Lines:
        account = self.accounts.user(request)
        return self.generations.chat(request.json() or {}, account)

    def _running(self, request: Request) -> Response:
        self._generation_rights(request)
        return as_json({"tasks": list(self.generations.running)})

    def _generation_rights(self, request: Request) -> None:
        if self.version >= (0, 9, 0):
            self.accounts.admin(request)
        else:
            self.accounts.user(request)

    def _task_route(self, request: Request) -> Route | None:
        """The task endpoints of this release, and stopping a generation."""
        stop = re.fullmatch(r"/api/tasks/stop/([^/]+)", request.path)
        if stop and request.method == "POST" and self.version >= (0, 5, 0):
            return lambda asked: self._stop(asked, stop[1])
        base = "/api/task" if self.version < (0, 5, 0) else "/api/v1/tasks"
        found = re.fullmatch(f"{base}/([a-z_]+)/completions", request.path)
        if found is None or request.method != "POST" or found[1] not in self._tasks():
            return None
        return lambda asked: self._run_task(asked, found[1])

    def _tasks(self) -> set[str]:
        since: dict[str, tuple[Version, Version]] = {
            "title": ((0, 3, 0), webui_settings.FOREVER),
            "tags": ((0, 3, 33), webui_settings.FOREVER),
            "query": ((0, 3, 0), (0, 4, 0)),
            "queries": ((0, 4, 0), webui_settings.FOREVER),
            "auto": ((0, 4, 7), webui_settings.FOREVER),
            "follow_up": ((0, 6, 14), webui_settings.FOREVER),
        }
        return {name for name, (first, end) in since.items() if first <= self.version < end}

    def _run_task(self, request: Request, kind: str) -> Response:
        account = self.accounts.user(request)
        return self.generations.task(kind, request.json() or {}, account)

    def _stop(self, request: Request, task_id: str) -> Response:
        self._generation_rights(request)
        return self.generations.stop(task_id)
