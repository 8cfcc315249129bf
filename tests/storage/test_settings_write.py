"""Keys written into the settings file: comments and order stay, and where that cannot be, nothing is written."""

import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.english import TR
from tray_app.core.text.errors import told
from tray_app.core.values.errors.storage import SettingFault, SettingsNotWritten, StorageError, StorageFault, WriteFault
from tray_app.storage import settings_write
from tray_app.storage.settings import load
from tray_app.storage.settings_keys import Settings, declared, tables
from tray_app.storage.settings_template import template
from tray_app.storage.settings_write import LARGEST_BYTES, edited, seal_of, write_keys

USERS = """\
# mine
poll_s = 7   # not too often

  notices = false

[limits] # careful
# a word about hold
hold_s = 20
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.toml"


def lines_changed(before: str, after: str) -> list[tuple[str, str]]:
    return [(old, new) for old, new in zip(before.split("\n"), after.split("\n"), strict=True) if old != new]


def test_a_value_is_set_in_its_place_and_the_words_beside_it_stay(path):
    path.write_text(USERS)
    write_keys(path, {"poll_s": 9.0, "limits.hold_s": 30.0})
    assert lines_changed(USERS, path.read_text()) == [
        ("poll_s = 7   # not too often", "poll_s = 9   # not too often"),
        ("hold_s = 20", "hold_s = 30"),
    ]


def test_in_a_file_that_we_began_a_key_is_set_where_it_stands_commented_out(path):
    write_keys(path, {"language": "ko", "limits.hold_s": 12.5, "candidate_models": ("gemma3:1b", "qwen3:0.6b")})
    assert lines_changed(template(), path.read_text()) == [
        ('#language = ""', 'language = "ko"'),
        ("#candidate_models = []", 'candidate_models = ["gemma3:1b", "qwen3:0.6b"]'),
        ("#hold_s = 10", "hold_s = 12.5"),
    ]


def test_a_key_taken_back_is_commented_out_again_and_the_file_is_as_it_began(path):
    write_keys(path, {"language": "ko", "limits.hold_s": 12.5})
    write_keys(path, {"language": None, "limits.hold_s": None})
    assert path.read_text() == template()


def test_every_key_can_be_set_and_taken_back():
    names = [name for name, key in declared(Settings).items() if name not in tables()]
    names += [f"{table}.{name}" for table, key in tables().items() for name in declared(type(key.default))]
    for name in names:
        default = settings_write._declared(name).default
        text = edited(Path(), template(), {name: default})
        assert len(lines_changed(template(), text)) == 1, name
        assert edited(Path(), text, {name: None}) == template(), name


def test_a_key_and_a_table_that_the_file_does_not_have_come_at_their_place(path):
    path.write_text("# mine\npoll_s = 7\n\n[limits]\nhold_s = 20\n")
    write_keys(path, {"language": "de", "limits.clear_s": 90.0, "chat_first.hold_s": 300.0})
    text = path.read_text()
    assert text.startswith("# mine\npoll_s = 7\n")
    assert tomllib.loads(text) == {
        "poll_s": 7,
        "language": "de",
        "limits": {"hold_s": 20, "clear_s": 90},
        "chat_first": {"hold_s": 300},
    }


@pytest.mark.parametrize(
    "text",
    [
        "limits.hold_s = 5\n",
        "limits = { hold_s = 5, clear_s = 70 }\n",
        '"limits"."hold_s" = 5\n',
        "[limits]\n'hold_s' = 5",
        "[limits]\nhold_s = 5\n[x.y]\nz = 1\n",
        'note = """\nhold_s = 1\n#hold_s = 10\n"""\n[limits]\nhold_s = 5\n',
    ],
)
def test_any_way_to_write_it_is_set_or_left_alone_but_never_spoiled(path, text):
    path.write_text(text)
    before = tomllib.loads(text)
    write_keys(path, {"limits.hold_s": 33.0})
    before["limits"]["hold_s"] = 33
    assert tomllib.loads(path.read_text()) == before
    write_keys(path, {"limits.hold_s": None})
    del before["limits"]["hold_s"]
    after = tomllib.loads(path.read_text())
    assert after == before or (not before["limits"] and after.get("limits", {}) == {})


