"""What is packed, once for all bundles: read from pyproject.toml and the package itself.

python packaging/product.py version
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
APP_ID = "io.github.elbowroom"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


class Product(NamedTuple):
    """`summary`: one line without a full stop at its end, as packages want it."""

    name: str
    version: str
    summary: str
    licence: str
    maintainer: str
    urls: dict[str, str]


def product() -> Product:
    """ValueError where pyproject.toml lacks what every package must say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = re.search(r'^__version__ = "(.+)"$', (ROOT / "tray_app/__init__.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("tray_app/__init__.py says no version")
    return Product(
        name=project["name"],
        version=found[1],
        summary=project["description"].rstrip("."),
        licence=project["license"],
        maintainer=project["authors"][0]["name"],
        urls=project.get("urls", {}),
    )


def icon(size: int) -> Path:
    """A PNG of that many pixels."""
    return ROOT / "icons" / f"elbowroom-{size}.png"


if __name__ == "__main__":
    print(getattr(product(), sys.argv[1]))
