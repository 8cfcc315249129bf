"""Text into the clipboard. The X server keeps none itself: whoever owns the selection answers those who paste."""

import logging
import os
import shutil
import subprocess
import threading

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import ConnectionClosedError, DisplayError
from Xlib.protocol import event

log = logging.getLogger(__name__)

WAYLAND_TOOL = "wl-copy"
TAKES_S = 5.0


def put(text: str) -> None:
    """Returns at once. By Wayland's own tool where there is one, else through X, which compositors listen to, too."""
    tool = shutil.which(WAYLAND_TOOL) if os.environ.get("WAYLAND_DISPLAY") else None
    work = (lambda: _by_tool(tool, text)) if tool else lambda: _own(text)
    threading.Thread(target=work, name="clipboard", daemon=True).start()


def _by_tool(tool: str, text: str) -> None:
    try:
        # It goes on in the background for whoever pastes, with our streams unless it has its own.
        subprocess.run(  # noqa: S603 - the tool found above
            [tool],
            input=text.encode(),
            check=True,
            timeout=TAKES_S,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("not copied: %s", error)


def _own(text: str) -> None:
    """Until another program copies something."""
    try:
        screen = Display()
    except (DisplayError, OSError) as error:
        log.warning("not copied: %s", error)
        return
    try:
        window = screen.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        clipboard = screen.intern_atom("CLIPBOARD")
        window.set_selection_owner(clipboard, X.CurrentTime)
        while (asked := screen.next_event()).type != X.SelectionClear:
            if asked.type == X.SelectionRequest:
                _answer(screen, asked, text.encode())
    except (ConnectionClosedError, OSError) as error:
        log.info("the clipboard went with its screen: %s", error)
    finally:
        screen.close()


def _answer(screen: Display, asked: event.SelectionRequest, text: bytes) -> None:
    """Hands the text over, in UTF-8, or what can be had; X.NONE where something else is wanted."""
    targets, utf8 = screen.intern_atom("TARGETS"), screen.intern_atom("UTF8_STRING")
    wanted, place = asked.target, asked.property or asked.target
    if wanted == targets:
        asked.requestor.change_property(place, Xatom.ATOM, 32, [targets, utf8])
    elif wanted == utf8:
        asked.requestor.change_property(place, utf8, 8, text)
    else:
        place = X.NONE
    asked.requestor.send_event(
        event.SelectionNotify(
            time=asked.time, requestor=asked.requestor, selection=asked.selection, target=wanted, property=place
        )
    )
    screen.flush()
