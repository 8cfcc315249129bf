"""Starts real Open WebUI servers on loopback and stops them by pid.

    python tests/real/servers.py up VERSION PORT [--ollama URL] [--no-auth] [--set NAME=VALUE ...]
    python tests/real/servers.py down PORT          stops what `up` started
    python tests/real/servers.py admin PORT         makes (or signs in) an admin, prints the session token
    python tests/real/servers.py user PORT          the same for an ordinary user
    python tests/real/servers.py list
    python tests/real/servers.py install VERSION ...

Everything is kept below `ELBOWROOM_TEST_CACHE` (default: a folder in the user's cache).
"""

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.ports import free_port
from tests.real.install import CannotInstall, cache, install, program

VERSIONS = ("0.3.35", "0.4.8", "0.5.20", "0.6.5", "0.6.36", "0.6.43", "0.8.12", "0.10.2", "0.11.4", "0.12.4")
DEFAULT = "0.3.35 0.5.20 0.6.43 0.12.4"
START_DEADLINE_S = 240
ADMIN = {"name": "Admin", "email": "admin@example.com", "password": "admin-password-1"}
USER = {"name": "User", "email": "user@example.com", "password": "user-password-1"}


def chosen() -> tuple[str, ...]:
    """The versions this run uses: `ELBOWROOM_REAL_VERSIONS`, words or `all`."""
    named = os.environ.get("ELBOWROOM_REAL_VERSIONS") or DEFAULT
    return VERSIONS if named.strip() == "all" else tuple(named.replace(",", " ").split())


class NotStarted(Exception):
    """The server ended or did not answer; the text ends with its log."""


