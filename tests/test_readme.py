"""Every command of the two READMEs is taken by the real parser; whatever can be run without a person or an end is run."""

import re
import shlex
from pathlib import Path

import pytest

from tests.english import TR
from tests.played import Played
from tray_app.cli.main import COMMANDS, parse
from tray_app.core.values.errors.usage import UsageError

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.ko.md")
NAMES = {"URL": "http://127.0.0.1:8080", "FILE": "names.toml", "MODEL": "gemma3:1b", "DIR": "here", "COMMAND": "status"}
"""What stands for words that the reader fills in."""
NEEDS_A_VALUE = {"--ollama": "URL", "--open-webui": "URL", "--home": "DIR", "--compare": "MODEL"}


def spans(text):
    """What stands between back quotes, and the lines of its blocks."""
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"^```\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [*inline, *(line for block in blocks for line in block.splitlines())]


def filled(words):
    return [NAMES.get(word, word) for word in words]


def takes(words):
    """Whether the real parser does; its help and its version end it as they should."""
    try:
        parse(filled(words), TR)
    except UsageError:
        return False
    except SystemExit as ended:
        return ended.code == 0
    return True


def typed(page):
    """Every command as words without `elbowroom`: whole ones, those of run.py, and a row's short ones (`off`)."""
    found = {}
    for line in (ROOT / page).read_text(encoding="utf-8").split("\n"):
        last = None
        first_cell = line.split("|")[1] if line.startswith("| `elbowroom") else ""
        for span in spans(line):
            if (words := whole(span)) is not None:
                last = words
            elif last is not None and f"`{span}`" in first_cell:
                words = next((one for one in (shlex.split(span), [*last[:-1], span]) if takes(one)), None)
                assert words is not None, f"{page}: `{span}` is no command"
                last = words
            else:
                continue
            found[" ".join(words)] = words
    for span in spans((ROOT / page).read_text(encoding="utf-8")):
        if (words := whole(span)) is not None:
            found[" ".join(words)] = words
    return found


def whole(span):
    for start in ("elbowroom", "python3 run.py", "py run.py"):
        if span == start or span.startswith(start + " "):
            return shlex.split(span[len(start) :])
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_taken(page, capsys):
    found = typed(page)
    assert len(found) > 30
    of_the_tests = {words for words in found if words.startswith("test")}
    assert of_the_tests == {"test"}
    assert [command for command, words in found.items() if command not in of_the_tests and not takes(words)] == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", PAGES)
def test_every_option_beside_a_command_is_one_of_its_own(page, capsys):
    wrong = []
    for line in (ROOT / page).read_text(encoding="utf-8").split("\n"):
        if line.startswith("| `elbowroom"):
            commands = [whole(one) or [*one.split()] for one in spans(line.split("|")[1])]
            for option in (one for one in spans(line) if one.startswith("--")):
                words = option.split()
                words += [NEEDS_A_VALUE[option]] if option in NEEDS_A_VALUE else []
                if not any(takes([*bare(command), *words]) for command in commands if command or words != ["--tray"]):
                    wrong.append((line[:40], option))
    assert wrong == []
    assert capsys.readouterr().err == ""


def bare(command):
    """A command without the change that it makes in the example, where an option stands in its place."""
    return command[:1] if command[:1] == ["relief"] else command


@pytest.mark.parametrize("option", sorted({*NEEDS_A_VALUE, "--lang ko", "--json", "--help"} - {"--compare"}))
def test_what_is_said_of_all_commands_holds(option, capsys):
    words = filled([*option.split(), *([NEEDS_A_VALUE[option]] if option in NEEDS_A_VALUE else [])])
    assert takes(["status", *words])
    assert capsys.readouterr().err == ""


def test_both_pages_name_the_same_commands_and_options():
    def named(page):
        text = (ROOT / page).read_text(encoding="utf-8")
        return set(typed(page)) | {one for one in spans(text) if one.startswith("--")}

    assert named("README.md") == named("README.ko.md")


NOT_RUN = {
    "": "starts the tray: tests/e2e/test_app.py",
    "--json": "an option",
    "test": "would run these tests: .ci/run",
    "COMMAND --help": "tests/cli/test_main.py, every command",
    "autostart off": "writes to the real desktop: tests/autostart",
    "autostart on": "writes to the real desktop: tests/autostart",
    "chat-first on": "starts the relay: tests/app/chat_first, tests/real/test_chat_first.py",
    "connect URL": "asks a person: tests/cli/test_connect_prompts.py",
    "connect http://127.0.0.1:8080": "asks a person: tests/cli/test_connect_prompts.py",
    "demo": "tests/demo/test_story.py",
    "demo --tray": "tests/e2e/test_app.py, tests/demo/test_story.py",
    "details": "opens a browser: tests/cli/test_details.py",
    "hosted add URL": "needs a key and an endpoint: tests/cli/test_hosted.py",
    "hosted remove URL": "needs an endpoint that was added: tests/cli/test_hosted.py",
    "metrics": "serves until it is ended: tests/exporter",
}
"""And where it is run instead."""
ENDS_WITH = {"record FILE": ["--seconds", "1"], "watch": ["--count", "1"], "speed": ["--runs", "1", "--yes"]}
ASKS = {"fix", "apply"}
"""What is added to those that go on until somebody ends or answers them."""
GOOD = (0, 3)
"""Done, and nothing to do."""
ORDER = ("plan FILE", "record FILE", "set follow-ups=off task-model=gemma3:1b")
"""First, since others go by what they leave; `disconnect` comes last."""


@pytest.mark.timeout(300)
def test_what_can_be_run_runs(tmp_path, monkeypatch, capsys):
    """On the played machine, signed in, in one home, as a reader who tries one after the other."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("request_limit_s = 20\n", encoding="utf-8")
    commands = typed("README.md")
    assert set(NOT_RUN) - {"--json"} <= {*commands, ""}, "no reason is left over"
    mine = [one for one in commands if one not in NOT_RUN]
    mine.sort(key=lambda one: (one == "disconnect", ORDER.index(one) if one in ORDER else len(ORDER)))
    names = {**NAMES, "MODEL": "qwen3:32b"}
    ended = {}
    with Played(tmp_path / "home", installed=("qwen3:32b", "gemma3:1b")) as played:
        for command in mine:
            kept = "seen.jsonl" if command.split()[0] in {"record", "replay"} else NAMES["FILE"]
            words = [{**names, "FILE": kept}.get(word, word) for word in commands[command]]
            asked = ["--yes"] if command.split()[0] in ASKS and "--list" not in words else []
            ended[command] = played.run(*words, *ENDS_WITH.get(command, []), *asked)
    assert {command: code for command, code in ended.items() if code not in GOOD} == {}, capsys.readouterr().err
    assert len(ended) > 20


def test_every_command_is_named():
    """One that nobody reads of is none; those that only Elbowroom itself starts are left out."""
    words = {command.split()[0] for command in typed("README.md") if command}
    ours = {"tray", "start", "relay", "metal", "quit"}
    assert {one for one in COMMANDS if one not in ours} - words == set()
