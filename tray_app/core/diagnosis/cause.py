"""Who takes the memory when it is short: a model, or another program."""

from msgspec import Struct

from tray_app.core.values.finding import CauseKind
from tray_app.core.values.snapshot import OtherProcess

PROGRAM_SHARE = 0.05
"""A program below this share of RAM explains no shortage, even where nothing larger was seen."""
MODEL_SHARE = 0.5
"""Models above this share of RAM are the largest thing in it, whatever else runs."""

Holding = tuple[int, str]
"""Bytes of RAM, and whose."""


class Cause(Struct, frozen=True):
    """`name` is empty and `bytes` None where it is unknown."""

    kind: CauseKind
    name: str = ""
    bytes: int | None = None


UNSEEN = Cause(CauseKind.UNKNOWN)


def cause_of(models: list[Holding] | None, other: OtherProcess | None, total_bytes: int) -> Cause:
    """The larger of all models together and the largest other program; unknown where one is not seen (None)."""
    if models is None:
        return UNSEEN
    taken, name = sum(size for size, _name in models), max(models)[1] if models else ""
    if other is not None:
        if taken >= other.memory_bytes and taken > 0:
            return Cause(CauseKind.MODEL, name, taken)
        if other.memory_bytes >= PROGRAM_SHARE * total_bytes:
            return Cause(CauseKind.PROGRAM, other.name, other.memory_bytes)
        return UNSEEN
    return Cause(CauseKind.MODEL, name, taken) if 0 < MODEL_SHARE * total_bytes <= taken else UNSEEN