class RealServer:
    """One real server. Its data folder lives as long as the object's `folder`; `start` after `stop` keeps the data."""

    def __init__(
        self, version: str, folder: Path, *, ollama_url: str, auth: bool = True, more: dict[str, str] | None = None
    ):
        self.version = version
        self.folder = folder
        self.port = free_port()
        self.ollama_url = ollama_url
        self.auth = auth
        self.more = more or {}
        self.workers = 1
        self.process: subprocess.Popen[bytes] | None = None
        self._is_first = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
        ours = {
            "DATA_DIR": str(self.folder / "data"),
            "FROM_INIT_PY": "true",
            "WEBUI_SECRET_KEY": "only-for-tests-0123456789abcdef0123456789abcdef",
            "WEBUI_AUTH": str(self.auth).lower(),
            "OLLAMA_BASE_URL": self.ollama_url,
            "ENABLE_OLLAMA_API": "true",
            "ENABLE_OPENAI_API": "false",
            "OPENAI_API_KEY": "",
            "ENABLE_SIGNUP": "true",
            "RAG_EMBEDDING_ENGINE": "ollama",
            "RAG_EMBEDDING_MODEL_AUTO_UPDATE": "false",
            "WHISPER_MODEL_AUTO_UPDATE": "false",
            "OFFLINE_MODE": "true",
            "HF_HUB_OFFLINE": "1",
            "ANONYMIZED_TELEMETRY": "false",
            "DO_NOT_TRACK": "true",
            "SCARF_NO_ANALYTICS": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "USER_AGENT": "elbowroom-tests",
            "PYTHONUNBUFFERED": "1",
        }
        return {**kept, **ours, **self.more}

    def start(self) -> None:
        """Returns when /health answers. NotStarted; CannotInstall."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Starts the process and does not wait. CannotInstall."""
        venv = install(self.version)
        data, template = self.folder / "data", venv / "empty.db"
        data.mkdir(parents=True, exist_ok=True)
        self._is_first = not (data / "webui.db").exists()
        if self._is_first and template.exists():  # an empty, already migrated database saves seconds
            shutil.copy(template, data / "webui.db")
        command = [program(venv, "open-webui"), "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        if self.workers > 1:  # as `serve` starts them, but with patience: one that starts slowly is not killed for it
            command[:2] = [program(venv, "uvicorn"), "open_webui.main:app", "--workers", str(self.workers)]
            command += ["--timeout-worker-healthcheck", str(START_DEADLINE_S)]
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Until /health answers. NotStarted."""
        self._wait_until_healthy()
        template = install(self.version) / "empty.db"
        if self._is_first and not template.exists():
            _keep_empty_database(self.folder / "data" / "webui.db", template)

    def _wait_until_healthy(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_DEADLINE_S
        with httpx.Client(trust_env=False, timeout=2) as client:
            while time.monotonic() < end and self.process.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    if client.get(f"{self.url}/health").status_code == 200:
                        return
                time.sleep(0.1)
        self.stop()
        raise NotStarted(f"Open WebUI {self.version}:\n{self.log_tail()}")

    def log_tail(self, characters: int = 3000) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-characters:]

    def stop(self) -> None:
        if self.process is not None:
            _end(psutil.Process(self.process.pid) if self.process.poll() is None else None)
            self.process.wait()
            self.process = None


def _keep_empty_database(source: Path, template: Path) -> None:
    """A consistent copy while the server has it open, without the settings that releases from 0.10 store at start."""
    part = template.with_suffix(f".{os.getpid()}")
    with contextlib.closing(sqlite3.connect(source)) as live, contextlib.closing(sqlite3.connect(part)) as copy:
        live.backup(copy)
        copy.execute("DELETE FROM config")
        copy.commit()
    part.replace(template)


def _end(process: psutil.Process | None) -> None:
    """Ends one process that we started: asks first, insists after ten seconds."""
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(10)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(10)


def session(url: str, who: dict[str, str], *, boss: str | None = None, role: str = "user") -> str:
    """A session token: signs in, or makes the account first (the first one becomes admin; others need `boss`)."""
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        login = {"email": who["email"], "password": who["password"]}
        answer = client.post("/api/v1/auths/signin", json=login)
        if answer.status_code != 200:
            if boss is None:
                client.post("/api/v1/auths/signup", json={**who, "profile_image_url": ""}).raise_for_status()
            else:
                body = {**who, "role": role, "profile_image_url": "/user.png"}
                head = {"Authorization": f"Bearer {boss}"}
                client.post("/api/v1/auths/add", json=body, headers=head).raise_for_status()
            answer = client.post("/api/v1/auths/signin", json=login)
        answer.raise_for_status()
        token: str = answer.json()["token"]
        return token


# --- the command line -----------------------------------------------------------------------


def _note(port: int) -> Path:
    return cache() / "running" / str(port) / "server.json"


def _noted(port: int) -> psutil.Process | None:
    """The process that `up` started on the port, if it still is that one."""
    note = _note(port)
    if not note.exists():
        return None
    told = json.loads(note.read_text(encoding="utf-8"))
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(told["pid"])
        if abs(process.create_time() - told["created"]) < 1:
            return process
    return None


def _up(args: argparse.Namespace) -> None:
    if _noted(args.port):
        sys.exit(f"port {args.port} is already in use by a server of ours")
    folder = _note(args.port).parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    more = dict(pair.split("=", 1) for pair in args.set)
    server = RealServer(args.version, folder, ollama_url=args.ollama, auth=not args.no_auth, more=more)
    server.port = args.port
    server.start()
    assert server.process is not None
    pid = server.process.pid
    told = {"version": args.version, "pid": pid, "created": psutil.Process(pid).create_time()}
    _note(args.port).write_text(json.dumps(told), encoding="utf-8")
    print(pid, server.url)


def _down(args: argparse.Namespace) -> None:
    _end(_noted(args.port))
    shutil.rmtree(_note(args.port).parent, ignore_errors=True)


def _account(args: argparse.Namespace) -> None:
    url = f"http://127.0.0.1:{args.port}"
    boss = session(url, ADMIN)
    print(boss if args.command == "admin" else session(url, USER, boss=boss))


def _list(_args: argparse.Namespace) -> None:
    for note in sorted((cache() / "running").glob("*/server.json")):
        told = json.loads(note.read_text(encoding="utf-8"))
        state = "running" if _noted(int(note.parent.name)) else "gone"
        print(f"http://127.0.0.1:{note.parent.name}", told["version"], told["pid"], state)


def _install(args: argparse.Namespace) -> None:
    for version in args.versions:
        print(install(version))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up")
    up.add_argument("version")
    up.add_argument("port", type=int)
    up.add_argument("--ollama", default="http://127.0.0.1:11434")
    up.add_argument("--no-auth", action="store_true")
    up.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    up.set_defaults(run=_up)
    for name, run in (("down", _down), ("admin", _account), ("user", _account)):
        command = commands.add_parser(name)
        command.add_argument("port", type=int)
        command.set_defaults(run=run)
    commands.add_parser("list").set_defaults(run=_list)
    installer = commands.add_parser("install")
    installer.add_argument("versions", nargs="+")
    installer.set_defaults(run=_install)
    args = parser.parse_args()
    try:
        args.run(args)
    except (CannotInstall, NotStarted) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
