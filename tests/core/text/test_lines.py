"""Lines for a terminal: tables line up in Korean, long lines break at spaces, hostile names lose their teeth."""

import pytest

from tray_app.app import language
from tray_app.core.text.lines import Span, Style, clean, cut, in_turn, line, pad, table, width, wrapped
from tray_app.core.text.words import joined, listed


def text(one):
    return "".join(span.text for span in one)


def test_korean_takes_two_columns():
    assert width("메모리 ab") == 9
    assert pad("메모리", 8) == "메모리  "


def test_columns_of_a_table_line_up():
    rows = table(("설정", "값"), [("제목", "켬"), ("autocomplete", "off")])
    starts = {width(text(row)[: text(row).rindex(last)]) for row, last in zip(rows, ("값", "켬", "off"), strict=True)}
    assert len(starts) == 1


@pytest.mark.parametrize("columns", [20, 33, 60])
def test_a_long_line_breaks_at_spaces_and_loses_nothing(columns):
    words = "요청 4개가 qwen3:32b 모델을 기다리고 있습니다 and the rest of it goes on in English"
    pieces = wrapped(line(Span("* ", Style.BAD), words), columns)
    assert all(width(text(piece)) <= columns for piece in pieces)
    assert " ".join(text(piece).strip() for piece in pieces) == "* " + words
    assert all(text(piece).startswith("  ") for piece in pieces[1:])


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("モデルを待っています。続き（例）です", ["モデルを待って", "います。続き", "（例）です"]),
        ("あいうえおか「は」", ["あいうえおか", "「は」"]),
        ("正在等待模型，请稍候。", ["正在等待模型，", "请稍候。"]),
        ("使用qwen3:32b模型。完", ["使用qwen3:32b", "模型。完"]),
        ("残り12件です (x)", ["残り12件です", "(x)"]),
        ("요청이가나다라마바사 끝", ["요청이가나다라마바사", "끝"]),
    ],
)
def test_a_script_without_spaces_breaks_between_its_characters_but_not_before_a_stop(words, pieces):
    """Korean has spaces and breaks there. A stop begins no line, an opening bracket ends none."""
    assert [text(piece) for piece in wrapped(line(words), 14)] == pieces


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("Memory    normal, and much of it is left", ["Memory    normal, and much of", "          it is left"]),
        ("メモリ  正常で、余裕もまだまだあります", ["メモリ  正常で、余裕もまだまだ", "        あります"]),
        ("what helps most now  it takes calls off", ["what helps most now  it takes", "calls off"]),
        ("  * two  words", ["  * two  words"]),
        ("  1. first this, and after it that", ["  1. first this, and after it", "     that"]),
        ("a: 1  |  bcd: 2  |  efg hij kl: 3", ["a: 1  |  bcd: 2  |  efg hij", "kl: 3"]),
    ],
)
def test_what_is_too_long_beside_a_label_goes_on_below_itself(words, pieces):
    assert [text(piece).rstrip() for piece in wrapped(line(words), 30)] == pieces


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("it needs for itself up to 2.4 GiB.", ["it needs for itself up to", "2.4 GiB."]),
        ("제목을 만드는 데 걸린 시간 약 9.3 s", ["제목을 만드는 데 걸린 시간 약", "9.3 s"]),
        ("= one (chat) 18.1 GiB, - context 1 GiB", ["= one (chat) 18.1 GiB,", "- context 1 GiB"]),
        ("Titles, tags and follow-ups: on -> off", ["Titles, tags and follow-ups: on", "-> off"]),
        ("a rather long way down to, at 2 hours", ["a rather long way down to, at 2", "hours"]),
        ("the pressure is normal just now · all", ["the pressure is normal just now ·", "all"]),
    ],
)
def test_a_number_stays_with_its_unit_and_a_sign_with_its_word(words, pieces):
    assert [text(piece).strip() for piece in wrapped(line(words), 34 if "·" in words else 31)] == pieces


def test_a_text_is_cut_by_columns_not_by_characters():
    assert cut("메모리 ab", 5) == "메모"
    assert cut("メモリ", 6) == "メモリ"
    assert cut("ab", 0) == ""


def test_a_short_line_stays_as_it_is():
    one = line("  short", Span("x", Style.GOOD))
    assert wrapped(one, 40) == [one]


def test_a_word_wider_than_the_terminal_is_not_lost():
    assert "".join(text(piece).strip() for piece in wrapped(line("a" * 50), 20)) == "a" * 50


@pytest.mark.parametrize(
    "path",
    ["'/opt/엘보 룸/a b.pyz'", '"C:\\Program Files\\엘보 룸\\elbowroom.exe"', "`'/나/漢字漢字/a b'", "('/opt/a b/c')"],
)
def test_a_path_that_a_shell_gets_as_one_word_stays_in_one_line(path):
    pieces = [text(piece) for piece in wrapped(line(f"$ {path} fix the rest of it, it's isn't quoted"), 24)]
    assert any(path in piece for piece in pieces)
    assert all(width(piece) <= 24 for piece in pieces if path not in piece)


def test_a_command_to_copy_is_not_broken():
    command = line("   $ ", "/usr/bin/python3 '/opt/a b.pyz' connect http://127.0.0.1:8080")
    assert wrapped(command, 30) == [command]


def test_control_and_direction_characters_are_taken_out():
    assert clean("a\x1b[31m\nb\u202ec\u200b") == "a[31mbc"
    assert len(clean("x" * 900)) == 200


def test_sentences_stand_one_after_another_with_a_space_where_their_stop_brings_none():
    assert in_turn("One.", "", "Two.") == "One. Two."
    assert in_turn("하나입니다.", "둘입니다.") == "하나입니다. 둘입니다."
    assert in_turn("一つ目です。", "二つ目です。") == "一つ目です。二つ目です。"
    assert in_turn("为什么？", "A") == "为什么？A"
    assert in_turn("", "") == ""


@pytest.mark.parametrize(("code", "said"), [("en", "a, b, c"), ("ja", "a、b、c"), ("zh_CN", "a、b、c")])
def test_a_list_is_separated_as_its_language_does(code, said):
    assert listed(("a", "b", "c"), language.load(code)) == said
    assert listed((), language.load(code)) == ""


@pytest.mark.parametrize(
    ("code", "said"), [("en", "12 GiB, 4 min"), ("ja", "12 GiB、4 min"), ("zh_CN", "12 GiB，4 min")]
)
def test_facts_about_one_thing_are_separated_as_its_language_does(code, said):
    assert joined(("12 GiB", "4 min"), language.load(code)) == said
