"""The console program of a bundle."""

import sys

from surroundings import of_the_user

of_the_user()

from tray_app.__main__ import main  # noqa: E402 - what it imports may start programs

sys.exit(main())
