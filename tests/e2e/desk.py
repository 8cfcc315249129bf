"""A virtual screen and a private bus to run the app in, nothing of it shared with the machine's own desktop."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from PIL import ImageGrab

from tests.e2e.bus import Notifications, Person, Watcher, answers, wait_for
from tray_app.tray.linux.host import has_xembed_tray

ROOT = Path(__file__).parents[2]
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
 <servicedir>{folder}/services</servicedir>
 <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
 </policy></busconfig>"""
PANEL_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
 <property name="configver" type="int" value="2"/>
 <property name="panels" type="array"><value type="int" value="1"/>
  <property name="dark-mode" type="bool" value="{dark}"/>
  <property name="panel-1" type="empty">
   <property name="position" type="string" value="p=6;x=0;y=0"/>
   <property name="length" type="uint" value="100"/>
   <property name="position-locked" type="bool" value="true"/>
   <property name="size" type="uint" value="32"/>
   <property name="icon-size" type="uint" value="22"/>
   <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
  </property>
 </property>
 <property name="plugins" type="empty">
  <property name="plugin-1" type="string" value="separator"><property name="expand" type="bool" value="true"/>
   <property name="style" type="uint" value="0"/></property>
  <property name="plugin-2" type="string" value="systray"/>
 </property>
</channel>"""
TINT2_CONFIG = """panel_items = S
panel_size = 200 32
panel_position = bottom left horizontal
systray_icon_size = 24
systray_padding = 4 4 4
strut_policy = none
"""
STOPS_WITHIN_S = 15


def missing(*panels):
    """What this machine lacks for the bench, or an empty text."""
    programs = ["Xvfb", "dbus-daemon", *panels]
    lacking = [name for name in programs if shutil.which(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    probe = (
        "import gi; gi.require_version('Gtk', '3.0');"
        "gi.require_version('AyatanaAppIndicator3', '0.1');"
        "from gi.repository import Gtk, AyatanaAppIndicator3"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


class Desk:
    """`with Desk() as desk`: a screen, a bus, a notification service and a tray host (ours, or a real panel)."""

    def __init__(self, *, host=True, panel=False, dark=False):
        self.folder = Path(tempfile.mkdtemp(prefix="elbowroom-e2e-"))
        self.processes, self.closing = [], []
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_"))}
        for name in ("WAYLAND_DISPLAY", "PYSTRAY_BACKEND", "SESSION_MANAGER", "LANGUAGE"):
            self.env.pop(name, None)
        for name in ("run", "services", "home", "config/xfce4/xfconf/xfce-perchannel-xml"):
            (self.folder / name).mkdir(parents=True, mode=0o700)
        self.env.update(
            XDG_RUNTIME_DIR=str(self.folder / "run"),
            XDG_CONFIG_HOME=str(self.folder / "config"),
            XDG_CACHE_HOME=str(self.folder / "home/cache"),
            XDG_DATA_HOME=str(self.folder / "home/data"),
            XDG_STATE_HOME=str(self.folder / "home/state"),
            HOME=str(self.folder / "home"),
            XDG_CURRENT_DESKTOP="XFCE",
            GDK_BACKEND="x11",
            GSETTINGS_BACKEND="memory",
            GIO_USE_VFS="local",
            NO_AT_BRIDGE="1",
            GTK_A11Y="none",
            LANG="C.UTF-8",
            LC_ALL="C.UTF-8",
        )
        self.with_host, self.with_panel, self.dark = host, panel, dark
        self.watcher = None

    def __enter__(self):
        try:
            self._screen()
            self._bus()
            self.notes = Notifications(self.address)
            self.closing.append(self.notes)
            if self.with_panel:
                self.panel = self.start_panel()
            elif self.with_host:
                self.start_host()
        except BaseException:
            self.__exit__()
            raise
        self.person = Person(self.address)
        self.closing.append(self.person)
        return self

    def __exit__(self, *_):
        while self.processes:
            stop(self.processes.pop())
        while self.closing:
            self.closing.pop().close()
        if self.watcher is not None:
            self.kill_host()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, argv, env=None, **more):
        # Where a test run is killed, what it started goes with it.
        tied = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        process = subprocess.Popen([*tied, *argv], env={**self.env, **(env or {})}, **more)
        self.processes.append(process)
        return process

    def _screen(self):
        read, write = os.pipe()
        argv = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset"]
        self.start([*argv, "-dpi", "96"], pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.env["DISPLAY"] = ":" + pipe.readline().strip()

    def _bus(self):
        config = self.folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(folder=self.folder))
        xfconf = Path("/usr/share/dbus-1/services/org.xfce.Xfconf.service")
        if xfconf.exists():
            shutil.copy(xfconf, self.folder / "services")
        argv = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
        self.start(argv, stderr=subprocess.DEVNULL)
        self.address = self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.folder}/bus"
        wait_for(lambda: answers(self.address), "the session bus")

    def start_panel(self):
        file = self.folder / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        file.write_text(PANEL_CONFIG.format(dark=str(self.dark).lower()))
        return self.start(["xfce4-panel", "--disable-wm-check"], stderr=subprocess.DEVNULL)

    def start_host(self):
        self.watcher = Watcher(self.address)

    def kill_host(self):
        self.watcher.close()
        self.watcher = None

    def start_old_panel(self, name):
        """One that knows only XEmbed; its first icon sits in the lower left corner."""
        place = ["--edge", "bottom", "--align", "left", "--widthtype", "pixel", "--width", "200", "--height", "32"]
        if name == "tint2":
            file = self.folder / "tint2rc"
            file.write_text(TINT2_CONFIG)
            self._say_one_desktop()
            place = ["-c", str(file)]
        self.start([name, *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: has_xembed_tray(self.env["DISPLAY"]), "the panel")

    def _say_one_desktop(self):
        """What a window manager says of the screen; without it tint2 waits 15 s for one."""
        from Xlib import Xatom, display

        screen = display.Display(self.env["DISPLAY"])
        try:
            name = screen.intern_atom("_NET_NUMBER_OF_DESKTOPS")
            screen.screen().root.change_property(name, Xatom.CARDINAL, 32, [1])
            screen.sync()
        finally:
            screen.close()

    def screenshot(self, path):
        ImageGrab.grab(xdisplay=self.env["DISPLAY"]).save(path)

    def press_key(self, name):
        from Xlib import XK, X, display
        from Xlib.ext import xtest

        screen = display.Display(self.env["DISPLAY"])
        try:
            code = screen.keysym_to_keycode(XK.string_to_keysym(name))
            for event in (X.KeyPress, X.KeyRelease):
                xtest.fake_input(screen, event, code)
            screen.sync()
        finally:
            screen.close()

    def click_at(self, x, y):
        """A left click with the mouse."""
        from Xlib import X, display
        from Xlib.ext import xtest

        screen = display.Display(self.env["DISPLAY"])
        try:
            xtest.fake_input(screen, X.MotionNotify, x=x, y=y)
            for event in (X.ButtonPress, X.ButtonRelease):
                xtest.fake_input(screen, event, 1)
            screen.sync()
        finally:
            screen.close()


def stop(process):
    """TERM, then KILL: to a process that we started and nobody else's."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(STOPS_WITHIN_S)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


class App:
    """A program on the desk whose lines can be waited for."""

    def __init__(self, desk, argv, env=None):
        self.lines = []
        self.process = desk.start(
            argv,
            env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_line(self, text):
        return wait_for(lambda: next((line for line in self.lines if text in line), None), f"the line {text!r}")

    def ended(self):
        """The exit status."""
        status = self.process.wait(STOPS_WITHIN_S)
        self.reader.join(STOPS_WITHIN_S)
        return status
