"""Secrets and questions at a real terminal: what is typed where, that no secret shows, and that a no changes nothing."""

import sys

import pytest

from tests.played import Played
from tray_app.standins.endpoint import DemoEndpoint
from tray_app.standins.open_webui import ADMIN

if sys.platform == "win32":
    pytest.skip("Windows has no such terminal", allow_module_level=True)

from tests.cli.a_terminal import Typing

pytestmark = pytest.mark.timeout(300)
SMALL = "meta-llama/llama-3.2-3b-instruct"
NO_KEYCHAIN = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def played(tmp_path):
    with Played(tmp_path / "home") as made:
        yield made


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


def typing(played, *argv):
    own = ("--lang", "en", "--home", str(played.home), "--ollama", played.ollama.url, "--open-webui", played.webui.url)
    return Typing(*own, *argv, HOME=str(played.home), **NO_KEYCHAIN)


def picked(at, endpoint):
    """As far as the question."""
    at.until("Key for 127.0.0.1 (not shown; Enter for none): ")
    at.types(endpoint.key)
    at.until("or Enter for meta-llama/llama-3.2-1b-instruct:")
    at.types("llama 3b")
    at.until(f"or Enter for {SMALL}:")
    at.types("1")
    at.until("[y/N]")


def test_a_hosted_model_is_added_by_typing(played, endpoint):
    before = played.settings
    with typing(played, "hosted", "add", endpoint.base) as at:
        picked(at, endpoint)
        assert (played.webui.registry.hosted, endpoint.calls()) == ([], [])
        at.types("y")
        at.until(f"In effect: {SMALL}")
        assert at.ends() == 0
    assert endpoint.key not in at.seen
    assert played.settings == {**before, "TASK_MODEL": SMALL}
    files = b"".join(path.read_bytes() for path in played.home.rglob("*") if path.is_file())
    assert endpoint.key.encode() not in files


@pytest.mark.parametrize("answer", ["n", "", "maybe"])
def test_whatever_is_no_yes_leaves_everything_alone(played, endpoint, answer):
    before = played.settings
    with typing(played, "hosted", "add", endpoint.base) as at:
        picked(at, endpoint)
        at.types(answer)
        assert at.ends() == 1
    assert (played.settings, played.webui.registry.hosted, endpoint.calls()) == (before, [], [])


def test_a_wrong_key_is_one_line(played, endpoint):
    endpoint.public_list = False
    with typing(played, "hosted", "add", endpoint.base) as at:
        at.until("Key for 127.0.0.1")
        at.types("sk-or-nobody-knows")
        assert at.ends() == 1
    said = [line for line in at.seen.splitlines() if "does not accept this key" in line]
    assert len(said) == 1
    assert "sk-or-nobody-knows" not in at.seen
    assert "Traceback" not in at.seen


def test_ctrl_c_at_the_key_ends_it_in_one_line(played, endpoint):
    with typing(played, "hosted", "add", endpoint.base) as at:
        at.until("Key for 127.0.0.1")
        at.types("\x03")
        assert at.ends() == 130
    assert "Traceback" not in at.seen
    assert played.webui.registry.hosted == []


def test_connect_asks_for_the_file_then_for_the_secrets(played):
    played.app().secrets.forget_all()
    with typing(played, "connect", played.webui.url) as at:
        at.until("[y/N]")
        at.types("y")
        at.until(":")  # a key, or Enter
        at.until("key")
        at.types("")
        at.until("mail")
        at.types(ADMIN[0])
        at.until("assword")
        at.types(ADMIN[1])
        assert at.ends() == 0, at.seen
    assert ADMIN[1] not in at.seen
    assert played.app().token(played.webui.url) is not None


def test_connect_keeps_nothing_after_a_no(played):
    played.app().secrets.forget_all()
    with typing(played, "connect", played.webui.url) as at:
        at.until("[y/N]")
        at.types("n")
        assert at.ends() == 1
    assert played.app().token(played.webui.url) is None
