"""What a thousand messages cost, from the tokens of their task calls."""

import pytest

from tray_app.core.tasks.cost import usd_per_thousand, usd_reckoned
from tray_app.core.values.connections import Price

CHEAP = Price(1e-7, 4e-7)


def test_each_call_is_paid_for_what_it_reads_and_writes():
    assert usd_per_thousand(CHEAP, [(1000, 50), (500, 10)]) == pytest.approx(0.15 + 0.024)
    assert usd_per_thousand(CHEAP, []) == 0


def test_calls_that_nobody_measured_are_taken_for_usual_ones():
    assert usd_reckoned(CHEAP, 3) == pytest.approx(3 * usd_per_thousand(CHEAP, [(1500, 80)]))
