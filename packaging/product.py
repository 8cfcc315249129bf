"""What is packed, once for all bundles: read from pyproject.toml and the package itself.

python packaging/product.py version    (or another of its fields; `notes`: what this version changes)
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
    """`summary`: one line without a full stop at its end, as packages want it. `released` and `notes`: the day and the
    text that CHANGELOG.md has for this version."""

    name: str
    version: str
    summary: str
    licence: str
    maintainer: str
    urls: dict[str, str]
    released: str
    notes: str


def product() -> Product:
    """ValueError where pyproject.toml or CHANGELOG.md lacks what every package must say."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = re.search(r'^__version__ = "(.+)"$', (ROOT / "tray_app/__init__.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("tray_app/__init__.py says no version")
    released, notes = changes(found[1], (ROOT / "CHANGELOG.md").read_text("utf-8"))
    return Product(
        name=project["name"],
        version=found[1],
        summary=project["description"].rstrip("."),
        licence=project["license"],
        maintainer=project["authors"][0]["name"],
        urls=project.get("urls", {}),
        released=released,
        notes=notes,
    )


def changes(version: str, text: str) -> tuple[str, str]:
    """The day of a version (2026-11-29), and what stands in the changelog beneath its heading."""
    found = re.search(
        rf"^## \[{re.escape(version)}\] - (\d{{4}}-\d\d-\d\d)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    if found is None:
        raise ValueError(f"CHANGELOG.md has no dated heading of {version}")
    return found[1], found[2].strip()


def icon(size: int) -> Path:
    """A PNG of that many pixels."""
    return ROOT / "icons" / f"elbowroom-{size}.png"


if __name__ == "__main__":
    print(getattr(product(), sys.argv[1]))
