"""Brings every translation up to date with the sentences in the code, and compiles it.

    .venv/bin/python docs/make_catalogs.py

New sentences come in empty, reworded ones keep their old translation marked `fuzzy`, dropped ones go. Exit code 1
while something is left to translate in a language that is no draft. A test fails when a catalog is not what this makes.
"""
# ruff: noqa: INP001 - a script beside the page that explains it

import copy
import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from msgspec import Struct

from tray_app.storage.settings_keys import Settings, declared, tables

PACKAGE = Path(__file__).parents[1] / "tray_app"
RUN = PACKAGE.parent / "from_source"
LOCALE = PACKAGE / "locale"
DOMAIN = "elbowroom"
KEYWORDS = {"gettext": None, "ngettext": (1, 2), "_": None}

# What argparse (Python 3.11 to 3.14) itself says to somebody who uses our command line. It looks these up with
# gettext, but brings no translations of its own.
ARGPARSE: tuple[str | tuple[str, str], ...] = (
    "usage: ",
    "positional arguments",
    "options",
    "%(heading)s:",
    "show this help message and exit",
    "argument %(argument_name)s: %(message)s",
    "the following arguments are required: %s",
    "unrecognized arguments: %s",
    "not allowed with argument %s",
    "ignored explicit argument %r",
    "expected one argument",
    "expected at most one argument",
    "expected at least one argument",
    ("expected %s argument", "expected %s arguments"),
    "invalid %(type)s value: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid choice: %(value)r, maybe you meant %(suggestion)r? (choose from %(choices)s)",
    "ambiguous option: %(option)s could match %(matches)s",
)


def template() -> Catalog:
    """Every sentence of the package, of what run.py does and of argparse."""
    catalog = Catalog(project="Elbowroom", fuzzy=False)
    for folder in (PACKAGE, RUN):
        for name, line, text, comments, context in extract_from_dir(folder, [("**.py", "python")], keywords=KEYWORDS):
            place = f"{folder.name}/{Path(name).as_posix()}"
            catalog.add(text, None, [(place, line)], auto_comments=comments, context=context)
    for text in setting_docs():
        catalog.add(text, None, [("tray_app/storage/settings_keys.py", 0)])
    for text in ARGPARSE:
        catalog.add(text, None, [("argparse.py", 0)])
    return catalog


def setting_docs() -> list[str]:
    """What the settings say about themselves: a form shows it."""
    kinds: list[type[Struct]] = [Settings, *(type(table.default) for table in tables().values())]
    return [key.doc for kind in kinds for key in declared(kind).values()]


def languages() -> list[str]:
    """Those with a catalog; English is the sentences themselves."""
    return sorted(path.parents[1].name for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def load(language: str) -> Catalog:
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def updated(language: str, sentences: Catalog) -> Catalog:
    """The translations of `sentences`; what is no longer said is dropped."""
    catalog = load(language)
    catalog.update(sentences, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def as_po(catalog: Catalog) -> bytes:
    # Without line numbers: they would change with every line of code above a sentence.
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=116, sort_by_file=True, include_lineno=False, include_previous=True)
    return buffer.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Only what is translated: gettext then says the rest in English, message by message."""
    done, buffer = copy.deepcopy(catalog), io.BytesIO()
    for one in to_do(catalog):
        done.delete(one.id)
    write_mo(buffer, done)
    return buffer.getvalue()


def is_draft(catalog: Catalog) -> bool:
    """A header marked `fuzzy` is gettext's own mark for a catalog that no native speaker has gone through."""
    return catalog.fuzzy


def to_do(catalog: Catalog) -> list[Message]:
    """Messages without a translation, and those whose English changed since."""
    return [
        one
        for one in catalog
        if one.id and (one.fuzzy or not all(one.string if isinstance(one.string, tuple) else (one.string,)))
    ]


def main() -> int:
    sentences, left = template(), 0
    for language in languages():
        catalog = updated(language, sentences)
        po_path(language).write_bytes(as_po(catalog))
        po_path(language).with_suffix(".mo").write_bytes(as_mo(catalog))
        missing, draft = to_do(catalog), is_draft(catalog)
        left += 0 if draft else len(missing)
        print(f"{language}: {len(catalog)} messages, {len(missing)} to translate{', a draft' if draft else ''}")
        for one in missing:
            print(f"  {one.id[0] if isinstance(one.id, tuple) else one.id}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
