"""The settings file: every problem is told at once, good keys count, the file is never written."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.values.errors.storage import SettingFault
from tray_app.core.values.limits import ChatFirst, Limits, ModelPerTask
from tray_app.storage.settings import SettingsFile, decode, load
from tray_app.storage.settings_check import contradictions
from tray_app.storage.settings_keys import Settings, declared


def read(text: str, folder: Path = Path("/")):
    return decode(text.encode(), folder)


def faults(text: str) -> list[tuple[str, SettingFault, int | None]]:
    return [(problem.key, problem.fault, problem.line) for problem in read(text)[1]]


KEYS = {**declared(Settings), **declared(Limits), **declared(ChatFirst), **declared(ModelPerTask)}


def test_a_missing_file_is_all_defaults_and_no_problem(tmp_path):
    assert load(tmp_path / "settings.toml") == (Settings(), ())


def test_the_defaults_do_not_contradict_each_other_and_are_within_their_bounds():
    assert contradictions(Settings(), {}) == (Settings(), [])
    for name, key in KEYS.items():
        if key.low is not None:
            assert key.low <= key.default <= key.high, name


def test_every_key_has_one_line_of_documentation_and_numbers_have_bounds():
    for name, key in KEYS.items():
        assert key.doc.endswith("."), name
        assert "\n" not in key.doc
        if isinstance(key.default, float | int) and not isinstance(key.default, bool):
            assert key.low < key.high, name


def test_every_time_and_size_has_its_unit_in_its_name():
    for name, key in KEYS.items():
        if isinstance(key.default, float | int) and not isinstance(key.default, bool):
            units = ("_s", "_bytes", "_share", "_requests", "_percent")
            assert name.endswith(units) or name in {"reloads", "relay_port"}, name


def test_good_keys_count():
    settings, problems = read(
        """
        ollama_url = "http://gpu-box:11434/"
        language = "ko"
        notices = false
        poll_s = 7
        candidate_models = ["gemma3:1b", " qwen3:0.6b "]
        automatic_relief = true
        automatic_relief_remedy = "task-model:gemma3:1b"
        [limits]
        hold_s = 20
        [chat_first]
        relay_port = 12345
        keep_context = false
        [task_models]
        titles = " gemma3:1b "
        """
    )
    assert problems == ()
    assert settings == Settings(
        ollama_url="http://gpu-box:11434",
        language="ko",
        notices=False,
        poll_s=7.0,
        candidate_models=("gemma3:1b", "qwen3:0.6b"),
        automatic_relief=True,
        automatic_relief_remedy="task-model:gemma3:1b",
        limits=Limits(hold_s=20.0),
        chat_first=ChatFirst(relay_port=12345, keep_context=False),
        task_models=ModelPerTask(titles="gemma3:1b"),
    )


def test_three_errors_are_told_together_and_the_rest_counts():
    text = 'language = "kr"\npoll_s = "5"\nnotice = true\nsnooze_s = 120\n'
    assert faults(text) == [
        ("language", SettingFault.NOT_A_CHOICE, 1),
        ("poll_s", SettingFault.WRONG_TYPE, 2),
        ("notice", SettingFault.UNKNOWN_KEY, 3),
    ]
    settings, _ = read(text)
    assert settings == Settings(snooze_s=120.0)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("lanuage", "language"), ("ollama-url", "ollama_url"), ("snooze", "snooze_s"), ("POLL_S", "poll_s"), ("zzz", "")],
)
def test_an_unknown_key_names_the_nearest_right_one(key, nearest):
    (problem,) = read(f"{key} = 1")[1]
    assert (problem.fault, problem.expected) == (SettingFault.UNKNOWN_KEY, nearest)


def test_an_unknown_limit_names_the_nearest_limit():
    (problem,) = read("[limits]\nhold = 3")[1]
    assert (problem.key, problem.expected, problem.line) == ("limits.hold", "hold_s", 2)


def test_a_secret_that_does_not_belong_here_is_not_repeated():
    _, problems = read('api_key = "sk-secret"\nollama_url = "http://me:pass-secret@host"\n')
    assert [problem.fault for problem in problems] == [SettingFault.UNKNOWN_KEY, SettingFault.URL_WITH_LOGIN]
    assert "secret" not in repr(problems)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("poll_s = true", SettingFault.WRONG_TYPE),
        ("poll_s = nan", SettingFault.OUT_OF_RANGE),
        ("poll_s = inf", SettingFault.OUT_OF_RANGE),
        ("poll_s = -1", SettingFault.OUT_OF_RANGE),
        (f"poll_s = {10**400}", SettingFault.OUT_OF_RANGE),
        ("poll_s = 2026-11-22", SettingFault.WRONG_TYPE),
        ("notices = 1", SettingFault.WRONG_TYPE),
        ('notices = "yes"', SettingFault.WRONG_TYPE),
        ("language = 3", SettingFault.WRONG_TYPE),
        ('language = "KO"', SettingFault.NOT_A_CHOICE),
        ('candidate_models = "gemma3:1b"', SettingFault.WRONG_TYPE),
        ('candidate_models = ["a", 3]', SettingFault.WRONG_TYPE),
        ('candidate_models = [""]', SettingFault.WRONG_TYPE),
        ('ollama_url = "127.0.0.1:11434"', SettingFault.NOT_A_URL),
        ('ollama_url = "ftp://host"', SettingFault.NOT_A_URL),
        ('ollama_url = "http://host:99999"', SettingFault.NOT_A_URL),
        ('ollama_url = "http://[::1"', SettingFault.NOT_A_URL),
        ('ollama_url = "http://host/?a=b"', SettingFault.NOT_A_URL),
        ('ollama_url = "http://ho st"', SettingFault.NOT_A_URL),
        ('ca_file = "/no/such/file.pem"', SettingFault.NO_SUCH_FILE),
        ('ca_file = "a\\u0000b"', SettingFault.NO_SUCH_FILE),
        ('automatic_relief_remedy = "unload:qwen3:32b"', SettingFault.NOT_A_CHOICE),
        ('automatic_relief_remedy = "task-model:"', SettingFault.NOT_A_CHOICE),
        ('automatic_relief_remedy = "hosted-task-model:x"', SettingFault.NOT_A_CHOICE),
        ("limits = 3", SettingFault.WRONG_TYPE),
        ("[language]", SettingFault.WRONG_TYPE),
        ("[limits]\nfits_share = 2", SettingFault.OUT_OF_RANGE),
        ("[limits]\nfits_share = true", SettingFault.WRONG_TYPE),
        ("chat_first = true", SettingFault.WRONG_TYPE),
        ("[chat_first]\nrelay_port = 80", SettingFault.OUT_OF_RANGE),
        ("[chat_first]\nrelay_port = 11435.5", SettingFault.OUT_OF_RANGE),
        ("[chat_first]\nkeep_context = 1", SettingFault.WRONG_TYPE),
        ("[task_models]\ntitles = 3", SettingFault.WRONG_TYPE),
        (f'[task_models]\ntitles = "{"x" * 301}"', SettingFault.WRONG_TYPE),
        ('[task_models]\nquestions = "gemma3:1b"', SettingFault.UNKNOWN_KEY),
    ],
)
def test_a_bad_value_is_one_problem_and_leaves_the_default(line, fault):
    settings, problems = read(line)
    assert [problem.fault for problem in problems] == [fault]
    assert problems[0].line is not None
    assert settings == Settings()


def test_empty_texts_are_the_default_and_no_problem():
    text = 'ollama_url = ""\nlanguage = ""\nca_file = ""\nautomatic_relief_remedy = ""\n'
    assert read(text) == (Settings(), ())


def test_a_relative_ca_file_starts_at_the_settings_file(tmp_path):
    (tmp_path / "ours.pem").write_text("", encoding="utf-8")
    settings, problems = read('ca_file = "ours.pem"', tmp_path)
    assert (settings.ca_file, problems) == (str(tmp_path / "ours.pem"), ())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[limits]\nhold_s = 90\n", "limits.hold_s"),
        ("[limits]\nclear_s = 5\n", "limits.clear_s"),
        ("[limits]\nclear_s = 3600\ncool_down_s = 60\n", "limits.clear_s"),
        ("poll_s = 20\n", "poll_s"),
        ("poll_busy_s = 6\n", "poll_busy_s"),
        ("[chat_first]\nquiet_low_s = 40\n", "chat_first.quiet_low_s"),
        ("[chat_first]\nquiet_high_s = 600\nhold_s = 500\n", "chat_first.quiet_high_s"),
        ("automatic_relief = true\n", "automatic_relief"),
        ("automatic_relief_clear_s = 60\n[limits]\nclear_s = 90\n", "limits.clear_s"),
    ],
)
def test_a_contradiction_is_told_and_both_sides_fall_back(text, key):
    settings, problems = read(text)
    assert [(problem.key, problem.fault) for problem in problems] == [(key, SettingFault.CONTRADICTION)]
    assert settings == Settings()


def test_falling_back_never_leaves_another_contradiction():
    settings, problems = read("poll_busy_s = 10\npoll_s = 20\npoll_idle_s = 15\n")
    assert contradictions(settings, {}) == (settings, [])
    assert {problem.fault for problem in problems} == {SettingFault.CONTRADICTION}


LIMITS = declared(Limits)


@given(st.dictionaries(st.sampled_from(sorted(LIMITS)), st.floats(0, 1), max_size=12))
def test_any_limits_end_in_limits_that_agree(shares):
    lines = ["[limits]"]
    for name, share in shares.items():
        low, high = LIMITS[name].low, LIMITS[name].high
        lines.append(f"{name} = {low + share * (high - low)!r}")
    settings, _ = read("\n".join(lines))
    assert contradictions(settings, {}) == (settings, [])


def test_keys_are_found_in_a_file_with_a_byte_order_mark_and_windows_line_ends():
    settings, problems = decode(b'\xef\xbb\xbfpoll_s = 4\r\n# c\r\nlanguage = "xx"\r\n', Path("/"))
    assert settings.poll_s == 4
    assert [(problem.key, problem.line) for problem in problems] == [("language", 3)]


def test_another_encoding_is_told_by_line_and_the_other_lines_count():
    settings, problems = decode("poll_s = 4\n# 한글\n".encode("cp949"), Path("/"))
    assert settings.poll_s == 4
    assert [(problem.fault, problem.line) for problem in problems] == [(SettingFault.NOT_UTF8, 2)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("oops\npoll_s = 4\n", [1]),
        ("poll_s = 4\npoll_s = 6\n", [2]),
        ('poll_s = 4\nlanguage = "ko\nnotices = nope\n', [2, 3]),
        ("poll_s = 4\n[limits\n", [2]),
        ('poll_s = 4\ncandidate_models = ["a",\n', [2]),
    ],
)
def test_a_line_that_is_no_toml_is_told_and_left_out(text, lines):
    settings, problems = read(text)
    assert [(problem.fault, problem.line) for problem in problems] == [(SettingFault.SYNTAX, line) for line in lines]
    assert settings.poll_s == 4


@pytest.mark.parametrize("value", ["[" * 50_000, "9" * 5_000, "{a=" * 50_000], ids=["brackets", "digits", "tables"])
def test_what_the_parser_itself_breaks_at_costs_only_its_line(value):
    settings, problems = decode(f"poll_s = 7\nx = {value}\nlanguage = 'ko'\n".encode(), Path())
    assert (settings.poll_s, settings.language) == (7, "ko")
    assert [(one.fault, one.line) for one in problems] == [(SettingFault.SYNTAX, 2)]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_all_defaults_and_one_problem(tmp_path, make):
    make(tmp_path / "settings.toml")
    settings, problems = load(tmp_path / "settings.toml")
    assert settings == Settings()
    assert [one.fault for one in problems] == [SettingFault.UNREADABLE]


def test_a_file_that_is_no_settings_file_at_all_ends_in_defaults():
    settings, problems = read("\n".join(f"line {number} ?" for number in range(100)))
    assert settings == Settings()
    assert len(problems) > 10


@given(st.binary(max_size=200))
def test_any_bytes_give_settings(data):
    settings, _ = decode(data, Path("/"))
    assert isinstance(settings, Settings)


@given(st.text(alphabet="ab_s=[]{}\"'\n.#1 \\,true", max_size=120))
def test_any_text_gives_settings(text):
    settings, _ = read(text)
    assert isinstance(settings, Settings)


def test_a_folder_in_place_of_the_file_is_a_problem_not_an_end(tmp_path):
    settings, problems = load(tmp_path)
    assert settings == Settings()
    assert [problem.fault for problem in problems] == [SettingFault.UNREADABLE]
    assert problems[0].given == os.strerror(21)


def test_reading_never_writes(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_bytes(b"poll_s = 1e99\r\n\xff")
    load(path)
    assert path.read_bytes() == b"poll_s = 1e99\r\n\xff"
    assert list(tmp_path.iterdir()) == [path]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path):
    path = tmp_path / "settings.toml"
    file = SettingsFile(path)
    assert not file.reload()
    path.write_text("poll_s = 4\n", encoding="utf-8")
    assert file.reload()
    assert file.settings.poll_s == 4
    assert not file.reload()
    path.write_text('poll_s = "x"\n', encoding="utf-8")
    assert file.reload()
    assert (file.settings, len(file.problems)) == (Settings(), 1)
    path.unlink()
    assert file.reload()
    assert (file.settings, file.problems) == (Settings(), ())


def test_a_file_replaced_by_an_editor_in_the_same_instant_is_noticed(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("poll_s = 4\n", encoding="utf-8")
    file = SettingsFile(path)
    stamp = path.stat()
    spare = tmp_path / "spare"
    spare.write_text("poll_s = 3\n", encoding="utf-8")
    os.utime(spare, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    spare.replace(path)
    assert file.reload()
    assert file.settings.poll_s == 3
