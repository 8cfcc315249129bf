"""Would a test notice? `python -m tests.mutants [FILES] [--jobs N] [--only PATH:LINE] [--sample N] [--all]`

Changes one small thing of the judging rooms at a time, runs the tests that call the changed function, and names every
change that none of them noticed. Survivors that mean the same as the original are listed with a reason in
mutants_equivalent.toml; any other one ends with exit code 1. Without arguments it tries the same number of mutants in
each room, chosen by a seed; a larger sample holds the smaller one, and code that changes elsewhere chooses no others.

The tests run on a copy of the tree in a temporary folder, each mutant in a forked process that swaps one module while
it is imported: no file of the working tree is written. What was found is kept beside the copy, so that a second run
goes on where the first was stopped: a killed mutant stays killed while its file is the same, a survivor is tried again
when a test has changed. Needs fork, so Linux or macOS; not part of .ci/run.
"""

import argparse
import atexit
import hashlib
import importlib.abc
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import httpx  # noqa: F401 - loaded once, not in every child
import hypothesis
import pytest

from tests.mutation import MODULE, Mutant, mutants

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
CORE = "tray_app/core"
# Room -> the tests that hold it, nearest first.
TESTS: dict[str, tuple[str, ...]] = {
    "fit": ("tests/core/fit", "tests/core/requests/test_releases.py", "tests/core/text/test_fit.py"),
    "lanes": ("tests/core/lanes",),
    "requests": ("tests/core/requests", "tests/core/tasks/test_releases.py"),
    "diagnosis": ("tests/core/diagnosis", "tests/core/tasks/test_releases.py"),
    "remedies": ("tests/core/remedies", "tests/core/tasks/test_releases.py", "tests/core/requests/test_releases.py"),
}
COPIED = (
    "tray_app",
    "tests/core",
    "tests/recordings",
    "pyproject.toml",
    *(f"tests/{path.name}" for path in Path(__file__).parent.glob("*.py")),
)
PROFILE = "mutants"
"""The same examples every time, and no limits of time: on a busy machine a slow test would pass for one that noticed."""
hypothesis.settings.register_profile(
    PROFILE, derandomize=True, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
CALLS = "calls.json"
EVERY = "*"
"""Stands for all tests of a room: the function is called while test files are read, or between tests."""
CRASHED = 70
BROKEN = {CRASHED, int(pytest.ExitCode.NO_TESTS_COLLECTED)}
"""Exit codes that say nothing about a mutant."""
SLOW_S = 1.0
"""Tests that take longer come last."""
LIMIT_S = 180.0
"""A mutant's tests that run longer than this (or five times as long as usual) have noticed: it does not end."""


class Swapped(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from other text."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self._module, self._path, self._source = module, path, source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=str(self._path))

    def get_source(self, _fullname: str) -> str:
        return self._source

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)


class Watch:
    """A pytest plugin: which tests call which functions of core, and how long each takes."""

    def __init__(self, copy: Path) -> None:
        self._core = str(copy / CORE) + os.sep
        self._now: set[str] = set()
        self.calls: dict[str, dict[str, float]] = {}

    def pytest_sessionstart(self) -> None:
        """What test files call while they are read counts for all of their tests."""
        sys.setprofile(self._called)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        for function in self._now:
            self.calls.setdefault(function, {})[EVERY] = 0.0
        self._now = set()
        started = time.perf_counter()
        try:
            return (yield)
        finally:
            spent = time.perf_counter() - started
            for function in {*self._now, MODULE}:
                self.calls.setdefault(function, {})[item.nodeid] = spent
            self._now = set()

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(self._core):
            name = code.co_qualname.split(".<locals>")[0]
            self._now.add(f"{CORE}/{code.co_filename.removeprefix(self._core)}:{name}")


def in_child(copy: Path, mutant: Mutant | None, arguments: Sequence[str], log: Path, plugin: object = None) -> int:
    """Starts the tests in a forked process and returns its id. Its exit code is pytest's."""
    pid = os.fork()
    if pid:
        return pid
    code = CRASHED
    try:
        os.setpgid(0, 0)
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, 1)
        os.dup2(target, 2)
        os.chdir(copy)
        sys.path.insert(0, str(copy))
        for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "tray_app"}]:
            del sys.modules[name]
        sys.dont_write_bytecode = False
        if mutant is not None:
            module = mutant.file.removesuffix(".py").replace("/", ".")
            sys.meta_path.insert(0, Swapped(module, copy / mutant.file, mutant.source))
        options = [
            "-x",
            "-q",
            "--tb=line",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            f"--hypothesis-profile={PROFILE}",
        ]
        code = int(pytest.main([*options, *arguments], plugins=[plugin] if plugin else []))
        if plugin is not None and isinstance(plugin, Watch):
            (copy / CALLS).write_text(json.dumps(plugin.calls))
        import tray_app

        if not str(tray_app.__file__).startswith(str(copy)):
            code = CRASHED
    finally:
        os._exit(code)


