"""run.py: finds a Python, what it installs and when, and what it starts."""

import http.server
import json
import os
import re
import runpy
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run():
    """The names of run.py; functions see later changes to their own globals."""
    return SimpleNamespace(**(globals_of := runpy.run_path(str(ROOT / "run.py"))), globals=globals_of)


@pytest.fixture
def change(run, monkeypatch):
    """Change a global that run.py's functions read."""

    def changed(name, value):
        monkeypatch.setitem(run.main.__globals__, name, value)

    return changed


@pytest.mark.parametrize(
    ("version", "fits"),
    [((3, 10), False), ((3, 11), True), ((3, 14), True), ((3, 15), False), ((2, 7), False), ((4, 0), False)],
)
def test_python_3_11_to_3_14_fit(run, version, fits):
    assert run.fits(version) is fits


def test_the_pins_are_those_of_pyproject_and_name_no_host():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--" not in text
    pinned = {line.split("==")[0] for line in text.splitlines()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for wanted in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        assert re.split(r"[<>=!~\[; ]", wanted)[0].lower() in pinned, f"{wanted} has no pin: see docs/decisions.md"
    assert {"pyobjc-core", "pywin32-ctypes"} <= pinned


def fake_python(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    program.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_the_newest_python_that_really_runs_is_taken(run, change, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    change("DEBIAN_PYTHON", str(tmp_path / "python3"))
    fake_python(tmp_path, "python3.14", "echo 'no version is set' >&2; exit 127")
    fake_python(tmp_path, "python3.13", "echo 3 9")
    fake_python(tmp_path, "python3.12", "echo 3 12")
    fake_python(tmp_path, "python3.11", "echo 3 11")
    assert run.other_python() == [str(tmp_path / "python3.12")]


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts in place of Pythons")
def test_an_old_python_hands_over_to_a_fitting_one(run, change, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_python(tmp_path, "python3.13", "echo 3 13")
    started = []
    change("fits", lambda version: version == (3, 13))

    class Became(Exception):
        pass

    def become(command):
        started.append(command)
        raise Became

    change("become", become)
    with pytest.raises(Became):
        run.ensure_python(["status", "--json"])
    assert started == [[str(tmp_path / "python3.13"), str(ROOT / "run.py"), "status", "--json"]]


def test_without_a_fitting_python_it_says_so(run, change, capsys):
    change("fits", lambda _: False)
    change("other_python", lambda: None)
    with pytest.raises(SystemExit) as ended:
        run.ensure_python([])
    assert ended.value.code == 1
    assert "needs Python 3.11 to 3.14" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Debian's packages")
def test_a_user_without_root_gets_the_one_line_that_helps(run, change, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    change("succeeds", lambda _: False)
    change("version_of", lambda _: (sys.version_info[0], sys.version_info[1]))
    monkeypatch.setattr(run.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(SystemExit) as ended:
        run.ensure_ensurepip()
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith("\n  sudo apt-get install python3-venv\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Debian's packages")
def test_a_second_debian_python_needs_its_own_package(run, change, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    change("succeeds", lambda _: False)
    change("version_of", lambda _: (3, 99))
    monkeypatch.setattr(run.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(SystemExit):
        run.ensure_ensurepip()
    assert "python{}.{}-venv".format(*sys.version_info) in capsys.readouterr().err


# --- when it installs ------------------------------------------------------------------------


@pytest.fixture
def installs(run, change, tmp_path):
    """Calls of pip, in a tree of its own."""
    calls: list[tuple[str, ...]] = []
    (tmp_path / "tray_app").mkdir()
    (tmp_path / ".venv").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "tray_app/__init__.py"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    change("ROOT", tmp_path)
    change("STAMP", tmp_path / ".venv" / "stamp.json")
    change("ensure_pip", lambda: None)
    change("pip", lambda *arguments: calls.append(arguments))
    return calls


def test_it_installs_once(run, installs):
    for _ in range(3):
        run.ensure_installed(dev=False)
    assert installs == [("install", "-c", "constraints.txt", "-e", ".")]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "tray_app/__init__.py"])
def test_it_installs_again_when_that_would_give_something_else(run, installs, tmp_path, name):
    run.ensure_installed(dev=False)
    (tmp_path / name).write_text("changed", encoding="utf-8")
    run.ensure_installed(dev=False)
    assert len(installs) == 2


def test_the_tools_of_the_tests_are_added_once_and_stay(run, installs, tmp_path):
    run.ensure_installed(dev=False)
    run.ensure_installed(dev=True)
    run.ensure_installed(dev=False)
    (tmp_path / "pyproject.toml").write_text("changed", encoding="utf-8")
    run.ensure_installed(dev=False)
    assert [call[-1] for call in installs] == [".", ".[dev]", ".[dev]"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff", b'{"fingerprint": 1}'])
def test_a_damaged_stamp_means_not_installed(run, installs, tmp_path, damage):
    (tmp_path / ".venv" / "stamp.json").write_bytes(damage)
    run.ensure_installed(dev=False)
    assert len(installs) == 1


def test_an_install_that_failed_is_not_taken_as_done(run, change, installs):
    def fails(*arguments):
        raise SystemExit(1)

    run.ensure_installed(dev=False)
    change("fingerprint", lambda: "another")
    change("pip", fails)
    with pytest.raises(SystemExit):
        run.ensure_installed(dev=False)
    assert run.last_install() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script in place of pip")
def test_a_failing_pip_shows_its_last_words_and_asks_for_the_network(run, change, tmp_path, capsys):
    fake_python(tmp_path, "python", "seq 1 50; echo 'ERROR: no such host' >&2; exit 1")
    change("venv_python", lambda: str(tmp_path / "python"))
    with pytest.raises(SystemExit) as ended:
        run.pip("install")
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert "ERROR: no such host" in shown
    assert "online?" in shown
    assert "  10\n" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Debian's packages")
@pytest.mark.parametrize(("version", "linked"), [((3, 11), True), ((3, 12), False)])
def test_debians_gi_is_lent_only_to_its_own_python(run, change, tmp_path, version, linked):
    gi = tmp_path / "dist-packages" / "gi"
    gi.mkdir(parents=True)
    (gi / "_gi.cpython-311-x86_64-linux-gnu.so").touch()
    packages = tmp_path / ".venv" / "lib" / "python{}.{}".format(*version) / "site-packages"
    packages.mkdir(parents=True)
    change("DEBIAN_PACKAGES", tmp_path / "dist-packages")
    change("VENV", tmp_path / ".venv")
    change("version_of", lambda _: version)
    for _ in range(2):
        run.link_gi()
    assert (packages / "gi").is_symlink() is linked


# --- what it starts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:11500", "http://127.0.0.1:11500"),
        (":11500", "http://127.0.0.1:11500"),
        ("gpu-box", "http://gpu-box:11434"),
        (" 'gpu-box:1' ", "http://gpu-box:1"),
        ("http://gpu-box", "http://gpu-box:80"),
        ("https://gpu-box/", "https://gpu-box:443"),
        ("http://gpu-box:1/path", "http://gpu-box:1"),
        ("[::]:1", "http://127.0.0.1:1"),
        ("[::1]:1", "http://[::1]:1"),
    ],
)
def test_every_form_of_ollama_host_is_an_address(run, text, url):
    assert run.ollama_url(text) == url


@pytest.fixture
def server():
    """A loopback server; `answers` maps a path to its body."""
    answers: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{made.server_address[1]}", answers=answers)
        made.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        ("/api/version", b'{"version": "0.33.0"}', True),
        ("/api/version", b'["version"]', False),
        ("/api/version", b"<html>", False),
        ("/elsewhere", b'{"version": "1"}', False),
    ],
)
def test_ollama_is_known_by_its_version(run, server, monkeypatch, path, body, found):
    server.answers[path] = body
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    monkeypatch.setenv("OPEN_WEBUI_URL", server.url)
    assert run.something_to_watch() is found


def test_open_webui_alone_is_enough(run, server, monkeypatch):
    server.answers["/api/config"] = b'{"status": true, "name": "Open WebUI", "version": "0.12.4"}'
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    monkeypatch.setenv("OPEN_WEBUI_URL", server.url + "/")
    assert run.something_to_watch()


def test_a_proxy_is_not_asked(run, server, monkeypatch):
    server.answers["/api/version"] = b'{"version": "0.33.0"}'
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    assert run.something_to_watch()


def test_a_dead_port_is_nothing(run, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("OPEN_WEBUI_URL", "http://127.0.0.1:9")
    assert not run.something_to_watch()


@pytest.mark.parametrize(
    ("arguments", "watch", "starts"),
    [
        ([], True, ["-P", "-m", "tray_app"]),
        ([], False, ["-P", "-m", "tray_app", "demo"]),
        (["status", "--json"], False, ["-P", "-m", "tray_app", "status", "--json"]),
        (["test", "-k", "one two"], False, ["-m", "pytest", "-k", "one two"]),
        (["demo", "test"], True, ["-P", "-m", "tray_app", "demo", "test"]),
    ],
)
def test_what_is_started(run, change, monkeypatch, arguments, watch, starts):
    class Became(Exception):
        pass

    def become(command):
        raise Became(command)

    for name in ("ensure_python", "ensure_venv", "link_gi"):
        change(name, lambda *_: None)
    change("ensure_installed", lambda *, dev: None)
    change("something_to_watch", lambda: watch)
    change("become", become)
    monkeypatch.setattr(os, "chdir", lambda _: None)
    with pytest.raises(Became) as started:
        run.main(arguments)
    assert started.value.args[0][1:] == starts


@pytest.mark.skipif(sys.platform == "win32", reason="exec of POSIX systems")
def test_the_exit_code_and_output_of_what_it_starts_are_its_own(tmp_path):
    code = f"import runpy; run = runpy.run_path({str(ROOT / 'run.py')!r}); run['become'](['/bin/sh', '-c', 'echo out; exit 7'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "")


def test_windows_waits_for_what_it_starts(run, change):
    change("WINDOWS", True)
    with pytest.raises(SystemExit) as ended:
        run.become([sys.executable, "-c", "raise SystemExit(7)"])
    assert ended.value.code == 7


def test_the_stamp_is_json(run, installs, tmp_path):
    run.ensure_installed(dev=True)
    stamp = json.loads((tmp_path / ".venv" / "stamp.json").read_text(encoding="utf-8"))
    assert stamp["dev"] is True
