"""`metrics`: what is told over HTTP and in a file, to whom, and how it ends."""

import contextlib
import importlib.machinery
import json
import os
import re
import signal
import stat
import sys
import types
from pathlib import Path

import pytest

from tests.exporter.process import Exporter, samples, value
from tests.played import Played
from tests.ports import free_port
from tray_app.app.exporting import Exporting
from tray_app.app.watch import Observer
from tray_app.autostart import launch
from tray_app.cli.main import run
from tray_app.standins.models import BIG
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import wait_until

LIBRARY = "prometheus_client"
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and rights of POSIX")


@pytest.fixture
def clean(monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(tmp_path, capsys, clean):
    def call(*argv):
        code = run(["metrics", *argv, "--home", str(tmp_path / "home"), "--lang", "en"])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def played(tmp_path, monkeypatch, clean):
    monkeypatch.setattr("tray_app.app.exporting.SECOND_SAMPLE_S", 0.0)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("request_limit_s = 20\n")
    with Played(tmp_path / "home") as made:
        yield made


def files(folder):
    """Every file with its time and size, so that a write of the same bytes is seen, too."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", ["nowhere", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "::1:9464", "a b:1", "x/y:1"]
)
def test_what_is_no_address_is_refused_in_one_line(cli, place):
    code, out, err = cli("--listen", place)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"`{place}` is not an address to listen on" in err


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid"])
def test_an_address_of_another_machine_is_refused_in_one_line(cli, host):
    code, out, err = cli("--listen", f"{host}:9464")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"{host}:9464 cannot be listened on" in err


def test_a_port_that_is_taken_is_told_in_one_line(cli):
    with DemoOllama() as other:
        port = other.url.rpartition(":")[2]
        code, out, err = cli("--listen", f"127.0.0.1:{port}")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"Another program listens on 127.0.0.1:{port} already." in err


def test_a_port_that_is_not_ours_is_told_in_one_line(cli, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tray_app.exporter.listener._ScrapeServer", refuse)
    code, _, err = cli("--listen", "127.0.0.1:80")
    assert (code, err.count("\n")) == (1, 1)
    assert "This user may not listen on 127.0.0.1:80. Choose a port above 1023" in err


@pytest.mark.parametrize("ollama", ["http://user:secret@gpu1.lan", "not a host"])
def test_a_host_that_is_none_is_refused_before_anything_listens(cli, ollama):
    code, _, err = cli("--ollama", ollama, "--listen", f"127.0.0.1:{free_port()}")
    assert (code, err.count("\n")) == (2, 1)
    assert "secret" not in err.replace(ollama, "")


def test_a_file_and_an_address_are_one_too_many(cli):
    code, _, err = cli("--listen", "127.0.0.1:9464", "--textfile", "x.prom")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("marked", "command"),
    [
        ("pipx_metadata.json", "pipx inject elbowroom prometheus-client"),
        ("uv-receipt.toml", "uv tool install --with prometheus-client elbowroom"),
        ("", "'{prefix}/bin/python' -m pip install prometheus-client"),
        ("../CACHEDIR.TAG", "uvx --with prometheus-client elbowroom"),
    ],
)
@posix
def test_without_the_library_one_line_says_how_this_copy_gets_it(cli, monkeypatch, tmp_path, marked, command):
    """pipx and uv leave a file in the environments that are theirs, wherever those are."""
    above = "archive-v0" if marked.startswith("..") else "my tools"
    prefix = tmp_path / above / "elbowroom"
    prefix.mkdir(parents=True)
    if marked:
        (tmp_path / marked[3:] if above == "archive-v0" else prefix / marked).write_text("")
    pip = types.ModuleType("pip")
    pip.__spec__ = importlib.machinery.ModuleSpec("pip", None)
    monkeypatch.setitem(sys.modules, "pip", pip)  # an environment of uv has none
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "executable", f"{prefix}/bin/python")
    monkeypatch.setattr(launch.is_run_once, "__defaults__", (f"{prefix}/bin/python",))
    code, out, err = cli()
    assert (code, out, err.count("\n")) == (1, "", 1)
    told = command.format(prefix=prefix)
    assert err == f"elbowroom: `metrics` needs one more library, prometheus_client. This adds it: {told}\n"


def test_a_bundle_that_was_made_without_it_says_so(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, LIBRARY, None)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "install Elbowroom anew" in cli()[2]


def test_an_environment_without_pip_is_helped_by_uv(monkeypatch):
    monkeypatch.setitem(sys.modules, "pip", None)
    assert launch.adding("x") == ("uv", "pip", "install", "--python", sys.executable, "x")


# --- in a file --------------------------------------------------------------------------------------------------------


def test_a_file_is_written_once_with_what_is_known(played, tmp_path, capsys):
    file = tmp_path / "out" / "elbowroom.prom"
    file.parent.mkdir()
    assert played.run("metrics", "--textfile", str(file)) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "")
    text = file.read_text("utf-8")
    assert value(text, "elbowroom_ollama_up", ollama=played.ollama.url) == 1
    assert value(text, "elbowroom_model_size_bytes", model=BIG) > 0
    assert value(text, "elbowroom_open_webui_task_enabled", task="titles") == 1
    # Who looks once has counted nothing: a zero with every run would look like a restart.
    assert value(text, "elbowroom_looks_total") is None
    assert list(file.parent.iterdir()) == [file]


@posix
def test_another_user_may_read_it_whatever_ours_is_used_to(played, tmp_path):
    file = tmp_path / "elbowroom.prom"
    before = os.umask(0o077)
    try:
        assert played.run("metrics", "--textfile", str(file)) == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_the_file_is_replaced_as_a_whole(played, tmp_path):
    """Who reads it meanwhile keeps the old one."""
    file = tmp_path / "elbowroom.prom"
    file.write_text("what was there")
    with file.open() as reader:
        assert played.run("metrics", "--textfile", str(file)) == 0
        if sys.platform != "win32":
            assert reader.read() == "what was there"
    assert "elbowroom_build_info" in file.read_text("utf-8")


@pytest.mark.parametrize("place", ["no-folder/elbowroom.prom", "home", "file/elbowroom.prom"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_looked_at(cli, tmp_path, monkeypatch, place):
    monkeypatch.setattr("tray_app.app.exporting.Exporting.look_once", lambda _: pytest.fail("it looked"))
    (tmp_path / "home").mkdir()
    (tmp_path / "file").write_text("")
    code, out, err = cli("--textfile", str(tmp_path / place))
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("elbowroom: ")
    assert "cannot be used" in err
    assert not (tmp_path / "no-folder").exists()


def test_a_name_that_node_exporter_leaves_out_is_noted(played, tmp_path, capsys):
    assert played.run("metrics", "--textfile", str(tmp_path / "numbers.txt")) == 0
    assert "reads only files that end in .prom" in capsys.readouterr().err


@posix
def test_with_an_interval_it_goes_on_until_it_is_ended(tmp_path, clean):
    file = tmp_path / "elbowroom.prom"
    with DemoOllama() as ollama, contextlib.closing(_Started(tmp_path, ollama, file)) as started:
        assert wait_until(lambda: (value(_text(file), "elbowroom_looks_total") or 0) >= 4, 60), _text(file)
        assert started.exporter.end(signal.SIGTERM) == (0, "")
    assert list((tmp_path / "out").iterdir()) == []


class _Started:
    def __init__(self, folder, ollama, file):
        (folder / "out").mkdir()
        words = ("--textfile", str(file), "--interval", "0.5", "--ollama", ollama.url)
        self.exporter = Exporter(folder / "home", *words)
        self.exporter.start()

    def close(self):
        self.exporter.__exit__()


def _text(file):
    return file.read_text("utf-8") if file.exists() else ""


# --- over HTTP --------------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_listens_on_loopback_and_ends_in_order(tmp_path, clean, sign):
    with DemoOllama() as ollama, Exporter(tmp_path / "home", "--ollama", ollama.url) as exporter:
        text = exporter.until(lambda text: value(text, "elbowroom_ollama_up") == 1)
        assert value(text, "elbowroom_build_info") == 1
        assert value(text, "process_resident_memory_bytes") > 1 << 20
        code, said = exporter.end(sign)
    assert code == 0
    assert said == f"Prometheus can read {exporter.url} now. Ctrl-C ends it.\n"


@posix
def test_who_lets_others_in_is_told_so(tmp_path, clean):
    with DemoOllama() as ollama:
        exporter = Exporter(tmp_path / "home", "--ollama", ollama.url)
        exporter.words[exporter.words.index("--listen") + 1] = f"0.0.0.0:{exporter.port}"
        with exporter:
            _, said = exporter.end()
    assert "Anyone who reaches this address can read which models run here" in said


def test_one_that_is_down_does_not_end_the_others(tmp_path, clean):
    away = f"http://127.0.0.1:{free_port()}"
    with DemoOllama() as one, DemoOllama(version="0.12.11") as two:
        named = [word for url in (one.url, away, two.url, one.url) for word in ("--ollama", url)]
        with Exporter(tmp_path / "home", *named) as exporter:
            urls = (one.url, away, two.url)
            looked = lambda text: None not in [value(text, "elbowroom_ollama_up", ollama=url) for url in urls]  # noqa: E731
            text = exporter.until(looked)
    assert [value(text, "elbowroom_ollama_up", ollama=url) for url in urls] == [1, 0, 1]
    assert value(text, "elbowroom_ollama_info", ollama=two.url, version="0.12.11") == 1
    assert len([key for key in samples(text) if key[0] == "elbowroom_ollama_up"]) == 3  # named twice is one
    # This machine is one, however many are watched.
    assert len([key for key in samples(text) if key[0] == "elbowroom_memory_available_bytes"]) == 1


def test_one_that_hangs_keeps_nobody_waiting(tmp_path, clean):
    """A scrape reads what was seen, and asks no server."""
    import socket

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent, DemoOllama() as ollama:
        hangs = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Exporter(tmp_path / "home", "--ollama", hangs, "--ollama", ollama.url) as exporter:
            exporter.until(lambda text: value(text, "elbowroom_ollama_up", ollama=ollama.url) == 1)
            text = exporter.until(lambda text: value(text, "elbowroom_ollama_up", ollama=hangs) == 0)
            took = value(exporter.scrape(), "elbowroom_scrape_duration_seconds")
    assert value(text, "elbowroom_source_unknown", ollama=hangs, source="ollama") == 1
    assert took < 0.5


def test_an_ollama_that_comes_later_is_told(tmp_path, clean):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Exporter(tmp_path / "home", "--ollama", url, "--interval", "0.5") as exporter:
        exporter.until(lambda text: value(text, "elbowroom_ollama_up") == 0)
        with DemoOllama(port=port):
            exporter.until(lambda text: value(text, "elbowroom_ollama_up") == 1, 90)
            assert value(exporter.scrape(), "elbowroom_models_loaded") == 0


def test_it_writes_nothing_and_holds_no_lock(played):
    """Beside it the tray app writes history, journal and state: two writers would fight."""
    home = played.home
    before = files(home)
    with Exporter(
        home, "--ollama", played.ollama.url, "--open-webui", played.webui.url, "--interval", "0.2"
    ) as exporter:
        exporter.until(lambda text: (value(text, "elbowroom_looks_total") or 0) >= 3)
        assert files(home) == before
        # What is changed meanwhile by others is told.
        assert played.run("set", "titles=off") == 0
        exporter.until(lambda text: value(text, "elbowroom_changes_total", event="applied") == 1)
    assert not list(home.rglob("history.db*"))


def test_a_fault_of_our_own_in_a_look_is_counted_and_the_next_one_is_taken(played, monkeypatch, caplog):
    """Also the first one: else nobody would ever hear of it."""
    fails = iter([True, True, False])
    look = Observer.look
    monkeypatch.setattr(Observer, "look", lambda self: 1 // 0 if next(fails, False) else look(self))
    watching = Exporting([played.app()])
    watching.begin(0.05)
    try:
        told = lambda: {one.metric.name: one.value for one in watching.reported()}  # noqa: E731
        assert wait_until(lambda: told().get("elbowroom_look_errors_total") == 2 and "elbowroom_level" in told(), 20)
    finally:
        watching.end()
    assert "a look failed" in caplog.text


def test_no_secret_and_no_persons_name_is_told(played):
    (played.home / "settings.toml").write_text("request_limit_s = 20\n")
    with Exporter(played.home, "--ollama", played.ollama.url, "--open-webui", played.webui.url) as exporter:
        text = exporter.until(lambda text: value(text, "elbowroom_open_webui_task_enabled", task="titles") == 1)
    told = json.dumps(sorted(str(key) for key in samples(text)))
    for account in played.webui.accounts.accounts:
        assert account.email not in text
    for kept in Path(played.home).rglob("*"):
        if kept.is_file() and "secret" in kept.name:
            for secret in re.findall(r"[\w.-]{20,}", kept.read_text("utf-8")):
                assert secret not in told
