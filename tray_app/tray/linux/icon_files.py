"""The icon as files, for hosts that load it by name: each shape in the sizes of panels, in a private folder."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from tray_app.core.menu.screen import Shape
from tray_app.tray import art

PREFIX = "elbowroom-icons-"
SIZES = (16, 22, 24, 32, 48)
INDEX = "[Icon Theme]\nName=Hicolor\nComment=Elbowroom\nDirectories={folders}\n"
FOLDER = "\n[{folder}]\nSize={size}\nType=Fixed\nContext=Applications\n"


def name(shape: Shape, *, works: bool = False) -> str:
    """The icon's name in the theme. A name means one picture, so a host that caches by name caches the right one."""
    return f"elbowroom-{shape.value}-works" if works else f"elbowroom-{shape.value}"


def _sweep(parent: Path) -> None:
    """What copies of us left that were killed. Others' folders cannot be removed, and that is no matter."""
    for left in parent.glob(f"{PREFIX}*-*"):
        number = left.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdecimal() and not os.path.exists(f"/proc/{number}"):
            shutil.rmtree(left, ignore_errors=True)


class IconFiles:
    """A folder in the layout of the Icon Theme specification, below the session's runtime folder where there is one.

    GTK's own icon theme, which Waybar uses, finds nothing in a theme without an index; AppIndicator hosts need none.
    All shapes are written at once: hosts list the folder when the icon appears, and do not look again.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        ours = os.path.isdir(runtime) and os.access(runtime, os.W_OK | os.X_OK)  # sudo keeps another user's
        parent = Path(runtime if ours else tempfile.gettempdir())
        _sweep(parent)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
        theme = self.folder / "hicolor"
        sections = {size: f"{size}x{size}/apps" for size in SIZES}
        for size, section in sections.items():
            place = theme / section
            place.mkdir(parents=True)
            for shape, works in product(Shape, (False, True)):
                art.draw(shape, size, works=works).save(place / f"{name(shape, works=works)}.png")
        index = INDEX.format(folders=",".join(sections.values()))
        index += "".join(FOLDER.format(folder=section, size=size) for size, section in sections.items())
        (theme / "index.theme").write_text(index, encoding="utf-8")

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
