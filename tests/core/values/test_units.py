"""Lengths of time as Go programs write them."""

import math

import pytest

from tray_app.core.values.units import go_seconds, in_go


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m0s", 300),
        ("1m", 60),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        ("300", 300),
        (" '0' ", 0),
        ("-1", math.inf),
        ("-1s", math.inf),
        ("2562047h47m16.854775807s", math.inf),  # what Ollama's log has for one that stays for ever
        ("", None),
        ("-", None),
        ("forever", None),
        ("5 m", None),
        ("5mm", None),
        ("٥", None),
        ("9" * 400, None),
    ],
)
def test_a_length_of_time_or_none(text, seconds):
    assert go_seconds(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(60, "1m"), (300, "5m"), (90, "90s"), (0, "0s"), (math.inf, "-1")])
def test_as_it_is_typed(seconds, text):
    assert in_go(seconds) == text
    assert go_seconds(text) == seconds
