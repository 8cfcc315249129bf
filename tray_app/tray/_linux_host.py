"""Is there a graphical session, and does something in it show tray icons? Asked of the session bus, cheaply."""

from collections.abc import Mapping

from tray_app.core.values.errors import TrayProblem, TrayUnavailable

# The name every host of StatusNotifierItems asks for (freedesktop StatusNotifierItem specification).
WATCHER = "org.kde.StatusNotifierWatcher"
ANSWER_WITHIN_S = 2.0


def find_host(environment: Mapping[str, str]) -> None:
    """Returns where a host is there. TrayUnavailable: NO_DISPLAY, NO_HOST or NO_LIBRARY (no way to ask the bus)."""
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        raise TrayUnavailable(TrayProblem.NO_DISPLAY, "DISPLAY")
    try:
        from jeepney import DBusErrorResponse, message_bus
        from jeepney.io.blocking import Proxy, open_dbus_connection
    except ImportError as error:
        raise TrayUnavailable(TrayProblem.NO_LIBRARY, str(error)) from error
    try:
        with open_dbus_connection() as bus:
            (there,) = Proxy(message_bus, bus, timeout=ANSWER_WITHIN_S).NameHasOwner(WATCHER)
    except (OSError, KeyError, ValueError, DBusErrorResponse) as error:  # KeyError: no bus address in the environment
        raise TrayUnavailable(TrayProblem.NO_DISPLAY, f"D-Bus: {error}") from error
    if not there and not has_xembed_tray(environment.get("DISPLAY", "")):
        raise TrayUnavailable(TrayProblem.NO_HOST, WATCHER)


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
