"""Roles and runner facts from the command lines of all families."""

import pytest

from tray_app.core.values.snapshot import ProcessRole
from tray_app.readers.roles import NAME_LENGTH, RunnerFacts, clean_name, could_matter, role_of, runner_facts

DIGEST = "sha256-" + "8447b58320099398b4ad6899d7ed6eba79c2ef9d69a2c35200244c58c8dee520"
MAC = "/Applications/Ollama.app/Contents"
BLOB = f"/Users/me/.ollama/models/blobs/{DIGEST}"
WINDOWS_BLOB = f"C:\\Users\\me\\.ollama\\models\\blobs\\{DIGEST}"
SERVER, RUNNER, APP = ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER, ProcessRole.OLLAMA_APP
WEB, RELAY = ProcessRole.OPEN_WEBUI, ProcessRole.RELAY
LISTEN = ["relay", "--listen", "127.0.0.1:11435", "--upstream", "http://127.0.0.1:11434"]
LLAMA_SERVER = (
    f"--model {BLOB} --port 37961 --host 127.0.0.1 --no-webui --offline -c 8192 -np 2 --log-verbosity 4 --no-log-prefix"
    " --no-log-timestamps --no-jinja --chat-template chatml --load-mode none --flash-attn auto -b 512 -ub 512"
    " --context-shift --keep 4"
)


@pytest.mark.parametrize(
    ("name", "command_line", "role"),
    [
        ("Ollama", [f"{MAC}/MacOS/Ollama", "hidden"], APP),
        ("Ollama", None, APP),
        ("Ollama Helper (GPU)", ["/x/Ollama Helper (GPU)", "--type=gpu"], APP),
        ("ollama app.exe", ["C:\\Program Files\\Ollama\\ollama app.exe"], APP),
        ("ollama", [f"{MAC}/Resources/ollama", "serve"], SERVER),
        ("ollama.exe", ["C:\\Ollama\\ollama.exe", "serve"], SERVER),
        ("ollama", ["/usr/local/bin/ollama", "serve"], SERVER),
        ("ollama", None, SERVER),
        ("ollama", ["ollama", "run", "qwen3"], None),
        ("ollama", ["ollama", "runner", "--ollama-engine", "--port", "33765"], None),
        ("ollama", ["ollama", "runner", "--model", BLOB, "--port", "35345"], RUNNER),
        ("ollama.exe", ["ollama.exe", "runner", "--ollama-engine", "--model", WINDOWS_BLOB, "--port", "1"], RUNNER),
        ("ollama", ["ollama", "runner", "--mlx-engine", "--model", "qwen3:4b", "--port", "40000"], RUNNER),
        ("ollama_llama_server", ["/tmp/ollama_llama_server", "--model", BLOB, "--port", "4"], RUNNER),
        ("llama-server", [f"{MAC}/Resources/llama-server", *LLAMA_SERVER.split()], RUNNER),
        ("llama-server.exe", ["C:\\Ollama\\lib\\ollama\\llama-server.exe", "--model", WINDOWS_BLOB], RUNNER),
        ("llama-server", ["llama-server", "--list-devices"], None),
        ("llama-server", ["llama-server", "--port", "9", "--verbose"], None),
        ("llama-server", ["llama-server", "--model", "/home/me/models/mine.gguf"], None),
        ("llama-server", ["llama-server", "--models-dir", "/x", "--port", "18881"], None),
        ("llama-server", None, None),
        ("open-webui", ["/v/bin/python", "/v/bin/open-webui", "serve", "--port", "8080"], WEB),
        ("python", ["python", "-m", "uvicorn", "open_webui.main:app", "--host", "0.0.0.0"], WEB),
        ("python3.11", ["python3.11", "-m", "open_webui", "serve"], WEB),
        ("python.exe", ["C:\\p\\python.exe", "-m", "uv", "run", "open-webui", "serve", "--port", "8080"], WEB),
        ("open-webui.exe", ["C:\\p\\Scripts\\open-webui.exe", "serve"], WEB),
        ("Open WebUI", ["/Applications/Open WebUI.app/Contents/MacOS/Open WebUI"], WEB),
        ("python", ["python", "-c", "print('open-webui serve')"], None),
        ("grep", ["grep", "ollama", "serve"], None),
        ("python", [], None),
        ("ollama-watch", ["ollama-watch", "serve"], None),
        ("elbowroom", ["/v/bin/python", "/v/bin/elbowroom", *LISTEN], RELAY),
        ("python3.13", ["/v/bin/python3.13", "-m", "tray_app", *LISTEN, "--home", "/h"], RELAY),
        ("python.exe", ["C:\\p\\python.exe", "run.py", "--home", "C:\\h", *LISTEN], RELAY),
        ("Elbowroom.exe", ["C:\\p\\Elbowroom.exe", "relay", "--upstream=http://127.0.0.1:11434"], RELAY),
        ("python", ["python", "relay", "--upstream", "http://127.0.0.1:11434"], None),
        ("elbowroom", ["/v/bin/python", "/v/bin/elbowroom", "watch"], None),
    ],
)
def test_roles(name, command_line, role):
    assert role_of(name, command_line) is role


