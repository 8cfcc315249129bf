"""The imports keep the layers: who may import what is written here once and held by reading every import."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tray_app"
OURS = {
    path.stem if path.suffix == ".py" else path.name for path in PACKAGE.iterdir() if not path.name.startswith("__")
}

# Folder -> what it may import besides the standard library, msgspec (values), itself and core.
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "readers": {"psutil"},
    "services": {"httpx", "truststore"},
    "storage": {"platformdirs", "keyring", "filelock"},
    "tray": {
        "pystray",
        "PIL",
        "AppKit",
        "Foundation",
        "PyObjCTools",
        "objc",
        "gi",
        "jeepney",
        "desktop_notifier",
        "Xlib",
    },
    "page": set(),
    "autostart": set(),
    "standins": {"services"},
    "demo": {"services", "standins"},
    # These two wire everything of ours; foreign packages stay behind their folders.
    "app": OURS,
    "cli": OURS,
}
# Standard library modules that would break the promise of a folder.
MUST_NOT: dict[str, set[str]] = {
    "core": {"time", "os", "threading", "logging", "subprocess", "socket", "asyncio", "pathlib", "ctypes", "random"},
    "storage": {"socket", "http", "urllib"},
    "tray": {"urllib", "http"},
}


def imports(path: Path) -> set[str]:
    """Top-level modules a file imports; our own as their folder or module name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            dotted = [node.module] if node.module != "tray_app" else [f"tray_app.{alias.name}" for alias in node.names]
        else:
            continue
        for name in dotted:
            parts = name.split(".")
            names.add(parts[1] if parts[0] == "tray_app" and len(parts) > 1 else parts[0])
    return names


def test_every_folder_is_in_the_table():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert folders - {"locale"} <= set(MAY_IMPORT)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_folder_imports_only_its_own(folder):
    files = sorted((PACKAGE / folder).rglob("*.py"))
    for path in files:
        found = imports(path)
        standard = {name for name in found if name in sys.stdlib_module_names or name == "__future__"}
        foreign = found - standard - {folder, "core", "tray_app", "__version__", "msgspec"} - MAY_IMPORT[folder]
        assert not foreign, f"{path.relative_to(PACKAGE)} imports {sorted(foreign)}"
        banned = found & MUST_NOT.get(folder, set()) - (OURS - {"core"})
        assert not banned, f"{path.relative_to(PACKAGE)} must not import {sorted(banned)}"


def test_the_size_budget_holds():
    """At most 400 lines a file and 60 lines a function."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, f"{path.relative_to(PACKAGE)} is longer than 400 lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 60, f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name} has {length} lines"
