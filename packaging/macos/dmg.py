"""The app and its disk image. Made on a Mac alone: codesign and hdiutil are Apple's."""

import os
import shutil
import sys
from pathlib import Path

from freeze import call, frozen
from product import product

IDENTITY = "ELBOWROOM_SIGN_AS"
"""A Developer ID of the keychain; without it the app is signed for this machine's own use only ("-")."""


def build(work: Path, output: Path) -> Path:
    """OSError on other systems."""
    if sys.platform != "darwin":
        raise OSError("an .app is built on a Mac: PyInstaller freezes for the system that it runs on")
    frozen(work)
    app = work / "frozen" / "Elbowroom.app"
    call("codesign", "--force", "--deep", "--options", "runtime", "--sign", os.environ.get(IDENTITY, "-"), app)
    call("codesign", "--verify", "--strict", app)
    image = work / "image"
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir(parents=True)
    shutil.copytree(app, image / app.name, symlinks=True)
    (image / "Applications").symlink_to("/Applications")
    path = output / f"Elbowroom-{product().version}-{os.uname().machine}.dmg"
    call("hdiutil", "create", "-volname", "Elbowroom", "-srcfolder", image, "-ov", "-format", "UDZO", path)
    return path