def test_line_ends_and_the_mark_of_another_editor_stay(path):
    path.write_bytes(b"\xef\xbb\xbf# mine\r\npoll_s = 7\r\n")
    write_keys(path, {"poll_s": 8.0, "language": "ko"})
    assert path.read_bytes() == b'\xef\xbb\xbf# mine\r\npoll_s = 8\r\nlanguage = "ko"\r\n'


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_rights_and_a_link_stay(tmp_path, path):
    real = tmp_path / "dotfiles" / "elbowroom.toml"
    real.parent.mkdir()
    real.write_text("poll_s = 7\n")
    real.chmod(0o644)
    path.symlink_to(real)
    write_keys(path, {"poll_s": 8.0})
    assert path.is_symlink()
    assert real.read_text() == "poll_s = 8\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert [one.name for one in sorted(real.parent.iterdir())] == ["elbowroom.toml", "elbowroom.toml.lock"]


def test_a_new_file_is_for_this_user_alone(path):
    write_keys(path, {"poll_s": 8.0})
    assert load(path)[0].poll_s == 8
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def refused(path: Path, values: dict[str, object], seal: str | None = None) -> SettingsNotWritten:
    before = path.read_bytes()
    with pytest.raises(SettingsNotWritten) as caught:
        write_keys(path, values, seal)
    assert path.read_bytes() == before
    return caught.value


def test_a_file_that_changed_since_it_was_shown_is_left_alone(path):
    assert seal_of(path) == ""
    path.write_text("poll_s = 7\n")
    error = refused(path, {"poll_s": 8.0}, seal="")
    assert error.fault is WriteFault.CHANGED_MEANWHILE
    assert told(error, TR).startswith(f"{path} was changed meanwhile, so nothing was written into it.")
    seal = seal_of(path)
    after = write_keys(path, {"poll_s": 8.0}, seal)
    assert after == seal_of(path)
    refused(path, {"poll_s": 9.0}, seal)
    write_keys(path, {"poll_s": 9.0}, after)


def test_a_file_that_changes_in_the_last_moment_is_left_alone(path, monkeypatch):
    path.write_text("poll_s = 7\n")

    def slow(*_: object) -> None:
        path.write_text("poll_s = 7\nlanguage = 'ko'\n")

    monkeypatch.setattr(settings_write, "_check", slow)
    with pytest.raises(SettingsNotWritten) as caught:
        write_keys(path, {"poll_s": 8.0})
    assert caught.value.fault is WriteFault.CHANGED_MEANWHILE
    assert path.read_text() == "poll_s = 7\nlanguage = 'ko'\n"


@pytest.mark.parametrize(
    ("data", "fault", "line"),
    [
        (b"# mine\npoll_s = = 7\n", WriteFault.DAMAGED, 2),
        (b"poll_s = 7\npoll_s = 8\n", WriteFault.DAMAGED, 2),
        (b"x = " + b"[" * 50_000, WriteFault.DAMAGED, None),
        (b"poll_s = 7\n# gr\xfc\xdfe\n", WriteFault.NOT_UTF8, 2),
        (b"#" * (LARGEST_BYTES + 1), WriteFault.TOO_BIG, None),
        (b"limits = 5\n", WriteFault.TOO_ODD, None),
    ],
)
def test_a_damaged_file_is_told_and_left_alone(path, data, fault, line):
    path.write_bytes(data)
    error = refused(path, {"limits.hold_s": 9.0})
    assert (error.fault, error.line) == (fault, line)
    assert str(path) in told(error, TR)


