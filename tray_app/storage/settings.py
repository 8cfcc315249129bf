"""The user's settings.toml: read, never written. A bad key falls back to its default, the rest stays.

Every key is declared once, as a field: its default, its bounds and one line of documentation are in the field's
metadata; docs/settings.md is made from them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tray_app.core.values.errors import StorageError
from tray_app.core.values.limits import Limits
from tray_app.core.values.setting_problem import SettingFault, SettingProblem
from tray_app.storage.files import read_file
from tray_app.storage.settings_check import checked, contradictions
from tray_app.storage.settings_text import parse

T = TypeVar("T")


def _setting(
    default: T,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    form: str = "",
) -> T:
    """A field with bounds, choices or a form (url, file, remedy) that settings_check knows."""
    metadata = {"doc": doc, "low": low, "high": high, "choices": choices, "form": form}
    made: T = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are seconds. Empty texts mean: decide by yourself."""

    ollama_url: str = _setting("", "Address of Ollama. Empty: OLLAMA_HOST, else this machine's usual port.", form="url")
    open_webui_url: str = _setting(
        "", "Address of Open WebUI. Empty: OPEN_WEBUI_URL, else the usual ports of this machine.", form="url"
    )
    language: str = _setting("", "Language of all texts. Empty: the system's.", choices=("", "en", "ko"))
    notices: bool = _setting(default=True, doc="Show a notice when the machine is overloaded.")
    notices_only_critical: bool = _setting(default=False, doc="Show notices only while memory pressure is critical.")
    snooze_s: float = _setting(3600.0, "How long one snooze keeps notices away.", low=60, high=86400)
    poll_s: float = _setting(5.0, "Time between two looks at the machine.", low=1, high=300)
    poll_busy_s: float = _setting(2.0, "The same while something is found.", low=1, high=300)
    poll_idle_s: float = _setting(15.0, "The same while no model is loaded and memory is fine.", low=1, high=900)
    automatic_relief: bool = _setting(
        default=False, doc="Apply the chosen remedy without asking when overloaded, and take it back afterwards."
    )
    automatic_relief_remedy: str = _setting(
        "", "The remedy that automatic relief applies, by its id, such as follow-ups-off.", form="remedy"
    )
    automatic_relief_clear_s: float = _setting(
        600.0, "How long the overload must be gone before automatic relief is taken back.", low=60, high=86400
    )
    candidate_models: tuple[str, ...] = _setting(
        (), "Small models to offer as task model, best first. Empty: the built-in list.", form="models"
    )
    allow_docker_socket: bool = _setting(
        default=False, doc="Ask Docker's local socket which container runs Open WebUI or Ollama."
    )
    ca_file: str = _setting(
        "", "File with additional certificate authorities (PEM), for servers with a private one.", form="file"
    )
    limits: Limits = field(default=Limits(), metadata={"doc": "Thresholds of the rules and times of the alerts."})


def load(path: Path) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """The settings and everything that is wrong with the file. A missing file is all defaults; it never raises."""
    try:
        data = read_file(path)
    except StorageError as error:
        return Settings(), (SettingProblem("", error.reason, "", SettingFault.UNREADABLE),)
    return decode(data or b"", path.parent)


def decode(data: bytes, folder: Path) -> tuple[Settings, tuple[SettingProblem, ...]]:
    """As `load`, from bytes. `folder` is what a relative `ca_file` starts from."""
    text = parse(data)
    limits, limit_problems = checked(Limits(), text.table("limits"), "limits.", text.lines, folder)
    settings, problems = checked(Settings(limits=limits), text.document, "", text.lines, folder)
    settings, clashes = contradictions(settings, text.lines)
    found = (*text.problems, *problems, *limit_problems, *clashes)
    return settings, tuple(sorted(found, key=lambda problem: (problem.line or 0, problem.key)))


class SettingsFile:
    """The file as last read; `reload` reads it again only when it changed on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = self._stat()
        self.settings, self.problems = load(path)

    def reload(self) -> bool:
        """Whether the file changed since the last call; then `settings` and `problems` are new."""
        stamp = self._stat()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self.settings, self.problems = load(self.path)
        return True

    def _stat(self) -> tuple[int, int, int] | None:
        # Size and inode too: editors replace files, and a clock may be coarse.
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