@pytest.mark.parametrize("name", ["ollama", "llama-server"])
def test_a_hidden_child_of_ollama_is_a_runner(name):
    assert role_of(name, None, parent_is_ollama=True) is RUNNER


def test_a_model_that_is_no_blob_counts_below_ollama_only():
    line = ["llama-server", "--model", "/models/x.gguf"]
    assert role_of("llama-server", line, parent_is_ollama=True) is RUNNER


@pytest.mark.parametrize(
    ("command_line", "facts"),
    [
        (f"llama-server {LLAMA_SERVER}", RunnerFacts(DIGEST, None, 37961, 4096, 2)),
        (
            f"ollama runner --model {BLOB} --ctx-size 8192 --batch-size 512 --threads 2 --no-mmap --parallel 2 --port 41703",
            RunnerFacts(DIGEST, None, 41703, 4096, 2),
        ),
        (f"ollama runner --model {BLOB} --port 35345", RunnerFacts(DIGEST, None, 35345, None, None)),
        ("ollama runner --mlx-engine --model qwen3:4b --port 40000", RunnerFacts(None, "qwen3:4b", 40000, None, None)),
        # 0.33 (llm/llama_server.go at v0.33.0-rc2): a draft model beside it, every option of 0.32.15.
        (
            (
                f"llama-server --model {BLOB} --port 40000 --host 127.0.0.1 --no-webui --offline -c 16384 -np 2 "
                "--log-verbosity 4 "
                "--no-log-prefix --no-log-timestamps --spec-type draft-mtp --spec-draft-n-max 4 --spec-draft-backend-sampling "
                "--spec-draft-model /m/blobs/sha256-1 --load-mode dio --flash-attn auto -b 1024 -ub 1024 --split-mode none "
                "--main-gpu 1 --context-shift --keep 4"
            ),
            RunnerFacts(DIGEST, None, 40000, 8192, 2),
        ),
        (f"llama-server --model={BLOB} --port=80 -c=2048", RunnerFacts(DIGEST, None, 80, 2048, None)),
        ("llama-server --port 99999 -c -5 -np 0", RunnerFacts()),
        ("llama-server --port ４２ -c 99999999999 --model", RunnerFacts()),
        ("llama-server", RunnerFacts()),
    ],
)
def test_runner_facts(command_line, facts):
    assert runner_facts(command_line.split(" ")) == facts


def test_a_windows_path_has_a_blob_too():
    assert runner_facts(["llama-server.exe", "--model", WINDOWS_BLOB]).blob_digest == DIGEST


@pytest.mark.parametrize(
    "name", ["a\nb", "\x1b[2J\x1b]0;owned\x07", "x" * 70_000, "\ud800\udfff", "\u202egnp.exe", "\x00", "\x9b31m"]
)
def test_a_hostile_name_is_harmless_once_cleaned(name):
    cleaned = clean_name(name)
    assert cleaned.isprintable()
    assert len(cleaned) <= NAME_LENGTH
    cleaned.encode()


def test_few_names_are_worth_a_command_line():
    assert could_matter("python3.11")
    assert could_matter("ollama app.exe")
    assert not could_matter("firefox")
