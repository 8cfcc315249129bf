"""The program of a bundle that has no console window."""

import sys

from surroundings import of_the_user

of_the_user()

from tray_app.__main__ import main_tray  # noqa: E402 - what it imports may start programs

sys.exit(main_tray())
