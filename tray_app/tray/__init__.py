"""How does the system show it? Icon, menu and notices: it shows values and sends commands, and decides nothing.

The only place for pystray and Pillow. May import core, pystray, PIL, AppKit, Foundation, PyObjCTools, objc, gi,
jeepney, Xlib and desktop_notifier.
"""
