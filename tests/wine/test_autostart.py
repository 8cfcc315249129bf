"""The Run key of a real (Wine's) registry, and the language of the Windows desktop."""

import pytest

pytestmark = pytest.mark.wine


def test_start_at_login_is_one_value_of_the_run_key(ask):
    answer = ask(r"""
import sys, winreg
from tray_app import autostart
from tray_app.autostart import _windows

def held():
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _windows.RUN) as key:
        return winreg.QueryInfoKey(key)[1]

ours, gone = (sys.executable, "--at-login", "--home", r"C:\a b"), (r"C:\gone\x.exe", "--at-login")
before = held()
answer = [autostart.status(ours).state]
autostart.switch_on(gone)
answer += [autostart.status(ours).state, autostart.repair(ours), autostart.repair(ours), autostart.status(ours).state]
answer += [autostart.status(ours).command, held() - before]
with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _windows.APPROVED) as key:
    winreg.SetValueEx(key, _windows.APP_ID, 0, winreg.REG_BINARY, b"\x03" + bytes(11))
answer += [autostart.status(ours).state, autostart.repair(ours)]
with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _windows.APPROVED) as key:
    winreg.DeleteValue(key, _windows.APP_ID)
autostart.switch_off()
autostart.switch_off()
answer += [autostart.status(ours).state, held() - before, sys.executable]
""")
    executable = answer.pop()
    assert answer == [
        "off",
        *("other-path", True, False, "on"),
        *(f'{executable} --at-login --home "C:\\a b"', 1),
        *("switched-off-by-system", False),
        *("off", 0),
    ]


def test_the_commands_of_start_at_login(windows):
    def said(*arguments):
        done = windows.run("-X", "utf8", "-W", "error", "-m", "tray_app", "--lang", "en", "autostart", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert said("on").startswith("Elbowroom starts at login (HKEY_CURRENT_USER\\Software\\")
    assert said("off") == "Elbowroom does not start at login."


def test_the_desktop_names_its_languages(ask):
    found = ask("from tray_app.app import language\nanswer = language.of_desktop()")
    assert found
    assert all("-" in tag or tag.isalpha() for tag in found)


def test_help_speaks_korean(windows):
    done = windows.run("-X", "utf8", "-W", "error", "-m", "tray_app", "--lang", "ko", "--help")
    assert done.stdout.startswith("사용법: elbowroom")
