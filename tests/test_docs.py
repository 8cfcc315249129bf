"""The pages say what is there."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/README.md")])
# A path in code quotes: at least one folder, or a file of a kind that we have.
PATH = re.compile(r"`([\w.-]+(?:/[\w<>.*-]+)+/?)`")


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_rooms_is_drawn_from_the_imports():
    drawn = script("make_architecture")
    assert drawn.PICTURE.read_text(encoding="utf-8") == drawn.picture(), (
        "run: .venv/bin/python docs/make_architecture.py"
    )


def test_a_circle_of_folders_cannot_be_drawn():
    drawn = script("make_architecture")
    assert drawn.ordered({"app": {"storage"}, "storage": {"core"}, "core": set()}) == ["app", "storage"]
    with pytest.raises(ValueError, match="circle"):
        drawn.ordered({"app": {"storage"}, "storage": {"app"}})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md", "docs/translating.md"])
def test_every_file_that_a_page_names_is_there(page):
    """Below the root or the package; `<system>` and `*` stand for any name."""
    for named in PATH.findall((ROOT / page).read_text(encoding="utf-8")):
        pattern = re.sub(r"<[^>]*>", "*", named.rstrip("/"))
        assert any(list(folder.glob(pattern)) for folder in (ROOT, ROOT / "tray_app")), named
