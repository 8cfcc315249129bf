"""What operating systems, resolvers and our own decoders say in English, in the user's language where we know it."""

import re

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator


def system_words(text: str, tr: Translator) -> str:
    """The fact in words; as it came where it is none of these. What it is about may stand before a colon."""
    fact, known = clean(text), _words(tr)
    if time := re.fullmatch(r"([\d.]+) s", fact):
        return tr.gettext("{count} s").format(count=time[1])
    about, mark, rest = fact.rpartition(": ")
    if mark and (words := known.get(_key(rest))):
        return f"{about}: {words}"
    return known.get(_key(fact), fact)


def _key(fact: str) -> str:
    return fact.rstrip(".").lower()


def _words(tr: Translator) -> dict[str, str]:
    no_host = tr.gettext("there is no such host")
    return {
        # errno, as Linux and macOS word it
        "connection refused": tr.gettext("connection refused"),
        "connection reset by peer": tr.gettext("connection reset"),
        "no route to host": tr.gettext("no route to that host"),
        "network is unreachable": tr.gettext("no network"),
        "host is down": tr.gettext("that host is down"),
        "no such file or directory": tr.gettext("there is no such file or folder"),
        "permission denied": tr.gettext("no permission"),
        "operation not permitted": tr.gettext("not permitted"),
        "is a directory": tr.gettext("it is a folder"),
        "not a directory": tr.gettext("a part of the path is no folder"),
        "file exists": tr.gettext("a file of that name is there already"),
        "file name too long": tr.gettext("the path is too long"),
        "no space left on device": tr.gettext("the disk is full"),
        "disk quota exceeded": tr.gettext("the disk is full"),
        "file too large": tr.gettext("the disk is full"),
        "read-only file system": tr.gettext("this disk cannot be written to"),
        "input/output error": tr.gettext("the disk cannot be read or written"),
        "too many levels of symbolic links": tr.gettext("its links lead in a circle"),
        "no home folder": tr.gettext("this user has no home folder"),
        # getaddrinfo
        "name or service not known": no_host,
        "nodename nor servname provided, or not known": no_host,
        "no address associated with hostname": no_host,
        "getaddrinfo failed": no_host,
        "temporary failure in name resolution": tr.gettext("names of hosts cannot be looked up now"),
        # keyring, where no keychain is there
        "nokeyringerror": tr.gettext("this system has none that can be used"),
        "keyring.backends.fail.keyring": tr.gettext("this system has none that can be used"),
        # ours
        "no answer to connecting": tr.gettext("no answer to connecting"),
        "not empty": tr.gettext("it is not empty"),
        "not json": tr.gettext("not JSON"),
        "not readable": tr.gettext("not readable"),
        "too large": tr.gettext("too large"),
        "not an object": tr.gettext("not an object"),
        "not a list": tr.gettext("not a list"),
        "not a number": tr.gettext("not a number"),
        "a line without end": tr.gettext("a line without end"),
        "an answer without words": tr.gettext("an answer without words"),
        "a setting holds our token": tr.gettext("a setting holds our token"),
        "open to others": tr.gettext("others may read it"),
        "process names": tr.gettext("the names of processes"),
        "no line in the journal": tr.gettext("no line in the journal"),
        "needs the group systemd-journal or adm": tr.gettext("that needs the group systemd-journal or adm"),
        "closed its output": tr.gettext("it closed its output"),
    }
