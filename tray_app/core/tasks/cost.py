"""What task calls cost at an endpoint that tells its prices. Pure; US dollars, as every such list has them.

The only place where that is reckoned: from tokens that were counted, else from the length of Open WebUI's own prompts.
"""

from collections.abc import Iterable

from msgspec import Struct

from tray_app.core.tasks.releases import TASK_KINDS
from tray_app.core.tasks.target import UNASKED
from tray_app.core.values.connections import Price
from tray_app.core.values.task_settings import Comes, Setting

MESSAGES = 1000
CHARACTERS_A_TOKEN = 4.0
"""English text and JSON, as the makers of hosted models say for theirs."""
PROMPT_CHARACTERS: dict[Setting, int] = {Setting.TITLES: 1030, Setting.TAGS: 722, Setting.FOLLOW_UPS: 1421}
"""Of Open WebUI's own prompts without the chat (0.12.4, config.py)."""
ANSWER_CHARACTERS: dict[Setting, int] = {Setting.TITLES: 60, Setting.TAGS: 90, Setting.FOLLOW_UPS: 300}
MESSAGE_CHARACTERS = 2000
"""What of the chat comes with them; reckoned, as the answers' lengths are."""


class PriceRange(Struct, frozen=True):
    """USD for a thousand messages: from what every message causes to what the first one of every chat does."""

    least_usd: float
    most_usd: float


def of_tokens(price: Price, read: float, written: float) -> float:
    """USD for one call of this length."""
    return read * price.read_usd + written * price.written_usd + price.call_usd


def usd_per_thousand(price: Price, calls: Iterable[tuple[float, float]]) -> float:
    """A thousand messages that each cause these calls: tokens read and written of each."""
    return MESSAGES * sum(of_tokens(price, read, written) for read, written in calls)


def reckoned(task: Setting) -> tuple[float, float]:
    """Tokens that one call of this task reads and writes where nobody counted. KeyError: it has no usual length."""
    read = (PROMPT_CHARACTERS[task] + MESSAGE_CHARACTERS) / CHARACTERS_A_TOKEN
    return read, ANSWER_CHARACTERS[task] / CHARACTERS_A_TOKEN


def price_range(price: Price | None, tasks: Iterable[Setting]) -> PriceRange | None:
    """Of the tasks that come by themselves. None where no price is told, or none of them does."""
    asked = [task for task in tasks if task in UNASKED and task in PROMPT_CHARACTERS]
    if price is None or not asked:
        return None
    later = [task for task in asked if TASK_KINDS[task].comes is Comes.EVERY_MESSAGE]
    return PriceRange(usd_per_thousand(price, map(reckoned, later)), usd_per_thousand(price, map(reckoned, asked)))
