"""What is installed in .venv, and when again."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple, Self

from from_source.environment import HELD, VENV, site_packages, venv_python
from from_source.pythons import ROOT, Python, isolated, output, python_at
from from_source.words import WINDOWS, _, fail, say

STAMP = VENV / "elbowroom-installed.json"


class Progress:
    """What is being done and for how long: in place on a terminal, else one line for each step."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._step = ""
        self._began = time.monotonic()
        self._live = sys.stderr.isatty()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._thread.start()
        else:
            say(self._what)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        if self._live:
            self._thread.join()
            print(file=sys.stderr, flush=True)

    def step(self, text: str) -> None:
        self._step = text
        if not self._live:
            say(f"  {text}")

    def _tick(self) -> None:
        while not self._ended.is_set():
            text = f"run.py: {self._what} {time.monotonic() - self._began:.0f} s  {self._step}"
            columns = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{text[:columns]}", end="", file=sys.stderr, flush=True)
            self._ended.wait(1.0)


def requirements() -> str:
    """Changes whenever other packages would be wanted."""
    return digest(ROOT / "pyproject.toml", ROOT / "constraints.txt")


def sources() -> str:
    """Changes with every file of the program: it is installed as a copy, since the file by which Python finds a
    program elsewhere is read in the locale's encoding, and a folder with a Korean name then ends every start."""
    files = (path for path in sorted((ROOT / "tray_app").rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return digest(*files)


def digest(*files: Path) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(os.fsencode(str(path.relative_to(ROOT))) + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def installed() -> list[str]:
    """The names of what lies there now: whatever of it goes missing later is noticed without an import."""
    folder = site_packages()
    if folder is None or not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.name not in {"__pycache__", "gi"})


def last_install() -> dict[str, object]:
    """The stamp of the last complete install; empty where there is none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


class PipFailed(Exception):
    """Its last lines."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines)
        self.lines = lines


def ensure_installed(*, dev: bool) -> None:
    try:
        install_what_is_missing(dev=dev)
    except PipFailed as failed:
        for line in failed.lines:
            print(f"  {line}", file=sys.stderr)
        fail(_("pip could not install what Elbowroom needs (its last words are above). Is this machine online?"))


class Found(NamedTuple):
    """What lies in .venv: nothing of the last install is gone; its packages, and the program, are those of now."""

    whole: bool
    packages: bool
    program: bool


def look(stamp: dict[str, object], wanted: dict[str, str], *, dev: bool) -> Found:
    there = stamp.get("installed")
    whole = isinstance(there, list) and set(there) <= set(installed())
    packages = whole and stamp.get("requirements") == wanted["requirements"] and bool(stamp.get("dev") or not dev)
    return Found(whole, packages, packages and stamp.get("sources") == wanted["sources"])


def ready(*, dev: bool) -> Python | None:
    """The Python of .venv where nothing is to do: then nobody is waited for, and nothing has to be writable."""
    python = python_at([venv_python()])
    if python is None or not python.has_tray:
        return None
    wanted = {"requirements": requirements(), "sources": sources()}
    return python if look(last_install(), wanted, dev=dev).program else None


def install_what_is_missing(*, dev: bool) -> None:
    stamp = last_install()
    wanted = {"requirements": requirements(), "sources": sources()}
    whole, complete, up_to_date = look(stamp, wanted, dev=dev)
    if up_to_date:
        return
    dev = dev or bool(stamp.get("dev"))
    STAMP.unlink(missing_ok=True)
    if complete:
        with Progress(_("installing the changed program ...")) as progress:
            pip(progress, "--no-deps", "--force-reinstall", ".")
    else:
        what = _("installing Elbowroom and the tools of its tests ...") if dev else _("installing Elbowroom ...")
        with Progress(what) as progress:
            ensure_pip()
            repair = [] if whole or not stamp else ["--force-reinstall"]
            pip(progress, *repair, "hatchling")
            pip(progress, *repair, ".[dev]" if dev else ".")
    text = json.dumps({**wanted, "dev": dev, "installed": installed()})
    STAMP.write_text(text, encoding="utf-8")


def ensure_pip() -> None:
    """An environment that another tool made may have none."""
    python = isolated([venv_python()])
    if output([*python, "-c", "import pip"]) is None and output([*python, "-m", "ensurepip"], 120.0) is None:
        fail(_("there is no pip in .venv. Remove the folder .venv, then try again."))


def pip(progress: Progress, *arguments: str) -> None:
    """`pip install`: its steps as progress; where it fails, its last words and what to do."""
    command = [*isolated([venv_python()]), "-X", "utf8", "-m", "pip", "install", "--no-build-isolation"]
    lines: list[str] = []
    with subprocess.Popen(
        [*command, "-c", "constraints.txt", *arguments],
        cwd=ROOT,
        env={**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_PROGRESS_BAR": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=() if WINDOWS else HELD,
    ) as child:
        assert child.stdout is not None
        for raw in child.stdout:
            lines.append(raw.decode("utf-8", "replace").rstrip())
            words = lines[-1].split()
            if words[:1] == ["Collecting"]:
                progress.step(words[1])
            elif words[:2] == ["Installing", "collected"]:
                progress.step(_("unpacking"))
    if child.returncode != 0:
        raise PipFailed(lines[-12:])
