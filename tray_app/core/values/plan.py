"""A remedy and its plan: exactly what would change, before anything is written."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.task_settings import Setting


class Change(Struct, frozen=True):
    """One setting, from and to. Values are JSON texts (`true`, `"gemma3:1b"`, `null`), so that null is not absent."""

    setting: Setting
    before: str
    after: str


class ActionKind(StrEnum):
    """What a plan does besides settings."""

    PULL = "pull"
    UNLOAD = "unload"
    STOP_GENERATIONS = "stop-generations"


class Action(Struct, frozen=True):
    kind: ActionKind
    subject: str = ""
    size_bytes: int | None = None


class Plan(Struct, frozen=True):
    """Actions first (a pull), then all changes in one write."""

    changes: tuple[Change, ...] = ()
    actions: tuple[Action, ...] = ()
