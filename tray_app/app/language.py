"""Which language to speak, and its catalog. Asked at render time, so that it can change without a restart."""

import gettext
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from msgspec import Struct

from tray_app.autostart import launch
from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import for_windows
from tray_app.core.values.errors.storage import StorageError
from tray_app.storage.catalogs import CATALOGS, DOMAIN, LANGUAGES

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In the order that gettext asks them (GNU gettext manual, "Locale Environment Variables")."""
STARTED_BY = "ELBOWROOM_STARTED_BY"
"""What the person typed, set by run.py: it starts a Python of its own, of which they know nothing."""


SCRIPT = 4
"""Letters in the name of a script (ISO 15924): Hans, Latn."""
REPEATED = ("--home", "--ollama", "--open-webui")


class Spoken(Struct, frozen=True):
    """A language on this machine."""

    catalog: gettext.NullTranslations
    program: str
    options: Mapping[str, str]

    def quoted(self, word: str) -> str:
        return for_windows(word) if sys.platform == "win32" else shlex.quote(word)

    def gettext(self, message: str) -> str:
        return self.catalog.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.catalog.ngettext(msgid1, msgid2, n)


def program() -> str:
    """What a person types here to start us: our command where the shell finds it, else with its full path."""
    told = clean(os.environ.get(STARTED_BY, ""), 1000)
    if told:
        return told
    python, packed = Path(sys.executable), launch.archive()
    script = python.with_name("elbowroom.exe" if sys.platform == "win32" else "elbowroom")
    if packed:
        return _quoted(str(python), packed)
    found = shutil.which("elbowroom")
    # A bundle may stand beside another copy that was installed in another way.
    if found and (not launch.is_frozen() or Path(found).resolve().parent == python.resolve().parent):
        return "elbowroom"
    if launch.is_frozen() or os.path.exists(script):
        return _quoted(str(script))
    return _quoted(str(python), "-m", "tray_app")


def _quoted(*words: str) -> str:
    """For the shell of this system."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


@cache
def load(language: str, options: tuple[tuple[str, str], ...] = ()) -> Translator:
    """The catalog of a language, read once; English needs none. `options`: as `repeated` gives them."""
    return Spoken(gettext.translation(DOMAIN, CATALOGS, languages=[language], fallback=True), program(), dict(options))


def repeated(home: str, ollama: str, open_webui: str) -> tuple[tuple[str, str], ...]:
    """What a next step of this run has to say again so that it acts on the same files and servers."""
    told = zip(REPEATED, (home, ollama, open_webui), strict=True)
    return tuple((name, _quoted(clean(value, 1000))) for name, value in told if value)


