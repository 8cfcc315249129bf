"""Every sentence is translated, in every language, and says the same as the code does now."""

import argparse
import gettext
import importlib.util
import os
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from tray_app.app import language
from tray_app.storage.catalogs import LANGUAGES
from tray_app.storage.settings_keys import Settings, declared

ROOT = Path(__file__).parents[1]
TEXT = {"capture_output": True, "text": True, "encoding": "utf-8"}
RERUN = "run: .venv/bin/python docs/make_catalogs.py"

_spec = importlib.util.spec_from_file_location("make_catalogs", ROOT / "docs" / "make_catalogs.py")
assert _spec is not None
assert _spec.loader is not None
catalogs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(catalogs)

TRANSLATED = catalogs.languages()
DRAFTS = [code for code in TRANSLATED if catalogs.is_draft(catalogs.load(code))]
FINISHED = [code for code in TRANSLATED if code not in DRAFTS]


@pytest.fixture(scope="module")
def sentences() -> Catalog:
    return catalogs.template()


def texts(text) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def placeholders(text: str) -> set[str]:
    """`{name}` of str.format and `%s`, `%(name)r` of argparse."""
    braces = {f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return braces | set(re.findall(r"%(?:\(\w+\))?[srd]", text))


def wrong(catalog: Catalog, sentences: Catalog) -> list[str]:
    """What keeps a catalog from being complete; empty when it is."""
    found = [f"missing: {one.id}" for one in sentences if one.id and one.id not in catalog]
    return found + [fault for one in catalog if one.id for fault in wrong_in(one, sentences)]


def wrong_in(one: Message, sentences: Catalog) -> list[str]:
    said, found = texts(one.id), []
    if one.id not in sentences:
        found.append(f"stale: {one.id}")
    if one.fuzzy:
        found.append(f"fuzzy: {one.id}")
    for translated in texts(one.string):
        if not translated:
            found.append(f"empty: {one.id}")
        # A count may be spelled in one form and a number in the other, so the plural's placeholders count.
        elif placeholders(translated) != placeholders(said[-1]):
            found.append(f"placeholders differ: {one.id}")
        elif [len(said[0]) - len(said[0].lstrip()), said[0].endswith(" ")] != [
            len(translated) - len(translated.lstrip()),
            translated.endswith(" "),
        ]:
            found.append(f"spaces at the ends differ: {one.id}")
    return found


def test_every_language_of_the_app_has_a_catalog_and_no_other():
    assert {"en", *TRANSLATED} == set(LANGUAGES)


@pytest.mark.parametrize("code", FINISHED)
def test_a_catalog_says_everything_the_code_says_and_nothing_else(code, sentences):
    assert wrong(catalogs.load(code), sentences) == [], RERUN


@pytest.mark.parametrize("code", DRAFTS)
def test_a_draft_says_nothing_wrong_in_what_it_says(code, sentences):
    """What it does not say yet is said in English, so that a new sentence waits for no translator of a draft."""
    catalog = catalogs.load(code)
    waiting = {one.id for one in catalogs.to_do(catalog)}
    spoken = [one for one in catalog if one.id in sentences and one.id not in waiting]
    assert [fault for one in spoken if one.id for fault in wrong_in(one, sentences)] == []
    assert any(one.id for one in spoken)


def test_korean_is_no_draft():
    """Marked as one, it would pass with holes."""
    assert "ko" in FINISHED


def test_a_draft_says_that_it_is_one_where_a_language_is_chosen():
    names = dict(language.names())
    assert all(names[code].endswith(")") for code in DRAFTS)
    assert not any(names[code].endswith(")") for code in FINISHED)


def test_a_draft_says_in_english_what_it_has_no_words_for(tmp_path):
    """Also what was reworded since, and a plural of which one form is missing."""
    catalog = Catalog(locale="de", fuzzy=True)
    catalog.add("Quit", "Beenden")
    catalog.add("Copy", "")
    catalog.add("Details...", "Mehr...", flags={"fuzzy"})
    catalog.add(("{n} call", "{n} calls"), ("{n} Aufruf", ""))
    file = tmp_path / "de.mo"
    file.write_bytes(catalogs.as_mo(catalog))
    with file.open("rb") as compiled:
        spoken = gettext.GNUTranslations(compiled)
    assert [spoken.gettext(text) for text in ("Quit", "Copy", "Details...")] == ["Beenden", "Copy", "Details..."]
    assert [spoken.ngettext("{n} call", "{n} calls", n) for n in (1, 2)] == ["{n} call", "{n} calls"]
    assert len(catalog) == 4
    assert catalogs.is_draft(catalog)


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_compiled_catalog_is_the_written_one(code):
    with catalogs.po_path(code).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    catalog = catalogs.load(code)
    waiting = {one.id for one in catalogs.to_do(catalog)}
    spoken = [one for one in catalog if one.id not in waiting]
    for one in spoken:
        if not one.id:
            continue
        said = texts(one.id)
        held = compiled.ngettext(*said, 1) if len(said) == 2 else compiled.gettext(said[0])
        assert held == texts(one.string)[0], RERUN
    entries = {key[0] if isinstance(key, tuple) else key for key in compiled._catalog}
    assert entries == {texts(one.id)[0] for one in spoken}, RERUN


def test_every_sentence_is_ascii_and_says_something(sentences):
    for one in sentences:
        for text in texts(one.id):
            assert text.isascii(), text
            assert not one.id or text.strip(), f"an empty sentence in {one.locations}"


def test_every_placeholder_has_a_name(sentences):
    """A translation may need another order."""
    for one in sentences:
        if one.locations[:1] == [("argparse.py", 0)]:
            continue
        for text in texts(one.id):
            names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
            assert all(name.isidentifier() for name in names), text


def test_one_and_many_may_be_told_apart_by_their_number(sentences):
    for one in sentences:
        if isinstance(one.id, tuple) and one.locations[:1] != [("argparse.py", 0)]:
            assert placeholders(one.id[0]) == placeholders(one.id[1]), one.id


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda catalog: catalog.delete("Quit"), id="missing"),
        pytest.param(lambda catalog: catalog.add("No longer said", "x"), id="stale"),
        pytest.param(lambda catalog: catalog.get("Quit").flags.add("fuzzy"), id="fuzzy"),
        pytest.param(lambda catalog: setattr(catalog.get("Quit"), "string", ""), id="empty"),
        pytest.param(lambda catalog: setattr(catalog.get("Undo: {what} ({time})"), "string", "{what}"), id="lost"),
        pytest.param(lambda catalog: setattr(catalog.get("Quit"), "string", "{name}"), id="invented"),
        pytest.param(lambda catalog: setattr(catalog.get("Quit"), "string", " x"), id="spaces"),
    ],
)
def test_what_is_wrong_with_a_catalog_is_found(change, sentences):
    catalog = catalogs.load("ko")
    before = wrong(catalog, sentences)
    change(catalog)
    assert len(set(wrong(catalog, sentences)) - set(before)) == 1


