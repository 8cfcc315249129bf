"""argv in, exit code out."""

import sys

CHILDREN = (["relay"], ["metal"])
"""What this program starts itself as: in a bundle there is no Python beside it that could."""


def main() -> int:
    """The console command."""
    from tray_app.cli.main import run

    return run(sys.argv[1:])


def main_tray() -> int:
    """The command without a console window: on Windows its streams are None, so everything goes to the log."""
    from tray_app.cli.main import run

    words = sys.argv[1:]
    return run(words if words[:1] in CHILDREN else ["tray", *words])


if __name__ == "__main__":
    sys.exit(main())
