"""Ends a runner that an Ollama left behind: by its process id and start, only our own user's, and nothing else."""

import os
import sys
from collections.abc import Callable

import psutil

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.snapshot import ProcessRole
from tray_app.readers.odd import NO_ANSWER
from tray_app.readers.roles import program, role_of

END_S = 5.0
"""A llama-server that is asked to end does so in less; one that does not is killed."""
SAME_START_S = 2.0
"""A start is counted from the boot, and the clock may have been set since; no id comes back that soon."""


def is_mine(process: psutil.Process) -> bool | None:
    """Does it belong to our own user? None where the system does not tell."""
    try:
        if sys.platform == "win32":
            mine = process.username() == psutil.Process().username()
        else:
            mine = process.uids().real == os.getuid()
    except NO_ANSWER:
        return None
    return mine


def end(pid: int, started_at: float, process: Callable[[int], psutil.Process] = psutil.Process) -> None:
    """ChangeError where it is no such runner any more, belongs to somebody else, or stays."""
    try:
        found = process(pid)
        if not _is_left_behind(found, started_at):
            raise ChangeError(Problem.NO_SUCH_RUNNER, str(pid))
        if is_mine(found) is False:
            raise ChangeError(Problem.NOT_YOURS, str(pid))
        _end(found)
    except psutil.NoSuchProcess as error:
        raise ChangeError(Problem.NO_SUCH_RUNNER, str(pid)) from error
    except psutil.AccessDenied as error:
        raise ChangeError(Problem.NOT_YOURS, str(pid)) from error


def _is_left_behind(found: psutil.Process, started_at: float) -> bool:
    if abs(found.create_time() - started_at) > SAME_START_S:
        return False
    parent = found.parent()
    served = parent is not None and program(parent.name()) == "ollama"
    if served or role_of(found.name(), found.cmdline()) is not ProcessRole.OLLAMA_RUNNER:
        return False
    # Somebody may run a llama-server of their own on one of Ollama's files.
    sockets = found.net_connections("tcp")
    listens = {one.laddr for one in sockets if one.status == psutil.CONN_LISTEN}
    return not any(one.laddr in listens for one in sockets if one.status == psutil.CONN_ESTABLISHED)


def _end(found: psutil.Process) -> None:
    """What ended before us is what was wanted."""
    for ask in (found.terminate, found.kill):
        try:
            ask()
            found.wait(END_S)
        except psutil.TimeoutExpired:
            if found.status() != psutil.STATUS_ZOMBIE:  # its memory is free, whenever its new parent takes note
                continue
        except psutil.NoSuchProcess:
            pass
        return
    raise ChangeError(Problem.STAYS, str(found.pid))
