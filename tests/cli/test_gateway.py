"""`gateway haproxy`: what goes to stdout, what to a file, and what is said in one line."""

import stat

import pytest

from tray_app.cli.main import run


@pytest.fixture
def cli(tmp_path, capsys):
    def call(*argv):
        code = run([*argv, "--home", str(tmp_path / "home")])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_the_configuration_alone_goes_to_stdout(cli):
    code, out, err = cli("gateway", "haproxy", "--ollama", "gpu1.lan", "--ollama", "gpu2.lan", "--slots", "1", "4")
    assert code == 0
    assert "    server gpu1.lan:11434 gpu1.lan:11434 maxconn 1\n" in out
    assert "    server gpu2.lan:11434 gpu2.lan:11434 maxconn 4\n" in out
    assert out.isascii()
    assert "haproxy -c -f FILE" in err
    assert "chat-first on --at http://127.0.0.1:11436" in err
    assert "--ollama" not in err  # the hosts are not the one that the next step watches


def test_a_host_may_also_be_named_before_the_command(cli):
    _, both, _ = cli("--ollama", "gpu1.lan", "gateway", "haproxy", "--ollama", "gpu2.lan")
    _, after, _ = cli("gateway", "haproxy", "--ollama", "gpu1.lan", "--ollama", "gpu2.lan")
    assert both == after


def test_a_file_is_written_whole_and_others_may_read_it(cli, tmp_path):
    file = tmp_path / "my gateway.cfg"
    file.write_text("what was there")
    code, out, err = cli("gateway", "haproxy", "--ollama", "gpu1", "--listen", "*:1", "--output", str(file))
    assert (code, out) == (0, "")
    assert file.read_text("utf-8").startswith("# Made by Elbowroom")
    assert stat.S_IMODE(file.stat().st_mode) & stat.S_IROTH  # HAProxy has a user of its own
    assert f"haproxy -c -f '{file}'" in err
    assert "--at http://HOST:1" in err


def test_a_file_that_cannot_be_written_is_told_by_its_name(cli, tmp_path):
    code, _, err = cli("gateway", "haproxy", "--ollama", "gpu1", "--output", str(tmp_path / "no" / "file"))
    assert (code, err.count("\n")) == (1, 1)
    assert "no/file" in err


def test_its_remarks_are_in_the_readers_language(cli):
    _, korean, _ = cli("gateway", "haproxy", "--ollama", "gpu1", "--lang", "ko")
    _, english, _ = cli("gateway", "haproxy", "--ollama", "gpu1")
    acting = [[line for line in text.splitlines() if "#" not in line] for text in (korean, english)]
    assert acting[0] == acting[1]
    assert not korean.isascii()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--ollama http://gpu1.lan:11434"),
        (("--ollama", "http://me:secret@gpu1"), "user name or password"),
        (("--ollama", "gpu1\nmode tcp"), "is not an address"),
        (("--ollama", "gpu1", "--slots", "0"), "whole number"),
        (("--ollama", "gpu1", "--slots", "1", "2"), "--slots"),
        (("--ollama", "gpu1", "--listen", "nowhere"), "127.0.0.1:11436"),
        (("--ollama", "127.0.0.1:11436"), "where the gateway itself listens"),
    ],
)
def test_what_is_wrong_is_one_line(cli, words, said):
    code, out, err = cli("gateway", "haproxy", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "secret" not in err
