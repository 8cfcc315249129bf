"""What tasks cost at an endpoint that tells its prices, by the length of Open WebUI's own prompts."""

from collections.abc import Iterable

from msgspec import Struct

from tray_app.core.tasks.hosted.offers import HostedOffer
from tray_app.core.tasks.releases import TASK_KINDS
from tray_app.core.tasks.target import UNASKED
from tray_app.core.values.task_settings import Comes, Setting

CHARACTERS_A_TOKEN = 4.0
"""English text and JSON, as the makers of hosted models say for theirs."""
PROMPT_CHARACTERS: dict[Setting, int] = {Setting.TITLES: 1030, Setting.TAGS: 722, Setting.FOLLOW_UPS: 1421}
"""Of Open WebUI's own prompts without the chat (0.12.4, config.py)."""
ANSWER_CHARACTERS: dict[Setting, int] = {Setting.TITLES: 60, Setting.TAGS: 90, Setting.FOLLOW_UPS: 300}
MESSAGE_CHARACTERS = 2000
"""What of the chat comes with them; reckoned, as the answers' lengths are."""
_MILLION = 1_000_000
MESSAGES = 1000


class PriceRange(Struct, frozen=True):
    """USD for a thousand messages: from what every message causes to what the first one of every chat does."""

    least_usd: float
    most_usd: float


def price(one: HostedOffer, tasks: Iterable[Setting]) -> PriceRange | None:
    """None where the endpoint does not tell its prices, or no task comes by itself."""
    asked = [task for task in tasks if task in UNASKED and task in PROMPT_CHARACTERS]
    if one.input_usd is None or one.output_usd is None or not asked:
        return None
    most = sum(_call(one, task) for task in asked)
    least = sum(_call(one, task) for task in asked if TASK_KINDS[task].comes is Comes.EVERY_MESSAGE)
    return PriceRange(least * MESSAGES, most * MESSAGES)


def _call(one: HostedOffer, task: Setting) -> float:
    read = (PROMPT_CHARACTERS[task] + MESSAGE_CHARACTERS) / CHARACTERS_A_TOKEN
    return of_tokens(one, read, ANSWER_CHARACTERS[task] / CHARACTERS_A_TOKEN)


def of_tokens(one: HostedOffer, read: float, written: float) -> float:
    """USD for one call of this length."""
    return (read * (one.input_usd or 0.0) + written * (one.output_usd or 0.0)) / _MILLION + one.call_usd
