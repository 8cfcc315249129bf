"""Which language to speak, and its catalog. Chosen at render time, so that it can change without a restart."""

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

from tray_app.core.view.text import Translator

DOMAIN = "elbowroom"
LANGUAGES = ("en", "ko")
CATALOGS = Path(__file__).parent / "locale"


def load(language: str) -> Translator:
    """The catalog of a language; English needs none."""
    return gettext.translation(DOMAIN, CATALOGS, languages=[language], fallback=True)


def from_environment() -> str:
    """LANGUAGE, LC_ALL, LC_MESSAGES, LANG in the order gettext uses; empty where none names a language."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for word in os.environ.get(name, "").split(":"):
            language = word.partition(".")[0].partition("_")[0].lower()
            if language in LANGUAGES:
                return language
    return ""


def of_system() -> str:
    """What the environment or the system's own settings say; English where neither names a language of ours."""
    return from_environment() or "en"


def option(argv: Sequence[str]) -> str:
    """`--lang ko` or `--lang=ko` anywhere on the command line, before it is parsed."""
    for index, word in enumerate(argv):
        given = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and index + 1 < len(argv):
            given = argv[index + 1]
        if given in LANGUAGES:
            return given
    return ""


def translator(argv: Sequence[str] = (), setting: str = "") -> Translator:
    """Option, then setting, then environment, then English."""
    return load(option(argv) or setting or from_environment() or "en")
