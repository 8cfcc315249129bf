"""The README's pictures show what the product says and looks like now; where they do not, the test says how they are made
anew.

A word that was changed elsewhere makes a picture stale, which ends nobody's own run: it is told as the reason of a skip.
It fails where the run requires `pictures`, as .ci/run does. What differs from run to run (how many requests wait in a
menu, the hour) is not compared: words, and the files that draw.
"""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pictures are made on Linux", allow_module_level=True)

import importlib.util
import json
import re
import shutil

from babel.messages.pofile import read_po

from tests.requirements import require

ROOT = Path(__file__).parents[1]
MOST_BYTES = 600_000
STALE = "docs/pictures are stale ({}): run .venv/bin/python docs/make_pictures.py"


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def noted(pictures):
    return json.loads(pictures.NOTE.read_text(encoding="utf-8"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_moving_picture_is_of_the_story_that_is_told(pictures, noted, language):
    if noted["stories"][language] != pictures.fingerprint(pictures.record(language)):
        require("pictures", STALE.format(f"story-{language}.gif"))


@pytest.mark.parametrize("kind", ["menu", "notice", "page", "details"])
def test_nothing_that_draws_a_picture_was_changed_since(pictures, noted, kind):
    """Icon, styles, markup and scripts."""
    if noted["looks"].get(kind) != pictures.looks()[kind]:
        require("pictures", STALE.format(f"{kind}-en.png, {kind}-ko.png"))


def test_a_change_of_one_style_is_noticed(pictures, monkeypatch, tmp_path):
    shutil.copytree(ROOT / "tray_app" / "page", tmp_path / "tray_app" / "page")
    shutil.copytree(ROOT / "tray_app" / "tray", tmp_path / "tray_app" / "tray")
    before = pictures.looks()
    monkeypatch.setattr(pictures, "ROOT", tmp_path)
    assert pictures.looks() == before
    with (tmp_path / "tray_app" / "page" / "details.css").open("a") as file:
        file.write("/* */")
    after = pictures.looks()
    assert {kind for kind in before if before[kind] != after[kind]} == {"details"}


PO = ROOT / "tray_app" / "locale" / "ko" / "LC_MESSAGES" / "elbowroom.po"


def sentences(language):
    """What the product can say, as patterns: Korean's catalog has every English sentence, too."""
    yield re.compile(r"Elbowroom [\d.]+")
    with PO.open("rb") as file:
        messages = [message for message in read_po(file, locale="ko") if message.id]
    for message in messages:
        made = message.id if language == "en" else message.string
        for text in [made] if isinstance(made, str) else made:
            yield re.compile(".+".join(map(re.escape, re.split(r"\{\w+\}", text))), re.DOTALL)


def test_what_the_other_pictures_show_can_still_be_said(noted):
    """New rows are not found this way; a sentence that was worded anew or is gone is."""
    stale = []
    for language in ("en", "ko"):
        known = list(sentences(language))
        for picture in (name for name in noted["said"] if name.endswith(f"-{language}")):
            shown = [text for text in noted["said"][picture] if text]
            stale += [text for text in shown if not any(one.fullmatch(text) for one in known)]
    if stale:
        require("pictures", STALE.format(stale[0]))


def test_the_badges_say_what_the_project_says(pictures):
    for name, drawn in pictures.badges().items():
        assert (ROOT / "docs" / "pictures" / name).read_text(encoding="ascii") == drawn, STALE.format(name)


def test_the_pictures_are_small():
    assert sum(one.stat().st_size for one in (ROOT / "docs" / "pictures").iterdir()) < MOST_BYTES


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_every_picture_of_a_page_is_there_and_says_what_it_shows(page):
    shown = re.findall(r"!\[([^]]*)\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert len(shown) >= 8
    for words, path in shown:
        assert words
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize(("page", "twin"), [("README.md", "README.ko.md"), ("README.ko.md", "README.md")])
def test_the_two_pages_are_equals(page, twin):
    """As many headings, tables and pictures, in the same order, and each names the other."""

    def shape(name):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return [line[:3] if line[:1] == "|" else line.split(" ")[0] for line in lines if line[:1] in {"#", "|", "!"}]

    assert [one[:2] for one in shape(page)] == [one[:2] for one in shape(twin)]
    assert f"({twin})" in (ROOT / page).read_text(encoding="utf-8")
