"""Makes what people install: one command for each kind, on the system that it is for.

    python packaging/build.py deb        a Debian package of this architecture (dpkg-deb)
    python packaging/build.py windows    a setup program, per user (on Windows, with NSIS)
    python packaging/build.py macos      an app and a disk image (on a Mac)
    python packaging/build.py pyz        one file for servers that have a Python, for this system and Python version
    python packaging/build.py recipes    texts for Homebrew, winget, scoop and the AUR out of the bundles in --output

Each installs pinned dependencies into an environment of its own below --work and leaves the result in --output.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def deb(work: Path, output: Path) -> Path:
    from linux.deb import build

    return build(work, output)


def windows(work: Path, output: Path) -> Path:
    from windows.setup import build

    return build(work, output)


def macos(work: Path, output: Path) -> Path:
    from macos.dmg import build

    return build(work, output)


def pyz(work: Path, output: Path) -> Path:
    from pyz import build

    return build(work, output)


def recipes(work: Path, output: Path) -> Path:
    from recipes import build

    del work
    return build(output)


KINDS: dict[str, Callable[[Path, Path], Path]] = {
    "deb": deb,
    "windows": windows,
    "macos": macos,
    "pyz": pyz,
    "recipes": recipes,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument(
        "--work", type=Path, default=Path("build"), metavar="DIR", help="what is only needed meanwhile (build)"
    )
    parser.add_argument("--output", type=Path, default=Path("dist"), metavar="DIR", help="where the result goes (dist)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        made = KINDS[options.kind](options.work.absolute(), options.output.absolute())
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    size = f" ({made.stat().st_size / 1e6:.1f} MB)" if made.is_file() else ""
    print(f"{made}{size}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
