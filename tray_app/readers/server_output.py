"""Where a running Ollama server writes its log, and with which settings it was started (same user, or where it shows).

Asked once in a server's life: neither changes.
"""

import stat
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import psutil

from tray_app.core.values.snapshot import ServerConfig
from tray_app.core.values.units import go_seconds
from tray_app.readers.odd import NO_ANSWER

UNIT = "ollama.service"
_NUMBER = 10
"""Signs of a setting that is a number."""


class Goes(StrEnum):
    """Where it writes, when it is no file."""

    JOURNAL = "journal"
    ELSEWHERE = "elsewhere"  # a terminal, a pipe, nowhere
    HIDDEN = "hidden"


def output_of(pid: int, proc: Path = Path("/proc")) -> Path | Goes:
    """Linux: the file behind its standard error or output, by the name that is that very file here, too."""
    folder = proc / str(pid)
    if _in_unit(folder):
        return Goes.JOURNAL
    for number in ("2", "1"):
        link = folder / "fd" / number
        try:
            there, path = link.stat(), link.readlink()
            if stat.S_ISREG(there.st_mode) and path.stat().st_ino == there.st_ino:
                return path
        except PermissionError:
            return Goes.HIDDEN
        except OSError:
            continue  # closed, deleted, or a file of another file system's view
    return Goes.ELSEWHERE


def _in_unit(folder: Path) -> bool:
    try:
        return UNIT in (folder / "cgroup").read_text("utf-8", "replace")
    except OSError:
        return False


def settings_of(pid: int, process: Callable[[int], psutil.Process] = psutil.Process) -> ServerConfig | None:
    """Ollama's own settings in its environment; None where that is hidden. What is not set there is automatic."""
    try:
        found = process(pid).environ()
    except NO_ANSWER:
        return None
    return ServerConfig(
        num_parallel=_count(found.get("OLLAMA_NUM_PARALLEL", "")),
        max_loaded_models=_count(found.get("OLLAMA_MAX_LOADED_MODELS", "")),
        context_length=_count(found.get("OLLAMA_CONTEXT_LENGTH", "")),
        kv_cache_type=found.get("OLLAMA_KV_CACHE_TYPE", "").strip()[:_NUMBER] or None,
        told=True,
        keep_alive_s=go_seconds(found.get("OLLAMA_KEEP_ALIVE", "")),
    )


def _count(text: str) -> int | None:
    """A positive number; 0 stands for automatic. Ollama takes the variable without spaces and quotes."""
    plain = text.strip().strip("\"'")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < _NUMBER and int(plain) > 0 else None
