"""Whether a second model can live beside the chat model."""

from enum import StrEnum

from msgspec import Struct


class Verdict(StrEnum):
    """Can a second model live beside the chat model?"""

    FITS = "fits"
    TIGHT = "tight"
    EVICTS = "evicts"
    SPILLS = "spills"
    UNKNOWN = "unknown"
    NOT_LOCAL = "not-local"  # runs elsewhere: needs no memory here


class Fit(Struct, frozen=True):
    """`room_bytes` is what may still be used; `basis` names the rule or measurement, a stable word."""

    verdict: Verdict
    need_bytes: int | None = None
    room_bytes: int | None = None
    basis: str = ""
