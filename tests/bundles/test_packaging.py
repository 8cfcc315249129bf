"""What packs us, without packing: one description, recipes, the bundle's surroundings, what workflows name."""

import configparser
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tray_app
from tray_app.core.values.identity import APP_ID

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
BUNDLES = ("Elbowroom-1.0-arm64.dmg", "Elbowroom-1.0-setup.exe", "elbowroom_1.0_amd64.deb", "elbowroom_1.0_arm64.deb")


@pytest.fixture
def module(monkeypatch):
    """A script of packaging/, which imports the others beside it."""

    def load(name, *below):
        for folder in ("", *below):
            monkeypatch.syspath_prepend(str(ROOT / "packaging" / folder))
        return importlib.import_module(name)

    return load


def test_all_bundles_speak_of_the_same_app(module):
    product = module("product")
    found = product.product()
    assert (found.name, found.version) == ("elbowroom", tray_app.__version__)
    assert product.APP_ID == APP_ID
    assert APP_ID in (ROOT / "packaging/elbowroom.spec").read_text("utf-8")
    assert all(product.icon(size).is_file() for size in product.SIZES)


def test_what_a_release_says_of_itself_stands_in_the_changelog(module):
    """Its day in the package, its text on the release page: both are of the version that is built."""
    product, deb = module("product"), module("deb", "linux")
    found = product.product()
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.findall(r"^## \[(.+?)\](?: - (.+))?$", text, re.MULTILINE)
    assert newest[:2] == [("Unreleased", ""), (tray_app.__version__, found.released)]
    assert found.notes.splitlines()[0] in text
    assert f'<release version="{tray_app.__version__}" date="{found.released}"/>' in deb.metainfo()
    assert "@" not in deb.metainfo()


CHANGES = "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [1.10.0] - 2027-01-02\n\n- ten\n\n## [1.1.0] - 2026-12-01\n\n- one\n"


def test_the_notes_of_a_version_are_its_own_alone(module):
    product = module("product")
    assert product.changes("1.10.0", CHANGES) == ("2027-01-02", "- ten")
    assert product.changes("1.1.0", CHANGES) == ("2026-12-01", "- one")
    for missing in ("1.1", "1x1.0", "2.0.0", "Unreleased"):
        with pytest.raises(ValueError, match=re.escape(missing)):
            product.changes(missing, CHANGES)


def test_a_program_outside_gets_the_users_libraries(module, monkeypatch):
    """PyInstaller's starter leads the bundle to its own; a browser started from it must not load them."""
    surroundings = module("surroundings", "frozen")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/the/user's")
    monkeypatch.setenv("DYLD_LIBRARY_PATH", "/bundle")
    monkeypatch.delenv("DYLD_LIBRARY_PATH_ORIG", raising=False)
    surroundings.of_the_user()
    assert os.environ["LD_LIBRARY_PATH"] == "/the/user's"
    assert "DYLD_LIBRARY_PATH" not in os.environ
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


def test_a_relay_of_the_bundle_begins_as_from_a_terminal(module, monkeypatch):
    """Told that it is a child of the same bundle, it would not look for its own libraries: it ended without OpenSSL."""
    surroundings = module("surroundings", "frozen")
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/bundle/elbowroom")
    monkeypatch.setenv("_PYI_APPLICATION_HOME_DIR", "/bundle/_internal")
    monkeypatch.setenv("_PYI_PARENT_PROCESS_LEVEL", "1")
    surroundings.of_the_user()
    assert not [name for name in os.environ if name.startswith("_PYI")]


def test_the_desktops_row_is_well_formed_and_starts_the_tray():
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str
    entry.read(ROOT / "packaging/linux/app.desktop", "utf-8")
    row = entry["Desktop Entry"]
    assert (row["Exec"], row["Icon"]) == ("elbowroom-tray", APP_ID)
    assert row["Comment[ko]"]
    checker = shutil.which("desktop-file-validate")
    if checker:
        assert subprocess.run([checker, ROOT / "packaging/linux/app.desktop"], check=False).returncode == 0


