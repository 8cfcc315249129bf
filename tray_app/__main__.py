"""argv in, exit code out."""

import sys


def main() -> int:
    """The console command."""
    from tray_app.cli.main import run

    return run(sys.argv[1:])


def main_tray() -> int:
    """The command without a console window: on Windows its streams are None, so everything goes to the log."""
    from tray_app.cli.main import run

    return run(["tray", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
