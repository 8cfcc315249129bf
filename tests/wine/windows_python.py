"""Windows CPython 3.11 under Wine, built from Debian packages and Python wheels: no Windows, no other download.

    python tests/wine/windows_python.py setup            build it once (apt as root, about a minute)
    python tests/wine/windows_python.py run ARGS...      python.exe ARGS with this repository importable
    python tests/wine/windows_python.py install REQ...   more Windows wheels (every uv option works)
    python tests/wine/windows_python.py start | stop     a virtual screen with Wine's desktop, task bar and tray
    python tests/wine/windows_python.py shot FILE.png | click X Y [BUTTON] | menu

The official python311.dll and the extension modules come out of panda3d's Windows wheel, which carries them unchanged; the
standard library's .py files are those of a CPython 3.11 here; python.exe and python3.dll are compiled with mingw. Good for
tests, not to ship. ELBOWROOM_TEST_CACHE names the folder for all of it.
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
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import platformdirs

REPOSITORY = Path(__file__).parents[2]
RECIPE = "1"
"""Raise it to have everything built anew."""
PANDA = "panda3d==1.10.16 --hash=sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82"
SCREEN = "1024x768"
WINE = "/usr/lib/wine/wine64"
WINESERVER = "/usr/lib/wine/wineserver"
GCC = "x86_64-w64-mingw32-gcc-win32"
PROGRAMS = {
    WINE: "wine64",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xwininfo": "x11-utils",
    GCC: "gcc-mingw-w64-x86-64-win32",
    "gendef": "mingw-w64-tools",
}
# Wine brings the api-ms files itself; the wheel has no Tcl scripts, so tkinter cannot work.
LEFT_OUT = re.compile(r"api-ms-.*|_tkinter\.pyd|_msi\.pyd|tcl\d+t\.dll|tk\d+t\.dll|.*panda.*|.*\.txt")
STANDARD_LIBRARY_LEFT_OUT = (
    "__pycache__",
    "config-*",
    "dist-packages",
    "idlelib",
    "lib-dynload",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
)
MAIN_C = """#include <wchar.h>
int _dowildcard = 0; /* leave * in arguments alone, as the official python.exe does */
__declspec(dllimport) int Py_Main(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv) { return Py_Main(argc, argv); }
"""
STUB_C = "int __stdcall DllMainCRTStartup(void *h, unsigned r, void *p) { return 1; }\n"
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
        self._wine("winecfg", "/v", "win10")
        desktop = r"HKCU\Software\Wine\Explorer"
        self._wine("reg", "add", desktop, "/v", "Desktop", "/d", "shell", "/f")
        self._wine("reg", "add", desktop + r"\Desktops", "/v", "shell", "/d", SCREEN, "/f")
        self._make_python()
        self.install(*_requirements())
        shutil.copy(Path(__file__).with_name("psutil_under_wine.py"), self._site_packages / "sitecustomize.py")
        self._end_wine()
        self._built.write_text(self._wanted())

    def install(self, *arguments: str) -> None:
        """Windows wheels, chosen on Linux with the markers of Windows."""
        target = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11", "--only-binary", ":all:")
        _output(_uv(), "pip", "install", "--quiet", *target, "--target", str(self._site_packages), *arguments)

    @property
    def _site_packages(self) -> Path:
        return self.folder / "Lib/site-packages"

    def _wanted(self) -> str:
        shim = Path(__file__).with_name("psutil_under_wine.py").read_text("utf-8")
        text = "\n".join((RECIPE, PANDA, SCREEN, MAIN_C, shim, *_requirements()))
        return hashlib.sha256(text.encode()).hexdigest()

    @staticmethod
    def _apt(packages: list[str]) -> None:
        command = ("apt-get", "install", "--yes", "--no-install-recommends", *packages)
        if os.geteuid() != 0:
            raise RuntimeError("run as root first: " + " ".join(command))
        _output("apt-get", "-qq", "update")
        _output(*command, DEBIAN_FRONTEND="noninteractive")

    def _make_python(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.home) as name:
            build = Path(name)
            self._copy_binaries(build)
            library = Path(_output(_host_python(), "-c", "import os; print(os.path.dirname(os.__file__))").strip())
            skip = shutil.ignore_patterns(*STANDARD_LIBRARY_LEFT_OUT)
            shutil.copytree(library, self.folder / "Lib", ignore=skip, dirs_exist_ok=True)
            self._compile(build)
        self._site_packages.mkdir(parents=True, exist_ok=True)

    def _copy_binaries(self, build: Path) -> None:
        (build / "panda.txt").write_text(PANDA + "\n")
        target = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11", "--only-binary", ":all:")
        wheel = ("--no-deps", "--require-hashes", "--target", str(build / "panda"), "-r", str(build / "panda.txt"))
        _output(_uv(), "pip", "install", "--quiet", *target, *wheel)
        (self.folder / "DLLs").mkdir(parents=True)
        for path in (build / "panda/deploy_libs").iterdir():
            if not LEFT_OUT.fullmatch(path.name):
                beside = path.name in {"python311.dll", "VCRUNTIME140.dll"}
                shutil.copy(path, self.folder if beside else self.folder / "DLLs")

    def _compile(self, build: Path) -> None:
        """python.exe, pythonw.exe, and python3.dll: the stable interface that psutil's wheel links to, forwarded."""
        (build / "main.c").write_text(MAIN_C)
        (build / "stub.c").write_text(STUB_C)
        exports = _output("gendef", "-", str(self.folder / "python311.dll"))
        (build / "python311.def").write_text(exports)
        names = re.findall(r"^(\w+)[^\S\n]*(DATA)?[^\S\n]*$", exports.partition("EXPORTS\n")[2], re.MULTILINE)
        forwards = "".join(f"{name}=python311.{name} {data}\n" for name, data in names)
        (build / "python3.def").write_text("LIBRARY python3.dll\nEXPORTS\n" + forwards)
        link = str(build / "libpython311.a")
        _output("x86_64-w64-mingw32-dlltool", "-d", str(build / "python311.def"), "-l", link)
        for name, options in (("python.exe", ()), ("pythonw.exe", ("-Wl,--subsystem,windows",))):
            program = str(self.folder / name)
            _output(GCC, "-O2", "-s", "-municode", *options, "-o", program, str(build / "main.c"), link)
        stub = (
            "-shared",
            "-s",
            "-nostdlib",
            "-e",
            "DllMainCRTStartup",
            str(build / "stub.c"),
            str(build / "python3.def"),
        )
        _output(GCC, *stub, "-o", str(self.folder / "python3.dll"))

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
            **(extra or {}),
        }

    def run(
        self,
        *arguments: str,
        timeout: float = 120,
        environment: Mapping[str, str] | None = None,
        text: str | None = None,
        program: str = r"C:\Python311\python.exe",
    ) -> subprocess.CompletedProcess[str]:
        """One Windows program; `text` is its standard input. Its streams are pipes: Wine's Python dies on a file."""
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

    def popen(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A Windows Python that keeps running; the caller ends it."""
        pipe = subprocess.PIPE
        command = [WINE, r"C:\Python311\python.exe", *arguments]
        return subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", env=self.environment(environment)
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

    def windows(self) -> list[tuple[int, int, int, int]]:
        """(x, y, width, height) of every window a program shows, a popup menu's submenu first."""
        tree = self._x("xwininfo", "-root", "-tree")
        shape = re.compile(r'\("([^"]*\.exe)" .*\) +(\d+)x(\d+)\+.* \+(-?\d+)\+(-?\d+)$', re.MULTILINE)
        found = [(int(x), int(y), int(w), int(h)) for exe, w, h, x, y in shape.findall(tree) if exe != "explorer.exe"]
        return [window for window in found if window[2] > 1 and window[3] > 1]

    def _x(self, *command: str) -> str:
        return _output(*command, DISPLAY=self.environment()["DISPLAY"])

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
        _output(WINE, *command, environment=self.environment())

    def _end_wine(self) -> None:
        for option in ("-k", "-w"):
            subprocess.run([WINESERVER, option], env=self.environment(), check=False, capture_output=True)


def windows_path(path: Path) -> str:
    """A file of this machine as Windows programs under Wine see it."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


def wait_for(condition: object, what: str, seconds: float = 60) -> None:
    """Polls until it is true; TimeoutError naming `what` otherwise."""
    end = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)


def _requirements() -> list[str]:
    """What the app and its tests need."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    constraints = REPOSITORY / "constraints.txt"
    pinned = ["-c", str(constraints)] if constraints.exists() else []
    return [*project["dependencies"], "hypothesis", "pytest", "pytest-timeout", *pinned]


def _uv() -> str:
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise RuntimeError("uv is missing: pip install uv")
    return found


def _host_python() -> str:
    """A CPython 3.11: byte code and standard library must be of python311.dll's kind."""
    for name in (sys.executable, "python3.11", "python3"):
        path = shutil.which(name)
        if path and _output(path, "-c", "import sys; print(*sys.version_info[:2])").strip() == "3 11":
            return path
    raise RuntimeError("a CPython 3.11 is missing here")


def _output(*command: str, environment: Mapping[str, str] | None = None, **more: str) -> str:
    """A host program's standard output. CalledProcessError, its message with the program's last words."""
    env = {**(os.environ if environment is None else environment), **more}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


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
            python.install(*rest)
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
