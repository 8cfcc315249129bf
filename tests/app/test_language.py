"""Which language is spoken: option, settings file, menu, environment, desktop, English."""

import ctypes
import gettext
import importlib.util
import os
import subprocess
import sys

import pytest

from tray_app.app import language
from tray_app.cli.main import run
from tray_app.storage.paths import Paths
from tray_app.storage.state import State, StateFile


@pytest.fixture(autouse=True)
def _no_language(monkeypatch):
    for name in language.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(language, "of_desktop", tuple)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("ko", "ko"),
        ("KO", "ko"),
        ("ko-KR", "ko"),
        ("ko-Kore-KR", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("ko_KR.eucKR@hangul", "ko"),
        ("en-Latn-GB", "en"),
        ("en_KR", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("kok-IN", ""),
        ("", ""),
        ("  ko-KR ", "ko"),
        ("한국어", ""),
    ],
)
def test_tags_of_every_kind_are_read(tag, code):
    assert language.known(tag) == code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("qx_AA", "qx_AA"),
        ("qx-AA", "qx_AA"),
        ("qx_aa.UTF-8", "qx_AA"),
        ("qx", "qx_AA"),
        ("qx-BB", "qx_AA"),
        ("qx-Latn-CC", "qx_AA"),
        ("qx_CC", ""),
        ("qx-Cyrl-AA", ""),
        ("qy", "qy"),
        ("qy_CC", "qy"),
        ("qy_AA", "qy_AA"),
        ("qy-Latn-AA", "qy"),
    ],
)
def test_a_catalog_for_some_countries_is_taken_by_the_tags_it_names_and_no_other(monkeypatch, tag, code):
    """Who reads another script gets the next language that they asked for, not this one."""
    own = {"qx_AA": "qx qx_AA qx_BB qx_Latn", "qy_AA": "qy_AA"}
    monkeypatch.setattr(language, "LANGUAGES", ("en", "qx_AA", "qy", "qy_AA"))
    monkeypatch.setattr(language, "load", lambda name: gettext.NullTranslations() if name == "qy" else Says(own[name]))
    assert language.known(tag) == code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("ja_JP.UTF-8", "ja"),
        ("ja-JP", "ja"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh_CN.GB18030", "zh_CN"),
        ("zh_SG", "zh_CN"),
        ("zh", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh-Hans-US", "zh_CN"),
        ("zh-Hans-HK", "zh_CN"),
        ("zh_TW.UTF-8", ""),
        ("zh-HK", ""),
        ("zh-Hant", ""),
        ("zh-Hant-TW", ""),
        ("zh-Hant-CN", ""),
    ],
)
def test_who_reads_simplified_characters_gets_them_and_who_reads_others_gets_the_next_language(tag, code):
    """Tags as Linux, macOS and Windows give them. A Mac in the United States says zh-Hans-US."""
    assert language.known(tag) == code
    assert language.first_known((tag, "ko-KR")) == (code or "ko")


