"""Windows' setup program: per user, without an administrator, made by NSIS out of the frozen folder."""

import shutil
from pathlib import Path

from freeze import call, frozen
from product import APP_ID, ROOT, product

SCRIPT = Path(__file__).with_name("setup.nsi")


def build(work: Path, output: Path, folder: Path | None = None) -> Path:
    """`folder`: one that was frozen before, by a Windows Python. FileNotFoundError without NSIS."""
    makensis = shutil.which("makensis")
    if makensis is None:
        raise FileNotFoundError("makensis is missing: install NSIS (Debian: apt-get install nsis)")
    found = product()
    path = output / f"Elbowroom-{found.version}-setup.exe"
    defined = {
        "FOLDER": folder or frozen(work),
        "OUTPUT": path,
        "VERSION": found.version,
        "MAINTAINER": found.maintainer,
        "APP_ID": APP_ID,
        "ICON": ROOT / "icons" / "elbowroom.ico",
        "LICENCE": ROOT / "LICENSE",
    }
    call(makensis, "-V2", "-WX", *(f"-D{name}={value}" for name, value in defined.items()), SCRIPT)
    return path
