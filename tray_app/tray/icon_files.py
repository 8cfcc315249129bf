"""The icon as files, for hosts that load it by name: each shape in the sizes of panels, in a private folder."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tray_app.core.view.screen import Shape
from tray_app.tray import art

SIZES = (16, 22, 24, 32, 48, 64)


class IconFiles:
    """A folder in the layout of the Icon Theme specification, below the session's runtime folder where there is one.

    Written when a shape is first shown, and taken away at the end. The names carry no state: a host that caches by
    name caches the right picture.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        parent = runtime if runtime and Path(runtime).is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="elbowroom-icons-", dir=parent))
        self._written: set[Shape] = set()

    def name(self, shape: Shape) -> str:
        """The icon name of a shape; its files are there when this returns."""
        name = f"elbowroom-{shape.value}"
        if shape not in self._written:
            for size in SIZES:
                place = self.folder / "hicolor" / f"{size}x{size}" / "apps"
                place.mkdir(parents=True, exist_ok=True)
                art.draw(shape, size).save(place / f"{name}.png")
            self._written.add(shape)
        return name

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
