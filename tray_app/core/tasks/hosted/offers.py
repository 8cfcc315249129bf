"""The models that an endpoint lists, those first that suit small tasks."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from tray_app.core.values.connections import Price

CHEAP_USD = 0.015
"""For a million input tokens: what Open WebUI's guide calls next to nothing."""
_MILLION = 1_000_000
_NOT_FOR_TEXT = re.compile(
    r"embed|whisper|tts|dall|moderation|rerank|audio|speech|vision-only|guard|[-/]image|diffusion|flux", re.IGNORECASE
)
_THINKS = re.compile(
    r"(?:^|[-_/:. ])(?:r1|o[1-9]|qwq|think(?:ing)?|reason(?:er|ing)?|deep-?research|magistral)(?:$|[-_/:. ])",
    re.IGNORECASE,
)
_SMALL = re.compile(r"mini|small|flash|haiku|lite|nano|instant", re.IGNORECASE)
_BILLIONS = re.compile(r"(?:^|[-_/:. ])(\d{1,4}(?:\.\d)?)b(?:$|[-_/:. ])", re.IGNORECASE)
_SMALL_BILLIONS = 9.0


class Output(StrEnum):
    """In what a model answers, in OpenRouter's words; of interest is only one."""

    TEXT = "text"


class HostedOffer(Struct, frozen=True):
    """One model of an endpoint. `price`: None where it does not tell."""

    id: str
    name: str = ""
    price: Price | None = None
    thinks: bool = False
    text: bool = True
    """It answers in words."""

    @property
    def input_usd(self) -> float | None:
        """For a million tokens that are read."""
        return None if self.price is None else self.price.read_usd * _MILLION

    @property
    def output_usd(self) -> float | None:
        """For a million tokens that are written."""
        return None if self.price is None else self.price.written_usd * _MILLION

    @property
    def is_free(self) -> bool:
        return self.input_usd == 0 and self.output_usd == 0

    @property
    def is_cheap(self) -> bool:
        return self.input_usd is not None and 0 < self.input_usd < CHEAP_USD


class _Name(Struct, frozen=True):
    """What a model's name alone tells."""

    thinks: bool
    text: bool
    small: bool
    billions: float | None


@lru_cache(maxsize=8192)
def _told_by(identity: str) -> _Name:
    """Kept: every look ranks all that is listed, and an endpoint may list thousands."""
    found = _BILLIONS.search(identity)
    billions = float(found[1]) if found else None
    return _Name(
        thinks=_THINKS.search(identity) is not None,
        text=_NOT_FOR_TEXT.search(identity) is None,
        small=billions <= _SMALL_BILLIONS if billions is not None else _SMALL.search(identity) is not None,
        billions=billions,
    )


def offer(
    identity: str,
    name: str = "",
    price: Price | None = None,
    *,
    reasons: bool = False,
    outputs: Iterable[str] = (),
) -> HostedOffer:
    """`reasons`: the endpoint says that it can think. `outputs`: in what it answers, where the endpoint says."""
    told = tuple(outputs)
    return HostedOffer(
        identity,
        name,
        price,
        thinks=reasons or _told_by(identity).thinks,
        text=Output.TEXT in told if told else _told_by(identity).text,
    )


def _rank(one: HostedOffer) -> tuple[bool, int, float, bool, float, str]:
    """Those that think last; of the others the cheap ones, then free ones, which are limited, then by price."""
    if one.is_cheap:
        group = 0
    elif one.is_free:
        group = 1
    else:
        group = 2 if one.input_usd is not None else 3
    name = _told_by(one.id)
    return one.thinks, group, one.input_usd or 0.0, not name.small, name.billions or float("inf"), one.id


def for_tasks(offers: Iterable[HostedOffer], wanted: str = "") -> tuple[HostedOffer, ...]:
    """Those that answer in words, the best for small tasks first; `wanted`: only those with all of these words."""
    words = wanted.lower().split()
    found = (one for one in offers if one.text and all(word in f"{one.id} {one.name}".lower() for word in words))
    return tuple(sorted(found, key=_rank))
