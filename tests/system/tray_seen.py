"""Starts the demo's icon on this very desktop, takes a picture of the screen, and ends it in order.

    python tests/system/tray_seen.py screen.png [--seconds 30]

Exit code 1 where the app ends by itself, is not found by a second start, or does not end when it is asked to. Whether the
icon is right is for who looks at the picture.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = (sys.executable, str(ROOT / "run.py"))


def picture(path: Path) -> None:
    """By the system's own tool where it has one; it needs no right that a runner lacks."""
    if sys.platform == "darwin":
        subprocess.run(["screencapture", "-x", str(path)], check=True)
    elif sys.platform == "win32":
        script = (
            "Add-Type -AssemblyName System.Windows.Forms,System.Drawing;"
            "$b=[Windows.Forms.SystemInformation]::VirtualScreen;"
            "$p=New-Object Drawing.Bitmap $b.Width,$b.Height;"
            "[Drawing.Graphics]::FromImage($p).CopyFromScreen($b.Location,[Drawing.Point]::Empty,$b.Size);"
            f"$p.Save('{path.absolute()}')"
        )
        subprocess.run(["powershell", "-NoProfile", "-Command", script], check=True)
    else:
        subprocess.run(["import", "-window", "root", str(path)], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument(
        "--seconds", type=float, default=30.0, metavar="S", help="how long the story may play first (30)"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        place = ("--home", home)
        with subprocess.Popen([*RUN, *place, "tray"], stdin=subprocess.DEVNULL) as app:
            try:
                app.wait(options.seconds)
            except subprocess.TimeoutExpired:
                picture(options.picture)
            else:
                print(f"It ended by itself: {app.returncode}", file=sys.stderr)
                return 1
            done = subprocess.run([*RUN, *place, "quit"], check=False)
            until = time.monotonic() + 10
            while app.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
            if app.poll() is None:
                print("It did not end when it was asked to", file=sys.stderr)
                app.kill()
                return 1
    return done.returncode or app.returncode


if __name__ == "__main__":
    sys.exit(main())
