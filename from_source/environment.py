"""The virtual environment .venv: only one run.py at a time makes or changes it."""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from from_source.newer import DEBIAN_PYTHON
from from_source.pythons import ROOT, Python, chosen_python, isolated, output, python_at
from from_source.words import WINDOWS, _, fail, say

VENV = ROOT / ".venv"
LOCK = ROOT / ".venv.lock"
"""Held while .venv is made or changed; it lies beside it, since making .venv anew empties that."""
DEBIAN_PACKAGES = Path("/usr/lib/python3/dist-packages")

HELD: list[int] = []
"""The lock's file while it is held here. On POSIX pip gets it as well, which outlives a run.py that is killed."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one run.py installs in this folder: another one waits for it. The system frees what a killed one held."""
    with LOCK.open("a+b") as file:
        try:
            locked = lock(file.fileno(), wait=False)
            if not locked:
                say(_("waiting for another run.py, which is installing here ..."))
                locked = lock(file.fileno(), wait=True)
        except OSError:  # a file system that knows no locks
            locked = False
        if not locked:
            yield
            return
        HELD.append(file.fileno())
        try:
            yield
        finally:
            HELD.clear()
            unlock(file.fileno())


if sys.platform == "win32":
    import msvcrt

    def lock(file: int, *, wait: bool) -> bool:
        """Whether it is ours now. Windows waits for no lock for longer than ten seconds: it is asked again."""
        while True:
            os.lseek(file, 0, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EDEADLK, 0}:  # Wine says only that it failed
                    raise
            else:
                return True
            if not wait:
                return False
            time.sleep(0.2)

    def unlock(file: int) -> None:
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(file: int, *, wait: bool) -> bool:
        """Whether it is ours now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(file: int) -> None:
        """Also for a child that still has it."""
        fcntl.flock(file, fcntl.LOCK_UN)


def venv_python() -> str:
    return str(VENV / ("Scripts/python.exe" if WINDOWS else "bin/python"))


def ensure_venv() -> Python:
    """A .venv whose Python runs. One that cannot show the icon gives way where another Python can."""
    found = python_at([venv_python()])
    if found and found.has_tray:
        return found
    python = chosen_python()
    if found and not python.has_tray:
        return found
    if os.path.lexists(str(VENV)):
        refuse_foreign()
        say(
            _("replacing .venv: {python} can show the tray icon, the one in it cannot ...").format(
                python=" ".join(python.command)
            )
            if found
            else _("replacing .venv, whose Python is gone or too old ...")
        )
    else:
        say(_("making .venv ..."))
    ensure_ensurepip(python)
    make = [*isolated(python.command), "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(make, cwd=ROOT, pass_fds=() if WINDOWS else HELD, check=False)
    fresh = python_at([venv_python()])
    if made.returncode != 0 or fresh is None:
        fail(
            _("could not make {folder}. Copy Elbowroom to a folder that you may write to, then try again.").format(
                folder=VENV
            )
        )
    return fresh


def refuse_foreign() -> None:
    """Making an environment empties its folder: only one that is ours may be emptied, never what a link points to."""
    if VENV.is_symlink():
        fail(
            _(".venv is a link to {target}, without a usable Python in it. Remove the link, then try again.").format(
                target=VENV.readlink()
            )
        )
    if not VENV.is_dir() or (list(VENV.iterdir()) and not (VENV / "pyvenv.cfg").is_file()):
        fail(_("{folder} is not a virtual environment. Move it away, then try again.").format(folder=VENV))


def ensure_ensurepip(python: Python) -> None:
    """Debian leaves ensurepip out of its python3; without it a new environment gets no pip."""
    if output([*isolated(python.command), "-c", "import ensurepip, venv"]) is not None:
        return
    debian = python_at([DEBIAN_PYTHON])
    own = debian is not None and debian.version == python.version
    package = "python3-venv" if own else "python{}.{}-venv".format(*python.version)
    if shutil.which("apt-get") is None:
        fail(_("this Python has no ensurepip. Install your system's package for it, then try again."))
    if sys.platform != "win32" and os.geteuid() != 0:
        fail(_("a system package is missing. Run this once, then try again:") + f"\n  sudo apt-get install {package}")
    say(_("installing the system package {package} ...").format(package=package))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", *step], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            fail(
                _("apt-get {step} failed. Run this once, then try again:").format(step=step[0])
                + f"\n  apt-get install {package}"
            )


def site_packages() -> Path | None:
    """The folder of .venv that packages are installed in."""
    if WINDOWS:
        return VENV / "Lib" / "site-packages"
    return next(iter(VENV.glob("lib/python3.*/site-packages")), None)


def link_gi() -> None:
    """Debian's PyGObject, which older panels need, is no pip package: lend it to .venv where it was built for it."""
    python, folder = python_at([venv_python()]), site_packages()
    if (
        python is None
        or folder is None
        or not list(DEBIAN_PACKAGES.glob("gi/_gi.cpython-{}{}-*.so".format(*python.version)))
    ):
        return
    target = folder / "gi"
    with contextlib.suppress(FileExistsError):
        target.symlink_to(DEBIAN_PACKAGES / "gi", target_is_directory=True)
