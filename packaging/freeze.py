"""A folder that needs no Python: made by PyInstaller out of an environment with nothing but us and what we need."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from product import ROOT, product

SPEC = ROOT / "packaging" / "elbowroom.spec"
Run = Callable[[Sequence[str], dict[str, str]], None]
"""Runs the environment's Python with these arguments and more environment."""


def environment(folder: Path, extra: Sequence[str]) -> Path:
    """A new virtual environment with us, our pinned dependencies and `extra`; its Python."""
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted(extra))
    return python


def wanted(extra: Sequence[str]) -> list[str]:
    """Arguments of an installer for us and `extra`, all pinned; with the library of `metrics`, as nothing can be added
    to a bundle later."""
    return [f"{ROOT}[metrics]", *extra, "--constraint", str(ROOT / "constraints.txt")]


def frozen(build: Path, run: Run | None = None) -> Path:
    """The folder with both programs. `run`: a Python that is ready, where it is not the one made here (Windows' own
    under Wine)."""
    if run is None:
        python = environment(build / "environment", ["pyinstaller"])

        def run(words: Sequence[str], more: dict[str, str]) -> None:
            call(python, *words, more=more)

    shutil.rmtree(build / "frozen", ignore_errors=True)
    words = ["-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    places = ["--distpath", str(build / "frozen"), "--workpath", str(build / "work"), str(SPEC)]
    run([*words, *places], {"FROZEN_VERSION": product().version})
    return build / "frozen" / "elbowroom"


def call(*command: str | Path, more: dict[str, str] | None = None) -> None:
    """A step whose words are shown; CalledProcessError where it fails."""
    subprocess.run([str(word) for word in command], check=True, env={**os.environ, **(more or {})})
