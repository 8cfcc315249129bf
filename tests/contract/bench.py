"""One server under the contract: a stand-in or a real Open WebUI, always in front of the stand-ins for Ollama and a
hosted endpoint, so that what reaches a model can be seen in both cases."""

import contextlib
from pathlib import Path

import httpx

from tests.contract.hosted import DemoHosted
from tests.real.servers import RealServer, session
from tray_app.core.values.version import parse_version
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.standins.webui_models import Hosted

BIG, SMALL, MIDDLE = "qwen3:32b", "gemma3:1b", "llama3.2:3b"
HOSTED, HOSTED_SMALL = "hosted/chat-large", "hosted/task-small"
ADMIN = {"name": "Admin", "email": "admin@example.com", "password": "admin-password-1"}
USER = {"name": "User", "email": "user@example.com", "password": "user-password-1"}
PENDING = {"name": "Pending", "email": "pending@example.com", "password": "pending-password-1"}
MESSAGES = [{"role": "user", "content": "Why is my Mac slow?"}]


class Bench:
    """`restart` keeps accounts and settings. Tokens are made once: real servers count sign-ins."""

    def __init__(self, version, *, real, folder=None, auth=True):
        self.version_text = version
        self.version = parse_version(version)
        self.real = real
        self.auth = auth
        self.ollama = DemoOllama()
        self.hosted = DemoHosted()
        self.ollama.start()
        self.hosted.start()
        if real:
            more = {
                "ENABLE_OPENAI_API": "true",
                "OPENAI_API_BASE_URLS": self.hosted.base,
                "OPENAI_API_KEYS": self.hosted.key,
            }
            self.server = RealServer(version, Path(folder), ollama_url=self.ollama.url, auth=auth, more=more)
        else:
            connection = Hosted(self.hosted.base, self.hosted.key)
            self.server = DemoOpenWebUI(
                version, ollama_url=self.ollama.url, hosted=(connection,), auth=auth, with_accounts=False
            )
        # A real server closes idle connections after five seconds; a reused one may just be dying.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(trust_env=False, timeout=30, limits=limits)
        self.tokens = {}
        self.fresh_settings = None
        self.base = "/api/task" if self.version < (0, 5, 0) else "/api/v1/tasks"

    @property
    def url(self):
        return self.server.url

    def start(self):
        self.server.start()

    def launch(self):
        """Lets a real server start while other tests run; `wait` then returns when it answers."""
        self.server.launch() if self.real else self.server.start()

    def wait(self):
        if self.real:
            self.server.wait()

    def stop(self):
        self.server.stop()

    def reset(self):
        """Running, with the settings of a fresh server and no calls counted."""
        if self.fresh_settings is None:
            self.fresh_settings = self.read()
        elif self.read() != self.fresh_settings:
            self.write(self.fresh_settings)
        self.ollama.release()
        self.ollama.asked.clear()
        self.hosted.asked.clear()

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.ollama.release()
        with contextlib.suppress(OSError):
            self.stop()
        self.http.close()
        self.ollama.stop()
        self.hosted.stop()

    # --- accounts and requests --------------------------------------------------------------

    def token(self, who=ADMIN):
        """A session token; the account is made on first use, the admin's first of all."""
        email = who["email"]
        if email not in self.tokens:
            boss = None if who is ADMIN else self.token()
            role = "pending" if who is PENDING else "user"
            self.tokens[email] = session(self.url, who, boss=boss, role=role)
        return self.tokens[email]

    def ask(self, method, path, body=None, *, token=None, headers=None, content=None):
        """One request; `token` None: anonymous. Cookies are never kept."""
        head = dict(headers or {})
        if token:
            head["Authorization"] = f"Bearer {token}"
        self.http.cookies.clear()
        if content is not None:
            head.setdefault("Content-Type", "application/json")
        answer = self.http.request(method, self.url + path, json=body, headers=head, content=content)
        self.http.cookies.clear()
        return answer

    def read(self):
        answer = self.ask("GET", f"{self.base}/config", token=self.token())
        answer.raise_for_status()
        return answer.json()

    def write(self, document):
        answer = self.ask("POST", f"{self.base}/config/update", document, token=self.token())
        answer.raise_for_status()
        return answer.json()

    def set_keys(self, *, on):
        """The admin's switch for API keys, and the default permission to have one. 0.3 has neither."""
        path, admin = "/api/v1/auths/admin/config", self.token()
        config = self.ask("GET", path, token=admin).json()
        switch = next((name for name in ("ENABLE_API_KEYS", "ENABLE_API_KEY") if name in config), None)
        if switch:
            self.ask("POST", path, config | {switch: on}, token=admin).raise_for_status()
        path = "/api/v1/users/default/permissions"
        if self.version >= (0, 6, 37):
            permissions = self.ask("GET", path, token=admin).json()
            permissions["features"]["api_keys"] = on
            self.ask("POST", path, permissions, token=admin).raise_for_status()

    def make_key(self):
        """A new API key of the admin; an earlier one is refused from now on."""
        answer = self.ask("POST", "/api/v1/auths/api_key", token=self.token())
        answer.raise_for_status()
        return answer.json()["api_key"]

    def task(self, kind, model=BIG, *, token=None, **more):
        body = {"model": model, "messages": MESSAGES, "prompt": "Why is my Mac", **more}
        return self.ask("POST", f"{self.base}/{kind}/completions", body, token=token or self.token())

    def answered_by(self, kind="title", model=BIG):
        """The model that a task call really ran on, as the servers behind saw it."""
        before = len(self.ollama.calls()), len(self.hosted.calls())
        self.task(kind, model).raise_for_status()
        new = self.ollama.calls()[before[0] :] + self.hosted.calls()[before[1] :]
        (call,) = new
        return call["model"]