class Says(gettext.NullTranslations):
    """Translates everything by one text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def gettext(self, _message: str) -> str:
        return self._text


@pytest.mark.parametrize("given", ["ko", "KO", "ko-KR"])
def test_the_option_takes_every_name_that_systems_have_for_a_language(given, tmp_path, capsys):
    assert run(["journal", "--home", str(tmp_path), "--lang", given]) == 0
    assert "아직 아무것도 바꾸지 않았습니다" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, ""),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANGUAGE": "ko:en", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LANGUAGE": "fr:ko", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "en_US.UTF-8"}, "ko"),
        ({"LANGUAGE": "", "LC_ALL": "", "LANG": "ko"}, "ko"),
        ({"LANG": "fr_FR.UTF-8"}, ""),
        ({"LC_ALL": "fr_FR.UTF-8", "LANG": "ko_KR.UTF-8"}, ""),
    ],
)
def test_the_first_variable_that_is_set_decides(environment, code):
    assert language.from_environment(environment) == code


def test_the_environment_comes_before_the_desktop_and_english_comes_last(monkeypatch):
    assert language.of_system() == "en"
    monkeypatch.setattr(language, "of_desktop", lambda: ("fr-FR", "ko-Kore-KR", "en-US"))
    assert language.of_system() == "ko"
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert language.of_system() == "en"


def test_the_desktop_names_its_languages_where_it_can():
    """A Linux desktop tells by the environment alone."""
    found = language._desktop_languages()
    assert bool(found) == (sys.platform in {"darwin", "win32"})
    assert all(tag and tag.isprintable() for tag in found)


class CoreFoundation:
    """Its three kinds of objects are numbers here; what is given out is counted until it is released."""

    class Function:
        def __init__(self, call) -> None:
            self._call = call

        def __call__(self, *given):
            return self._call(*given)

    ARRAY = 0x1000

    def __init__(self, *tags: str) -> None:
        self.tags = tags
        self.held = 0
        self.CFLocaleCopyPreferredLanguages = self.Function(self._copy)
        self.CFArrayGetCount = self.Function(lambda _array: len(tags))
        self.CFArrayGetValueAtIndex = self.Function(lambda array, index: array + 1 + index)
        self.CFStringGetCString = self.Function(self._as_bytes)
        self.CFRelease = self.Function(self._release)

    def _copy(self):
        self.held += 1
        return self.ARRAY if self.tags else None

    def _release(self, array):
        assert array == self.ARRAY
        self.held -= 1

    def _as_bytes(self, pointer, buffer, size, encoding):
        tag = self.tags[pointer - self.ARRAY - 1].encode()
        if encoding != 0x08000100 or len(tag) >= size:
            return 0
        buffer.value = tag
        return 1


@pytest.mark.parametrize(
    ("tags", "code"), [(("ko-Kore-KR", "en-US"), "ko"), (("fr-FR", "x" * 300, "en-GB"), "en"), (("fr-FR",), "")]
)
def test_core_foundation_is_asked_and_given_back_what_it_lent(monkeypatch, tags, code):
    """The macOS branch over a CoreFoundation that counts; a tag too long for the buffer is passed over."""
    lib = CoreFoundation(*tags)
    monkeypatch.setattr("ctypes.CDLL", lambda _path: lib)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "darwin")
        spec = importlib.util.spec_from_file_location("language_on_macos", language.__file__)
        on_macos = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(on_macos)
    assert on_macos.first_known(on_macos.of_desktop()) == code
    assert lib.held == 0
    assert lib.CFArrayGetValueAtIndex.restype is ctypes.c_void_p, "an int would cut a 64-bit pointer"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("ko-KR\0en-US\0\0", ("ko-KR", "en-US")),
        ("ko-KR\0\0", ("ko-KR",)),
        ("ko-KR\0\0rubbish\0", ("ko-KR",)),
        ("\0\0", ()),
        ("", ()),
    ],
)
def test_a_windows_list_of_strings_is_split(text, tags):
    assert language.split_list(text) == tags


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--lang", "ko", "status"], "ko"),
        (["status", "--lang=ko"], "ko"),
        (["status", "--lang"], ""),
        (["status", "--lang", "xx"], ""),
        (["status"], ""),
    ],
)
def test_the_option_is_found_anywhere(argv, code):
    assert language.option(argv) == code


def test_the_option_wins_over_the_settings_file_the_menu_and_the_system_in_this_order(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    paths, argv = Paths(tmp_path), ["status", "--home", str(tmp_path)]
    assert language.of_command_line(argv) == "ko"
    StateFile(paths.state_file).update(lambda _: State(language="en"))
    assert language.of_command_line(argv) == "en"
    paths.settings_file.write_text('language = "ko"\n', encoding="utf-8")
    assert language.of_command_line(argv) == "ko"
    assert language.of_command_line([f"--home={tmp_path}", "--lang", "en"]) == "en"


def test_a_damaged_state_or_settings_file_does_not_keep_a_command_from_speaking(tmp_path):
    paths = Paths(tmp_path)
    paths.settings_file.write_bytes(b'language = "xx"\n\xff[[')
    paths.state_file.write_bytes(b"{broken")
    assert language.of_command_line(["--home", str(tmp_path)]) == "en"
    paths.state_file.unlink()
    paths.state_file.mkdir()
    assert language.of_command_line(["--home", str(tmp_path)]) == "en"


@pytest.fixture
def started(monkeypatch, tmp_path):
    """`started("file", told=..., found=...)`: what is typed, by the files beside Python, run.py's word and the shell."""

    def ask(*beside, told="", found=None, frozen=False, packed="", system="linux"):
        monkeypatch.setattr(language.launch, "archive", lambda: packed)
        folder = tmp_path / "a b"
        folder.mkdir()
        for name in beside:
            (folder / name).touch()
        monkeypatch.setenv(language.STARTED_BY, told)
        monkeypatch.setattr(language.shutil, "which", lambda name: found)
        monkeypatch.setattr(language.sys, "executable", str(folder / "python"))
        monkeypatch.setattr(language.sys, "frozen", frozen, raising=False)
        monkeypatch.setattr(language.sys, "platform", system)
        return language.program().replace(str(folder), "FOLDER")

    return ask


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        ({"told": "python3 run.py", "found": "/usr/bin/elbowroom"}, "python3 run.py"),
        ({"told": "python3 'a\x1b[2J b/run.py'"}, "python3 'a[2J b/run.py'"),
        ({"found": "/usr/bin/elbowroom"}, "elbowroom"),
        ({}, "'FOLDER/elbowroom'"),
        ({"frozen": True}, "'FOLDER/elbowroom'"),
        ({"frozen": True, "found": "/usr/bin/elbowroom"}, "'FOLDER/elbowroom'"),
        ({"packed": "/opt/a b.pyz", "found": "/usr/bin/elbowroom"}, "'FOLDER/python' '/opt/a b.pyz'"),
    ],
)
def test_the_command_that_is_named_can_be_typed_here(started, case, shown):
    assert started("elbowroom", **case) == shown


