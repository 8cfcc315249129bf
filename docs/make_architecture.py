"""Draws docs/architecture.svg: the rooms and who imports whom, from the imports as they are.

    .venv/bin/python docs/make_architecture.py

The questions are the first sentences of the rooms' docstrings. A test fails when the picture is not what this makes.
"""
# ruff: noqa: INP001 - a script beside the page that it illustrates

import ast
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import house  # noqa: E402 - the tests' way of reading imports, found by the line above

PACKAGE = ROOT / "tray_app"
PICTURE = Path(__file__).with_name("architecture.svg")

# From the top: fronts, what runs them, what only one system or server knows. Where imports leave a choice, this order.
OUTSIDE = (
    "cli",
    "demo",
    "app",
    "standins",
    "relay",
    "tray",
    "page",
    "exporter",
    "autostart",
    "services",
    "readers",
    "storage",
)
WIDTH, ROW, GAP, TOP, LEFT = 740, 30, 8, 54, 24
NAMES, ARCS = 124, 450
"""Where the questions begin, and where the boxes end and the arcs begin."""
LEGEND = "A line goes from a room to one that it imports: every line goes down."
STYLE = """
text { font: 13px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #1c1e21 }
.paper { fill: #f4f5f7 } .box { fill: #fff; stroke: #cfd4dc } .core { fill: #e9edf6; stroke: #2558c9 }
.name { font-weight: 600 } .soft { fill: #5c6370 } .arc { fill: none; stroke: #5c6370; stroke-opacity: .55 }
.inner { stroke: #2558c9 } .end { fill: #5c6370 } .inner-end { fill: #2558c9 }
@media (prefers-color-scheme: dark) {
text { fill: #eceef1 } .paper { fill: #17181b } .box { fill: #222428; stroke: #43474f }
.core { fill: #1b2233; stroke: #86a9ff } .soft { fill: #a6adba } .arc { stroke: #a6adba } .inner { stroke: #86a9ff }
.end { fill: #a6adba } .inner-end { fill: #86a9ff } }
""".strip()


def question(room: str) -> str:
    """The first sentence of the room's docstring, to its question mark."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("?")[0] + "?"


def folder_arrows(rooms: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same with the core as one room."""
    folders: dict[str, set[str]] = {}
    for room, targets in rooms.items():
        folder = room.partition("/")[0]
        folders.setdefault(folder, set()).update({target.partition("/")[0] for target in targets} - {folder})
    return folders


def ordered(arrows: dict[str, set[str]]) -> list[str]:
    """Every folder above those that it imports. ValueError where they go round in a circle."""
    left = [name for name in OUTSIDE if name in arrows]
    if missing := set(arrows) - set(left) - {"core"}:
        raise ValueError(f"name them in OUTSIDE: {sorted(missing)}")
    done: list[str] = []
    while left:
        free = next((name for name in left if not any(name in arrows[other] for other in left)), None)
        if free is None:
            raise ValueError(f"a circle of folders: {left}")
        left.remove(free)
        done.append(free)
    return done


def box(y: int, name: str, text: str, kind: str = "box") -> str:
    return (
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{ARCS - LEFT}" height="{ROW}" rx="5"/>'
        f'<text class="name" x="{LEFT + 14}" y="{y + 20}">{escape(name)}</text>'
        f'<text class="soft" x="{LEFT + NAMES}" y="{y + 20}">{escape(text)}</text>'
    )


def arc(start: int, end: int, kind: str) -> str:
    """From the side of one box to the side of another: the further apart, the wider."""
    reach = ARCS + 24 + (end - start) * 0.55
    inner = " inner" if kind else ""
    return (
        f'<path class="arc{inner}" d="M{ARCS} {start}C{reach:.0f} {start} {reach:.0f} {end} {ARCS + 7} {end}"/>'
        f'<path class="{kind}end" d="M{ARCS} {end}l9 -4v8z"/>'
    )


def picture() -> str:
    rooms = house.room_arrows(PACKAGE)
    folders = folder_arrows(rooms)
    middle: dict[str, int] = {}
    boxes, arcs, y = [], [], TOP
    for name in ordered(folders):
        boxes.append(box(y, name, question(name)))
        middle[name] = y + ROW // 2
        y += ROW + GAP
    core_top = y + 6
    y = core_top + 34
    middle["core"] = core_top + 17
    inside = []
    for room in house.CORE:
        inside.append(box(y, room, question(f"core/{room}")))
        middle[f"core/{room}"] = y + ROW // 2
        y += ROW + GAP
    for room, targets in folders.items():
        arcs += [arc(middle[room] + 3, middle[target] - 3, "") for target in sorted(targets) if room != "core"]
    for room, targets in rooms.items():
        if room.startswith("core/"):
            arcs += [arc(middle[room] + 3, middle[target] - 3, "inner-") for target in sorted(targets)]
    height = y + 12
    size = f'width="{ARCS - LEFT + 10}" height="{y - core_top}"'
    core = f'<rect class="core" x="{LEFT - 10}" y="{core_top}" {size} rx="8"/>'
    core += f'<text class="name" x="{LEFT + 14}" y="{core_top + 22}">core</text>'
    core += f'<text class="soft" x="{LEFT + NAMES}" y="{core_top + 22}">Pure: values in, values out.</text>'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
            "<title>The rooms of Elbowroom and who imports whom</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="10"/>',
            f'<text class="name" x="{LEFT}" y="32">tray_app</text>',
            f'<text class="soft" x="{LEFT + NAMES}" y="32">{LEGEND}</text>',
            *boxes,
            core,
            *inside,
            *arcs,
            "</svg>\n",
        )
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
