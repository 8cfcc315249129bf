"""What a release's workflow plays on a real Ollama, played here on real llama-servers behind a process of its name."""

import subprocess
import sys

import pytest

from tests.llama.bench import BIG, Serve, runner_program
from tests.ports import free_port

pytestmark = [pytest.mark.llama, pytest.mark.real, pytest.mark.timeout(600)]


@pytest.fixture
def serve(tmp_path):
    made = Serve(tmp_path / "ollama", free_port(), runner_program())
    made.start()
    yield made
    made.stop()


def played(serve, model, seconds):
    words = ["tests/system/real_ollama.py", "--ollama", serve.url, "--model", model, "--seconds", str(seconds)]
    return subprocess.run([sys.executable, *words], check=False, capture_output=True, encoding="utf-8")


def test_a_storm_is_seen_fixed_and_taken_back_by_the_command_line_alone(serve):
    done = played(serve, BIG, 20)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "$ elbowroom undo --all  -> 0" in done.stdout


def test_it_fails_where_chats_get_no_answer(serve):
    done = played(serve, "no-such-model:1b", 8)
    assert done.returncode == 1
    assert "WRONG: a chat got no answer" in done.stderr
