"""Is there a graphical session, and does something in it show tray icons? Asked of the session bus, cheaply."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tray_app.core.values.errors.life import TrayProblem, TrayUnavailable
from tray_app.tray.base import TrayHost

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection

# The name every host of StatusNotifierItems asks for (freedesktop StatusNotifierItem specification).
WATCHER = "org.kde.StatusNotifierWatcher"
ANSWER_WITHIN_S = 2.0


def find_host(environment: Mapping[str, str]) -> TrayHost:
    """TrayUnavailable: NO_DISPLAY, NO_BUS (nothing can be asked) or NO_HOST. A panel of the older kind needs no bus."""
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        raise TrayUnavailable(TrayProblem.NO_DISPLAY)
    missing = TrayUnavailable(TrayProblem.NO_HOST)
    try:
        if has_watcher(environment):
            return TrayHost.STATUS_NOTIFIER
    except ImportError as error:
        raise TrayUnavailable(TrayProblem.BROKEN, str(error)) from error
    except OSError as error:
        missing = TrayUnavailable(TrayProblem.NO_BUS, error.strerror or str(error) or type(error).__name__)
    if has_xembed_tray(environment.get("DISPLAY", "")):
        return TrayHost.XEMBED
    raise missing


def has_watcher(environment: Mapping[str, str]) -> bool:
    """OSError where the session bus cannot be asked, ImportError where our library for it is gone."""
    from jeepney import DBusErrorResponse, message_bus
    from jeepney.io.blocking import Proxy

    with open_session_bus(environment) as bus:
        try:
            (there,) = Proxy(message_bus, bus, timeout=ANSWER_WITHIN_S).NameHasOwner(WATCHER)
        except DBusErrorResponse as error:
            raise ConnectionError(str(error)) from error
    return bool(there)


def open_session_bus(environment: Mapping[str, str] = os.environ) -> "DBusConnection":
    """OSError where there is none that can be reached.

    As the reference library does, the bus of the user's runtime folder is taken where no address is told: a shell by
    `ssh` or `su` has none.
    """
    from jeepney.io.blocking import open_dbus_connection

    address = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
    if not address and (runtime := environment.get("XDG_RUNTIME_DIR", "")):
        address = f"unix:path={runtime}/bus"
    if not address:
        raise ConnectionError("DBUS_SESSION_BUS_ADDRESS")
    try:
        return open_dbus_connection(address)
    except (ValueError, RuntimeError) as error:  # an address such as `disabled:` or `tcp:...`
        raise ConnectionError(str(error)) from error


def has_xembed_tray(display_name: str) -> bool:
    """A panel of the older kind (tint2, i3bar, polybar, LXDE): the AppIndicator library shows icon and menu there too,
    through a GtkStatusIcon, when no host of the newer kind is on the bus (libayatana-appindicator, app-indicator.c).

    It owns a selection of the X screen (freedesktop System Tray Protocol Specification).
    """
    if not display_name:
        return False
    try:
        from Xlib import X
        from Xlib.display import Display
        from Xlib.error import ConnectionClosedError, DisplayError
    except ImportError:
        return False
    try:
        screen = Display(display_name)
    except (DisplayError, OSError):
        return False
    try:
        selection = screen.intern_atom(f"_NET_SYSTEM_TRAY_S{screen.get_default_screen()}")
        return bool(screen.get_selection_owner(selection) != X.NONE)
    except (ConnectionClosedError, OSError):
        return False
    finally:
        screen.close()
