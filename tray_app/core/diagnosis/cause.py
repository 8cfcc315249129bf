"""Who takes the memory when it is short: a model, or another program."""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.values.connections import Owner
from tray_app.core.values.finding import CauseKind
from tray_app.core.values.snapshot import OtherProcess, WatchedProcess

PROGRAM_SHARE = 0.05
"""A program below this share of RAM explains no shortage, even where nothing larger was seen."""
MODEL_SHARE = 0.5
"""Models above this share of RAM are the largest thing in it, whatever else runs."""

Holding = tuple[int, str]
"""Bytes of RAM, and whose."""


class Cause(Struct, frozen=True):
    """`name` is empty and `bytes` None where it is unknown. `owner`: of a runner that is not of the watched Ollama."""

    kind: CauseKind
    name: str = ""
    bytes: int | None = None
    owner: Owner | None = None


UNSEEN = Cause(CauseKind.UNKNOWN)


def cause_of(
    models: list[Holding] | None,
    other: OtherProcess | None,
    total_bytes: int,
    strangers: Sequence[WatchedProcess] = (),
) -> Cause:
    """The larger of all models together and the largest other program; unknown where one is not seen (None).

    `strangers`: runners of another Ollama or of one that has ended.
    """
    if models is None:
        return UNSEEN
    taken, name = sum(size for size, _name in models), max(models)[1] if models else ""
    stranger = max(strangers, key=_held, default=None)
    most = max(taken, other.memory_bytes if other is not None else 0, int(PROGRAM_SHARE * total_bytes))
    if stranger is not None and _held(stranger) > most:
        return Cause(CauseKind.PROGRAM, stranger.model or stranger.name, _held(stranger), stranger.owner)
    if other is not None:
        if taken >= other.memory_bytes and taken > 0:
            return Cause(CauseKind.MODEL, name, taken)
        if other.memory_bytes >= PROGRAM_SHARE * total_bytes:
            return Cause(CauseKind.PROGRAM, other.name, other.memory_bytes)
        return UNSEEN
    return Cause(CauseKind.MODEL, name, taken) if 0 < MODEL_SHARE * total_bytes <= taken else UNSEEN


def _held(one: WatchedProcess) -> int:
    return one.memory_bytes or 0
