"""What does not change while the app runs."""

import functools
import sys

from tray_app.core.values.snapshot import Host

if sys.platform == "darwin":
    from tray_app.readers import _macos as _system
elif sys.platform == "win32":
    from tray_app.readers import _windows as _system
else:
    from tray_app.readers import _linux as _system


@functools.cache
def host() -> Host:
    """Asked once."""
    return _system.host()
