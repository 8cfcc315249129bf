"""The commands that a contributor types are whole: each says what it is for. One that nobody runs for a while breaks unseen."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHES = sorted(f"bench.{path.stem}" for path in (ROOT / "bench").glob("*.py"))
OTHERS = (
    "tests.contract.record",
    "tests.mutants",
    "tests.own_files",
    "tests.page.attacks",
    "tests.page.pictured",
    "tests.scenarios.golden",
    "tests.server_answers",
)
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="they use what only a POSIX system has")


@needs_posix
@pytest.mark.parametrize("module", [*BENCHES, *OTHERS])
def test_it_says_what_it_is_for_and_does_nothing_yet(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
    assert len(done.stdout.split("\n\n")) > 2, "what it is for stands between usage and options"
