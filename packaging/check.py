"""Does what was built start, and say the right version?

    python packaging/check.py DIST

One line a bundle; exit code 1 where one does not, or where there is none at all. What this system cannot run is named.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from product import product


def started(path: Path, room: Path) -> str | None:
    """What its `--version` prints; None where this system cannot run it."""
    system = platform.system()
    match path.suffix:
        case ".pyz":
            return said(sys.executable, path, more={"SHIV_ROOT": str(room / "shiv")})
        case ".deb" if system == "Linux":
            said("dpkg-deb", "--extract", path, room / "deb")
            return said(room / "deb/usr/bin/elbowroom")
        case ".exe" if system == "Windows":
            place = room / "Elbowroom"
            said(path, "/S", f"/D={place}", words=())
            try:
                return said(place / "elbowroom.exe")
            finally:
                said(place / "uninstall.exe", "/S", f"_?={place}", words=())
        case ".dmg" if system == "Darwin":
            said("hdiutil", "attach", path, "-nobrowse", "-mountpoint", room / "image", words=())
            try:
                return said(room / "image/Elbowroom.app/Contents/MacOS/elbowroom")
            finally:
                said("hdiutil", "detach", room / "image", words=())
    return None


def said(*command: str | Path, words: tuple[str, ...] = ("--version",), more: dict[str, str] | None = None) -> str:
    words = () if str(command[0]) == "dpkg-deb" else words
    run = [str(word) for word in (*command, *words)]
    env = {**os.environ, **(more or {})}
    return subprocess.run(run, check=True, capture_output=True, encoding="utf-8", env=env).stdout.strip()


def bundles(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.iterdir() if path.suffix in {".deb", ".dmg", ".exe", ".pyz"})


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    found, wrong = 0, 0
    for path in bundles(Path(arguments[0])):
        with tempfile.TemporaryDirectory() as room:
            told = started(path.absolute(), Path(room))
        good = told == f"elbowroom {product().version}"
        found, wrong = found + 1, wrong + (told is not None and not good)
        size = path.stat().st_size / 1e6
        print(f"{path.name}  {size:.1f} MB  {'not for this system' if told is None else told}")
    if not found:
        print(f"no bundle in {arguments[0]}", file=sys.stderr)
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
