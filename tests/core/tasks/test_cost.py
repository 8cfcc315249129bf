"""What a thousand messages cost, from the tokens of their task calls."""

import pytest

from tray_app.core.tasks.cost import (
    ANSWER_CHARACTERS,
    MESSAGE_CHARACTERS,
    PROMPT_CHARACTERS,
    of_tokens,
    price_range,
    reckoned,
    usd_per_thousand,
)
from tray_app.core.values.connections import Price
from tray_app.core.values.task_settings import Setting

CHEAP = Price(1e-7, 4e-7)


def test_each_call_is_paid_for_what_it_reads_and_writes():
    assert usd_per_thousand(CHEAP, [(1000, 50), (500, 10)]) == pytest.approx(0.15 + 0.024)
    assert usd_per_thousand(CHEAP, []) == 0


def test_some_ask_for_every_call_beside_its_tokens():
    assert of_tokens(Price(1e-6, 2e-6, 0.01), 1000, 100) == pytest.approx(0.0112)


def test_calls_that_nobody_counted_are_as_long_as_the_prompts_of_open_webui():
    read, written = reckoned(Setting.FOLLOW_UPS)
    assert read == (PROMPT_CHARACTERS[Setting.FOLLOW_UPS] + MESSAGE_CHARACTERS) / 4
    assert written == ANSWER_CHARACTERS[Setting.FOLLOW_UPS] / 4


def test_a_price_reaches_from_what_every_message_causes_to_what_the_first_one_does():
    found = price_range(CHEAP, (Setting.TITLES, Setting.FOLLOW_UPS, Setting.AUTOCOMPLETE))
    follow, title = reckoned(Setting.FOLLOW_UPS), reckoned(Setting.TITLES)
    assert found.least_usd == pytest.approx(usd_per_thousand(CHEAP, [follow]))
    assert found.most_usd == pytest.approx(usd_per_thousand(CHEAP, [follow, title]))


def test_what_is_not_told_or_does_not_come_by_itself_has_no_price():
    assert price_range(None, (Setting.TITLES,)) is None
    assert price_range(CHEAP, (Setting.AUTOCOMPLETE,)) is None
