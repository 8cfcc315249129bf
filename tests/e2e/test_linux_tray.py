"""Our icon on a private bus and in real panels: what a panel is told, and what its clicks send."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jeepney
import pytest
from jeepney.wrappers import DBusErrorResponse
from PIL import Image

from tests.e2e.bus import ITEM, MENU, PROPERTIES, wait_for
from tests.e2e.canned import HOSTILE
from tests.e2e.desk import ROOT, App, Desk, missing, stop
from tests.requirements import require
from tray_app.core.menu.screen import Shape
from tray_app.tray import art
from tray_app.tray.art import COLOURS
from tray_app.tray.linux.icon_files import SIZES, IconFiles

pytestmark = pytest.mark.tray


def sent(app):
    return [line for line in app.lines if line.startswith("sent")]


def test_icon_title_and_rows_arrive_as_the_view_says(desk, canned):
    assert desk.person.icon() == ("unknown", "Overloaded: 3")
    menu = desk.person.menu()
    assert menu.texts() == [
        "Overloaded: 3 requests wait",
        "Turn follow-ups off (3)",
        HOSTILE,
        "Switches",
        "Only told",
        "Quit",
    ]
    assert not menu.find("Only told").enabled
    shown = [(row.text, row.toggle, row.checked) for row in menu.find("Switches").rows]
    assert shown == [("Titles", "checkmark", True), ("Tags", "checkmark", False), ("one", "radio", False)]


def test_clicks_send_what_their_rows_say(desk, canned):
    desk.person.click("Switches", "Tags")
    canned.wait_line("SnoozeUntil.TOMORROW")
    desk.person.click(HOSTILE[:5])
    canned.wait_line("SnoozeUntil.HOUR")
    assert len(sent(canned)) == 2
    assert not desk.person.menu().find("Switches", "Tags").checked  # the state is the server's, not the click's


def test_new_words_reach_an_open_menu_and_its_rows_stay_the_same(desk, canned):
    before = desk.person.menu()
    desk.person.send(0, "opened")
    canned.tell("show 5")
    after = desk.person.wait_row("Overloaded: 5")
    assert after.number == before.find("Overloaded").number
    assert desk.person.icon() == ("working", "Overloaded: 5")
    desk.person.send(before.find("Turn follow-ups").number, "clicked")  # the row of the menu that was open
    canned.wait_line("sent ApplyRemedy(remedy=SwitchOff(")


@pytest.mark.parametrize("how", ["closed", "clicked", "shown again"])
def test_rows_come_and_go_when_nobody_looks(desk, canned, how):
    """They would move under the hand of whoever has the menu open."""
    desk.person.send(0, "opened")
    canned.tell("rows 2")
    desk.person.wait_row("Overloaded: 9")
    told = desk.person.menu()
    assert "Further 0" not in told.texts()
    if how == "shown again":
        assert desk.person.about_to_show() is True
        assert "Further 1" in desk.person.menu().texts()
        assert desk.person.about_to_show() is False
    else:
        desk.person.send(told.find("Only told").number if how == "clicked" else 0, how)
        desk.person.wait_row("Further 1")
    assert desk.person.menu().find("Quit").number == told.find("Quit").number


def test_a_click_on_a_row_that_has_just_gone_does_what_it_said(desk, canned):
    canned.tell("rows 1")
    number = desk.person.wait_row("Further 0").number
    canned.tell("rows 0")
    desk.person.wait_gone("Further 0")
    desk.person.send(number, "clicked")
    canned.wait_line("sent Refresh()")


def test_what_is_not_there_is_refused_as_the_bus_has_it(desk, canned):
    name, _ = desk.person.item()
    item, menu, properties = ("/StatusNotifierItem", "/StatusNotifierItem/Menu", PROPERTIES)

    def refused(path, interface, method, signature=None, body=()):
        with pytest.raises(DBusErrorResponse) as caught:
            desk.person.call(name, path, interface, method, signature, body)
        return caught.value.name.rpartition(".")[2]

    assert refused(item, ITEM, "Activate", "ii", (0, 0)) == "UnknownMethod"  # then hosts open the menu
    assert refused(item, MENU, "GetLayout", "iias", (0, -1, [])) == "UnknownMethod"
    assert refused(menu, MENU, "GetLayout", "i", (0,)) == "InvalidArgs"
    assert refused(menu, MENU, "GetLayout", "iias", (777, -1, [])) == "InvalidArgs"
    assert refused(menu, MENU, "GetProperty", "is", (1, "no-such")) == "InvalidArgs"
    assert refused(menu, MENU, "Event", "isvu", (777, "clicked", ("i", 0), 0)) == "InvalidArgs"
    assert refused(item, properties, "Get", "ss", (ITEM, "NoSuch")) == "UnknownProperty"
    assert refused(item, properties, "Set", "ssv", (ITEM, "Title", ("s", "x"))) == "PropertyReadOnly"
    told = desk.person.call(name, menu, MENU, "EventGroup", "a(isvu)", ([(777, "clicked", ("i", 0), 0)],))
    assert told == ([777],)
    assert desk.person.call(name, "/", "org.freedesktop.DBus.Peer", "Ping") == ()


def test_values_are_of_the_types_that_are_described(desk, canned):
    """As GLib's own bus library reads both; and a folder leads to its objects."""
    name, _ = desk.person.item()
    script = f"""
import sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
def call(path, interface, method, arguments):
    return bus.call_sync({name!r}, path, interface, method, arguments, None, 0, -1).unpack()[0]
path = ""
for folder in ("/", "/StatusNotifierItem", "/StatusNotifierItem/Menu"):
    found = Gio.DBusNodeInfo.new_for_xml(call(folder, "org.freedesktop.DBus.Introspectable", "Introspect", None))
    for interface in found.interfaces:
        arguments = GLib.Variant("(s)", (interface.name,))
        values = bus.call_sync({name!r}, folder, "org.freedesktop.DBus.Properties", "GetAll", arguments, None, 0, -1)
        values = values.get_child_value(0)
        types = {{}}
        for index in range(values.n_children()):
            key, value = (values.get_child_value(index).get_child_value(part) for part in (0, 1))
            types[key.get_string()] = value.get_variant().get_type_string()
        described = {{one.name: one.signature for one in interface.properties}}
        assert types == described, (interface.name, types, described)
    print(folder, [one.name for one in found.interfaces], [one.path for one in found.nodes])
"""
    done = subprocess.run([sys.executable, "-c", script], env=desk.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "/ [] ['StatusNotifierItem']"
    assert done.stdout.count("org.kde.StatusNotifierItem") == done.stdout.count("com.canonical.dbusmenu") == 1


def test_a_command_can_be_pasted_elsewhere(desk, canned):
    """By GTK, as most programs of a desktop."""
    canned.tell("copy launchctl setenv 'ㄱ' 1")
    script = (
        "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gdk, Gtk\n"
        "print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text())"
    )

    def pasted():
        return subprocess.run(
            [sys.executable, "-c", script], env=desk.env, capture_output=True, encoding="utf-8", check=True
        ).stdout.strip()

    wait_for(lambda: pasted() == "launchctl setenv 'ㄱ' 1", "the text")


def test_the_end_of_the_session_s_bus_is_the_end(desk, canned):
    stop(next(one for one in desk.processes if "dbus-daemon" in one.args))
    assert canned.ended() == 0
    assert sent(canned) == ["sent Quit()"]


def drawn(desk):
    """The shapes that the pixmaps show, for hosts that load none by name: ARGB, the highest byte first."""
    _, values = desk.person.item()
    found = set()
    for width, height, pixels in values["IconPixmap"]:
        alpha, *colours = Image.frombytes("RGBA", (width, height), pixels).split()
        picture = Image.merge("RGBA", (*colours, alpha)).tobytes()
        found |= {shape.value for shape in Shape if art.draw(shape, width).tobytes() == picture}
    return found


def test_an_overload_asks_for_attention_and_nothing_else_does(desk, canned):
    def told():
        _, values = desk.person.item()
        return values["Status"], values["AttentionIconPixmap"] == values["IconPixmap"]

    assert told() == ("Active", False)
    assert drawn(desk) == {"unknown"}
    canned.tell("show 2")
    wait_for(lambda: told() == ("NeedsAttention", True), "the attention")
    assert drawn(desk) == {"overloaded"}
    canned.tell("show 4")
    wait_for(lambda: told() == ("Active", False), "the end of it")


def test_a_changed_state_sends_a_new_menu_and_a_burst_only_its_last_frame(desk, canned):
    canned.tell("burst 200")
    desk.person.wait_row("Overloaded: 200")
    assert desk.person.menu().find("Switches", "one").checked
    assert desk.person.icon() == ("overloaded", "Overloaded: 200")


def test_a_notice_has_a_button_that_sends_and_a_newer_one_takes_its_place(desk, canned):
    canned.tell("notify first")
    first = desk.notes.wait("first")
    assert (first.title, first.body, first.urgency) == ("Overloaded", "first &lt;b&gt;&amp;", 2)
    canned.tell("notify second")
    second = desk.notes.wait("second")
    assert second.replaces == first.number
    desk.notes.press(second, "Turn it off")
    canned.wait_line("sent ApplyRemedy(remedy=SwitchOff(")
    canned.tell("notify third")
    assert desk.notes.wait("third").replaces == 0  # the pressed one is gone


def test_a_new_panel_gets_the_icon_again(desk, canned):
    desk.kill_host()
    canned.tell("show 4")
    desk.start_host()
    desk.person.wait_row("Overloaded: 4")
    desk.person.click("Turn follow-ups off")
    canned.wait_line("sent ApplyRemedy(remedy=SwitchOff(")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(desk, canned, number):
    canned.process.send_signal(number)
    assert canned.ended() == 0
    assert sent(canned) == ["sent Quit()"]
    assert canned.lines[-1] == "ended"
    wait_for(lambda: not desk.watcher.items, "the icon to leave")
    assert list((desk.folder / "run").iterdir()) == []


def test_quit_ends_it(desk, canned):
    desk.person.click("Quit")
    assert canned.ended() == 0


def test_nothing_was_said_on_stderr(desk, canned):
    desk.person.click("Quit")
    canned.ended()
    assert set(canned.lines) == {"started", "sent Quit()", "ended"}


def test_doctor_tells_who_shows_icon_and_notices(desk):
    command = [sys.executable, "-m", "tray_app", "--home", str(desk.folder / "home"), "doctor", "--json"]
    nowhere = ["--ollama", "http://127.0.0.1:9", "--open-webui", "http://127.0.0.1:9"]
    done = subprocess.run([*command, *nowhere], env=desk.env, cwd=ROOT, capture_output=True, check=True)
    values = {one["name"]: one["value"] for one in json.loads(done.stdout)["sources"]}
    assert values["tray-host"] == "status-notifier"
    assert values["notices"] == {"by": "tests", "version": "1", "buttons": True, "allowed": True}


def test_without_a_tray_host_it_says_so(bench):
    if bench:
        pytest.skip(bench)
    with Desk(host=False) as desk:
        app = App(desk, [sys.executable, "-m", "tests.e2e.canned"])
        assert app.ended() == 1
        assert [line.strip() for line in app.lines] == ["unavailable no-host"]


@pytest.mark.parametrize("display", [{"DISPLAY": ":987"}, {"WAYLAND_DISPLAY": "wayland-987"}])
def test_it_needs_no_display_but_the_panels_own(desk, display):
    del desk.env["DISPLAY"]
    app = App(desk, [sys.executable, "-m", "tests.e2e.canned"], env=display)
    app.wait_line("started")
    desk.person.click("Quit")
    assert app.ended() == 0


def test_neither_gtk_nor_its_bindings_are_loaded(desk):
    script = "import sys; from tests.e2e import canned; canned.main(); print([m for m in sys.modules if m[:2] == 'gi'])"
    app = App(desk, [sys.executable, "-c", script])
    app.wait_line("started")
    desk.person.click("Quit")
    assert app.ended() == 0
    assert app.lines[-1] == "[]"


def menu_size(desk, path):
    """Of what is drawn below the panel, or None."""
    desk.screenshot(path)
    with Image.open(path) as picture:
        return picture.convert("RGB").crop((0, 33, 1000, 700)).getbbox()


def test_an_open_menu_of_a_real_panel_stays_open_whatever_comes(bench, tmp_path):
    """XFCE's closed it at every new picture and at every row that came or went."""
    if lacking := missing("xfce4-panel"):
        require("tray", lacking)
    with Desk(panel=True) as desk:
        wait_for(desk.person.has_host, "the panel")
        app = App(desk, [sys.executable, "-m", "tests.e2e.canned"])
        app.wait_line("started")
        icon = (984, 16)

        def opened():
            desk.click_at(*icon)
            time.sleep(0.5)
            return menu_size(desk, tmp_path / "open.png")

        first = wait_for(opened, "the menu")
        for line, seen in (("show 5", "working"), ("show 2", "overloaded"), ("rows 4", "unknown")):
            app.tell(line)
            wait_for(lambda seen=seen: desk.person.icon()[0] == seen, line)
            time.sleep(0.5)  # the panel's turn
            assert menu_size(desk, tmp_path / "after.png") == first
        desk.press_key("Escape")
        wait_for(lambda: menu_size(desk, tmp_path / "closed.png") is None, "the end of the menu")
        desk.person.wait_row("Further 3")  # this panel does not say that its menu was closed
        taller = wait_for(opened, "the menu")
        assert taller[3] > first[3]  # the four rows that came meanwhile
        desk.press_key("Down")
        desk.press_key("Return")
        app.wait_line("sent Refresh()")


def colours(desk, path):
    """Of the icon's place in the old panel."""
    desk.screenshot(path)
    with Image.open(path) as picture:
        return {colour for _, colour in picture.convert("RGB").crop((0, 668, 34, 700)).getcolors(2000)}


@pytest.mark.parametrize(("panel", "with_bus"), [("trayer", True), ("tint2", True), ("tint2", False)])
def test_a_panel_of_the_older_kind_shows_the_icon_and_its_menu(tmp_path, panel, with_bus):
    """tint2, i3bar, polybar, LXDE: no host on the bus, or no bus at all, and the whole menu nevertheless."""
    if lacking := missing(panel):
        require("tray", lacking)
    with Desk(host=False) as desk:
        desk.start_old_panel(panel)
        if not with_bus:
            desk.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={desk.folder}/none"
        app = App(desk, [sys.executable, "-m", "tests.e2e.canned"])
        app.wait_line("started")
        app.tell("show 2")
        wait_for(lambda: COLOURS[Shape.OVERLOADED] in colours(desk, tmp_path / "a.png"), "the red icon")
        app.tell("show 5")
        wait_for(lambda: COLOURS[Shape.WORKING] in colours(desk, tmp_path / "b.png"), "the blue icon")
        screen = tmp_path / "menu.png"

        def menu_is_open():
            desk.screenshot(screen)
            with Image.open(screen) as picture:
                return picture.convert("RGB").crop((0, 0, 1000, 660)).getbbox()

        desk.click_at(16, 684)
        wait_for(menu_is_open, "the menu")
        desk.press_key("Up")  # the last row
        desk.press_key("Return")
        assert app.ended() == 0
        assert sent(app) == ["sent Quit()"]


def test_the_systems_own_library_is_taken_where_this_python_has_none(bench, tmp_path):
    """An environment of pip, pipx or uv: what AppIndicator needs comes from the system, whose other packages do not."""
    if bench:
        require("tray", bench)
    for path in Path(jeepney.__file__).parents[1].iterdir():
        if path.name != "gi":
            (tmp_path / path.name).symlink_to(path)
    script = f"""
import sys
from importlib.util import find_spec
sys.path += [{str(ROOT)!r}, {str(tmp_path)!r}]
assert find_spec("gi") is None
from tray_app.tray.linux import tray as _linux
_linux._borrow_gi()
from tray_app.tray.linux.appindicator import AppIndicator
print(sys.modules["gi"].__file__)
"""
    with Desk(host=False) as desk:
        command = [sys.executable, "-I", "-S", "-c", script]
        done = subprocess.run(command, env=desk.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("/usr/lib")


def test_gtk_finds_the_icons_by_name_where_it_looks_in_themes_alone(bench, tmp_path, monkeypatch):
    """As Waybar looks them up; without an index the folder is no theme."""
    if bench:
        require("tray", bench)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    files = IconFiles(os.environ)
    script = (
        "import sys, gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk\n"
        "theme = Gtk.IconTheme(); theme.set_search_path([sys.argv[1]]); print(theme.has_icon('elbowroom-calm'))\n"
        "print(theme.get_icon_sizes('elbowroom-calm'))"
    )
    with Desk(host=False) as desk:
        found = subprocess.run(
            [sys.executable, "-c", script, str(files.folder)], env=desk.env, capture_output=True, text=True, check=True
        )
    files.close()
    assert found.stdout.split("\n")[0] == "True"
    assert sorted(json.loads(found.stdout.split("\n")[1])) == list(SIZES)
