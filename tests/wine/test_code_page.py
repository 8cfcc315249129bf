"""A Korean Windows: Python 3.11 reads what is in no named encoding as code page 949, and folders have Korean names."""

import json
import shutil

import pytest

from from_source.install import STAMP, requirements
from tests.wine.building import REPOSITORY, SITE_PACKAGES, app_requirements, install
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI

pytestmark = [pytest.mark.wine, pytest.mark.timeout(400)]
NOWHERE = ("--ollama", "http://127.0.0.1:9", "--open-webui", "http://127.0.0.1:9")
SOURCES = ("run.py", "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "from_source", "tray_app")


@pytest.fixture(scope="module")
def korean(windows):
    """What every run here has around it. The app comes from where run.py puts it, its DLLs from the Python."""
    return {**windows.in_korean(), "PYTHONPATH": "", "WINEPATH": r"C:\Python311"}


@pytest.fixture(scope="module")
def folder(windows, korean):
    """Elbowroom's sources in a Korean user's folder. `.venv` has the packages, so that no test needs the network, and
    is left as after an update of the program: run.py must install it."""
    place = windows.drive / "users/홍길동/엘보 룸"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    venv = place / ".venv"
    made = windows.run("-m", "venv", "--without-pip", windows_path_below(windows, venv), environment=korean)
    assert made.returncode == 0, made.stderr
    install(venv, *app_requirements(), "pip", "hatchling")
    shutil.copy(windows.folder / SITE_PACKAGES / "sitecustomize.py", venv / SITE_PACKAGES)
    there = sorted(path.name for path in (venv / SITE_PACKAGES).iterdir())
    stamp = {"requirements": requirements(), "sources": "", "dev": False, "installed": there}
    (venv / STAMP.name).write_text(json.dumps(stamp), encoding="utf-8")
    yield place
    shutil.rmtree(place)


def windows_path_below(windows, path):
    return "C:\\" + str(path.relative_to(windows.drive)).replace("/", "\\")


@pytest.fixture
def start(windows, korean, folder):
    """`py run.py ...` as this user types it, with files of one's own in a Korean folder, too."""
    home = windows_path_below(windows, folder / "내 파일")

    def run(*arguments, code=0, text=""):
        script = windows_path_below(windows, folder / "run.py")
        done = windows.run(script, "--home", home, *arguments, environment=korean, text=text, timeout=300)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    return run


def test_this_python_reads_in_code_page_949(windows, korean):
    look = "import ctypes, locale; print(ctypes.windll.kernel32.GetACP(), locale.getpreferredencoding(False))"
    assert windows.run("-c", look, environment=korean).stdout.split() == ["949", "cp949"]


def test_it_is_installed_where_the_folder_has_a_korean_name(start, folder):
    done = start("--lang", "en", *NOWHERE, "status", "--json")
    assert "installing the changed program" in done.stderr
    assert (folder / ".venv" / SITE_PACKAGES / "tray_app/__main__.py").is_file()
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["schema"] == 1
    told = start("--lang", "en", *NOWHERE, "status").stdout
    assert r'py "C:\users\홍길동\엘보 룸\run.py" status' in told  # as cmd and PowerShell both take it
    assert "installing" not in start("--lang", "en", *NOWHERE, "status", "--json").stderr


def test_two_that_start_at_once_do_not_install_side_by_side(windows, korean, folder):
    stamp = folder / ".venv" / STAMP.name
    stamp.write_text(json.dumps({**json.loads(stamp.read_text(encoding="utf-8")), "sources": ""}), encoding="utf-8")
    script = windows_path_below(windows, folder / "run.py")
    both = [windows.popen(script, "--lang", "en", "--version", environment=korean) for _ in range(2)]
    said = [(one.communicate(timeout=300), one.returncode) for one in both]
    assert [code for _, code in said] == [0, 0], said
    assert sum("installing the changed program" in err for (_, err), _ in said) == 1, said
    assert sum("waiting for another run.py" in err for (_, err), _ in said) == 1, said


def test_settings_are_read_and_output_through_a_pipe_is_written_in_utf_8(start, folder):
    settings = folder / "내 파일/settings.toml"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text('# 내가 쓴 설정\nlanguage = "ko"\n', encoding="utf-8")
    assert "알 수 없" in start(*NOWHERE, "status").stdout
    settings.unlink()


def test_what_it_stores_is_read_again(start):
    """The sign-in, and in the journal a name whose letters code page 949 writes otherwise."""
    webui = DemoOpenWebUI()
    webui.start()
    try:
        before = dict(webui.settings)
        at_it = ("--open-webui", webui.url)
        options = ("--token-stdin", "--insecure-file-secret")
        start("connect", webui.url, *options, text=webui.session(ADMIN[0]))
        start(*at_it, "set", "task-model=작업 모델:3b", "--lang", "ko")
        assert webui.settings["TASK_MODEL"] == "작업 모델:3b"
        listed = start("journal", "--json").stdout
        assert listed.isascii()
        assert "작업 모델:3b" in json.dumps(json.loads(listed), ensure_ascii=False)
        assert "작업 모델:3b" in start("--lang", "ko", "journal").stdout
        assert "작업 모델:3b" in start(*at_it, "--lang", "ko", "settings").stdout
        start(*at_it, "undo")
        assert webui.settings == before
    finally:
        webui.stop()
