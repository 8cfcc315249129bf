"""Completions, asked of the shells themselves: what Tab would offer."""

import shutil
import subprocess

import pytest

from tests.requirements import require
from tray_app.cli.arguments.living import SHELLS
from tray_app.cli.main import COMMANDS, run

BASH = """
source "$1"
COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2)); COMP_LINE="${*:2}"; COMP_POINT=${#COMP_LINE}
_shtab_elbowroom
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C "$argv[2]"'
# A pseudo-terminal is what zsh completes in; its own module brings one.
ZSH = """
zmodload zsh/zpty
zpty shell "zsh -f -i"
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; zstyle ":completion:*" list-colors ""; LISTMAX=-1'
zpty -w shell "source $1; compdef _shtab_elbowroom elbowroom; echo READY"
while zpty -r shell line && [[ $line != READY* ]]; do; done
zpty -w -n shell "$2"$'\\t\\t'
while zpty -r shell line "*$3*" && [[ $line != *$3* ]]; do; done
print -r -- "$line"
zpty -d shell
"""
OFFERED = (
    (["elbowroom", "st"], {"status", "start"}),
    (["elbowroom", "autostart", ""], {"on", "off", "status"}),
    (["elbowroom", "set", "foll"], {"follow-ups=on", "follow-ups=off"}),
    (["elbowroom", "undo", "--a"], {"--all"}),
    (["elbowroom", "metrics", "--t"], {"--textfile"}),
)


@pytest.fixture
def script(tmp_path, capsys):
    def made(shell, *options):
        assert run(["completion", shell, "--home", str(tmp_path / "home"), *options]) == 0
        out, err = capsys.readouterr()
        assert f"elbowroom completion {shell}" in err  # the way to keep it is no part of the script
        path = tmp_path / f"completion.{shell}"
        path.write_text(out, encoding="utf-8")
        return path

    return made


def shell(name):
    found = shutil.which(name)
    if found is None:
        require("shells", f"{name} is not installed")
    return found


def said(*argv):
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.stderr == ""
    return {line.split("\t")[0] for line in done.stdout.splitlines()} - {""}


@pytest.mark.parametrize(("words", "offered"), OFFERED)
def test_bash_offers(script, words, offered):
    assert said(shell("bash"), "-c", BASH, "bash", str(script("bash")), *words) == offered


@pytest.mark.parametrize(("words", "offered"), OFFERED)
def test_fish_offers(script, words, offered):
    assert said(shell("fish"), "--no-config", "-c", FISH, str(script("fish")), " ".join(words)) == offered


def test_zsh_completes_a_word(script):
    done = said(shell("zsh"), "-f", "-c", ZSH, "zsh", str(script("zsh")), "elbowroom disc", "disconnect")
    assert any("elbowroom disconnect" in line for line in done)


def test_powershell_is_told_every_command(script):
    written = script("powershell").read_text("utf-8")
    assert "Register-ArgumentCompleter" in written
    told = {command for command in COMMANDS if f'"{command}"' in written or f"'{command}'" in written}
    assert COMMANDS.keys() - told == {"relay", "metal"}  # which nobody types


@pytest.mark.parametrize("name", sorted({*SHELLS} - {"bash"}))  # bash shows words alone
def test_descriptions_are_in_the_language_of_the_user(script, name):
    assert "가장 최근 변경을 되돌립니다" in script(name, "--lang", "ko").read_text("utf-8")


def test_an_unknown_shell_is_a_usage_error(capsys):
    assert run(["completion", "csh"]) == 2
    assert "csh" in capsys.readouterr().err
