"""How long a stranger waits for the first useful advice: a sentence with a next step to type or to click.

    python bench/first_advice.py [--lang en] [--show] [--apart] [--case WORD ...]

Each case of a first run is played by stand-ins that run as processes of the real programs' names, on their usual ports
or on others. In each, `status` is started in a terminal's place and the tray's worker behind a screen that writes down
what it is told to show; both are the whole program, started with an empty home, and the clock runs from their start.
Counted is what the person did until the advice was there, and what following it takes. `--show` prints all that is
shown. The usual ports have to be free; `--apart` runs in a network and a list of processes of its own (Linux, unshare).
Exit code 1 where a case has no advice, or takes longer than 60 s, or more than one action.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.app import language
from tray_app.cli import main as command_line
from tray_app.cli import tray as tray_command
from tray_app.core.menu.screen import NoticeView, View
from tray_app.core.values.command import Command, Quit, Refresh
from tray_app.core.values.errors.usage import UsageError
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import DemoOpenWebUI
from tray_app.tray.base import Send

ROOT = Path(__file__).parents[1]
AIM_S, AIM_ACTIONS = 60.0, 1
GIVE_UP_S = 90.0
OLLAMA, OPEN_WEBUI = 11434, 8080
NAMES = {"ollama": ("serve", "--port"), "open-webui": ("serve", "--port")}
TYPED = re.compile(r"\belbowroom ([a-z][^\n`]*)")
PLACEHOLDER = "HOST"


@dataclass(frozen=True)
class Case:
    """A first run. Ports: None is a server that is not there, 0 any port but the usual one.

    `then`: what happens to the account after a sign-in that worked.
    """

    name: str
    ollama: int | None = None
    open_webui: int | None = None
    then: str = ""


CASES = (
    Case("nothing there"),
    Case("Ollama only", ollama=OLLAMA),
    Case("Open WebUI only", open_webui=OPEN_WEBUI),
    Case("both, not connected", OLLAMA, OPEN_WEBUI),
    Case("both on other ports", 0, 0),
    Case("sign-in refused", OLLAMA, OPEN_WEBUI, then="forget"),
    Case("no admin any more", OLLAMA, OPEN_WEBUI, then="demote"),
)


@dataclass(frozen=True)
class Advice:
    """`actions`: what the person did until it was there, the start not counted."""

    front: str
    seconds: float
    actions: int
    sentence: str
    step: str
    shown: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return bool(self.step) and self.seconds < AIM_S and self.actions <= AIM_ACTIONS


# --- the servers ----------------------------------------------------------------------------


def play(arguments: list[str]) -> None:
    """In a child that has the name of the real program: its stand-in, until the parent goes away."""
    name, port = Path(sys.orig_argv[0]).name, int(arguments[-1])
    with DemoOllama(port=port) if name == "ollama" else DemoOpenWebUI(port=port) as server:
        told = {"url": server.url, "token": server.session() if isinstance(server, DemoOpenWebUI) else ""}
        print(json.dumps(told), flush=True)
        for line in sys.stdin:
            assert isinstance(server, DemoOpenWebUI)
            if line.strip() == "forget":
                server.accounts.sessions.clear()
            else:
                server.accounts.accounts[0].role = "user"
            print("done", flush=True)


class Played:
    """A stand-in in a process that is called as the real one is."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        program, script = folder / name, folder / "serve"
        program.symlink_to(os.path.realpath(sys.executable))
        script.write_text("import sys\nfrom bench.first_advice import play\nplay(sys.argv[1:])\n")
        paths = os.pathsep.join([str(ROOT), *sys.path[1:]])
        self._process = subprocess.Popen(
            [str(program), *NAMES[name], str(port)],
            cwd=folder,
            env={"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        told = json.loads(self._line() or "{}")
        if not told:
            raise SystemExit(f"first_advice: port {port} is in use, or {name} could not be played; try --apart")
        self.url, self.token = told["url"], told["token"]

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def tell(self, what: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        assert self._line() == "done\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)  # its input ends, then it ends


# --- the two fronts -------------------------------------------------------------------------


@dataclass
class Run:
    """The program with an empty home, as somebody would start it; `options` name servers where the case does."""

    home: Path
    lang: str
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)

    def start(self, argv: list[str], **more: Any) -> "subprocess.Popen[str]":
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.home), "LANG": "C.UTF-8", **self.env}
        env["ELBOWROOM_STARTED_BY"] = "elbowroom"
        where = ["--home", str(self.home / "elbowroom"), "--lang", self.lang, *self.options]
        return subprocess.Popen([sys.executable, *argv, *where], cwd=ROOT, env=env, text=True, encoding="utf-8", **more)


