"""A plan file that cannot be followed."""

from enum import StrEnum

from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.task_settings import Setting


class PlanFileFault(StrEnum):
    NOT_TOML = "not-toml"
    NOT_UTF8 = "not-utf-8"
    TOO_BIG = "too-big"
    EMPTY = "empty"
    NEWER = "newer"  # a newer version of this app wrote it
    UNKNOWN_KEY = "unknown-key"
    WRONG_TYPE = "wrong-type"


class PlanFileError(ElbowroomError):
    """`key` is the file's, `setting` what it means; `line` counts from 1, where one is known."""

    def __init__(
        self,
        fault: PlanFileFault,
        key: str = "",
        nearest: str = "",
        choices: tuple[str, ...] = (),
        setting: Setting | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(fault.value, key)
        self.fault = fault
        self.key = key
        self.nearest = nearest
        self.choices = choices
        self.setting = setting
        self.line = line
