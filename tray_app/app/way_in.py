"""A page's secret on its way to the owner's browser: in a file that nobody else can open, not in an argument.

Command lines are there for every local user to read. So the browser is given the address of a file (0600, in a folder
of its own with 0700) that sends it on, as Jupyter does.
"""

import html
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tray_app.storage.files import create_private, make_folder, write_all

log = logging.getLogger(__name__)

PREFIX = "elbowroom-connect-"
DETAILS_PREFIX = "elbowroom-details-"
SNAP = Path("/snap/bin")
# One way on, not two: the secret is good for one request.
FILE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Elbowroom</title><meta name="referrer" content="no-referrer">
<noscript><meta http-equiv="refresh" content="0;url={url}"></noscript>
</head><body><p><a rel="noreferrer" href="{url}">Elbowroom</a></p>
<script>location.replace(document.querySelector("a").href);</script>
</body></html>
"""


def parent_folder(state_folder: Path, snap: Path = SNAP) -> Path:
    """Browsers that come as a snap can read what is in the home folder, but no hidden folder and nothing outside it."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return Path(home) if os.path.isdir(snap) and os.path.isdir(home) else state_folder


class WayIn:
    """`open_browser` gets the address of the file and says whether it could start anything."""

    def __init__(self, parent: Path, open_browser: Callable[[str], bool], prefix: str = PREFIX) -> None:
        self._parent = parent
        self._prefix = prefix
        self._open_browser = open_browser
        self._folder: Path | None = None

    def hand_over(self, url: str) -> bool:
        """False where there is no browser or the file cannot be written."""
        self.remove()
        try:
            make_folder(self._parent)
            self._folder = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._parent))  # 0700
            file = self._folder / "open.html"
            descriptor = create_private(file)
            try:
                write_all(descriptor, FILE.format(url=html.escape(url)).encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            log.warning("the way to the page cannot be written: %s", error.strerror)
            return False
        return self._open_browser(file.as_uri())

    def remove(self) -> None:
        """The secret was used, or its time is over; also what a crash left."""
        for left in (self._folder, *self._parent.glob(f"{self._prefix}????????")):
            if left is not None:
                shutil.rmtree(left, ignore_errors=True)
        self._folder = None
