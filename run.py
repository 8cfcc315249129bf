#!/usr/bin/env python3
"""Run Elbowroom from its source tree: makes .venv, installs into it what is needed, then starts the program.

    python3 run.py                start it (or its demo, where neither Ollama nor Open WebUI answers)
    python3 run.py ARGUMENTS      the same as `elbowroom ARGUMENTS`
    python3 run.py test [...]     all tests that this machine can run; further arguments go to pytest

Only the standard library is used, and syntax that Python 3.8 reads, so that it can look for a newer one.
Nothing outside .venv is touched, except that root on Debian gets the package python3-venv where it is missing.
Nothing of the folder one happens to stand in is run: every Python is started isolated, with this folder as its own.
"""
# ruff: noqa: S603, S606, S607 - it starts Python, pip and apt-get, with fixed words

from __future__ import annotations

import contextlib
import errno
import gettext
import hashlib
import io
import json
import locale
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "elbowroom-installed.json"
LOCK = ROOT / ".venv.lock"
"""Held while .venv is made or changed; it lies beside it, since making .venv anew empties that."""
OLDEST = (3, 11)
NAMED = range(15, 10, -1)
"""Minor versions that are looked for by name, newest first; whoever starts this with a newer one gets that."""
DEBIAN_PACKAGES = Path("/usr/lib/python3/dist-packages")
DEBIAN_PYTHON = "/usr/bin/python3"
WINDOWS = sys.platform == "win32"
STARTED_BY = "ELBOWROOM_STARTED_BY"
"""Tells the program which command its user typed, so that the next steps it names can be typed too."""


# --- words -------------------------------------------------------------------------------------


