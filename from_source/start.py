"""What is started when all is there."""

import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from from_source.environment import VENV, alone, ensure_venv, link_gi, venv_python
from from_source.install import ensure_installed, ready
from from_source.newer import become
from from_source.pythons import ROOT, Python
from from_source.words import _, fail, say, typed_command

STARTED_BY = "ELBOWROOM_STARTED_BY"
"""Tells the program which command its user typed, so that the next steps it names can be typed too."""
TAKE_A_VALUE = ("--home", "--ollama", "--open-webui", "--lang")


def names_command(arguments: Sequence[str]) -> bool:
    """Whether a command, the help or the version is asked for, and not only where and in which language to start."""
    rest = iter(arguments)
    for word in rest:
        if word in TAKE_A_VALUE:
            next(rest, None)
        elif not word.startswith("--") or word.partition("=")[0] not in TAKE_A_VALUE:
            return True
    return False


def tell_of_tray() -> None:
    """Why no icon will be seen with this Python, and what to type instead."""
    say(
        _(
            "this Python is a framework build, which shows no menu bar icon on macOS 26 and later. "
            "Start with another one: uv run --no-project --python 3.13 run.py"
        )
    )


def prepared(*, dev: bool) -> Python:
    with alone():
        python = ensure_venv()
        ensure_installed(dev=dev)
        return python


def main(arguments: list[str]) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a path may hold letters that the console lacks
    testing = arguments[:1] == ["test"]
    try:
        python = ready(dev=testing) or prepared(dev=testing)
        link_gi()
    except OSError as error:
        fail(
            _("{file} cannot be used: {reason}. Elbowroom needs a folder that you may write to.").format(
                file=error.filename or VENV, reason=error.strerror or error
            )
        )
    if testing:
        os.chdir(ROOT)
        become([venv_python(), "-m", "pytest", *arguments[1:]])
    starts = not names_command(arguments)
    if starts and not python.has_tray:
        tell_of_tray()
    os.environ[STARTED_BY] = typed_command()
    # -P: a folder tray_app where the user happens to stand is not this program.
    become([venv_python(), "-P", "-m", "tray_app", *(["start"] if starts else []), *arguments])