def given(argv: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The same for a command line that was not parsed yet."""
    home, ollama, open_webui = (_given(argv, name) for name in REPEATED)
    return repeated(home, ollama, open_webui)


@cache
def names() -> tuple[tuple[str, str], ...]:
    """Every language there is, with its own name for itself, so that who cannot read the menu finds the way out."""
    # Each catalog translates "English" by its own name.
    return tuple((code, load(code).gettext("English")) for code in LANGUAGES)


def known(tag: str) -> str:
    """`ko-Kore-KR`, `ko_KR.UTF-8` or `KO` as `ko`; C and POSIX, the untranslated locales, as `en`; else empty.

    A catalog with more than a language in its name, such as pt_BR, is for the tags that it names itself: another script
    or another country of its language may not be able to read it.
    """
    name, *parts = tag.strip().replace("-", "_").partition(".")[0].partition("@")[0].lower().split("_")
    name = "en" if name in {"c", "posix"} else name
    # A script says more than a country: zh-Hant-CN is written as in Taipei, by somebody in China.
    form = next((part for part in parts if len(part) == SCRIPT and part.isalpha()), parts[0] if parts else "")
    wanted = f"{name}_{form}" if form else name
    kin = (code for code in LANGUAGES if code.partition("_")[0] == name and code != name)
    return next((code for code in kin if wanted in _own_tags(code)), name if name in LANGUAGES else "")


def _own_tags(code: str) -> tuple[str, ...]:
    # Each catalog translates "en" by the tags it is for: language, language_script and language_COUNTRY.
    return (code.lower(), *load(code).gettext("en").lower().split())


def first_known(tags: Iterable[str]) -> str:
    """The most wanted language that we speak; empty where we speak none of them."""
    return next(filter(None, map(known, tags)), "")


def from_environment(environment: Mapping[str, str] = os.environ) -> str:
    """The first variable that is set decides, as with gettext; empty where it names no language of ours."""
    named = next(filter(None, (environment.get(name, "") for name in VARIABLES)), "")
    return first_known(named.split(":"))


@cache
def of_desktop() -> tuple[str, ...]:
    """The languages of the system's own menus, best first; none where only the environment tells (Linux).

    Asked once: both systems apply a new choice at the next login.
    """
    return _desktop_languages()


def of_system() -> str:
    """What the environment or the system's own settings say; English where neither names a language of ours."""
    return from_environment() or first_known(of_desktop()) or "en"


def option(argv: Sequence[str]) -> str:
    """`--lang ko` or `--lang=ko` anywhere on the command line, before it is parsed."""
    return known(_given(argv, "--lang"))


def of_command_line(argv: Sequence[str]) -> str:
    """Option, then the settings file, then what was chosen in the menu, then the system.

    Asked before the command line is parsed, so that help and usage errors speak it too.
    """
    return option(argv) or _remembered(home_of(argv)) or of_system()


def _remembered(home: str) -> str:
    """Nothing is imported for files that most people do not have."""
    from tray_app.storage.paths import Paths

    try:
        paths, chosen = Paths(Path(home) if home else None), ""
    except StorageError:
        return ""  # the command says so
    if _is_there(paths.settings_file):
        from tray_app.storage.settings import load as load_settings

        chosen = load_settings(paths.settings_file)[0].language
    if not chosen and _is_there(paths.state_file):
        from tray_app.storage.state import StateFile

        try:
            chosen = StateFile(paths.state_file).read().language
        except StorageError:
            return ""  # the command that needs the file says so
    return known(chosen)


def _is_there(path: Path) -> bool:
    """False also where it may not be looked at: the command that needs it says so. (Path.exists raises before 3.14.)"""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def home_of(argv: Sequence[str]) -> str:
    """`--home DIR` anywhere on the command line, before it is parsed; empty where it is not given."""
    return _given(argv, "--home")


def _given(argv: Sequence[str], name: str) -> str:
    for index, word in enumerate(argv):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and index + 1 < len(argv):
            return argv[index + 1]
    return ""


@contextmanager
def in_standard_library(language: str) -> Iterator[None]:
    """While this holds, `gettext.gettext`, which argparse asks for its own words, answers from our catalog.

    Its language can only be named by the environment, which is put back so that programs we start do not inherit it.
    """
    before, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    gettext.bindtextdomain(DOMAIN, str(CATALOGS))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def split_list(text: str) -> tuple[str, ...]:
    """A Windows list of strings: each ends with NUL, the list with an empty one."""
    return tuple(text.partition("\0\0")[0].strip("\0").split("\0")) if text.strip("\0") else ()


if sys.platform == "darwin":

    def _desktop_languages() -> tuple[str, ...]:
        """CFLocaleCopyPreferredLanguages: "ko-KR" and the like; heeds a choice made for this app alone."""
        import ctypes

        utf8 = 0x08000100  # kCFStringEncodingUTF8
        lib = ctypes.CDLL("/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation")
        lib.CFLocaleCopyPreferredLanguages.restype = ctypes.c_void_p
        lib.CFArrayGetCount.argtypes = [ctypes.c_void_p]
        lib.CFArrayGetCount.restype = ctypes.c_long
        lib.CFArrayGetValueAtIndex.argtypes = [ctypes.c_void_p, ctypes.c_long]
        lib.CFArrayGetValueAtIndex.restype = ctypes.c_void_p
        lib.CFStringGetCString.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_uint32]
        lib.CFStringGetCString.restype = ctypes.c_ubyte
        lib.CFRelease.argtypes = [ctypes.c_void_p]
        array = lib.CFLocaleCopyPreferredLanguages()
        if not array:
            return ()
        buffer = ctypes.create_string_buffer(256)
        found = tuple(
            buffer.value.decode()
            for index in range(lib.CFArrayGetCount(array))
            if lib.CFStringGetCString(lib.CFArrayGetValueAtIndex(array, index), buffer, len(buffer), utf8)
        )
        lib.CFRelease(array)
        return found

elif sys.platform == "win32":

    def _desktop_languages() -> tuple[str, ...]:
        """GetUserPreferredUILanguages with MUI_LANGUAGE_NAME: asked for the size first, then for the list."""
        import ctypes

        by_name = 0x8
        ask = ctypes.WinDLL("kernel32").GetUserPreferredUILanguages
        count, size = ctypes.c_ulong(), ctypes.c_ulong()
        if not ask(by_name, ctypes.byref(count), None, ctypes.byref(size)) or not size.value:
            return ()
        buffer = ctypes.create_unicode_buffer(size.value)
        if not ask(by_name, ctypes.byref(count), buffer, ctypes.byref(size)):
            return ()
        return split_list(ctypes.wstring_at(buffer, size.value))

else:

    def _desktop_languages() -> tuple[str, ...]:
        """Linux desktops tell programs by the environment alone."""
        return ()
