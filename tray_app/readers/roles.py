"""Which process is Ollama's app, server or runner, or Open WebUI, and what a runner's command line says. Pure.

Command lines as Ollama 0.5 to 0.33 start them (llm/server.go, llm/llama_server.go, x/mlxrunner/client.go) and as
Open WebUI 0.3 to 0.12 is started by pip, by its Docker image and by its desktop app.
"""

import ntpath
import re
from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.values.snapshot import ProcessRole

_BLOB = re.compile(r"[/\\]blobs[/\\](sha256-[0-9a-f]{64})$")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_OLD_RUNNER = "ollama_llama_server"
_OURS = {"elbowroom", "elbowroom-tray", "tray_app", "run.py"}
"""How this app is started: a command, a module, a file."""
NAME_LENGTH = 80


def clean_name(name: str) -> str:
    """A process name that may be shown: no control characters, direction marks or lone surrogates, at most 80 signs."""
    return _UNSAFE.sub("?", name[: NAME_LENGTH * 2])[:NAME_LENGTH]


def program(name: str) -> str:
    """`C:\\x\\Ollama.EXE` -> `ollama`: the last part of a path, lower case, without `.exe`."""
    return ntpath.basename(name).lower().removesuffix(".exe")


class RunnerFacts(Struct, frozen=True):
    """What a runner's command line tells; None where it does not. `context_length` is of one slot."""

    blob_digest: str | None = None
    model: str | None = None
    port: int | None = None
    context_length: int | None = None
    parallel: int | None = None


def _options(arguments: Sequence[str], names: Sequence[str]) -> str | None:
    """The value of `--name VALUE` or `--name=VALUE`; the first that is there."""
    for index, argument in enumerate(arguments):
        head, equals, tail = argument.partition("=")
        if head in names:
            if equals:
                return tail
            return arguments[index + 1] if index + 1 < len(arguments) else None
    return None


def _number(text: str | None, highest: int) -> int | None:
    """A positive decimal number of ASCII digits up to `highest`, else None."""
    if text is None or len(text) > 10 or not (text.isascii() and text.isdigit()):
        return None
    value = int(text)
    return value if 0 < value <= highest else None


def runner_facts(command_line: Sequence[str]) -> RunnerFacts:
    """Decode `-c`, `-np`, `--port` and `--model` of any runner family; `-c` is num_ctx times the slots."""
    arguments = command_line[1:65]
    model = _options(arguments, ("--model", "-m")) or ""
    blob = _BLOB.search(model)
    total = _number(_options(arguments, ("-c", "--ctx-size")), 2**31)
    parallel = _number(_options(arguments, ("-np", "--parallel")), 1024)
    mlx = "--mlx-engine" in arguments
    return RunnerFacts(
        blob_digest=blob[1] if blob else None,
        model=clean_name(model) if mlx and model else None,
        port=_number(_options(arguments, ("--port",)), 65535),
        context_length=total // (parallel or 1) if total else None,
        parallel=parallel,
    )


def _is_open_webui(command_line: Sequence[str]) -> bool:
    """`open-webui serve`, `python -m open_webui serve`, `uvicorn open_webui.main:app`, `uv run open-webui serve`."""
    head = command_line[:16]
    if "open_webui.main:app" in head:
        return True
    for index, argument in enumerate(head[:-1]):
        if program(argument) in {"open-webui", "open_webui"} and head[index + 1] in {"serve", "dev"}:
            return True
    return False


def _is_relay(command_line: Sequence[str]) -> bool:
    """`elbowroom relay --listen ADDRESS --upstream URL`, however this app was started; options may come first."""
    head = command_line[:16]
    if "relay" not in head or not any(argument.partition("=")[0] == "--upstream" for argument in head):
        return False
    return any(program(argument) in _OURS for argument in head[: head.index("relay")])


def could_matter(name: str) -> bool:
    """Is it worth asking for the command line of a process with this name?"""
    base = program(name)
    return base.startswith(
        ("ollama", "llama-server", "open-webui", "open webui", "open_webui", "elbowroom", "python", "uv")
    ) or (base in {"gunicorn", _OLD_RUNNER})


def _ollama_role(arguments: Sequence[str]) -> ProcessRole | None:
    if arguments[:1] == ["serve"]:
        return ProcessRole.OLLAMA_SERVER
    # Without --model it is a probe that lives for milliseconds while Ollama looks for GPUs.
    if arguments[:1] == ["runner"] and any(argument.partition("=")[0] == "--model" for argument in arguments):
        return ProcessRole.OLLAMA_RUNNER
    return None


def _llama_server_role(arguments: Sequence[str], *, parent_is_ollama: bool) -> ProcessRole | None:
    model = _options(arguments, ("--model", "-m"))
    if model is None:
        return None  # a probe (`--list-devices`, `--port N --verbose`) or another program's (`--models-dir`)
    return ProcessRole.OLLAMA_RUNNER if parent_is_ollama or _BLOB.search(model) else None


def _hidden_role(base: str, *, parent_is_ollama: bool) -> ProcessRole | None:
    """By name alone: `ollama` below another `ollama` is a runner of 0.5 to 0.24."""
    if base == "ollama":
        return ProcessRole.OLLAMA_RUNNER if parent_is_ollama else ProcessRole.OLLAMA_SERVER
    return ProcessRole.OLLAMA_RUNNER if base == "llama-server" and parent_is_ollama else None


def role_of(name: str, command_line: Sequence[str] | None, *, parent_is_ollama: bool = False) -> ProcessRole | None:
    """The role of a process, or None. `command_line` None: the OS does not show it (another user's process)."""
    base = program(name)
    if base == "ollama app" or base.startswith("ollama helper"):
        return ProcessRole.OLLAMA_APP
    # The macOS app is `Ollama`, its server `ollama`: only the capital tells them apart.
    path = command_line[0] if command_line else name
    is_app = ntpath.basename(path) == "Ollama"
    if not command_line:
        return ProcessRole.OLLAMA_APP if is_app else _hidden_role(base, parent_is_ollama=parent_is_ollama)
    arguments = list(command_line[1:65])
    names = {program(path), base}
    role = ProcessRole.OPEN_WEBUI if base == "open webui" or _is_open_webui(command_line) else None
    if _is_relay(command_line):
        role = ProcessRole.RELAY
    elif "ollama" in names:
        role = _ollama_role(arguments) or (ProcessRole.OLLAMA_APP if is_app else None)
    elif names & {"llama-server", _OLD_RUNNER}:
        parent_is_ollama = parent_is_ollama or _OLD_RUNNER in names
        role = _llama_server_role(arguments, parent_is_ollama=parent_is_ollama)
    return role
