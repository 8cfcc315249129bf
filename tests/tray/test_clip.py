from hypothesis import given
from hypothesis import strategies as st

from tray_app.tray.clip import clip_utf16, escape_ampersands, utf16_units


@given(st.text(), st.integers(min_value=1, max_value=130))
def test_a_clipped_text_fits_and_begins_as_the_text_does(text, units):
    clipped = clip_utf16(text, units)
    assert utf16_units(clipped) <= units
    assert clipped == text or text.startswith(clipped[:-1])


def test_an_emoji_is_two_units_and_never_halved():
    assert utf16_units("🦙") == 2
    assert clip_utf16("🦙🦙🦙", 4) == "🦙…"


def test_windows_shows_ampersands_and_keeps_the_text_left_of_no_tab():
    assert escape_ampersands("a & b\tc") == "a && b c"
