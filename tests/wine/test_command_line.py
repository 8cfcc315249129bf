"""The command line as a Windows user runs it, against stand-ins that listen on this machine."""

import json

import pytest

from tests.wine.windows_python import new_home
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, DemoOpenWebUI

pytestmark = pytest.mark.wine
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def elbowroom(windows, request):
    """Runs a command with a home of its own."""
    home = new_home(windows, request.node.name)

    def run(*arguments, code=0, text=""):
        # Wine's services and ours share few processors: a stand-in may miss the app's own deadline of 2 s.
        for _ in range(4):
            done = windows.run("-W", "error", "-m", "tray_app", "--home", home, *arguments, text=text)
            if "did not answer in time" not in done.stderr:
                break
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture
def servers():
    """Ollama and Open WebUI of our own, on loopback, which Wine shares."""
    ollama = DemoOllama()
    ollama.start()
    webui = DemoOpenWebUI(ollama_url=ollama.url)
    webui.start()
    yield ollama, webui
    webui.stop()
    ollama.stop()


def test_help_names_the_commands(elbowroom):
    text = elbowroom("--help")
    assert "status" in text
    assert "doctor" in text


def test_a_wrong_command_is_usage(elbowroom):
    assert "status" in elbowroom("statsu", code=2)


def test_status_sees_memory_and_that_no_server_is_there(elbowroom):
    status = json.loads(elbowroom("--ollama", NOWHERE, "--open-webui", NOWHERE, "status", "--json"))
    assert status["schema"] == 1
    assert status["memory"]["pressure"] in {"normal", "warning", "critical"}
    assert status["memory"]["total_bytes"] > 1 << 30


def test_status_reads_ollama_and_open_webui(elbowroom, servers):
    ollama, webui = servers
    status = json.loads(elbowroom("--ollama", ollama.url, "--open-webui", webui.url, "status", "--json"))
    assert status["ollama"]["presence"] == "running"
    assert status["open_webui"]["version"] == webui.version_text


@pytest.mark.timeout(400)
def test_connect_change_undo_disconnect(elbowroom, servers):
    """A token in the credential manager, a change, and its undo, on the server's own word."""
    _, webui = servers
    before = dict(webui.settings)
    key = webui.session(ADMIN[0])
    elbowroom("connect", webui.url, "--token-stdin", text=key)
    changed = webui.settings["ENABLE_TAGS_GENERATION"]
    elbowroom("--open-webui", webui.url, "set", f"tags={'off' if changed else 'on'}")
    assert webui.settings == {**before, "ENABLE_TAGS_GENERATION": not changed}
    elbowroom("--open-webui", webui.url, "undo")
    assert webui.settings == before
    journal = json.loads(elbowroom("journal", "--json"))
    assert key not in json.dumps(journal)
    elbowroom("disconnect")
    assert "connect" in elbowroom("--open-webui", webui.url, "settings", code=1)


def test_doctor_tells_which_sources_windows_has(elbowroom):
    text = elbowroom("--ollama", NOWHERE, "--open-webui", NOWHERE, "doctor", "--json")
    made = json.loads(text)
    assert made["schema"] == 1
    values = {one["name"]: one["value"] for one in made["sources"]}
    assert values["tray-host"] == "task-bar"
    assert values["notices"]["by"] == "balloon"  # Wine has no Windows runtime
    assert values["keychain"]["backend"] == "Windows WinVaultKeyring"
    assert values["python-build"] == {"framework": "none"}
    assert "Pages Input/sec" in text or "pages_input" in text


def test_a_system_whose_counters_and_names_fail_is_read_as_far_as_it_goes(windows):
    """Without the tests' help for psutil: Wine refuses process names, and counters that can be off on Windows too."""
    (windows.drive / "plain").mkdir(exist_ok=True)
    (windows.drive / "plain/sitecustomize.py").touch()
    path = r"C:\plain;" + windows.environment()["PYTHONPATH"]
    home = new_home(windows, "plain")
    done = windows.run(
        *("-W", "error", "-m", "tray_app", "--home", home, "--ollama", NOWHERE, "--open-webui", NOWHERE),
        *("status", "--json"),
        environment={"PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["memory"]["total_bytes"] > 1 << 30


def test_output_through_a_pipe_is_utf_8(elbowroom):
    """Whatever the code page is: other programs read it."""
    assert "알 수 없" in elbowroom("--lang", "ko", "--ollama", NOWHERE, "--open-webui", NOWHERE, "status")


def test_the_demo_tells_its_whole_story(elbowroom):
    text = elbowroom("--lang", "en", "demo", "--fast")
    assert "fix task-model:gemma3:1b" in text


def test_watch_writes_a_line_for_each_look(elbowroom, servers):
    ollama, webui = servers
    lines = elbowroom(
        "--ollama", ollama.url, "--open-webui", webui.url, "watch", "--json", "--count", "2", "--interval", "1"
    ).splitlines()
    assert [json.loads(line)["ollama"]["presence"] for line in lines] == ["running", "running"]


def test_a_recording_is_told_again(elbowroom, servers, windows):
    ollama, webui = servers
    (windows.drive / "homes/aufnahme-한국어.jsonl").unlink(missing_ok=True)
    file = r"C:\homes\aufnahme-한국어.jsonl"
    elbowroom("--ollama", ollama.url, "--open-webui", webui.url, "record", file, "--seconds", "3")
    told = elbowroom("replay", file, "--json").splitlines()
    assert json.loads(told[0])["open_webui"]["version"] == webui.version_text


def test_start_at_login_is_a_line_of_the_users_own_registry(elbowroom, ask):
    """The line names no --home here: what it starts is the user's own app."""
    look = r"""
import winreg
with winreg.OpenKey(winreg.HKEY_CURRENT_USER, r"Software\Microsoft\Windows\CurrentVersion\Run") as key:
    count = winreg.QueryInfoKey(key)[1]
    answer = [winreg.EnumValue(key, index)[1] for index in range(count)]
"""
    before = ask(look)
    elbowroom("autostart", "on")
    (line,) = [line for line in ask(look) if line not in before]
    assert "tray" in line
    assert "C:\\Python311\\python" in line
    assert elbowroom("autostart", "status")
    elbowroom("autostart", "off")
    assert ask(look) == before
