"""The command line as a person uses it: on stand-ins over real sockets, exit codes and all."""

import io
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tray_app.cli.main import run
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.open_webui import ADMIN, USER, DemoOpenWebUI
from tray_app.standins.server import FaultKind


@pytest.fixture
def ollama():
    with DemoOllama() as server:
        yield server


@pytest.fixture
def server(ollama):
    with DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as made:
        yield made


@pytest.fixture
def cli(tmp_path, monkeypatch, ollama, server, capsys):
    """Runs a command in a home of its own; returns exit code, stdout, stderr."""
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*argv, stdin=None):
        if stdin is not None:
            data = stdin if isinstance(stdin, bytes) else stdin.encode()
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = run([*argv, "--home", str(tmp_path / "home"), "--ollama", ollama.url])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def connected(cli, server):
    code, _, err = cli("connect", server.url, "--token-stdin", "--insecure-file-secret", stdin=server.session() + "\n")
    assert code == 0, err
    return cli


def test_set_changes_only_that_setting_and_undo_takes_it_back(connected, server):
    before = dict(server.settings)
    code, out, _ = connected("set", "follow-ups=off")
    assert (code, server.settings) == (0, {**before, "ENABLE_FOLLOW_UP_GENERATION": False})
    assert "Follow-ups: on -> off" in out
    code, _, _ = connected("undo")
    assert (code, server.settings) == (0, before)
    code, out, _ = connected("undo")
    assert (code, out) == (3, "Nothing to undo on this server.\n")


def test_a_dry_run_changes_nothing_and_shows_the_plan(connected, server):
    before = dict(server.settings)
    code, out, _ = connected("set", "tags=off", "--dry-run")
    assert (code, server.settings) == (0, before)
    assert out.splitlines()[1].split() == ["Tags", "on", "off"]


def test_an_id_that_is_not_listed_is_obeyed_with_a_warning(connected, server):
    code, _, err = connected("set", "task-model=no-such-model:1b")
    assert (code, server.settings["TASK_MODEL"]) == (0, "no-such-model:1b")
    assert "does not list no-such-model:1b" in err


def test_set_to_what_is_there_is_nothing_to_do(connected):
    code, out, _ = connected("set", "follow-ups=on")
    assert code == 3
    assert "Nothing to do" in out


def test_undo_all_takes_back_everything_newest_first(connected, server):
    before = dict(server.settings)
    connected("set", "tags=off")
    connected("set", "task-model=gemma3:1b")
    connected("set", "task-model=")
    code, _, _ = connected("undo", "--all")
    assert (code, server.settings) == (0, before)


def test_undo_stopped_by_drift_exits_1_and_leaves_the_value(connected, server):
    connected("set", "task-model=gemma3:1b")
    server.settings["TASK_MODEL"] = "llama3.2:3b"
    code, _, err = connected("undo")
    assert (code, server.settings["TASK_MODEL"]) == (1, "llama3.2:3b")
    assert "changed elsewhere" in err


def test_a_task_that_the_version_lacks_is_said(cli, ollama):
    with DemoOpenWebUI("0.3.35", ollama_url=ollama.url) as old:
        cli("connect", old.url, "--token-stdin", "--insecure-file-secret", stdin=old.session() + "\n")
        code, _, err = cli("set", "autocomplete=off")
        assert code == 1
        assert "Open WebUI 0.3.35 has no autocomplete" in err
        code, _, _ = cli("set", "search-queries=off", "task-model=gemma3:1b")
        assert code == 0
        assert (old.settings["ENABLE_SEARCH_QUERY"], old.settings["TASK_MODEL"]) == (False, "gemma3:1b")
        code, _, _ = cli("undo", "--all")
        assert (old.settings["ENABLE_SEARCH_QUERY"], old.settings["TASK_MODEL"]) == (True, "")


def test_connect_with_email_and_password(cli, server):
    email, password = ADMIN
    code, out, _ = cli(
        "connect", server.url, "--email", email, "--password-stdin", "--insecure-file-secret", stdin=password + "\n"
    )
    assert code == 0
    assert "0.12.4" in out


@pytest.mark.parametrize(("encoding", "system"), [("utf-8", "cp949"), ("utf-8-sig", "cp949"), ("cp949", "cp949")])
def test_a_password_comes_in_as_other_programs_write_it(cli, server, monkeypatch, encoding, system):
    """Read in Windows' own code page, one that was written in UTF-8 was wrong, or ended the command."""
    monkeypatch.setattr("locale.getencoding", lambda: system)
    server.accounts.accounts[0] = replace(server.accounts.accounts[0], password="비밀번호")
    options = ("--email", ADMIN[0], "--password-stdin", "--insecure-file-secret")
    code, _, err = cli("connect", server.url, *options, stdin="비밀번호\r\n".encode(encoding))
    assert code == 0, err


def test_bytes_that_are_no_text_are_told_as_that(cli, server, monkeypatch):
    monkeypatch.setattr("locale.getencoding", lambda: "utf-8")
    code, _, err = cli("connect", server.url, "--token-stdin", stdin=b"\xff\xfe\n")
    assert code == 2
    assert "--token-stdin is in no known encoding. Send it in UTF-8." in err


def test_an_ordinary_account_is_refused_and_nothing_is_kept(cli, server, tmp_path):
    email, password = USER
    code, _, err = cli(
        "connect", server.url, "--email", email, "--password-stdin", "--insecure-file-secret", stdin=password + "\n"
    )
    assert code == 1
    assert "admin" in err
    assert not (tmp_path / "home" / "secret.json").exists()


