"""Spoiled answers of Ollama, its runner and Open WebUI through every view: nothing ends one, nothing leaks, nothing acts.

    python -m tests.server_answers [--answers 20000] [--seed 0]

Each round spoils some answers of the stand-ins (tests/spoiled.py) while one view is made: a command, the tray's frames
over several polls, a click, the connect page's check. A fault is an exception or one that was caught as a surprise, a
control character or escape in what is shown, the token anywhere but in its file, JSON that is none or not ASCII, a
frame without its menu, a change that the journal does not know, and a source that is gone because another one was
odd. Some of it runs with the other tests (tests/app/test_server_answers.py).
"""

import argparse
import contextlib
import copy
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import threading
import traceback
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from tests.played import ROOMY, Played
from tests.spoiled import Spoiler
from tray_app.app import connect, odd, rhythm
from tray_app.app.doing import downloads, read_backs
from tray_app.app.jobs import JobControl
from tray_app.app.rhythm import Asked
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.values.command import ApplyRemedy, SetSettings, SpeedTest, Undo, Unload
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.reading import Known
from tray_app.page.connect_page import Filled
from tray_app.readers.journal_log import JournalFollower
from tray_app.services import runner
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.scheduler import Pace
from tray_app.standins.upstream import Call

TOKEN_HIDDEN_IN = {"secret.json"}
ISOLATES = "\u2068\u2069"
UNSHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
ALWAYS = 0
ANSWERED = {0, 1, 3}
NO_SUCH_NAME = 2
"""Odd answers may offer another fix, or list other models."""
POLLS = 3
PATIENCE_S = 30.0
"""No deadline is missed because the machine is busy."""
SERVERS = ("webui", "ollama", "runner")
"""Only the first one ever gets the token, so only it can repeat it."""
LOOKS = (
    ("status",),
    ("status", "--json"),
    ("watch", "--json", "--count", "2", "--interval", "0.1"),
    ("watch", "--count", "1"),
    ("doctor",),
    ("doctor", "--json"),
    ("fit", SMALL, "--with", BIG),
    ("fit", BIG, "--json"),
)
"""These end with 0 whatever the servers answer; `fit` also with 2, where the list of models has another name."""
ACTS = (
    ("fix", "--list"),
    ("fix", "--dry-run"),
    ("fix", "--yes"),
    ("fix", f"task-model:{SMALL}", "--yes"),
    ("settings",),
    ("settings", "--json"),
    ("set", "tags=off", "task-model="),
    ("set", f"task-model={SMALL}"),
    ("undo",),
    ("undo", "--all"),
    ("undo", "--dry-run"),
    ("speed", "--runs", "1", "--yes"),
    ("speed", "--runs", "1", "--yes", "--json", "--compare", SMALL),
)


class Screen:
    def __init__(self) -> None:
        self.views, self.notices = [], []

    def show(self, view):
        self.views.append(view)

    def notify(self, notice):
        self.notices.append(notice)

    def stop(self):
        pass


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records = []

    def emit(self, record):
        self.records.append(record)


class Answers:
    """The stand-ins with something between them and us that spoils what they say, while `share` is above zero."""

    def __init__(self, played: Played, chance: random.Random) -> None:
        self.played = played
        self.chance = chance
        self.token = played.app().token(played.webui.url).value
        self.forgetful = Spoiler(chance, "")
        """For who was not told the token in this very request: only who was can repeat it."""
        self.spoilers = {name: Spoiler(chance, self.token if name == "webui" else "") for name in SERVERS}
        self.share = 0.0
        self.victim = self.path = ""
        self.spoiled = Counter()
        self._asked: dict[tuple[str, str], bool] = {}
        """Which paths there are, in the order in which they were met."""
        self._lock = threading.Lock()
        self._between(played.webui, "webui")
        self._between(played.ollama, "ollama")
        for one in played.ollama._runners.values():
            self._between(one, "runner")
        played.ollama.scheduler.on_load = self._loaded

    def _loaded(self, runner) -> None:
        self.played.ollama._start_runner(runner)
        self._between(self.played.ollama._runners[id(runner)], "runner")

    def _between(self, server, name: str) -> None:
        handle = server.handle

        def spoiling(request):
            good = handle(request)
            if not request.headers.get("user-agent", "").startswith("elbowroom"):
                return good  # the stand-ins ask each other, too
            self._asked[name, request.path] = True
            with self._lock:  # the same chance for every thread of the servers
                if self.victim not in {"", name} or self.path not in {"", request.path}:
                    return good
                if self.chance.random() >= self.share:
                    return good
                self.spoiled[name] += 1
                told = self.token in request.headers.get("authorization", "") or self.token.encode() in request.body
                return (self.spoilers[name] if told or name != "webui" else self.forgetful)(good)

        server.handle = spoiling

    @contextlib.contextmanager
    def spoiling(self, victim: str = "") -> Iterator[None]:
        """Much or little; of one server, of one path or of all."""
        self.share = self.chance.choice((0.3, 0.6, 1.0))
        self.victim = victim or ("runner" if self.chance.random() < 0.1 else "")
        paths = [path for name, path in self._asked if self.victim in {"", name}]
        self.path = self.chance.choice(paths) if paths and self.chance.random() < 0.5 else ""
        try:
            yield
        finally:
            self.share = 0.0