@pytest.mark.parametrize(
    ("values", "fault", "said"),
    [
        ({"limits.hold_s": 601.0}, SettingFault.OUT_OF_RANGE, "`limits.hold_s` cannot be `601`"),
        ({"poll_s": "often"}, SettingFault.WRONG_TYPE, "`poll_s` cannot be `often`: it needs a number."),
        ({"language": "xx"}, SettingFault.NOT_A_CHOICE, "`language` cannot be `xx`"),
        ({"ollama_url": "nowhere"}, SettingFault.NOT_A_URL, "`ollama_url` cannot be `nowhere`"),
        ({"open_webui_url": "http://a:secret@b"}, SettingFault.URL_WITH_LOGIN, "must not hold a user name or password"),
        ({"automatic_relief": True}, SettingFault.CONTRADICTION, "`automatic_relief` would contradict"),
        ({"limits.clear_s": 5.0}, SettingFault.CONTRADICTION, "limits.hold_s <= limits.clear_s"),
    ],
)
def test_a_value_that_does_not_hold_is_told_and_nothing_is_written(path, values, fault, said):
    path.write_text("# mine\nprovider = 'x'\n")
    error = refused(path, values)
    assert error.problem is not None
    assert error.problem.fault is fault
    text = told(error, TR)
    assert said in text
    assert text.endswith("Nothing was written.")
    assert "secret" not in text


def test_what_was_wrong_in_the_file_before_does_not_stand_in_the_way(path):
    path.write_text("pol_s = 3\nnotices = 5\n")
    write_keys(path, {"language": "ko"})
    assert path.read_text() == 'pol_s = 3\nnotices = 5\nlanguage = "ko"\n'
    write_keys(path, {"notices": False})
    assert load(path)[0].notices is False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_file_or_may_not_be_written_is_told(path):
    os.mkfifo(path)
    with pytest.raises(StorageError):
        write_keys(path, {"poll_s": 8.0})
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError):
        write_keys(path, {"poll_s": 8.0})


def test_a_file_that_is_meant_only_to_be_read_stays(path, monkeypatch):
    path.write_text("poll_s = 7\n")
    monkeypatch.setattr(settings_write.os, "access", lambda *_: False)  # root may write all
    with pytest.raises(StorageError) as caught:
        write_keys(path, {"poll_s": 8.0})
    assert caught.value.fault is StorageFault.DENIED
    assert path.read_text() == "poll_s = 7\n"


COMMENT = st.sampled_from(["", "  # word", " # poll_s = 3", '# "', "#hold_s = 10"])
LINE = st.one_of(
    st.tuples(st.sampled_from(["# poll_s = 1", "", "   ", "#[limits]", "\t# x"]), st.just("")),
    st.tuples(
        st.sampled_from(["poll_s = 5", "notices=true", "other = [1,\n 2, # in it\n]", "s = '''\n#poll_s = 5\n'''"]),
        COMMENT,
    ),
)
TABLE = st.sampled_from(["[limits]", "[limits] # c", "[ limits ]", "[chat_first]", "[other.deep]", "[[many]]"])


@given(st.lists(LINE, max_size=6), st.lists(st.tuples(TABLE, st.lists(LINE, max_size=3)), max_size=4), st.booleans())
def test_nothing_else_in_the_file_ever_changes(head, rest, back):
    lines = ["".join(one) for one in head]
    for table, inside in rest:
        lines += [table, *("".join(one) for one in inside)]
    text = "\n".join(lines)
    try:
        wanted = tomllib.loads(text)
    except ValueError:
        return
    try:
        after = edited(Path(), text, {"poll_s": 44.0, "limits.hold_s": 33.0})
        if back:
            after = edited(Path(), after, {"poll_s": None})
    except SettingsNotWritten as error:
        assert error.fault is WriteFault.TOO_ODD  # noqa: PT017 - most files have a way
        return
    wanted.setdefault("limits", {})["hold_s"] = 33
    wanted["poll_s"] = 44
    if back:
        del wanted["poll_s"]
    assert tomllib.loads(after) == wanted
    for line in text.split("\n"):
        if line.lstrip().startswith("#") and "poll_s" not in line and "hold_s" not in line:
            assert line in after.split("\n")
