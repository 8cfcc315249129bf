"""Windows CPython 3.11 under Wine, built from Debian packages and Python wheels: no Windows, no other download.

    python tests/wine/windows_python.py setup            build it once (apt as root, about a minute)
    python tests/wine/windows_python.py run ARGS...      python.exe ARGS with this repository importable
    python tests/wine/windows_python.py install REQ...   more Windows wheels (every uv option works)
    python tests/wine/windows_python.py start | stop     a virtual screen with Wine's desktop, task bar and tray
    python tests/wine/windows_python.py shot FILE.png | click X Y [BUTTON] | menu

ELBOWROOM_TEST_CACHE names the folder for all of it.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import platformdirs

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.wine.building import (
    GCC,
    MAIN_C,
    PANDA,
    REPOSITORY,
    SITE_PACKAGES,
    install,
    make_python,
    output,
    requirements,
)

RECIPE = "2"
"""Raise it to have everything built anew."""
SCREEN = "1024x768"
WINE = "/usr/lib/wine/wine64"
WINESERVER = "/usr/lib/wine/wineserver"
PROGRAMS = {
    WINE: "wine64",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xwininfo": "x11-utils",
    GCC: "gcc-mingw-w64-x86-64-win32",
    "gendef": "mingw-w64-tools",
    "/usr/sbin/locale-gen": "locales",
}
# Wine ends its desktop after the last program in it, and a cold start takes seconds: this program stays.
KEEPER = (
    "import ctypes, time; ctypes.windll.user32.GetDesktopWindow();"
    " open(r'C:\\keeper-up', 'w').close(); time.sleep(10**6)"
)


def missing_programs() -> dict[str, str]:
    """Program -> Debian package, of those that are not here."""
    return {program: package for program, package in PROGRAMS.items() if shutil.which(program) is None}


class WindowsPython:
    """One Wine prefix with one Python and, while started, one screen. Not for two users at once: see in_use()."""

    def __init__(self, home: Path | None = None) -> None:
        cache = os.environ.get("ELBOWROOM_TEST_CACHE") or platformdirs.user_cache_dir("elbowroom-tests")
        self.home = home or Path(cache) / "wine"
        self.drive = self.home / "prefix/drive_c"
        self.folder = self.drive / "Python311"
        self._built = self.home / "built"
        self._session = self.home / "session.json"
        self._started: list[subprocess.Popen[bytes]] = []

    # --- building ---------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        return self._built.exists() and self._built.read_text() == self._wanted()

    def setup(self) -> None:
        """Whatever of it is missing. CalledProcessError with the program's output where a step fails."""
        if missing := missing_programs():
            self._apt(sorted(set(missing.values())))
        if self.ready:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.home / "prefix/system.reg").exists():
            self._wine("wineboot", "-i")
        # Wine takes Windows' code page from the locale. Without the locale itself it garbles file names.
        output("localedef", "-i", "ko_KR", "-f", "UTF-8", str(self._locales() / "ko_KR.UTF-8"))
        self._wine("winecfg", "/v", "win10")
        desktop = r"HKCU\Software\Wine\Explorer"
        self._wine("reg", "add", desktop, "/v", "Desktop", "/d", "shell", "/f")
        self._wine("reg", "add", desktop + r"\Desktops", "/v", "shell", "/d", SCREEN, "/f")
        make_python(self.folder)
        install(self.folder, *requirements())
        shutil.copy(Path(__file__).with_name("psutil_under_wine.py"), self.folder / SITE_PACKAGES / "sitecustomize.py")
        self._end_wine()
        self._built.write_text(self._wanted())

    def _wanted(self) -> str:
        shim = Path(__file__).with_name("psutil_under_wine.py").read_text("utf-8")
        text = "\n".join((RECIPE, PANDA, SCREEN, MAIN_C, shim, *requirements()))
        return hashlib.sha256(text.encode()).hexdigest()

    @staticmethod
    def _apt(packages: list[str]) -> None:
        command = ("apt-get", "install", "--yes", "--no-install-recommends", *packages)
        if os.geteuid() != 0:
            raise RuntimeError("run as root first: " + " ".join(command))
        output("apt-get", "-qq", "update")
        output(*command, DEBIAN_FRONTEND="noninteractive")

    # --- running ----------------------------------------------------------------------------

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of the host's own Python or certificates leaks in. This repository is importable."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LOGNAME") if name in os.environ}
        return {
            **kept,
            "LC_ALL": "C.UTF-8",  # without it Wine garbles file names that are not ASCII
            "WINEPREFIX": str(self.home / "prefix"),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=d",
            "DISPLAY": str(self._state().get("display", "")),
            "PYTHONPATH": windows_path(REPOSITORY),
            "PYTHONPYCACHEPREFIX": "C:\\pycache",
            "ELBOWROOM_STARTED_BY": "elbowroom",
            **(extra or {}),
        }

    def in_korean(self) -> dict[str, str]:
        """What makes it a Korean Windows, whose code page is 949, for the `environment` of a run."""
        return {"LC_ALL": "ko_KR.UTF-8", "LOCPATH": str(self._locales())}

    def _locales(self) -> Path:
        folder = self.home / "locales"
        folder.mkdir(exist_ok=True)
        return folder

    def run(
        self,
        *arguments: str,
        timeout: float = 120,
        environment: Mapping[str, str] | None = None,
        text: str | None = None,
        program: str = r"C:\Python311\python.exe",
    ) -> subprocess.CompletedProcess[str]:
        """One Windows program; `text` is its standard input. Its streams are pipes: Wine's Python dies on a file.

        On a busy machine Wine was seen to start one without its streams: Python ends at once then and cannot say why.
        What ends so is started once more; a program of ours that fails without a word does it again.
        """

        def once() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [WINE, program, *arguments],
                input=text or "",
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=self.environment(environment),
                timeout=timeout,
                check=False,
            )

        done = once()
        silent = done.returncode == 1 and not done.stdout and not done.stderr
        return once() if silent else done

    def popen(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A Windows Python that keeps running; the caller ends it."""
        pipe = subprocess.PIPE
        command = [WINE, r"C:\Python311\python.exe", *arguments]
        return subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="replace",
            env=self.environment(environment),
        )

    def start(self) -> bool:
        """True where this call started the screen, False where one was up."""
        if self._state():
            return False
        read, write = os.pipe()
        xvfb = self._stays(
            "Xvfb", "-displayfd", str(write), "-screen", "0", f"{SCREEN}x24", "-nolisten", "tcp", fd=write
        )
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        up = self.drive / "keeper-up"
        up.unlink(missing_ok=True)
        self._session.write_text(json.dumps({"display": f":{number}", "xvfb": xvfb}))
        self._stays(WINE, r"C:\Python311\python.exe", "-c", KEEPER, environment=self.environment())
        wait_for(lambda: up.exists() and "Wine desktop" in self._x("xwininfo", "-root", "-tree"), "Wine's desktop")
        return True

    def stop(self) -> None:
        """Ends every program in this prefix and the screen."""
        state = self._state()
        self._end_wine()
        self._session.unlink(missing_ok=True)
        if state:
            os.kill(int(state["xvfb"]), 15)
        for process in self._started:
            process.wait(30)
        self._started.clear()

    @contextlib.contextmanager
    def in_use(self) -> Iterator["WindowsPython"]:
        """Built, started and ours alone; stopped afterwards unless it was up before."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "in-use").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.setup()
            started = self.start()
            try:
                yield self
            finally:
                if started:
                    self.stop()

    # --- looking and clicking ---------------------------------------------------------------

    def shot(self, path: Path) -> None:
        """A screenshot, PNG."""
        self._x("import", "-window", "root", f"PNG24:{path}")

    def click(self, x: int, y: int, button: int = 1) -> None:
        """1 is the left mouse button, 3 the right one. The pause lets the window under it see the pointer."""
        self._x("xdotool", "mousemove", str(x), str(y), "sleep", "0.3", "click", str(button))

    def move(self, x: int, y: int) -> None:
        """Moves the pointer there and lets it rest, as a tooltip needs."""
        self._x("xdotool", "mousemove", str(x), str(y), "sleep", "0.3")

    def key(self, name: str) -> None:
        """Presses a key, by its name in X."""
        self._x("xdotool", "key", name)

    def windows(self) -> list[tuple[int, int, int, int]]:
        """(x, y, width, height) of every window a program shows, a popup menu's submenu first."""
        tree = self._x("xwininfo", "-root", "-tree")
        shape = re.compile(r'\("([^"]*\.exe)" .*\) +(\d+)x(\d+)\+.* \+(-?\d+)\+(-?\d+)$', re.MULTILINE)
        found = [(int(x), int(y), int(w), int(h)) for exe, w, h, x, y in shape.findall(tree) if exe != "explorer.exe"]
        return [window for window in found if window[2] > 1 and window[3] > 1]

    def _x(self, *command: str) -> str:
        return output(*command, DISPLAY=self.environment()["DISPLAY"])

    def _state(self) -> dict[str, str | int]:
        """What start() wrote, while that Xvfb runs."""
        try:
            state: dict[str, str | int] = json.loads(self._session.read_text())
            alive = Path(f"/proc/{state['xvfb']}/comm").read_text().strip() == "Xvfb"
        except (OSError, ValueError, KeyError):
            return {}
        return state if alive else {}

    def _stays(self, *command: str, environment: Mapping[str, str] | None = None, fd: int | None = None) -> int:
        """Starts a program that outlives us, unless we stop it; its process id."""
        null = subprocess.DEVNULL
        kept = () if fd is None else (fd,)
        process = subprocess.Popen(
            command, stdin=null, stdout=null, stderr=null, env=environment, pass_fds=kept, start_new_session=True
        )
        self._started.append(process)
        return process.pid

    def _wine(self, *command: str) -> None:
        output(WINE, *command, environment=self.environment())

    def _end_wine(self) -> None:
        for option in ("-k", "-w"):
            subprocess.run([WINESERVER, option], env=self.environment(), check=False, capture_output=True)


def windows_path(path: Path) -> str:
    """A file of this machine as Windows programs under Wine see it."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


def new_home(windows: WindowsPython, name: str) -> str:
    """An empty folder for the app's files, as Windows names it."""
    shutil.rmtree(windows.drive / "homes" / name, ignore_errors=True)
    return f"C:\\homes\\{name}"


def wait_for(condition: object, what: str, seconds: float = 60) -> None:
    """Polls until it is true; TimeoutError naming `what` otherwise."""
    end = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)


def main(arguments: list[str]) -> int:
    python = WindowsPython()
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if verb in {"run", "start", "shot", "click", "menu", "install", "setup"}:
        python.setup()
    if verb in {"run", "start", "shot", "click", "menu"}:
        python.start()
    match verb:
        case "setup":
            print(python.home)
        case "install":
            install(python.folder, *rest)
        case "run":
            done = python.run(*rest, timeout=3600)
            sys.stdout.write(done.stdout)
            sys.stderr.write(done.stderr)
            return done.returncode
        case "start":
            print(python.environment()["DISPLAY"])
        case "stop":
            python.stop()
        case "shot":
            python.shot(Path(rest[0]))
        case "click":
            python.click(*map(int, rest))
        case "menu":
            for window in python.windows():
                print(*window)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
