"""The Pythons that are here."""

import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from from_source import newer, words

ROOT = Path(words.ROOT)


class Python(NamedTuple):
    """One that runs. `framework`: a macOS framework build, which shows no menu bar icon from macOS 26 on."""

    command: tuple[str, ...]
    version: tuple[int, int]
    framework: bool

    @property
    def has_tray(self) -> bool:
        """Whether an icon with a menu can be shown with it here."""
        return not (self.framework and sys.platform == "darwin" and macos_major() >= 26)


def macos_major() -> int:
    return int(platform.mac_ver()[0].partition(".")[0] or 0)


def isolated(command: Sequence[str]) -> list[str]:
    """As a command that takes no module and no setting from where its user stands."""
    return [*command, "-I"]


def python_at(command: list[str]) -> Python | None:
    """The Python behind a command; None where it runs none (a pyenv shim without a version) or too old a one."""
    code = "import sys, sysconfig as s; print(*sys.version_info[:2], int(bool(s.get_config_var('PYTHONFRAMEWORK'))))"
    done = output([*isolated(command), "-c", code])
    try:
        major, minor, framework = (int(word) for word in (done or "").split())
    except ValueError:
        return None
    return Python(tuple(command), (major, minor), bool(framework)) if newer.fits((major, minor)) else None


def output(command: list[str], timeout_s: float = 20.0) -> str | None:
    """What a command prints; None where it fails. Nothing is read from the folder one stands in."""
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, timeout=timeout_s, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def other_pythons() -> list[Python]:
    """Fitting ones by their usual names, newest first."""
    return [python for command in newer.candidates() if (python := python_at(command))]


def chosen_python() -> Python:
    """This one where it can show the icon; else the first other one that can, else any that fits."""
    this = python_at([sys.executable])
    if this and this.has_tray:
        return this
    others = other_pythons()
    with_tray = next((one for one in others if one.has_tray), None)
    best = with_tray or this or next(iter(others), None)
    if best is None:
        newer.refuse()
    return best
