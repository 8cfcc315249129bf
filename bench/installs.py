"""Every way of installing on Linux: how long it takes, what it weighs, whether the icon shows.

    python bench/installs.py [--bundle FILE ...] [--cold]

The wheel is made from this tree. Each way gets an empty home and a folder of its own. What it needs was fetched before
and lies in the caches of pip and uv, unless --cold. A bundle (.deb, .pyz) is one that packaging/build.py made. Then the
tray is started on a private screen and bus beside stand-ins for Ollama and Open WebUI; "icon" is the time until a tray
host has it, or what was said instead. `--version` is the best of three. Needs Linux with what tests/e2e needs; pipx and
uv come by pip.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.e2e import desk as desks
from tests.e2e.bus import wait_for
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI

ROOT = Path(__file__).parents[1]
ICON_WITHIN_S = 60


class Way(NamedTuple):
    """What a person types, and what starts the tray afterwards. `place`: the folder it fills."""

    name: str
    install: list[list[str]]
    version: list[str]
    tray: list[str]
    place: Path


class Tools:
    """pip, pipx and uv in an environment of the bench's own, and a wheel of this tree."""

    def __init__(self, room: Path, *, cold: bool) -> None:
        self.room = room
        kept = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))}
        self.env |= {"HOME": str(room / "home"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        if not cold:
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            self.env |= {"PIP_CACHE_DIR": str(cache / "pip"), "UV_CACHE_DIR": str(cache / "uv")}
        (room / "home").mkdir()
        self.run([sys.executable, "-m", "venv", str(room / "tools")])
        self.run([self.tool("pip"), "install", "-q", "pipx", "uv"])
        self.run([self.tool("pip"), "wheel", "-q", "--no-deps", "-w", str(room / "dist"), str(ROOT)])
        self.wheel = next((room / "dist").glob("*.whl"))
        if not cold:
            self.run([self.tool("pip"), "download", "-q", "-d", str(room / "fetched"), str(self.wheel)])

    def tool(self, name: str) -> str:
        return str(self.room / "tools/bin" / name)

    def run(self, command: list[str], **more: str) -> str:
        done = subprocess.run(
            command, env=self.env | more, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
        )
        if done.returncode:
            raise SystemExit(f"{command}: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        return done.stdout


def ways(tools: Tools, bundles: list[Path]) -> Iterator[Way]:
    room, wheel = tools.room, str(tools.wheel)
    venv, pipx, uv, tree = (room / name for name in ("venv", "pipx", "uv", "tree"))
    python = sys.executable
    made = [[python, "-m", "venv", str(venv)], [str(venv / "bin/pip"), "install", "-q", wheel]]
    yield Way("pip in a venv", made, [str(venv / "bin/elbowroom")], [str(venv / "bin/elbowroom-tray")], venv)

    tools.env |= {"PIPX_HOME": str(pipx), "PIPX_BIN_DIR": str(pipx / "bin"), "PIPX_DEFAULT_PYTHON": python}
    made = [[tools.tool("pipx"), "install", wheel]]
    yield Way("pipx install", made, [str(pipx / "bin/elbowroom")], [str(pipx / "bin/elbowroom-tray")], pipx)

    tools.env |= {"UV_TOOL_DIR": str(uv), "UV_TOOL_BIN_DIR": str(uv / "bin")}
    made = [[tools.tool("uv"), "tool", "install", "-q", "--python", python, wheel]]
    yield Way("uv tool install", made, [str(uv / "bin/elbowroom")], [str(uv / "bin/elbowroom-tray")], uv)

    once = [tools.tool("uvx"), "-q", "--python", python, "--from", wheel]
    yield Way("uvx", [[*once, "elbowroom", "--version"]], [*once, "elbowroom"], [*once, "elbowroom-tray"], uv)

    run = [python, str(tree / "run.py")]
    made = [["git", "clone", "-q", str(ROOT), str(tree)], [*run, "--version"]]
    yield Way("clone, run.py", made, run, [*run, "tray"], tree)

    for path in bundles:
        place = room / path.suffix.lstrip(".")
        if path.suffix == ".deb":
            program = str(place / "usr/bin/elbowroom")
            made = [["dpkg-deb", "--extract", str(path), str(place)]]
            yield Way(".deb, unpacked", made, [program], [f"{program}-tray"], place)
        elif path.suffix == ".pyz":
            start = [python, str(place / path.name)]
            tools.env["SHIV_ROOT"] = str(place)
            made = [["mkdir", "-p", str(place)], ["cp", str(path), str(place)], [*start, "--version"]]
            yield Way(".pyz", made, start, [*start, "tray"], place)


def seconds(what: Callable[[], object]) -> float:
    began = time.monotonic()
    what()
    return time.monotonic() - began


def size_mb(place: Path) -> float:
    """On disk, without bytecode: what is fetched or unpacked."""
    files = (path for path in place.rglob("*") if path.is_file() and not path.is_symlink() and path.suffix != ".pyc")
    return sum(path.stat().st_size for path in files) / 1e6


def icon(tools: Tools, way: Way, urls: tuple[str, str, str]) -> str:
    """Seconds until a tray host has the icon, or the last line that was said."""
    ollama, web, key = urls
    with desks.Desk() as desk:
        told = desk.folder / "told"
        theirs = {name: value for name, value in desk.env.items() if name.startswith(("XDG_", "DBUS_", "DISPLAY"))}
        words = [*way.tray, "--home", str(desk.folder / "files"), "--ollama", ollama, "--open-webui", web]
        desk.env = tools.env | theirs
        with told.open("wb") as out:
            began = time.monotonic()
            process = desk.start(words, {"ELBOWROOM_API_KEY": key}, stdout=out, stderr=out)
            try:
                wait_for(lambda: desk.watcher.items or process.poll() is not None, "the icon", ICON_WITHIN_S)
            except AssertionError:
                return f"none after {ICON_WITHIN_S} s"
            took = time.monotonic() - began
        if desk.watcher.items:
            return f"{took:.1f} s"
        return "none: " + " ".join(told.read_text("utf-8", "replace").split())[-160:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", action="append", default=[], type=Path, metavar="FILE")
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    reason = desks.missing()
    if reason:
        raise SystemExit(f"installs: {reason}")
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="elbowroom-installs-")))
        ollama = DemoOllama()
        ollama.start()
        stack.callback(ollama.stop)
        web = DemoOpenWebUI("0.12.4", ollama_url=ollama.url)
        web.start()
        stack.callback(web.stop)
        tools = Tools(room, cold=options.cold)
        print(f"wheel {tools.wheel.stat().st_size / 1e6:.2f} MB")
        print(f"{'way':18} {'install s':>9} {'MB':>7} {'--version s':>11}  icon")
        for way in ways(tools, [path.absolute() for path in options.bundle]):
            took = sum(seconds(partial(tools.run, command)) for command in way.install)
            version = min(seconds(partial(tools.run, [*way.version, "--version"])) for _ in range(3))
            shown = icon(tools, way, (ollama.url, web.url, web.session()))
            print(f"{way.name:18} {took:9.1f} {size_mb(way.place):7.1f} {version:11.2f}  {shown}", flush=True)
            shutil.rmtree(way.place, ignore_errors=True)


if __name__ == "__main__":
    main()
