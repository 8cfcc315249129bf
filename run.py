#!/usr/bin/env python3
"""Run Elbowroom from its source tree: makes .venv, installs into it what is needed, then starts the program.

    python3 run.py                start it (or its demo, where neither Ollama nor Open WebUI answers)
    python3 run.py ARGUMENTS      the same as `elbowroom ARGUMENTS`
    python3 run.py test [...]     all tests that this machine can run; further arguments go to pytest

Only the standard library is used, and syntax that Python 3.8 reads, so that it can look for a newer one.
Nothing outside .venv is touched, except that root on Debian gets the package python3-venv where it is missing.
"""
# ruff: noqa: S603, S606, S607 - it starts Python, pip and apt-get, with fixed words

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "elbowroom-installed.json"
OLDEST, NEWEST = (3, 11), (3, 14)
DEBIAN_PACKAGES = Path("/usr/lib/python3/dist-packages")
DEBIAN_PYTHON = "/usr/bin/python3"
PROBE_S = 1.0
WINDOWS = sys.platform == "win32"


def say(text: str) -> None:
    """Progress goes to stderr: the program's own output stays clean."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> NoReturn:
    say(text)
    raise SystemExit(1)


def succeeds(command: list[str]) -> bool:
    """Run without input or output."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False).returncode == 0
    except OSError:
        return False


# --- a Python of the right age -----------------------------------------------------------------


def fits(version: tuple[int, ...]) -> bool:
    return OLDEST <= version[:2] <= NEWEST


