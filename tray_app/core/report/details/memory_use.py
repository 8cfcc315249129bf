"""What the memory is used for: what models take of what they may use, and what this computer still has. Pure."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.fit import Budget, FitReport


class PartKind(StrEnum):
    """Values are stable: the page styles by them."""

    CHAT_MODEL = "chat-model"
    CONTEXT = "context"  # what the chat model keeps of the conversation
    TASK_MODEL = "task-model"
    OTHER_MODEL = "other-model"
    MODELS = "models"  # all of them, in the bar of the computer
    PROGRAMS = "programs"
    LEFT = "left"  # of the budget
    AVAILABLE = "available"  # of the computer: can be handed out without swapping
    ASKED = "asked"  # the model of a what-if
    OVER = "over"  # what there is no room for


class MemoryPart(Struct, frozen=True):
    kind: PartKind
    bytes: int
    model: str | None = None


class WhatIf(Struct, frozen=True):
    """What would be if this model were loaded, too."""

    report: FitReport
    parts: tuple[MemoryPart, ...] = ()
    """The bar with it; empty where its need is not known."""
    is_installed: bool = True


class LoadedUse(Struct, frozen=True):
    """One loaded model. `budget_bytes`: what of it counts against the budget; `ram_bytes`: what of it lies in RAM.
    `context_bytes`: what of it is its context; None: that cannot be told."""

    model: str
    kind: PartKind
    budget_bytes: int | None
    ram_bytes: int
    context_bytes: int | None = None
    context_tokens: int | None = None


class MemoryUse(Struct, frozen=True):
    """None: not known. `unified`: models and programs share one memory."""

    budget: Budget | None = None
    models: tuple[LoadedUse, ...] | None = None
    total_bytes: int | None = None
    available_bytes: int | None = None
    unified: bool = False
    what_if: tuple[FitReport, ...] = ()
    elsewhere: bool = False
    """Ollama runs on another machine, whose memory is not this one's."""


class MemoryPicture(Struct, frozen=True):
    """Two bars: of the memory that models may use, and of this computer's. Empty where one cannot be drawn."""

    use: MemoryUse
    budget_parts: tuple[MemoryPart, ...] = ()
    computer_parts: tuple[MemoryPart, ...] = ()
    what_if: tuple[WhatIf, ...] = ()

    @property
    def left_bytes(self) -> int | None:
        return _sum(self.budget_parts, PartKind.LEFT) if self.budget_parts else None

    @property
    def over_bytes(self) -> int:
        return _sum(self.budget_parts, PartKind.OVER)


def memory_picture(use: MemoryUse) -> MemoryPicture:
    return MemoryPicture(use, _of_budget(use), _of_computer(use), tuple(_what_if(use, one) for one in use.what_if))


def _of_budget(use: MemoryUse) -> tuple[MemoryPart, ...]:
    """The loaded models against the budget; empty where either is not known."""
    if use.budget is None or use.models is None or any(one.budget_bytes is None for one in use.models):
        return ()
    return _filled(_model_parts(use.models), use.budget.bytes)


def _model_parts(models: tuple[LoadedUse, ...]) -> list[MemoryPart]:
    parts: list[MemoryPart] = []
    for one in sorted(models, key=lambda one: _ORDER.index(one.kind)):
        size = one.budget_bytes or 0
        context = min(one.context_bytes or 0, size)
        parts += [MemoryPart(one.kind, size - context, one.model)]
        parts += [MemoryPart(PartKind.CONTEXT, context, one.model)] if context else []
    return parts


_ORDER = (PartKind.CHAT_MODEL, PartKind.TASK_MODEL, PartKind.OTHER_MODEL)


def _filled(parts: list[MemoryPart], budget: int) -> tuple[MemoryPart, ...]:
    """With what is left; what goes beyond the budget is cut from the last ones and told as over."""
    over = sum(one.bytes for one in parts) - budget
    if over <= 0:
        return (*(one for one in parts if one.bytes), MemoryPart(PartKind.LEFT, -over))
    kept: list[MemoryPart] = []
    room = budget
    for one in parts:
        inside = min(one.bytes, room)
        room -= inside
        kept += [MemoryPart(one.kind, inside, one.model)] if inside else []
    return (*kept, MemoryPart(PartKind.OVER, over))


def _of_computer(use: MemoryUse) -> tuple[MemoryPart, ...]:
    """Models as far as they lie in RAM, what can still be handed out, and programs: the rest."""
    if use.total_bytes is None or use.available_bytes is None:
        return ()
    available = min(max(0, use.available_bytes), use.total_bytes)
    models = min(sum(one.ram_bytes for one in use.models or ()), use.total_bytes - available)
    parts = [
        MemoryPart(PartKind.MODELS, models),
        MemoryPart(PartKind.PROGRAMS, use.total_bytes - available - models),
        MemoryPart(PartKind.AVAILABLE, available),
    ]
    return tuple(one for one in parts if one.bytes)


def _what_if(use: MemoryUse, report: FitReport) -> WhatIf:
    installed = report.download_bytes is None
    if report.need is None or use.budget is None or use.models is None:
        return WhatIf(report, (), installed)
    if any(one.budget_bytes is None for one in use.models):
        return WhatIf(report, (), installed)
    asked = MemoryPart(PartKind.ASKED, report.need.total, report.model)
    parts = [*_model_parts(use.models), asked]
    return WhatIf(report, _with_over(parts, use.budget.bytes), installed)


def _with_over(parts: list[MemoryPart], budget: int) -> tuple[MemoryPart, ...]:
    """Nothing is cut: the bar goes on beyond the budget, so that one sees by how much."""
    left = budget - sum(one.bytes for one in parts)
    return tuple(one for one in (*parts, MemoryPart(PartKind.LEFT, max(0, left))) if one.bytes)


def _sum(parts: tuple[MemoryPart, ...], kind: PartKind) -> int:
    return sum(one.bytes for one in parts if one.kind is kind)
