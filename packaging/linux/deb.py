"""The .deb: the frozen folder below /usr/lib, a row in the desktop's menu, completions; no daemon, nothing as root."""

import gzip
import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

from freeze import call, frozen
from product import APP_ID, ROOT, SIZES, icon, product

HERE = Path(__file__).parent
# Below usr/share, where each shell looks for what packages bring.
COMPLETIONS = {
    "bash": "bash-completion/completions/elbowroom",
    "zsh": "zsh/vendor-completions/_elbowroom",
    "fish": "fish/vendor_completions.d/elbowroom.fish",
}
CONTROL = """\
Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer} <{app_id}@localhost>
Installed-Size: {kib}
Depends: libc6 (>= {libc})
Recommends: default-dbus-session-bus | dbus-session-bus
Section: utils
Priority: optional
Description: {summary}
 Sits in the panel, watches memory pressure, Ollama and Open WebUI, says in one
 sentence what crowds a large local model, and fixes it in one click that can be
 taken back. Before removing it, each user may run `elbowroom quit`, which takes
 chat first back, and `elbowroom autostart off`.
"""


def build(work: Path, output: Path) -> Path:
    """The package, for the architecture and the C library of this machine: build it on the oldest system it is for."""
    tree = work / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    fill(tree, frozen(work))
    found = product()
    architecture = said("dpkg", "--print-architecture")
    write_control(tree, architecture)
    path = output / f"{found.name}_{found.version}_{architecture}.deb"
    call("dpkg-deb", "--root-owner-group", "-Zxz", "--build", tree, path)
    return path


def fill(tree: Path, folder: Path) -> None:
    """Every file where Debian's policy wants it."""
    share = tree / "usr/share"
    shutil.copytree(folder, tree / "usr/lib/elbowroom", symlinks=True)
    slim(tree / "usr/lib/elbowroom")
    for name in ("elbowroom", "elbowroom-tray"):
        link = tree / "usr/bin" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../lib/elbowroom/{name}")
    written(share / "applications" / f"{APP_ID}.desktop", (HERE / "app.desktop").read_bytes())
    written(share / "metainfo" / f"{APP_ID}.metainfo.xml", metainfo().encode())
    for size in SIZES:
        written(share / f"icons/hicolor/{size}x{size}/apps/{APP_ID}.png", icon(size).read_bytes())
    for shell, place in COMPLETIONS.items():
        script = said(tree / "usr/lib/elbowroom/elbowroom", "completion", shell)
        written(share / place, f"{script}\n".encode())
    written(share / "doc/elbowroom/copyright", (ROOT / "LICENSE").read_bytes())
    changes = gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), 9, mtime=0)
    written(share / "doc/elbowroom/changelog.gz", changes)


def metainfo() -> str:
    """The AppStream description, with the release that is packed."""
    found = product()
    text = (HERE / "metainfo.xml").read_text("utf-8")
    return text.replace("@VERSION@", found.version).replace("@DATE@", found.released)


def write_control(tree: Path, architecture: str) -> None:
    """Names, sizes and sums of what is in the tree."""
    found = product()
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    sums = "".join(f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files)  # noqa: S324 - what dpkg's format wants
    fields = {
        **found._asdict(),
        "app_id": APP_ID,
        "architecture": architecture,
        "kib": sum(path.stat().st_size for path in files) // 1024,
        "libc": os.confstr("CS_GNU_LIBC_VERSION").split()[1],
    }
    written(tree / "DEBIAN/control", CONTROL.format(**fields).encode())
    written(tree / "DEBIAN/md5sums", sums.encode())


def written(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def said(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def slim(folder: Path) -> None:
    """Without debug symbols, where a Python was built with them: half of the whole otherwise."""
    if strip := shutil.which("strip"):
        for library in folder.rglob("libpython3*.so*"):
            call(strip, "--strip-unneeded", library)
