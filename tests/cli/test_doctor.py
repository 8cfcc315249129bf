"""What `doctor` says of servers: their versions, where they are looked for, why they are silent and what to do."""

import json
import sys
from types import SimpleNamespace

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from tests.played import Played
from tray_app.app.language import load
from tray_app.cli import doctor as doctor_command
from tray_app.core.report.doctor import Entry, EntryState, Probed, answered
from tray_app.core.report.redact import Redactor
from tray_app.core.text import doctor as view
from tray_app.core.text.doctor_values import summary
from tray_app.core.text.lines import width, wrapped
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import Requests
from tray_app.tray.base import TrayHost
from tray_app.tray.notify import plain_way
from tray_app.tray.tray import PythonBuild, menu_bar


def test_versions_and_addresses_are_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    with Played(tmp_path / "home") as played:
        assert played.run("doctor", "--json") == 0
        made = json.loads(capsys.readouterr().out)
        assert made["addresses"] == {"ollama": played.ollama.url, "open-webui": played.webui.url}
        values = {one["name"]: one["value"] for one in made["sources"]}
        assert values["ollama-version"] == played.ollama.version
        assert values["open-webui"]["version"] == "0.12.4"


def test_silence_has_its_reason_and_a_next_step(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    with Played(tmp_path / "home") as played:
        played.ollama.stop()
        played.app().secrets.forget_all()
        assert played.run("doctor") == 0
        said = capsys.readouterr().out
        assert "connection refused" in said
        assert "Start Ollama, or name its address: elbowroom doctor --ollama http://HOST:11434" in said
        assert f"connect {played.webui.url}" in said


DESKTOP = ["autostart", "tray-host", "notices", "keychain", "python-build"]


@pytest.mark.skipif(sys.platform != "linux", reason="where nothing is there, by its variables")
def test_what_the_tray_rests_on_is_told(monkeypatch, tmp_path):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    asked = {one.name: one.question() for one in doctor_command._desktop()}
    assert list(asked) == DESKTOP
    assert asked["autostart"].state is not None
    assert asked["tray-host"] == Unknown(Why.MISSING, "no-display")
    assert asked["notices"] == Unknown(Why.MISSING, "[Errno 2] No such file or directory")
    assert asked["keychain"] == Unknown(Why.MISSING, "keyring.backends.fail.Keyring")
    assert asked["python-build"] == PythonBuild("none")


def test_a_keychain_is_named_and_not_opened(monkeypatch):
    class Vault(NoKeyring.__base__):
        name = "Vault"
        priority = 5

        def _opened(self, *_):
            raise AssertionError("opened")

        get_password = set_password = delete_password = _opened

    monkeypatch.setattr(keyring, "get_keyring", Vault)
    assert Redactor().value(doctor_command._keychain()) == {"backend": "Vault"}


@pytest.mark.parametrize(
    ("macos", "framework", "host"),
    [
        ("15.6", "Python", TrayHost.MENU_BAR),
        ("26.0", "none", TrayHost.MENU_BAR),
        ("26.1", "Python", Unknown(Why.MISSING, "framework-build Python.framework, macOS 26.1")),
        ("", "Python", TrayHost.MENU_BAR),
    ],
)
def test_a_menu_bar_that_draws_no_icon_for_this_python_is_none(monkeypatch, macos, framework, host):
    monkeypatch.setattr(doctor_command, "find_host", lambda: menu_bar(macos, PythonBuild(framework)))
    assert doctor_command._tray_host() == host


def test_a_system_that_does_not_say_whether_notices_are_seen_is_told_as_that():
    """On macOS outside an app bundle, and Windows' balloons."""
    for system, by in (("darwin", "osascript (Script Editor)"), ("win32", "balloon")):
        way = plain_way(system)
        entry = answered("notices", way, 0.0, (), Redactor(), ours=True)
        assert entry.state is EntryState.WORKS
        assert entry.value == {"by": by, "version": "", "buttons": False, "allowed": {"unknown": "unsupported"}}
        assert [(path, why.why) for path, why in entry.missing] == [("allowed", Why.UNSUPPORTED)]


def patient(home):
    """How long a stand-in takes says how busy the machine is, not whether the answer is right."""
    home.mkdir()
    (home / "settings.toml").write_text("request_limit_s = 20\n")


def test_doctor_says_what_works_what_does_not_and_what_to_do_in_that_order(tmp_path, monkeypatch, capsys):
    """Names of people first: it printed JSON, cut in the middle, and no verdict."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    patient(tmp_path / "home")
    with Played(tmp_path / "home") as played:
        played.app().secrets.forget_all()
        assert played.run("doctor") == 0
        said = capsys.readouterr().out
        assert f"{played.ollama.version} at {played.ollama.url}" in said
        assert f"0.12.4 at {played.webui.url}" in said
        assert "Where there is no keychain, set ELBOWROOM_API_KEY" in said
        order = [said.index(f"\n{title}\n" if n else f"{title}\n") for n, title in enumerate(TITLES)]
        assert order == sorted(order)
        assert "{" not in said
        assert "does not work" not in said.splitlines()[0]


def test_who_is_signed_in_without_a_keychain_has_nothing_to_do_about_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    patient(tmp_path / "home")
    with Played(tmp_path / "home") as played:
        assert played.run("doctor") == 0
        said = capsys.readouterr().out
        assert "connected as admin" in said
        assert "this system has none that can be used" in said
        assert "ELBOWROOM_API_KEY" not in said


@pytest.mark.parametrize(
    ("waiting", "english", "korean"),
    [
        ({"value": 2}, "1 running, 2 waiting", "처리 중 1개, 대기 2개"),
        ({"value": 2, "least": True}, "1 running, at least 2 waiting", "처리 중 1개, 대기 최소 2개"),
        ({"unknown": "not-yet"}, "1 running, waiting: unknown", "처리 중 1개, 대기: 알 수 없음"),
    ],
)
def test_a_count_that_nobody_knows_is_no_question_mark(waiting, english, korean):
    confidence = "lower-bound" if waiting.pop("least", False) else "exact"
    value = {"running": {"value": 1}, "waiting": waiting, "waiting_confidence": confidence}
    entry = Entry(Probed.REQUESTS, EntryState.WORKS, 0.0, value)
    assert [summary(entry, {}, load(code)) for code in ("en", "ko")] == [english, korean]


TITLES = ("Works", "Does not work", "What to do", "Versions")


def test_a_refused_sign_in_is_told_with_its_cause(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    patient(tmp_path / "home")
    with Played(tmp_path / "home") as played:
        played.webui.accounts.sessions.clear()
        assert played.run("doctor") == 0
        said = capsys.readouterr().out
        assert "the stored sign-in is no longer accepted" in said
        assert f"Sign in again: elbowroom connect {played.webui.url}" in said
        assert played.run("doctor", "--json") == 0
        sources = {one["name"]: one for one in json.loads(capsys.readouterr().out)["sources"]}
        assert sources["open-webui-access"]["why"] == {"why": "refused", "detail": "expired"}


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_doctor_fits_a_narrow_terminal(columns, language):
    asked = doctor_command.examine([*doctor_command._desktop()], Redactor(), [("elbowroom", "1")])
    for one in view.lines(asked, load(language)):
        for piece in wrapped(one, columns):
            text = "".join(span.text for span in piece)
            assert width(text) <= columns or " " not in text.strip()


def test_a_relay_that_was_never_started_is_said_to_be_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANGUAGE", "en")
    with Played(tmp_path / "home") as played:
        assert played.run("doctor") == 0
        told = next(line for line in capsys.readouterr().out.splitlines() if "Chat first" in line)
    assert "no relay runs; how it stands:" in told
    assert "chat-first status" in told


@pytest.mark.parametrize(("waiting", "works"), [(Unknown(Why.DENIED), False), (Known(2, 0.0), True)])
def test_requests_that_nobody_can_count_do_not_work(waiting, works):
    """`running: unknown, waiting: unknown` stood among what works."""
    read = Known(Requests(Unknown(Why.DENIED), waiting), 0.0)
    look = SimpleNamespace(snapshot=SimpleNamespace(requests=read))
    found = doctor_command._requests(SimpleNamespace(observer=SimpleNamespace(look=lambda: look)))
    assert (found is read) is works
    assert isinstance(found, Unknown) is not works