def ended(pid: int, deadline: float) -> int | None:
    """The exit code; None while it runs. A process that runs past its deadline is ended."""
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        return os.waitstatus_to_exitcode(status)
    if time.monotonic() < deadline:
        return None
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -signal.SIGKILL


class State:
    """What was found, one JSON line each, and the folder of the copy."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file = folder / "found.jsonl"
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        self._found: dict[str, dict[str, str]] = {row["mutant"]: row for row in map(json.loads, lines)}

    def known(self, mutant: Mutant, tests: str) -> str | None:
        row = self._found.get(_identity(mutant))
        if row is None or (row["result"] != "killed" and row["tests"] != tests):
            return None
        return row["result"]

    def add(self, mutant: Mutant, tests: str, result: str) -> None:
        row = {"mutant": _identity(mutant), "tests": tests, "result": result, "what": str(mutant)}
        self._found[row["mutant"]] = row
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _identity(mutant: Mutant) -> str:
    return hashlib.sha256("\0".join((*mutant.key, mutant.source)).encode()).hexdigest()[:20]


def digest(paths: Iterable[Path]) -> str:
    made = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                made.update(file.read_bytes())
    return made.hexdigest()[:20]


def copied(folder: Path) -> Path:
    """A copy of the tree, gone at the end: every run has its own."""
    copy = Path(tempfile.mkdtemp(prefix="tree-", dir=folder))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for name in COPIED:
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target)
    return copy


def room_of(file: str) -> str:
    return file.removeprefix(CORE).strip("/").partition("/")[0]


def equivalents() -> dict[tuple[str, str, str, str], str]:
    """Mutants that mean the same, by key, with the reason."""
    rows = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", []) if EQUIVALENT.exists() else []
    return {(row["file"], row["function"], row["original"], row["mutated"]): row["reason"] for row in rows}


class Bench:
    """Runs the mutants of one room at a time: the tests of the room once as they are, then those of each mutant."""

    def __init__(self, state: State, jobs: int, end: float) -> None:
        self._state, self._jobs, self._end = state, jobs, end
        self._copy = copied(state.folder)
        self.results: dict[Mutant, str] = {}

    def run(self, room: str, chosen: Sequence[Mutant]) -> None:
        tests = digest(self._copy / name for name in TESTS[room])
        left = []
        for mutant in chosen:
            known = self._state.known(mutant, tests)
            if known is None:
                left.append(mutant)
            else:
                self.results[mutant] = known
        if not left or time.monotonic() > self._end:
            return
        calls = self._baseline(room, tests)
        running: dict[int, tuple[Mutant, float]] = {}
        for index, mutant in enumerate(left):
            arguments, limit = tests_of(mutant, calls)
            if time.monotonic() > self._end:
                break
            if not arguments:
                self._note(mutant, tests, "survived")
                continue
            log = self._copy / f"log{index % (self._jobs * 2)}"
            running[in_child(self._copy, mutant, arguments, log)] = mutant, time.monotonic() + limit
            while len(running) >= self._jobs:
                self._collect(running, tests)
        while running:
            self._collect(running, tests)

    def _baseline(self, room: str, tests: str) -> dict[str, dict[str, float]]:
        kept = self._state.folder / f"calls-{tests}-{digest([self._copy / CORE])}.json"
        if kept.exists():
            return dict(json.loads(kept.read_text()))
        log = self._copy / "baseline"
        pid = in_child(self._copy, None, TESTS[room], log, Watch(self._copy))
        while (code := ended(pid, self._end)) is None:
            time.sleep(0.1)
        if code != 0:
            raise SystemExit(f"the tests of {room} fail as they are ({code}):\n{log.read_text()[-2000:]}")
        shutil.copy(self._copy / CALLS, kept)
        return dict(json.loads(kept.read_text()))

    def _collect(self, running: dict[int, tuple[Mutant, float]], tests: str) -> None:
        for pid, (mutant, deadline) in list(running.items()):
            code = ended(pid, deadline)
            if code in BROKEN:
                raise SystemExit(f"no answer about {mutant}: exit code {code}")
            if code is not None:
                del running[pid]
                self._note(mutant, tests, "endless" if code < 0 else "killed" if code else "survived")
        time.sleep(0.01)

    def _note(self, mutant: Mutant, tests: str, result: str) -> None:
        self._state.add(mutant, tests, result)
        self.results[mutant] = result
        if result == "survived":
            print(f"survived {mutant}", flush=True)


def tests_of(mutant: Mutant, calls: Mapping[str, Mapping[str, float]]) -> tuple[Sequence[str], float]:
    """The tests that call the function (a constant's are all there are) and how long they may take.

    Those of the file's own name first, then the quick ones, and of each table one line first: the lines of one table
    mostly notice the same.
    """
    seconds = calls.get(f"{mutant.file}:{mutant.function}", {})
    if mutant.function == MODULE or EVERY in seconds:
        seconds = calls[MODULE]
    own = f"test_{Path(mutant.file).name}::"
    lines: Counter[str] = Counter()
    order = {}
    for test in sorted(seconds, key=seconds.__getitem__):
        table = test.partition("[")[0]
        order[test] = seconds[test] > SLOW_S, own not in test, lines[table]
        lines[table] += 1
    return sorted(order, key=order.__getitem__), max(LIMIT_S, 5 * sum(seconds.values()))


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """The mutants that were asked for, by files, place and sample. SystemExit where a file has no tests by which they
    could be noticed: none would be run, and none survive."""
    files = options.files or [f"{CORE}/{room}" for room in TESTS]
    paths = [ROOT / name for name in files]
    found = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    names = [file.relative_to(ROOT).as_posix() for file in found]
    strangers = [name for name in names if room_of(name) not in TESTS]
    if strangers:
        raise SystemExit(f"mutants: no tests are named for {strangers[0]}, only for {', '.join(TESTS)}")
    made = [mutant for name in names for mutant in mutants(ROOT, name)]
    if options.only:
        path, _, line = options.only.partition(":")
        made = [mutant for mutant in made if mutant.file == path and (not line or mutant.line == int(line))]
    if options.all or options.only:
        return made
    return [
        mutant
        for room in TESTS
        for mutant in sampled([one for one in made if room_of(one.file) == room], options.sample, options.seed)
    ]


def sampled(made: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """So many of them, by a lot that each one draws for itself; in their order."""
    lots = [hashlib.sha256("\0".join((str(seed), *mutant.key)).encode()).hexdigest() for mutant in made]
    drawn = set(sorted(range(len(made)), key=lots.__getitem__)[:number])
    return [mutant for index, mutant in enumerate(made) if index in drawn]


def told(results: Mapping[Mutant, str], wanted: Sequence[Mutant], same: Mapping[tuple[str, ...], str]) -> int:
    """One line a room, then what is left. 1 where a mutant survived that is not known to mean the same."""
    counts: dict[str, Counter[str]] = {}
    left = []
    for mutant in wanted:
        result = results.get(mutant, "not run")
        if result == "survived" and mutant.key in same:
            result = "equivalent"
        elif result == "survived":
            left.append(mutant)
        counts.setdefault(room_of(mutant.file), Counter())[result] += 1
    for room, count in counts.items():
        words = ", ".join(f"{number} {word}" for word, number in sorted(count.items()))
        print(f"{room}: {count.total()} mutants: {words}")
    for mutant in left:
        print(f"SURVIVED {mutant}")
    return 1 if left else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("files", nargs="*", help="files or folders below the repository; all five rooms without any")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", metavar="PATH[:LINE]")
    parser.add_argument(
        "--sample", type=int, metavar="N", default=120, help="so many of each room, the same ones each time"
    )
    parser.add_argument("--all", action="store_true", help="every mutant: hours")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=120, help="stop after this long; the next run goes on")
    parser.add_argument("--list", action="store_true", help="name the mutants without running anything")
    parser.add_argument("--state", type=Path, default=Path(tempfile.gettempdir()) / f"elbowroom-mutants-{os.getuid()}")
    options = parser.parse_args()
    wanted = chosen(options)
    if options.list:
        print(*wanted, sep="\n")
        return 0
    bench = Bench(State(options.state), options.jobs, time.monotonic() + options.minutes * 60)
    for room in TESTS:
        bench.run(room, [mutant for mutant in wanted if room_of(mutant.file) == room])
    return told(bench.results, wanted, equivalents())


if __name__ == "__main__":
    sys.exit(main())
