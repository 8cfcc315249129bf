"""What task calls cost at an endpoint that tells its prices. Pure; US dollars, as every such list has them."""

from collections.abc import Iterable

from tray_app.core.values.connections import Price

MESSAGES = 1000
TASK_TOKENS = (1500, 80)
"""What one task call reads and writes where nobody measured it: a template and the last messages of a chat."""


def usd_per_thousand(price: Price, calls: Iterable[tuple[int, int]]) -> float:
    """A thousand messages that each cause these calls: tokens read and written of each."""
    return MESSAGES * sum(read * price.read_usd + written * price.written_usd for read, written in calls)


def usd_reckoned(price: Price, calls: float) -> float:
    """The same for so many calls per message of which nobody measured the tokens."""
    read, written = TASK_TOKENS
    return MESSAGES * calls * (read * price.read_usd + written * price.written_usd)