def test_connect_without_credentials_and_without_a_terminal_exits_2(cli, server):
    code, _, err = cli("connect", server.url, stdin="")
    assert code == 2
    assert "--api-key-stdin" in err


def test_a_server_without_accounts_needs_no_credentials(cli, ollama):
    with DemoOpenWebUI("0.12.4", ollama_url=ollama.url, auth=False) as open_server:
        code, _, err = cli("connect", open_server.url, "--insecure-file-secret", stdin="")
        assert code == 0, err


def test_the_secret_file_is_for_this_user_only(connected, tmp_path):
    mode = (tmp_path / "home" / "secret.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_refused_key_is_told_as_what_it_is(cli, server, monkeypatch):
    code, _, err = cli("connect", server.url, "--api-key-stdin", stdin="sk-wrong\n")
    assert (code, "does not accept this key" in err) == (1, True)
    monkeypatch.setenv("ELBOWROOM_API_KEY", "sk-wrong")
    code, _, err = cli("settings", "--open-webui", server.url)
    assert (code, "does not accept the key in ELBOWROOM_API_KEY" in err) == (1, True)


def test_disconnect_forgets_the_token(connected, server):
    assert connected("disconnect")[0] == 0
    code, _, err = connected("settings", "--open-webui", server.url)
    assert code == 1
    assert f"elbowroom connect {server.url}" in err
    assert connected("disconnect")[0] == 3


def test_a_stored_token_goes_only_to_the_server_it_was_stored_for(connected, ollama):
    with DemoOpenWebUI("0.12.4", ollama_url=ollama.url) as impostor:
        code, _, _ = connected("settings", "--open-webui", impostor.url)
        assert code == 1
        assert [request for request in impostor.asked if "authorization" in request.headers] == []


def test_an_impostor_at_the_very_address_never_sees_the_token(connected, server):
    port = server.port
    server.stop()
    with DemoOllama(port=port) as impostor:
        for command in (["status", "--json"], ["set", "tags=off"], ["undo"], ["settings"]):
            connected(*command)
        assert impostor.asked != []
        assert [request for request in impostor.asked if "authorization" in request.headers] == []


def test_an_environment_key_goes_only_where_a_person_sent_it(cli, server, monkeypatch):
    monkeypatch.setenv("ELBOWROOM_API_KEY", server.api_key())
    assert cli("set", "tags=off", "--open-webui", server.url)[0] == 0
    assert server.settings["ENABLE_TAGS_GENERATION"] is False


def test_settings_as_json(connected):
    code, out, _ = connected("settings", "--json")
    made = json.loads(out)
    assert (code, made["schema"], made["tasks"]["follow-ups"]) == (0, 1, "on")


def test_journal_lists_every_change_with_its_state(connected):
    connected("set", "tags=off")
    connected("undo")
    code, out, _ = connected("journal")
    assert code == 0
    assert "undone" in out
    events = [entry["event"] for entry in json.loads(connected("journal", "--json")[1])["entries"]]
    assert events == ["intended", "applied", "undo-intended", "undone"]


def test_status_json_has_the_stable_keys(connected):
    code, out, _ = connected("status", "--json")
    made = json.loads(out)
    assert code == 0
    assert made["schema"] == 1
    assert {"level", "memory", "requests", "models", "open_webui", "findings", "remedies", "unknown"} <= set(made)
    assert made["open_webui"]["access"] == "admin"
    assert made["open_webui"]["tasks"]["autocomplete"] == "off"


@pytest.mark.parametrize(
    ("argv", "nearest"),
    [
        (["statsu"], "status"),
        (["set", "autocomplet=off"], "autocomplete"),
        (["set", "tags=offf"], "off"),
    ],
)
def test_a_slip_is_one_line_with_the_nearest_right_word(cli, argv, nearest):
    code, out, err = cli(*argv)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert nearest in err


@pytest.mark.parametrize("fault", [one for one in FaultKind if one is not FaultKind.DRIP])
def test_a_broken_server_is_one_line_and_changes_nothing(connected, server, fault):
    before = dict(server.settings)
    server.fail(fault)
    code, _out, err = connected("set", "tags=off")
    server.heal()
    assert (code, server.settings) == (1, before)
    assert len(err.splitlines()) == 1, err


def test_a_server_that_is_gone_is_one_line(connected, server):
    server.stop()
    code, _, err = connected("set", "tags=off")
    assert code == 1
    assert len(err.splitlines()) == 1


def test_global_options_work_before_the_command(cli, server, tmp_path):
    assert run(["--home", str(tmp_path / "other"), "journal"]) == 0


def test_an_undo_with_nothing_to_take_back_asks_no_server(cli, server):
    server.stop()
    assert cli("undo", "--open-webui", server.url)[:2] == (3, "No change was made yet.\n")


def test_a_list_of_fixes_without_a_sign_in_says_how_to_connect_and_a_reason_once(cli, server):
    code, out, _ = cli("fix", "--list", "--open-webui", server.url, "--lang", "en")
    assert code == 3
    assert out.startswith("Not connected: ")
    assert f"elbowroom connect {server.url}" in out.splitlines()[0]
    assert out.count("Open WebUI's task settings are not known.") == 1


def test_what_is_logged_is_not_shown_to_a_person_at_a_terminal(tmp_path):
    """`no browser: could not locate runnable browser` stood in English above a Korean sentence."""
    code = "import logging; from tray_app.cli.main import run; run(['journal', '--home', 'h']); "
    code += "logging.getLogger('tray_app.app.connect').warning('no browser'); logging.getLogger('keyring').error('x')"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert done.stderr == b""