def test_every_manager_gets_its_recipe_with_the_sum_of_its_bundle(module, tmp_path):
    recipes, product = module("recipes"), module("product")
    for name in BUNDLES:
        (tmp_path / name).write_bytes(name.encode())
    told = product.product()._replace(
        version="1.0", summary="Keeps it's word", urls={"Source": "https://example.com/e"}
    )
    made = dict(recipes.recipes(told, list(recipes.bundles(tmp_path)), recipes.page(told)))
    assert set(made) == {
        "elbowroom.rb",
        "elbowroom.json",
        "PKGBUILD",
        "Elbowroom.Elbowroom.yaml",
        "Elbowroom.Elbowroom.installer.yaml",
        "Elbowroom.Elbowroom.locale.en-US.yaml",
    }
    dmg, exe, deb = (hashlib.sha256(name.encode()).hexdigest() for name in BUNDLES[:3])
    scoop = json.loads(made["elbowroom.json"])
    assert (scoop["hash"], scoop["version"]) == (exe, "1.0")
    assert scoop["url"] == "https://example.com/e/releases/download/v1.0/Elbowroom-1.0-setup.exe"
    assert f'sha256 "{dmg}"' in made["elbowroom.rb"]
    assert exe.upper() in made["Elbowroom.Elbowroom.installer.yaml"]
    assert deb in made["PKGBUILD"]
    said = ["bash", "-c", 'source /dev/stdin; printf "%s|%s" "$pkgdesc" "$pkgver"']
    shell = subprocess.run(said, input=made["PKGBUILD"], capture_output=True, text=True, check=True)
    assert shell.stdout == "Keeps it's word|1.0"


def test_without_a_page_or_a_bundle_there_is_no_recipe(module, tmp_path):
    recipes, product = module("recipes"), module("product")
    with pytest.raises(ValueError, match="no bundle"):
        list(recipes.bundles(tmp_path))
    with pytest.raises(ValueError, match=r"urls\.Source"):
        recipes.page(product.product()._replace(urls={}))


@pytest.mark.parametrize("kind", ["windows", "macos"])
def test_a_bundle_of_another_system_is_refused_in_one_line(kind, tmp_path):
    if (kind, sys.platform) in {("windows", "win32"), ("macos", "darwin")}:
        pytest.skip("this is that system")
    words = [sys.executable, ROOT / "packaging/build.py", kind, "--work", tmp_path / "w", "--output", tmp_path / "o"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={"PATH": ""})
    assert done.returncode == 1
    assert done.stderr.startswith("build.py: ")
    assert done.stderr.count("\n") == 1


def test_what_a_workflow_calls_is_there():
    text = "\n".join(path.read_text("utf-8") for path in WORKFLOWS)
    called = set(re.findall(r"(?:python3?|run:) ((?:packaging|tests|\.ci)/[\w/.]+)", text)) | {"run.py"}
    assert {"packaging/build.py", "packaging/check.py", "tests/system/check_doctor.py", ".ci/run"} <= called
    assert [path for path in called if not (ROOT / path).is_file()] == []
    assert set(re.findall(r"kind: (\w+)", text)) == {"deb", "windows", "macos", "pyz"}


@pytest.mark.skipif(sys.platform == "win32" or shutil.which("free") is None, reason="procps is not here")
def test_doctor_reads_what_the_systems_own_tools_say(tmp_path):
    """The script of the public runners, on this system; and it does not pass what is off."""
    words = [sys.executable, "-m", "tray_app", "doctor", "--json", "--home", tmp_path]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    script = ROOT / "tests/system/check_doctor.py"

    def check(told):
        file = tmp_path / "doctor.json"
        file.write_text(json.dumps(told))
        return subprocess.run([sys.executable, script, file], capture_output=True, text=True, check=False)

    memory = next(one for one in document["sources"] if one["name"] == "memory")
    if memory["value"]["limit_bytes"] is None:
        assert "ok   memory, total" in check(document).stdout
    memory["value"]["total_bytes"] += 1
    memory["value"]["swap_used_bytes"] = None
    done = check(document)
    assert done.returncode == 1
    assert "OFF  memory, total" in done.stdout
    assert "OFF  swap, used: None here" in done.stdout
