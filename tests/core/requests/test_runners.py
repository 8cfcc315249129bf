"""Blob to name, and which runner is still loading."""

from msgspec.structs import replace

from tray_app.core.requests.runners import names_by_blob, with_models, with_names
from tray_app.core.values.names import full_name, same_model
from tray_app.core.values.snapshot import (
    InstalledModel,
    LoadedModel,
    LogEvent,
    LogEventKind,
    Ollama,
    OllamaLog,
    Presence,
    Processes,
    ProcessRole,
    WatchedProcess,
)

RUNNER = WatchedProcess(2, 1.0, ProcessRole.OLLAMA_RUNNER, "llama-server", blob_digest="sha256-a")
OTHER = replace(RUNNER, pid=3, blob_digest="sha256-b")
WEB = WatchedProcess(4, 1.0, ProcessRole.OPEN_WEBUI, "open-webui")
BIG = InstalledModel("qwen3:32b", "1", 20, blob_digest="sha256-a")
ALIAS = InstalledModel("mine:latest", "2", 20, blob_digest="sha256-a")
SMALL = InstalledModel("gemma3:1b", "3", 1, blob_digest="sha256-b")


def ollama(loaded, *installed):
    entries = tuple(LoadedModel(name, "x", 1, 1) for name in loaded)
    return Ollama("http://o", Presence.RUNNING, loaded=entries, installed=installed)


def named(processes, server, old=()):
    return [(one.model, one.loading) for one in with_models(Processes(tuple(processes)), server, old).watched]


def test_a_runner_has_the_name_of_its_blob():
    assert named([RUNNER, OTHER, WEB], ollama(["qwen3:32b"], BIG, SMALL)) == [
        ("qwen3:32b", False),
        ("gemma3:1b", True),
        (None, False),
    ]


def test_two_names_on_one_blob_share_a_runner_under_the_name_that_is_loaded():
    assert named([RUNNER], ollama(["mine"], BIG, ALIAS)) == [("mine", False)]
    assert names_by_blob(ollama(["mine"], BIG, ALIAS))["sha256-a"] == ("mine:latest", "qwen3:32b")


def test_a_blob_not_asked_for_yet_goes_to_the_only_entry_left():
    assert named([RUNNER], ollama(["new"], SMALL)) == [("new", False)]
    assert named([RUNNER, OTHER], ollama(["new", "gemma3:1b"], SMALL)) == [("new", False), ("gemma3:1b", False)]


def test_two_unknown_blobs_are_not_guessed():
    assert named([RUNNER, OTHER], ollama(["x", "y"])) == [(None, False), (None, False)]


def test_nothing_listed_means_loading():
    assert named([RUNNER], ollama([])) == [(None, True)]


def test_a_model_that_is_no_blob_keeps_its_name():
    mlx = replace(RUNNER, blob_digest=None, model="qwen3:4b")
    assert named([mlx], ollama(["qwen3:4b"])) == [("qwen3:4b", False)]


def test_names_are_compared_with_their_tag():
    assert full_name("hf.co/Org/Model") == "hf.co/org/model:latest"
    assert same_model("Qwen3", "qwen3:latest")
    assert not same_model("qwen3:4b", "qwen3:8b")


def test_events_get_names():
    log = OllamaLog((LogEvent(LogEventKind.LOAD, 1.0, blob_digest="sha256-b"), LogEvent(LogEventKind.BUSY, 2.0)))
    assert [event.model for event in with_names(log, ollama([], SMALL)).events] == ["gemma3:1b", None]