def wanted_languages(arguments: list[str]) -> list[str]:
    """--lang, then what the environment says, then the system's own setting on Windows."""
    for index, word in enumerate(arguments):
        if word.startswith("--lang="):
            return [word[len("--lang=") :]]
        if word == "--lang":
            return arguments[index + 1 : index + 2]
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return os.environ[name].split(":")
    if sys.platform == "win32":
        import ctypes

        return [locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")]
    return []


def catalog(arguments: list[str]) -> Callable[[str], str]:
    """The program's own catalog, which holds these sentences too; English where there is none."""
    folder = ROOT / "tray_app" / "locale"
    for wanted in wanted_languages(arguments):
        word = wanted.split(".")[0].replace("-", "_")
        language = word.split("_")[0].lower()
        if language in {"en", "c", "posix"}:
            break
        # A catalog with more than a language in its name translates "en" by the tags that it is for.
        for name in [word, *sorted(path.name for path in folder.glob(language + "_*"))] if word else []:
            with contextlib.suppress(OSError):
                says = gettext.translation("elbowroom", str(folder), languages=[name]).gettext
                if name == word or word.lower() in says("en").lower().split():
                    return says
    return gettext.NullTranslations().gettext


_ = catalog(sys.argv[1:])


def say(text: str) -> None:
    """Progress goes to stderr: the program's own output stays clean."""
    print(f"run.py: {text}", file=sys.stderr, flush=True)


def fail(text: str) -> NoReturn:
    say(text)
    raise SystemExit(1)


class Progress:
    """What is being done and for how long: in place on a terminal, else one line for each step."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._step = ""
        self._began = time.monotonic()
        self._live = sys.stderr.isatty()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:  # noqa: PYI034 - typing.Self is younger than Python 3.8
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


TAKE_A_VALUE = ("--home", "--ollama", "--open-webui", "--lang")


def names_command(arguments: Sequence[str]) -> bool:
    """Whether a command, the help or the version is asked for, and not only where and in which language to start."""
    rest = iter(arguments)
    for word in rest:
        if word in TAKE_A_VALUE:
            next(rest, None)
        elif not word.startswith("--") or word.partition("=")[0] not in TAKE_A_VALUE:
            return True
    return False


# --- a Python of the right age -----------------------------------------------------------------


class Python(NamedTuple):
    """One that runs. `framework`: a macOS framework build, which shows no menu bar icon from macOS 26 on."""

    command: tuple[str, ...]
    version: tuple[int, int]
    framework: bool

    @property
    def has_tray(self) -> bool:
        """Whether an icon with a menu can be shown with it here."""
        return not (self.framework and sys.platform == "darwin" and macos_major() >= 26)


def macos_major() -> int:
    import platform

    return int(platform.mac_ver()[0].partition(".")[0] or 0)


def isolated(command: Sequence[str]) -> list[str]:
    """As a command that takes no module and no setting from where its user stands."""
    return [*command, "-I"]


def python_at(command: list[str]) -> Python | None:
    """The Python behind a command; None where it runs none (a pyenv shim without a version) or too old a one."""
    code = "import sys, sysconfig as s; print(*sys.version_info[:2], int(bool(s.get_config_var('PYTHONFRAMEWORK'))))"
    done = output([*isolated(command), "-c", code])
    try:
        major, minor, framework = (int(word) for word in (done or "").split())
    except ValueError:
        return None
    return Python(tuple(command), (major, minor), bool(framework)) if fits((major, minor)) else None


def fits(version: tuple[int, ...]) -> bool:
    return OLDEST <= version[:2] < (4, 0)


def output(command: list[str], timeout_s: float = 20.0) -> str | None:
    """What a command prints; None where it fails. Nothing is read from the folder one stands in."""
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command, cwd=str(ROOT), stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, timeout=timeout_s, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def other_pythons() -> list[Python]:
    """Fitting Pythons by their usual names, newest first, Debian's own last."""
    candidates = [[f"python3.{minor}"] for minor in NAMED] + [[DEBIAN_PYTHON]]
    if WINDOWS:
        candidates = [["py", f"-3.{minor}"] for minor in NAMED] + candidates
    found = []
    for program, *options in candidates:
        path = shutil.which(program)
        python = python_at([path, *options]) if path else None
        if python:
            found.append(python)
    return found


def chosen_python() -> Python:
    """This one where it fits and can show the icon; else the first other one that can, else any that fits."""
    this = python_at([sys.executable])
    if this and this.has_tray:
        return this
    others = other_pythons()
    with_tray = next((one for one in others if one.has_tray), None)
    if with_tray:
        return with_tray
    best = this or next(iter(others), None)
    if best is None:
        given = sys.version.split()[0]
        fail(_("needs Python 3.11 or newer; this is {version}, and no other was found.").format(version=given))
    return best


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


# --- one at a time -----------------------------------------------------------------------------


HELD: list[int] = []
"""The lock's file while it is held here. On POSIX pip gets it as well, which outlives a run.py that is killed."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one run.py installs in this folder: another one waits for it. The system frees what a killed one held."""
    with LOCK.open("a+b") as file:
        try:
            locked = lock(file.fileno(), wait=False)
            if not locked:
                say(_("waiting for another run.py, which is installing here ..."))
                locked = lock(file.fileno(), wait=True)
        except OSError:  # a file system that knows no locks
            locked = False
        if not locked:
            yield
            return
        HELD.append(file.fileno())
        try:
            yield
        finally:
            HELD.clear()
            unlock(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def lock(file: int, *, wait: bool) -> bool:
        """Whether it is ours now. Windows waits for no lock for longer than ten seconds: it is asked again."""
        while True:
            os.lseek(file, 0, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EDEADLK, 0}:  # Wine says only that it failed
                    raise
            else:
                return True
            if not wait:
                return False
            time.sleep(0.2)

    def unlock(file: int) -> None:
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(file: int, *, wait: bool) -> bool:
        """Whether it is ours now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(file: int) -> None:
        """Also for a child that still has it."""
        fcntl.flock(file, fcntl.LOCK_UN)


# --- the virtual environment -------------------------------------------------------------------


def venv_python() -> str:
    return str(VENV / ("Scripts/python.exe" if WINDOWS else "bin/python"))


def ensure_venv() -> Python:
    """A .venv whose Python runs. One that cannot show the icon gives way where another Python can."""
    found = python_at([venv_python()])
    if found and found.has_tray:
        return found
    python = chosen_python()
    if found and not python.has_tray:
        return found
    if os.path.lexists(str(VENV)):
        refuse_foreign()
        say(
            _("replacing .venv: {python} can show the tray icon, the one in it cannot ...").format(
                python=" ".join(python.command)
            )
            if found
            else _("replacing .venv, whose Python is gone or too old ...")
        )
    else:
        say(_("making .venv ..."))
    ensure_ensurepip(python)
    make = [*isolated(python.command), "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(make, cwd=str(ROOT), pass_fds=() if WINDOWS else HELD, check=False)
    fresh = python_at([venv_python()])
    if made.returncode != 0 or fresh is None:
        fail(
            _("could not make {folder}. Copy Elbowroom to a folder that you may write to, then try again.").format(
                folder=VENV
            )
        )
    return fresh


def refuse_foreign() -> None:
    """Making an environment empties its folder: only one that is ours may be emptied, never what a link points to."""
    if VENV.is_symlink():
        target = os.readlink(str(VENV))  # noqa: PTH115 - Path.readlink is younger than Python 3.8
        fail(
            _(".venv is a link to {target}, without a usable Python in it. Remove the link, then try again.").format(
                target=target
            )
        )
    if not VENV.is_dir() or (list(VENV.iterdir()) and not (VENV / "pyvenv.cfg").is_file()):
        fail(_("{folder} is not a virtual environment. Move it away, then try again.").format(folder=VENV))


def tell_of_tray() -> None:
    """Why no icon will be seen with this Python, and what to type instead."""
    say(
        _(
            "this Python is a framework build, which shows no menu bar icon on macOS 26 and later. "
            "Start with another one: uv run --no-project --python 3.13 run.py"
        )
    )


def ensure_ensurepip(python: Python) -> None:
    """Debian leaves ensurepip out of its python3; without it a new environment gets no pip."""
    if output([*isolated(python.command), "-c", "import ensurepip, venv"]) is not None:
        return
    debian = python_at([DEBIAN_PYTHON])
    own = debian is not None and debian.version == python.version
    package = "python3-venv" if own else "python{}.{}-venv".format(*python.version)
    if shutil.which("apt-get") is None:
        fail(_("this Python has no ensurepip. Install your system's package for it, then try again."))
    if sys.platform != "win32" and os.geteuid() != 0:
        fail(_("a system package is missing. Run this once, then try again:") + f"\n  sudo apt-get install {package}")
    say(_("installing the system package {package} ...").format(package=package))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", *step], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            fail(
                _("apt-get {step} failed. Run this once, then try again:").format(step=step[0])
                + f"\n  apt-get install {package}"
            )


# --- what is installed in it -------------------------------------------------------------------


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


def site_packages() -> Path | None:
    """The folder of .venv that packages are installed in."""
    if WINDOWS:
        return VENV / "Lib" / "site-packages"
    return next(iter(VENV.glob("lib/python3.*/site-packages")), None)


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
        cwd=str(ROOT),
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


def link_gi() -> None:
    """Debian's PyGObject, which older panels need, is no pip package: lend it to .venv where it was built for it."""
    python, folder = python_at([venv_python()]), site_packages()
    if (
        python is None
        or folder is None
        or not list(DEBIAN_PACKAGES.glob("gi/_gi.cpython-{}{}-*.so".format(*python.version)))
    ):
        return
    target = folder / "gi"
    with contextlib.suppress(FileExistsError):
        target.symlink_to(DEBIAN_PACKAGES / "gi", target_is_directory=True)


# --- what to start -----------------------------------------------------------------------------


def typed_command() -> str:
    """What a person types to start this again."""
    words = ["py" if WINDOWS else "python3", sys.argv[0]]
    # In single quotes a folder with a space is several words for Windows' own shell.
    return subprocess.list2cmdline(words) if WINDOWS else " ".join(map(shlex.quote, words))


def prepared(*, dev: bool) -> Python:
    with alone():
        python = ensure_venv()
        ensure_installed(dev=dev)
        return python


def main(arguments: list[str]) -> NoReturn:
    testing = arguments[:1] == ["test"]
    try:
        python = ready(dev=testing) or prepared(dev=testing)
        link_gi()
    except OSError as error:
        fail(
            _("{file} cannot be used: {reason}. Elbowroom needs a folder that you may write to.").format(
                file=error.filename or VENV, reason=error.strerror or error
            )
        )
    if testing:
        os.chdir(ROOT)
        become([venv_python(), "-m", "pytest", *arguments[1:]])
    starts = not names_command(arguments)
    if starts and not python.has_tray:
        tell_of_tray()
    os.environ[STARTED_BY] = typed_command()
    # -P: a folder tray_app where the user happens to stand is not this program.
    become([venv_python(), "-P", "-m", "tray_app", *(["start"] if starts else []), *arguments])


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a path may hold letters that the console lacks
    main(sys.argv[1:])
