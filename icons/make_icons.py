"""Writes the icons that packages need from the one description in tray_app/tray/art.py.

    python icons/make_icons.py [FOLDER]      default: this folder

elbowroom.icns (macOS), elbowroom.ico (Windows), elbowroom-SIZE.png (Linux and web), and states.png: the tray's
states side by side on light and dark, for the documentation.
"""

import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from tray_app.core.menu.screen import Shape
from tray_app.tray import art

PNG_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
ICNS_SIZES = (16, 32, 64, 128, 256, 512, 1024)
STATE_SIZES = (16, 22, 24, 32, 48)
LIGHT, DARK = (255, 255, 255), (32, 32, 32)
GAP = 8


def states() -> Image.Image:
    """One row per state, each size on light and on dark."""
    width = sum(STATE_SIZES) + GAP * (len(STATE_SIZES) + 1)
    height = max(STATE_SIZES) + GAP
    sheet = Image.new("RGB", (2 * width, height * len(Shape)), LIGHT)
    sheet.paste(DARK, (width, 0, 2 * width, sheet.height))
    for row, shape in enumerate(Shape):
        for start in (0, width):
            left = start + GAP
            for size in STATE_SIZES:
                picture = art.draw(shape, size)
                sheet.paste(picture, (left, row * height + (height - size) // 2), picture)
                left += size + GAP
    return sheet


def write(folder: Path) -> list[Path]:
    """The files written. Each size is drawn for itself, never scaled from another."""
    pictures = {size: art.app_icon(size) for size in sorted({*PNG_SIZES, *ICO_SIZES, *ICNS_SIZES})}
    written = []
    for size in PNG_SIZES:
        written.append(folder / f"elbowroom-{size}.png")
        pictures[size].save(written[-1], optimize=True)
    ico, icns, sheet = folder / "elbowroom.ico", folder / "elbowroom.icns", folder / "states.png"
    others = [pictures[size] for size in ICO_SIZES if size != 256]
    pictures[256].save(ico, sizes=[(size, size) for size in ICO_SIZES], append_images=others)
    pictures[1024].save(icns, append_images=[pictures[size] for size in ICNS_SIZES if size != 1024])
    states().save(sheet, optimize=True)
    return [*written, ico, icns, sheet]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(path.name)
