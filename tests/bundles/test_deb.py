"""The .deb in a Debian root with nothing in it: installed, run, removed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import require, required

pytestmark = [pytest.mark.bundle, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
BARE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


def call(*command, **options):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        **options,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if not required("bundle"):
        require("bundle", "it takes minutes: ELBOWROOM_TESTS_REQUIRE=bundle does it")
    place = tmp_path_factory.mktemp("bundle")
    call(sys.executable, ROOT / "packaging/build.py", "deb", "--work", place / "work", "--output", place)
    return next(place.glob("*.deb"))


@pytest.fixture(scope="module")
def root(tmp_path_factory, package):
    """A minimal Debian 12 without a Python, with the package inside. It sees no process and no network of this machine."""
    if shutil.which("mmdebstrap") is None or os.geteuid() != 0:
        require("bundle", "mmdebstrap is missing, or this is not root")
    folder = tmp_path_factory.mktemp("root") / "bookworm"
    call("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", folder)
    shutil.copy(package, folder / "tmp" / package.name)
    inside(folder, "dpkg", "--install", f"/tmp/{package.name}")
    yield folder
    shutil.rmtree(folder)


def inside(folder, *command, user="root"):
    """A command in there, with a network and processes of its own."""
    alone = ("unshare", "--net", "--pid", "--mount", "--fork", "--mount-proc")
    words = ("setpriv", "--reuid", user, "--clear-groups") if user != "root" else ()
    env = {**BARE, "HOME": "/root" if user == "root" else "/tmp"}
    within = f'mount -t proc proc {folder}/proc && ip link set lo up 2>/dev/null; exec chroot {folder} "$@"'
    return call(*alone, "sh", "-c", within, "sh", *words, *command, env=env)


def test_it_says_its_version_and_looks_around(root):
    assert inside(root, "elbowroom", "--version").startswith("elbowroom ")
    assert "linux" in inside(root, "elbowroom", "doctor")


def test_its_metrics_need_nothing_that_would_have_to_be_added(root):
    inside(root, "elbowroom", "metrics", "--textfile", "/tmp/elbowroom.prom")
    assert "elbowroom_build_info{" in (root / "tmp/elbowroom.prom").read_text("utf-8")


def test_the_whole_story_is_played_as_a_user_without_rights(root):
    said = inside(root, "elbowroom", "demo", "--fast", "--lang", "ko", user="nobody")
    assert "$ elbowroom fix" in said
    assert "데모" in said


def test_every_shell_gets_its_completion_and_the_desktop_its_row(root):
    share = root / "usr/share"
    assert "elbowroom" in (share / "bash-completion/completions/elbowroom").read_text("utf-8")
    assert (share / "zsh/vendor-completions/_elbowroom").read_text("utf-8").startswith("#compdef elbowroom")
    assert "complete -c elbowroom" in (share / "fish/vendor_completions.d/elbowroom.fish").read_text("utf-8")
    assert (root / "usr/bin" / (root / "usr/bin/elbowroom-tray").readlink()).is_file()
    for size in (16, 48, 256):
        assert (share / f"icons/hicolor/{size}x{size}/apps/io.github.elbowroom.png").read_bytes()[:4] == b"\x89PNG"


def test_what_it_would_start_at_login_is_its_own_program(root):
    inside(root, "elbowroom", "autostart", "on")
    entry = (root / "root/.config/autostart/io.github.elbowroom.desktop").read_text("utf-8")
    assert 'Exec="/usr/lib/elbowroom/elbowroom-tray" "--at-login"' in entry
    inside(root, "elbowroom", "autostart", "off")


def test_nothing_stays_behind(root):
    inside(root, "dpkg", "--purge", "elbowroom")
    assert list((root / "usr").rglob("*elbowroom*")) == []