class Suite:
    """One server of each kind, one home; every round begins with the files and settings of the first."""

    def __init__(self, played: Played, seed: int = 0) -> None:
        self.played = played
        self.chance = random.Random(seed)
        self.answers = Answers(played, self.chance)
        self._first = copy.deepcopy(played.webui.settings)
        self._files = {path: path.read_bytes() for path in played.home.iterdir() if path.is_file()}
        self.rounds = Counter()
        self.views: tuple[Callable[[], list[str]], ...] = (
            self._looked,
            self._looked,
            self._acted,
            self._acted,
            self._tray,
            self._tray,
            self._recorded,
            self._connected,
            self._page,
        )

    @property
    def count(self) -> int:
        return self.answers.spoiled.total()

    def round(self) -> list[str]:
        """One view while answers are spoiled: what is wrong with it, nothing if all is well."""
        view = self.chance.choice(self.views)
        self.rounds[view.__name__] += 1
        kept = Kept()
        logger = logging.getLogger("tray_app")
        level = logger.level
        logger.addHandler(kept)
        logger.setLevel(logging.DEBUG)
        odd._told.clear()
        always = self.chance.random() < 0.5
        try:
            with self._requests_run(), self._without_waiting(always=always):
                found = view()
        except Exception:  # noqa: BLE001 - any at all is a fault
            found = [traceback.format_exc()]
        finally:
            logger.removeHandler(kept)
            logger.setLevel(level)
        found += self._logged(kept) + self._left_behind()
        if (
            view in {self._looked, self._recorded, self._connected, self._page}
            and self.played.webui.settings != self._first
        ):
            found.append("who only looked has changed something")
        self._restore()
        return [f"{view.__name__}: {one}" for one in found]

    @contextlib.contextmanager
    def _requests_run(self) -> Iterator[None]:
        """A chat at the model in half of the rounds: then the runner's slots and the busy chats are asked for."""
        if self.chance.random() < 0.5:
            yield
            return
        ollama = self.played.ollama
        ollama.hold()
        thread = threading.Thread(target=_chat, args=(ollama,))
        thread.start()
        assert ollama.wait_for(running=1, waiting=0)
        try:
            yield
        finally:
            ollama.release()
            thread.join()

    @contextlib.contextmanager
    def _without_waiting(self, *, always: bool) -> Iterator[None]:
        """No pause between two samples or after a write. `always`: every question in every poll."""
        real = Asked.ask

        def ask(asked, question, uptime_s, now):
            if always:
                asked.expire()
            return real(asked, question, uptime_s, now)

        with contextlib.ExitStack() as patches:
            for owner, name, value in (
                (rhythm, "SECOND_SAMPLE_S", 0.0),
                (read_backs, "PAUSE_S", 0.0),
                (downloads, "LIST_PAUSE_S", 0.0),
                (JournalFollower, "_ready", lambda *_: False),
                (Asked, "ask", ask),
            ):
                patches.enter_context(mock.patch.object(owner, name, value))
            patches.enter_context(mock.patch.dict(runner.slots.__kwdefaults__, deadline_s=PATIENCE_S))
            yield

    # --- the views -------------------------------------------------------------------------

    def _looked(self) -> list[str]:
        argv = self.chance.choice(LOOKS)
        with self.answers.spoiling():
            return self._command(argv, {ALWAYS, NO_SUCH_NAME} if argv[0] == "fit" else {ALWAYS})

    def _acted(self) -> list[str]:
        """Maybe on top of a change of ours; then what the journal says of it, and what takes it back."""
        argv = self.chance.choice(ACTS)
        found = []
        if argv[0] == "speed":
            self.played.ollama.release()
        if argv[0] == "undo":
            found += self._command(("set", "titles=off", f"task-model={SMALL}"), {0})
        before = copy.deepcopy(self.played.webui.settings)
        with self.answers.spoiling():
            found += self._command(argv, ANSWERED | {NO_SUCH_NAME} if argv[0] == "fix" else ANSWERED)
        journal = self.played.home / "journal.jsonl"
        if before != self.played.webui.settings and not journal.exists():
            found.append("the server was changed and the journal knows nothing")
        for later in (("journal",), ("journal", "--json"), ("undo", "--all")):
            found += self._command(later, ANSWERED)
        return found

    def _recorded(self) -> list[str]:
        file = self.played.home / "trace.jsonl"
        with self.answers.spoiling():
            found = self._command(("record", str(file), "--seconds", "0.1"), {0})
        found += [f"recorded: {line[:300]}" for line in file.read_text("utf-8").splitlines() if not _is_json(line)]
        found += self._command(("replay", str(file)), {0})
        return found + self._command(("replay", str(file), "--json"), {0})

    def _connected(self) -> list[str]:
        how = self.chance.choice((("--token-stdin",), ("--email", "admin@example.org", "--password-stdin")))
        typed = io.TextIOWrapper(io.BytesIO(self.answers.token.encode() + b"\n"), encoding="utf-8")
        with self.answers.spoiling(), mock.patch.object(sys, "stdin", typed):
            found = self._command(("connect", self.played.webui.url, *how, "--insecure-file-secret"), ANSWERED)
        found += self._command(("disconnect",), ANSWERED)
        if (self.played.home / "secret.json").exists():
            found.append("disconnect left the file with the token")
        return found

    def _page(self) -> list[str]:
        """The check behind the connect page, without the browser."""
        checks, said = [], []

        class Page(mock.MagicMock):
            def __init__(self, check=None, *_, **__):
                super().__init__()
                checks.append(check)

        used = Session(self.played.overrides)
        job = JobControl(RunningJob("job-1", JobKind.CONNECT, "", cancellable=True), lambda _moved: None)
        work = connect.connect_work(used.app, self.played.webui.url, used.translator, used.language, bool)
        with mock.patch.object(connect, "ConnectPage", Page), mock.patch.object(connect, "WayIn", mock.MagicMock()):
            said.append(work(job).message)
        filled = Filled(self.played.webui.url, api_key=self.answers.token, keep_in_file=True)
        with self.answers.spoiling():
            said.append(checks[0](filled).message)
        used.close()
        return self._shown("page", "\n".join(said))

    def _tray(self) -> list[str]:
        """Some polls, spoiled or not, and maybe a click on one of the rows."""
        victim = self.chance.choice(("", "ollama", "webui", "runner"))
        screen, found = Screen(), []
        used = Session(self.played.overrides)
        worker = Worker(used, screen)
        worker._show_whatever_is_there()
        try:
            for _ in range(POLLS):
                worker._due = 0.0
                spoiled = self.chance.random() < 0.8
                with self.answers.spoiling(victim) if spoiled else contextlib.nullcontext():
                    found += self._polled(worker, victim)
            found += self._clicked(worker, screen)
        finally:
            worker._jobs.stop(10)
            used.close()
        return found + self._frames(screen)

    def _polled(self, worker: Worker, victim: str) -> list[str]:
        worker._went_well(worker._round)
        worker._show_whatever_is_there()
        look = worker._look
        if look is None:
            return ["no look"]
        seen = look.snapshot
        there = {"memory": seen.memory, "gpu": seen.gpu, "processes": seen.processes}
        if victim in {"webui", "runner"}:
            there["ollama"] = seen.ollama
        if victim in {"ollama", "runner"}:
            there["open_webui"] = seen.open_webui
            if isinstance(seen.open_webui, Known):
                web = seen.open_webui.value
                there |= {"tasks": web.tasks, "models": web.models}
        return [f"{name} is {one} after odd answers of {victim}" for name, one in there.items() if _lost(one)]

    def _clicked(self, worker: Worker, screen: Screen) -> list[str]:
        rows = [row for row in _rows(screen.views[-1].menu.rows) if row.command is not None]
        wanted = (ApplyRemedy, SetSettings, Undo, Unload, SpeedTest)
        rows = [row for row in rows if isinstance(row.command, wanted)]
        if not rows or self.chance.random() < 0.5:
            return []
        self.played.ollama.release()
        with self.answers.spoiling():
            worker._went_well(lambda: worker._do(self.chance.choice(rows).command))
            while worker._jobs.running is not None:
                worker._handle(worker._mailbox.get(timeout=60))
            worker._show_whatever_is_there()
        return []

    def _frames(self, screen: Screen) -> list[str]:
        found = []
        for view in screen.views:
            if view.menu.rows[-1].id != "quit":
                found.append("a frame without its last row")
            rows = list(_rows(view.menu.rows))
            found += [f"a part of the frame is missing: {row.text}" for row in rows if row.id == "broken"]
            texts = [view.tooltip, *(row.text for row in rows)]
            found += [f"more than a line: {text!r}" for text in texts if "\n" in text]
            found += self._shown("frame", "\n".join(texts))
        for notice in screen.notices:
            buttons = [button.text for button in notice.buttons]
            found += self._shown("notice", "\n".join((notice.title, notice.body, notice.cause, *buttons)))
        return found

    # --- what is wrong ---------------------------------------------------------------------

    def _command(self, argv: tuple[str, ...], codes: set[int]) -> list[str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = self.played.run(*argv)
            except (Exception, SystemExit):  # noqa: BLE001 - any at all is a fault
                return [f"{argv}: {traceback.format_exc()}"]
        said = out.getvalue()
        found = [] if code in codes else [f"{argv} ends with {code}: {err.getvalue()[:500]}"]
        if "--json" in argv:
            found += [f"{argv}: no JSON: {line[:300]!r}" for line in said.splitlines() if not _is_json(line)]
        return found + self._shown(argv, said + err.getvalue())

    def _shown(self, where, text: str) -> list[str]:
        found = [f"{where}: the token in {_around(text, self.answers.token)!r}"] if self.answers.token in text else []
        odd_ones = {char for char in text if unicodedata.category(char) in UNSHOWN} - {"\n", *ISOLATES}
        found += [f"{where}: {char!r} in {_around(text, char)!r}" for char in odd_ones]
        return found

    def _logged(self, kept: Kept) -> list[str]:
        found = []
        plain = logging.Formatter()
        for record in kept.records:
            text = plain.format(record)
            if record.levelno >= logging.ERROR:
                found.append(f"logged: {text}")
            if self.answers.token in text:
                found.append(f"logged with the token: {text}")
        return found

    def _left_behind(self) -> list[str]:
        token = self.answers.token.encode()
        files = (path for path in self.played.home.rglob("*") if path.is_file() and path.name not in TOKEN_HIDDEN_IN)
        return [f"the token is in {path.name}" for path in files if token in path.read_bytes()]

    def _restore(self) -> None:
        played = self.played
        played.webui.settings.clear()
        played.webui.settings.update(copy.deepcopy(self._first))
        played.webui.asked.clear()
        played.ollama.asked.clear()
        for path in list(played.home.iterdir()):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path, data in self._files.items():
            path.write_bytes(data)
            path.chmod(0o600)


def _chat(ollama: DemoOllama) -> None:
    for _line in Call(ollama.url, "/api/generate", {"model": BIG, "prompt": "hello", "stream": False}).lines():
        pass


def _rows(rows) -> Iterator:
    for row in rows:
        yield row
        yield from _rows(row.children)


def _lost(reading: object) -> bool:
    return not isinstance(reading, Known)


def _is_json(line: str) -> bool:
    try:
        json.loads(line, parse_constant=_no_constant)
    except ValueError:
        return False
    return line.isascii()


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _around(text: str, part: str) -> str:
    at = text.find(part)
    return text[max(0, at - 100) : at + 100]


@contextlib.contextmanager
def suite(home: Path, seed: int = 0) -> Iterator[Suite]:
    """Ready to be asked for rounds."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANGUAGE", "FORCE_COLOR"):
        os.environ.pop(name, None)
    with Played(home, installed=(BIG, SMALL), budget_bytes=ROOMY, pace=Pace(0, 0, 0)) as played:
        (played.home / "settings.toml").write_text(f'language = "en"\nrequest_limit_s = {PATIENCE_S}\n')
        yield Suite(played, seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faults: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, suite(Path(folder) / "home", options.seed) as made:
        while made.count < options.answers:
            for fault in made.round():
                kind = fault.splitlines()[-1][:200]
                if not faults[kind]:
                    print(f"--- round {made.rounds.total()}\n{fault}", flush=True)
                faults[kind] += 1
        spoiled, rounds = dict(made.answers.spoiled), dict(made.rounds)
    print(f"{sum(spoiled.values())} spoiled answers {spoiled} in {sum(rounds.values())} rounds {rounds}")
    print(f"{faults.total()} faults of {len(faults)} kinds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
