"""Makes Windows CPython 3.11 from Debian packages and Python wheels.

The official python311.dll and the extension modules come out of panda3d's Windows wheel, which carries them unchanged; the
standard library's .py files are those of a CPython 3.11 here; python.exe and python3.dll are compiled with mingw. Good for
tests, not to ship.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PANDA = "panda3d==1.10.16 --hash=sha256:37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82"
GCC = "x86_64-w64-mingw32-gcc-win32"
SITE_PACKAGES = "Lib/site-packages"
FOR_WINDOWS = ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.11", "--only-binary", ":all:")
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


def make_python(folder: Path) -> None:
    """Windows CPython 3.11 in `folder`, anew. RuntimeError with a step's last words where it fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        build = Path(name)
        _copy_binaries(folder, build)
        library = Path(output(_host_python(), "-c", "import os; print(os.path.dirname(os.__file__))").strip())
        skip = shutil.ignore_patterns(*STANDARD_LIBRARY_LEFT_OUT)
        shutil.copytree(library, folder / "Lib", ignore=skip, dirs_exist_ok=True)
        _compile(folder, build)
    (folder / SITE_PACKAGES).mkdir(parents=True, exist_ok=True)


def _copy_binaries(folder: Path, build: Path) -> None:
    (build / "panda.txt").write_text(PANDA + "\n")
    wheel = ("--no-deps", "--require-hashes", "--target", str(build / "panda"), "-r", str(build / "panda.txt"))
    output(_uv(), "pip", "install", "--quiet", *FOR_WINDOWS, *wheel)
    (folder / "DLLs").mkdir(parents=True)
    for path in (build / "panda/deploy_libs").iterdir():
        if not LEFT_OUT.fullmatch(path.name):
            beside = path.name in {"python311.dll", "VCRUNTIME140.dll"}
            shutil.copy(path, folder if beside else folder / "DLLs")


def _compile(folder: Path, build: Path) -> None:
    """python.exe, pythonw.exe, and python3.dll: the stable interface that psutil's wheel links to, forwarded."""
    (build / "main.c").write_text(MAIN_C)
    (build / "stub.c").write_text(STUB_C)
    exports = output("gendef", "-", str(folder / "python311.dll"))
    (build / "python311.def").write_text(exports)
    names = re.findall(r"^(\w+)[^\S\n]*(DATA)?[^\S\n]*$", exports.partition("EXPORTS\n")[2], re.MULTILINE)
    forwards = "".join(f"{name}=python311.{name} {data}\n" for name, data in names)
    (build / "python3.def").write_text("LIBRARY python3.dll\nEXPORTS\n" + forwards)
    link = str(build / "libpython311.a")
    output("x86_64-w64-mingw32-dlltool", "-d", str(build / "python311.def"), "-l", link)
    for name, options in (("python.exe", ()), ("pythonw.exe", ("-Wl,--subsystem,windows",))):
        program = str(folder / name)
        output(GCC, "-O2", "-s", "-municode", *options, "-o", program, str(build / "main.c"), link)
        # What `python -m venv` puts into an environment; it finds its DLLs on the path.
        launchers = folder / "Lib/venv/scripts/nt"
        launchers.mkdir(exist_ok=True)
        shutil.copy(program, launchers / name)
    stub = (
        "-shared",
        "-s",
        "-nostdlib",
        "-e",
        "DllMainCRTStartup",
        str(build / "stub.c"),
        str(build / "python3.def"),
    )
    output(GCC, *stub, "-o", str(folder / "python3.dll"))


def install(folder: Path, *arguments: str) -> None:
    """Windows wheels into the Python in `folder`, chosen on Linux with the markers of Windows."""
    output(_uv(), "pip", "install", "--quiet", *FOR_WINDOWS, "--target", str(folder / SITE_PACKAGES), *arguments)


def requirements() -> list[str]:
    """What the app and its tests need."""
    return [*app_requirements(), "hypothesis", "pytest", "pytest-timeout"]


def app_requirements() -> list[str]:
    """What the app alone needs, pinned."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    return [
        *project["dependencies"],
        *project["optional-dependencies"]["metrics"],
        "-c",
        str(REPOSITORY / "constraints.txt"),
    ]


def _uv() -> str:
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise RuntimeError("uv is missing: pip install uv")
    return found


def _host_python() -> str:
    """A CPython 3.11: byte code and standard library must be of python311.dll's kind."""
    for name in (sys.executable, "python3.11", "python3"):
        path = shutil.which(name)
        if path and output(path, "-c", "import sys; print(*sys.version_info[:2])").strip() == "3 11":
            return path
    raise RuntimeError("a CPython 3.11 is missing here")


def output(*command: str, environment: Mapping[str, str] | None = None, **more: str) -> str:
    """A host program's standard output. CalledProcessError, its message with the program's last words."""
    env = {**(os.environ if environment is None else environment), **more}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
