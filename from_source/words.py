"""What run.py says, and in which language. Any Python from 2.7 on reads this file."""

from __future__ import print_function

import codecs
import gettext
import glob
import locale
import os
import subprocess
import sys

try:
    from shlex import quote
except ImportError:
    from pipes import quote

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
WINDOWS = sys.platform == "win32"


def wanted_languages(arguments):
    """--lang, then what the environment says, then the system's own setting on Windows."""
    for index, word in enumerate(arguments):
        if word.startswith("--lang="):
            return [word[len("--lang=") :]]
        if word == "--lang":
            return arguments[index + 1 : index + 2]
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return os.environ[name].split(":")
    if WINDOWS:
        import ctypes

        return [locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")]
    return []


def catalog(arguments):
    """The program's own catalog, which holds these sentences too; English where there is none."""
    folder = os.path.join(ROOT, "tray_app", "locale")
    for wanted in wanted_languages(arguments):
        word = wanted.split(".")[0].replace("-", "_")
        language = word.split("_")[0].lower()
        if language in {"en", "c", "posix"}:
            break
        # A catalog with more than a language in its name translates "en" by the tags that it is for.
        others = sorted(glob.glob(os.path.join(folder, language + "_*")))
        for name in [word] + [os.path.basename(path) for path in others] if word else []:
            says = translation(folder, name)
            if says and (name == word or word.lower() in says("en").lower().split()):
                return says
    return as_text


def translation(folder, name):
    """How a catalog says a sentence; None where there is no such catalog."""
    try:
        found = gettext.translation("elbowroom", folder, languages=[name])
    except (IOError, OSError):
        return None
    return getattr(found, "ugettext", found.gettext)


def as_text(word):
    """Letters: Python 2 has bytes in its words, arguments and paths."""
    return word.decode(encoding(), "replace") if isinstance(word, bytes) else word


def encoding():
    """Of the terminal. The locale C, which says ASCII, says nothing of it."""
    named = getattr(sys.stderr, "encoding", None) or sys.getfilesystemencoding() or "utf-8"
    return "utf-8" if codecs.lookup(named).name == "ascii" else named


_ = catalog(sys.argv[1:])


def say(text):
    """Progress goes to stderr: the program's own output stays clean."""
    line = as_text("run.py: ") + text
    if sys.version_info >= (3, 7):
        print(line, file=sys.stderr, flush=True)
        return
    # Older ones take every letter for ASCII on a pipe, or under the locale C.
    errors = "surrogateescape" if sys.version_info >= (3,) else "replace"
    getattr(sys.stderr, "buffer", sys.stderr).write((line + "\n").encode(encoding(), errors))


def fail(text):
    say(text)
    raise SystemExit(1)


def typed_command():
    """What a person types to start this again."""
    words = ["py" if WINDOWS else "python3", sys.argv[0]]
    # In single quotes a folder with a space is several words for Windows' own shell.
    return as_text(subprocess.list2cmdline(words) if WINDOWS else " ".join(map(quote, words)))
