"""One file for servers: a zip that Python runs, with everything that we need inside."""

import sys
import sysconfig
from pathlib import Path

from freeze import call, environment, wanted
from product import product

FOUND_BY = "/usr/bin/env python3"
"""Its first line; who has several Pythons names one before it."""


def build(work: Path, output: Path) -> Path:
    """For this system and this minor version of Python: some of what we need is compiled."""
    python = environment(work / "environment-pyz", ["shiv"])
    place = f"{sysconfig.get_platform().replace('-', '_')}-cp{sys.version_info.major}{sys.version_info.minor}"
    path = output / f"{product().name}-{product().version}-{place}.pyz"
    how = ["--console-script", "elbowroom", "--reproducible", "--compressed", "--python", FOUND_BY]
    call(python, "-m", "shiv", *how, "--output-file", path, *wanted(()))
    return path