def test_a_reworded_sentence_keeps_its_old_translation_as_a_hint_that_does_not_pass(sentences):
    catalog = catalogs.load("ko")
    reworded = Catalog()
    reworded.add("Connected to Open WebUI {version} at {url} as an admin.")
    catalog.update(reworded)
    [hint] = [one for one in catalog if one.id]
    assert hint.fuzzy
    assert hint.string
    assert catalogs.to_do(catalog) == [hint]


def test_argparse_asks_for_the_words_that_are_translated_for_it():
    """Its source is the only list of them: a new Python that words one differently shows here."""
    source = Path(argparse.__file__).read_text(encoding="utf-8")
    asked = set(re.findall(r"\b_\('([^'\n]*)'\)", source)) | set(re.findall(r'\b_\("([^"\n]*)"\)', source))
    seen_by_users = {
        text
        for text in asked
        if text.startswith(("usage", "options", "positional", "show this", "expected", "unrecognized", "not allowed"))
    }
    ours = {word for text in catalogs.ARGPARSE for word in texts(text)}
    assert seen_by_users
    assert seen_by_users <= ours


def test_the_menu_and_the_settings_file_offer_the_languages_there_are():
    assert language.names()[0] == ("en", "English")
    assert dict(language.names())["ko"] == "한국어"
    assert len({name for _, name in language.names()}) == len(LANGUAGES)
    assert declared(Settings)["language"].choices == ("", *LANGUAGES)


def test_a_new_language_is_its_catalog_alone(tmp_path):
    """A copy of the program in which somebody put a catalog more speaks it, offers it and takes it from the file."""
    package = tmp_path / "tray_app"
    shutil.copytree(ROOT / "tray_app", package, ignore=shutil.ignore_patterns("__pycache__"))
    esperanto = package / "locale" / "eo" / "LC_MESSAGES" / "elbowroom.mo"
    esperanto.parent.mkdir(parents=True)
    catalog = Catalog(locale="eo")
    catalog.add("English", "Esperanto")
    esperanto.write_bytes(catalogs.as_mo(catalog))
    asks = """
from tray_app.app import language
from tray_app.storage.catalogs import LANGUAGES
from tray_app.storage.settings_keys import Settings, declared
print(language.names(), declared(Settings)["language"].choices, language.known("eo_XX.UTF-8"))
"""
    asked = [sys.executable, "-P", "-c", asks]
    said = subprocess.run(
        asked, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, **TEXT
    ).stdout
    assert "('eo', 'Esperanto')" in said
    offered = ("", "en", *sorted({*LANGUAGES[1:], "eo"}))
    assert f"{offered} eo" in said
