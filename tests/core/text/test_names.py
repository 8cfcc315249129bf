from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.text.lines import width
from tray_app.core.text.names import NAME_LIMIT, ROW_LIMIT, row_text, short, wrapped


def test_the_tag_survives_a_cut():
    name = "registry.example.com/somebody/" + "very-" * 20 + "long-model:70b-instruct"
    assert short(name).endswith("b-instruct")
    assert short(name).startswith("registry.example.com")


def test_right_to_left_names_cannot_turn_the_words_around_them():
    assert short("مرحبا") == "\u2068مرحبا\u2069"
    assert short("\u202etxt") == "txt"


@given(st.text())
def test_names_and_rows_are_short(text):
    assert len(short(text)) <= NAME_LIMIT + 2
    assert len(row_text(text)) <= ROW_LIMIT + 1


def test_a_long_row_is_cut_between_words():
    assert row_text("word " * 50, 22) == "word word word..."


@given(st.lists(st.text(alphabet="abc 한글", min_size=1), min_size=1))
def test_wrapping_loses_no_word(words):
    text = " ".join(" ".join(words).split())
    assert " ".join(wrapped(text, 12)) == text
    assert all(width(line) <= 12 or " " not in line for line in wrapped(text, 12))


def test_a_sentence_without_spaces_is_wrapped_too():
    assert wrapped("メモリが足りません。少し待ってください", 20) == ("メモリが足りません。", "少し待ってください")
