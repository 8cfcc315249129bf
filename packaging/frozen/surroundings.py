"""The environment that programs outside the bundle get."""

import os

# PyInstaller's starter points these at the bundle's own libraries and keeps the old value beside them. They have done
# their work when Python runs; a browser or journalctl that we start would load our libraries instead of its own.
# (PyInstaller manual, "Run-time Information", LD_LIBRARY_PATH considerations)
LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")
# What the starter tells a child of the same bundle: that the library path is set already. It no longer is, so a relay
# of ours would look for its libraries on the system, and end where there is no OpenSSL. (the same manual, "Independent
# subprocess")
STARTERS_OWN = "_PYI_"


def of_the_user() -> None:
    """Give back what the user had: what we start, this very program too, begins as from a terminal."""
    for name in [name for name in os.environ if name.startswith(STARTERS_OWN)]:
        del os.environ[name]
    for name in LIBRARY_PATHS:
        before = os.environ.pop(f"{name}_ORIG", None)
        if before is not None:
            os.environ[name] = before
        else:
            os.environ.pop(name, None)