def test_a_bundle_that_the_shell_finds_by_a_link_has_the_short_name(started, tmp_path):
    link = tmp_path / "bin"
    link.symlink_to(tmp_path / "a b" / "elbowroom")
    assert started("elbowroom", frozen=True, found=str(link)) == "elbowroom"


def test_without_our_script_python_starts_the_package(started):
    assert started() == "'FOLDER/python' -m tray_app"


def test_windows_quotes_in_its_own_way(started):
    assert started("elbowroom.exe", system="win32") == '"FOLDER/elbowroom.exe"'


def test_a_catalog_is_read_once(monkeypatch):
    first = language.load("ko")
    monkeypatch.setattr(language, "CATALOGS", "nowhere")
    assert language.load("ko") is first
    assert first.gettext("Quit") == "종료"
    assert language.load("en").gettext("Quit") == "Quit"


@pytest.mark.parametrize(
    ("code", "form"), [("ko", "요청 {count}개"), ("ja", "リクエスト{count}件"), ("zh_CN", "{count} 个请求")]
)
def test_some_languages_have_one_form_for_every_number(code, form):
    tr = language.load(code)
    assert {tr.ngettext("{count} request", "{count} requests", count) for count in (0, 1, 2, 5)} == {form}


@pytest.mark.parametrize(("code", "options"), [("ja", "オプション"), ("zh_CN", "选项")])
def test_argparse_speaks_a_language_under_the_name_of_its_folder(code, options):
    with language.in_standard_library(code):
        assert gettext.gettext("options") == options


def test_argparse_speaks_it_and_nothing_is_left_behind(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "fr")
    domain = gettext.textdomain()
    with language.in_standard_library("ko"):
        assert gettext.gettext("options") == "옵션"
    with language.in_standard_library("en"):
        assert gettext.gettext("options") == "options"
    assert (gettext.textdomain(), os.environ["LANGUAGE"]) == (domain, "fr")
    monkeypatch.delenv("LANGUAGE")
    with language.in_standard_library("ko"):
        pass
    assert "LANGUAGE" not in os.environ


def command(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in language.VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "tray_app", *argv],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env=kept | {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"} | environment,
    )


@pytest.mark.parametrize("argv", [["--help"], ["fit", "--help"], ["connect", "--help"], ["speed", "--help"]])
def test_help_is_korean_throughout(argv):
    """No line is English but names, options and examples."""
    said = command(*argv, "--lang", "ko").stdout
    assert said.startswith("사용법: elbowroom")
    for word in ("usage", "options", "arguments", "show ", "examples", "everywhere"):
        assert word not in said


def test_a_usage_error_is_one_korean_line_by_the_setting_alone(tmp_path):
    Paths(tmp_path).settings_file.write_text('language = "ko"\n', encoding="utf-8")
    made = command("--home", str(tmp_path), "watch", "--interval", "0")
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.startswith("elbowroom: 명령줄을 읽을 수 없습니다: --interval 인자:")
    assert made.stderr.count("\n") == 1


def test_the_environment_speaks_when_nothing_was_chosen(tmp_path):
    assert "아직 아무것도 바꾸지 않았습니다" in command("--home", str(tmp_path), "journal", LANG="ko_KR.UTF-8").stdout
    assert "No change was made yet" in command("--home", str(tmp_path), "journal", LANG="C.UTF-8").stdout
