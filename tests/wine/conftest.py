"""One Windows Python for all tests here."""

import json

import pytest

from tests.requirements import require, required
from tests.wine.windows_python import WindowsPython, missing_programs


@pytest.fixture(scope="session")
def windows():
    """Windows CPython under Wine with a desktop, ours alone meanwhile. Built here only where the run demands it."""
    python = WindowsPython()
    if not required("wine"):
        if missing := missing_programs():
            require("wine", f"not installed: {', '.join(sorted(set(missing.values())))}")
        if not python.ready:
            require("wine", "not built yet: python tests/wine/windows_python.py setup")
    with python.in_use():
        yield python


@pytest.fixture(scope="session")
def ask(windows):
    """Runs a program on Windows and gives what its variable `answer` holds."""

    def run(program, *arguments, **options):
        lines = (program.rstrip(), "import json, sys", "sys.stdout.write(json.dumps(answer))")
        done = windows.run("-X", "utf8", "-W", "error", "-c", "\n".join(lines), *arguments, **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