def version_of(command: list[str]) -> tuple[int, int] | None:
    """(major, minor) of a Python, or None where the command does not run one (a pyenv shim without a version)."""
    ask = [*command, "-c", "import sys; print(*sys.version_info[:2])"]
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(ask, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, timeout=20, check=True)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def other_python() -> list[str] | None:
    """The command of a fitting Python, newest first, or None."""
    names = [f"3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    candidates = [[f"python{name}"] for name in names] + [[DEBIAN_PYTHON]]
    if WINDOWS:
        candidates = [["py", f"-{name}"] for name in names] + candidates
    for program, *options in candidates:
        path = shutil.which(program)
        found = version_of([path, *options]) if path else None
        if path and found and fits(found):
            return [path, *options]
    return None


def become(command: list[str]) -> NoReturn:
    """Go on as another program; its exit code is ours."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                raise SystemExit(child.wait())
            except KeyboardInterrupt:  # Ctrl-C reaches the child too; it decides
                continue


def ensure_python(arguments: list[str]) -> None:
    if fits((sys.version_info[0], sys.version_info[1])):
        return
    command = other_python()
    if command is None:
        fail(f"needs Python 3.11 to 3.14; this is {sys.version.split()[0]}, and no other was found.")
    become([*command, str(ROOT / "run.py"), *arguments])


# --- the virtual environment -------------------------------------------------------------------


def venv_python() -> str:
    return str(VENV / ("Scripts/python.exe" if WINDOWS else "bin/python"))


def ensure_venv() -> None:
    found = version_of([venv_python()])
    if found and fits(found):
        return
    ensure_ensurepip()
    say("replacing .venv, whose Python is gone or too old ..." if VENV.exists() else "making .venv ...")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False)
    if made.returncode != 0 or version_of([venv_python()]) is None:
        fail(f"could not make {VENV}.")


def ensure_ensurepip() -> None:
    """Debian leaves ensurepip out of its python3; without it a new environment gets no pip."""
    if succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        return
    own = (sys.version_info[0], sys.version_info[1])
    package = "python3-venv" if version_of([DEBIAN_PYTHON]) == own else "python{}.{}-venv".format(*own)
    if shutil.which("apt-get") is None:
        fail("this Python has no ensurepip. Install your system's package for it, then try again.")
    if sys.platform != "win32" and os.geteuid() != 0:
        fail(f"a system package is missing. Run this once, then try again:\n  sudo apt-get install {package}")
    say(f"installing the system package {package} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", *step], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            fail(f"apt-get {step[0]} failed. Run this once, then try again:\n  apt-get install {package}")


# --- what is installed in it -------------------------------------------------------------------


def fingerprint() -> str:
    """Changes whenever an install would give something else; a moved tree needs a new one too."""
    digest = hashlib.sha256(os.fsencode(ROOT))
    for name in ("pyproject.toml", "constraints.txt", "tray_app/__init__.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def last_install() -> dict[str, object]:
    """The stamp of the last complete install; empty where there is none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def ensure_installed(*, dev: bool) -> None:
    stamp = last_install()
    wanted = fingerprint()
    if stamp.get("fingerprint") == wanted and (stamp.get("dev") or not dev):
        return
    dev = dev or bool(stamp.get("dev"))
    what = "Elbowroom and the tools of its tests" if dev else "Elbowroom"
    say(f"installing {what} into .venv; the first time this takes a minute ...")
    STAMP.unlink(missing_ok=True)
    ensure_pip()
    pip("install", "-c", "constraints.txt", "-e", ".[dev]" if dev else ".")
    STAMP.write_text(json.dumps({"fingerprint": wanted, "dev": dev}), encoding="utf-8")


def ensure_pip() -> None:
    """An environment that another tool made may have none."""
    has_pip = succeeds([venv_python(), "-m", "pip", "--version"])
    if not has_pip and not succeeds([venv_python(), "-m", "ensurepip"]):
        fail("there is no pip in .venv. Remove the folder .venv, then try again.")


def pip(*arguments: str) -> None:
    """Quiet while it works; where it fails, its last words and what to do."""
    done = subprocess.run(
        [venv_python(), "-m", "pip", *arguments],
        cwd=str(ROOT),
        env={**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode == 0:
        return
    for line in done.stdout.decode("utf-8", "replace").splitlines()[-12:]:
        print(f"  {line}", file=sys.stderr)
    fail("pip could not install what Elbowroom needs (its last words are above). Is this machine online?")


def link_gi() -> None:
    """Debian's PyGObject, which the tray menu needs, is no pip package: lend it to .venv where it fits."""
    version = version_of([venv_python()])
    source = DEBIAN_PACKAGES / "gi"
    if WINDOWS or version is None or not list(source.glob("_gi.cpython-{}{}-*.so".format(*version))):
        return
    target = VENV / "lib" / "python{}.{}".format(*version) / "site-packages" / "gi"
    if not os.path.lexists(target):
        target.symlink_to(source, target_is_directory=True)


# --- what to start -----------------------------------------------------------------------------


def answers(url: str, path: str) -> bool:
    """Is there a server that tells its version there? Asked directly, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + path, timeout=PROBE_S) as response:
            document = json.loads(response.read(1 << 20))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and "version" in document


def ollama_url(text: str) -> str:
    """OLLAMA_HOST has many forms: `0.0.0.0`, `:11434`, `host`, `http://host:port` (Ollama envconfig.Host)."""
    scheme, found, rest = text.strip().strip("\"'").partition("://")
    if not found:
        scheme, rest = "http", scheme
    rest = rest.partition("/")[0]
    host, colon, port = rest.rpartition(":")
    if not colon or not port.isdigit():
        usual = {"http": "80", "https": "443"}.get(scheme, "11434") if found else "11434"
        host, port = rest.rstrip(":"), usual
    if host in {"", "0.0.0.0", "[::]"}:  # noqa: S104 - where it listens, read as this machine
        host = "127.0.0.1"
    return f"{scheme}://{host}:{port}"


def something_to_watch() -> bool:
    if answers(ollama_url(os.environ.get("OLLAMA_HOST", "")), "/api/version"):
        return True
    given = os.environ.get("OPEN_WEBUI_URL", "").strip().rstrip("/")
    urls = [given] if given else ["http://127.0.0.1:8080", "http://127.0.0.1:3000"]
    return any(answers(url, "/api/config") for url in urls)


def main(arguments: list[str]) -> NoReturn:
    ensure_python(arguments)
    testing = arguments[:1] == ["test"]
    ensure_venv()
    ensure_installed(dev=testing)
    link_gi()
    if testing:
        os.chdir(ROOT)
        become([venv_python(), "-m", "pytest", *arguments[1:]])
    if not arguments and not something_to_watch():
        say("neither Ollama nor Open WebUI answers here: starting the demo.")
        arguments = ["demo"]
    # -P: a folder tray_app where the user happens to stand is not this program.
    become([venv_python(), "-P", "-m", "tray_app", *arguments])


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a path may hold letters that the console lacks
    main(sys.argv[1:])