def in_terminal(run: Run) -> Advice:
    """`elbowroom status`: one action, and what is printed until a line can be typed."""
    began = time.monotonic()
    lines: list[str] = []
    step, seconds = "", GIVE_UP_S
    with run.start(["-m", "tray_app", "status"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            typed = TYPED.search(line)
            if typed and (not step or PLACEHOLDER in step):  # one that needs nothing filled in is better
                seconds, step = time.monotonic() - began, typed[0].strip()
    if step and not can_be_typed(step):
        raise SystemExit(f"first_advice: {step!r} is no command of ours")
    return Advice("status", seconds, 1, next(iter(lines), ""), step, tuple(lines))


def can_be_typed(step: str) -> bool:
    try:
        command_line.parse(shlex.split(step)[1:], language.load("en"))
    except UsageError:
        return False
    return True


def in_tray(run: Run) -> Advice:
    """The icon's first notice or, without one that helps, the first row of the menu that can be clicked."""
    began = time.monotonic()
    seen: list[str] = []
    notice = row = None
    with run.start([__file__, "--screen"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        end = threading.Timer(GIVE_UP_S, process.terminate)
        end.start()
        for line in process.stdout or ():
            told, seconds = json.loads(line), time.monotonic() - began
            if told["kind"] == "notice":
                seen += [f"notice: {told['title']} | {told['body']}", *(f"  [{text}]" for text in told["buttons"])]
                if told["buttons"]:
                    notice = Advice("notice", seconds, 0, told["body"], told["buttons"][0])
            elif told["looked"]:
                seen += [f"tooltip: {told['tooltip']}", *told["rows"]]
                if told["steps"]:
                    row = Advice("menu", seconds, 1, told["tooltip"], told["steps"][0])
                break
        end.cancel()
        process.communicate(timeout=30)  # its input ends: that is Quit
    found = notice or row or Advice("menu", GIVE_UP_S, 1, next(iter(seen), ""), "")
    return Advice(found.front, found.seconds, found.actions, found.sentence, found.step, tuple(seen))


class Written:
    """A screen that writes down what it is told to show; its person goes away when the input ends."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._stopped = threading.Event()
        self._lock = threading.Lock()

    def show(self, view: View) -> None:
        first: list[Any] = []
        for row in view.menu.rows:
            if row.separator:
                break
            first.append(row)
        steps = [row.text for row in first if row.command is not None and not isinstance(row.command, Refresh)]
        marks = {True: "> ", False: "  "}
        rows = [marks[row.text in steps] + row.text for row in first]
        self._write(kind="frame", looked=len(first) > 1, tooltip=view.tooltip, rows=rows, steps=steps)

    def notify(self, notice: NoticeView) -> None:
        buttons = [button.text for button in notice.buttons]
        self._write(kind="notice", title=notice.title, body=notice.body, buttons=buttons)

    def _write(self, **told: object) -> None:
        with self._lock:
            print(json.dumps(told), flush=True)

    def run(self, started: Any = lambda: None) -> None:
        started()
        sys.stdin.read()
        quits: Command = Quit()
        self._send(quits)
        self._stopped.wait(10)

    def stop(self) -> None:
        self._stopped.set()


def screen(argv: list[str]) -> int:
    """The tray app itself, with that screen in the place of the system's."""
    tray_command.open_tray = Written  # type: ignore[attr-defined,assignment]
    return command_line.run(["tray", *argv])


# --- the cases ------------------------------------------------------------------------------


@contextlib.contextmanager
def played(case: Case, lang: str, *, told: bool = False) -> Iterator[Run]:
    """The case's servers. `told`: their addresses are given as options, for where the usual ports are not free."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = Run(folder, lang)
        options: list[str] = []
        servers: dict[str, Played] = {}
        for name, port in (("ollama", case.ollama), ("open-webui", case.open_webui)):
            if port is not None:
                place = folder / f"of-{name}"
                place.mkdir()
                servers[name] = stack.enter_context(Played(place, name, 0 if told else port))
            if told:
                url = servers[name].url if name in servers else "http://127.0.0.1:9"
                options += ["--ollama" if name == "ollama" else "--open-webui", url]
        run.options = tuple(options)
        if case.then:
            sign_in(run, servers["open-webui"])
            servers["open-webui"].tell(case.then)
        yield run


def sign_in(run: Run, server: Played) -> None:
    argv = ["-m", "tray_app", "connect", server.url, "--token-stdin", "--insecure-file-secret"]
    process = run.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.communicate(server.token, timeout=GIVE_UP_S)
    if process.returncode:
        raise SystemExit("first_advice: the stand-in did not take the sign-in")


def measure(case: Case, lang: str, *, told: bool = False) -> tuple[Advice, ...]:
    with played(case, lang, told=told) as run:
        return in_terminal(run), in_tray(run)


def go_apart(argv: list[str]) -> None:
    """Start again where nobody else has a port or a process."""
    again = shlex.join([sys.executable, __file__, *(word for word in argv if word != "--apart")])
    own = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc"]
    os.execvp("unshare", [*own, "sh", "-c", f"ip link set lo up && exec {again}"])


def main() -> int:
    if sys.argv[1:2] == ["--screen"]:
        return screen(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("--case", nargs="+", default=[])
    options = parser.parse_args()
    if options.apart:
        go_apart(sys.argv[1:])
    good = True
    for case in CASES:
        if options.case and not any(word in case.name for word in options.case):
            continue
        print(f"\n{case.name}")
        for one in measure(case, options.lang):
            good = good and one.good
            if options.show:
                print(*(f"      | {line}" for line in one.shown), sep="\n")
            more = f", {PLACEHOLDER} to be filled in" if PLACEHOLDER in one.step else ""
            print(
                f"   {one.front:7} {one.seconds:5.1f} s, {one.actions} action{'s'[: one.actions != 1]}: {one.sentence}"
            )
            print(f"           -> {one.step or 'NO NEXT STEP'}{more}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
