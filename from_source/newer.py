"""An old Python goes on as a newer one, or says what is needed. Any Python from 2.7 on reads this file."""

import os
import shutil
import subprocess
import sys

from from_source.words import ROOT, WINDOWS, _, fail, typed_command

OLDEST = (3, 11)
NAMED = range(15, 10, -1)
"""Minor versions that are looked for by name, newest first; whoever starts this with a newer one gets that."""
DEBIAN_PYTHON = "/usr/bin/python3"


def fits(version):
    return OLDEST <= tuple(version[:2]) < (4, 0)


def become_new_enough(arguments):
    """Returns in a Python that is new enough; an old one ends here."""
    if fits(sys.version_info):
        return
    for command in candidates():
        if is_new_enough(command):
            become(command + [os.path.join(ROOT, "run.py")] + arguments)
    refuse()


def refuse():
    fail(
        _(
            "needs Python 3.11 or newer; this is {version}, and no newer one was found. "
            "Install one from https://www.python.org/downloads/, then type: {command}"
        ).format(version=sys.version.split()[0], command=typed_command())
    )


def candidates():
    """Commands that start a Python, by their usual names: newest first, what has no version in its name last."""
    wanted = [["py", "-3.%d" % minor] for minor in NAMED] if WINDOWS else []
    wanted += [["python3.%d" % minor] for minor in NAMED] + [["python3"], [DEBIAN_PYTHON]]
    found = [[which(words[0])] + words[1:] for words in wanted]
    return [command for index, command in enumerate(found) if command[0] and command not in found[:index]]


def which(program):
    """Where a program is, None where it is not. Python 2 has no shutil.which."""
    if hasattr(shutil, "which"):
        return shutil.which(program)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, program + (".exe" if WINDOWS else ""))
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def is_new_enough(command):
    """A name may stand for an old Python, or for a shim with none behind it. Nothing of where one stands is run."""
    code = "import sys; sys.exit(not %r <= sys.version_info[:2] < (4, 0))" % (OLDEST,)
    with open(os.devnull, "r+b") as quiet:
        try:
            return subprocess.call(command + ["-I", "-c", code], cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet) == 0
        except OSError:
            return False


def become(command):
    """Go on as another program; its exit code is ours."""
    sys.stdout.flush()
    if not WINDOWS:
        os.execv(command[0], command)
    child = subprocess.Popen(command)
    while True:
        try:
            raise SystemExit(child.wait())
        except KeyboardInterrupt:  # Ctrl-C reaches the child too; it decides
            continue
