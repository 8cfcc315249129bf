"""Ollama's API as values: recorded answers, hostile ones, pulls that fail half way."""

import json
from pathlib import Path

import httpx
import pytest

from tray_app.core.values.errors.service import Interrupted, NotFound, NotThatServer, ServerFailed, ServiceError
from tray_app.core.values.snapshot import LoadedModel
from tray_app.services.http import Http
from tray_app.services.ollama import OllamaClient, PullProgress, decode_shown, endpoint, expires_at

RECORDED = Path(__file__).parents[1] / "recordings"
ENTRY = {
    "name": "qwen3:32b",
    "model": "qwen3:32b",
    "size": 21_000_000_000,
    "digest": "030ee887880f",
    "details": {"family": "qwen3", "parameter_size": "32.8B", "quantization_level": "Q4_K_M"},
    "expires_at": "2026-11-22T13:21:01.123456789+09:00",
    "size_vram": 20_000_000_000,
    "context_length": 4096,
}


def client(routes, closing):
    def answer(request):
        found = routes.get(request.url.path, (404, "404 page not found"))
        found = found(json.loads(request.content)) if callable(found) else found
        status, body = found if isinstance(found, tuple) else (200, found)
        if isinstance(body, bytes):
            return httpx.Response(status, content=body, headers={"content-type": "application/x-ndjson"})
        return httpx.Response(status, text=body) if isinstance(body, str) else httpx.Response(status, json=body)

    return OllamaClient(closing(Http("http://127.0.0.1:11434", transport=httpx.MockTransport(answer))))


def test_the_version(closing):
    assert client({"/api/version": {"version": "0.32.15"}, "/api/ps": {"models": None}}, closing).version() == "0.32.15"


@pytest.mark.parametrize(
    ("routes", "instead"),
    [
        ({}, "404"),
        ({"/api/version": {"hello": 1}}, "other-json"),
        ({"/api/version": [1]}, "other-json"),
        ({"/api/version": (200, "<html>")}, "no-json"),
        ({"/api/version": (400, "bad")}, "no-json"),
        ({"/api/version": {"version": "1"}}, "404"),
    ],
)
def test_another_server_is_not_ollama(closing, routes, instead):
    with pytest.raises(NotThatServer) as caught:
        client(routes, closing).version()
    assert caught.value.detail == instead


def test_open_webui_is_not_ollama(closing):
    """It has a version at the same path, and its page at every path it does not know."""

    def answer(request):
        if request.url.path == "/api/version":
            return httpx.Response(200, json={"version": "0.12.4"})
        return httpx.Response(200, html="<!doctype html>")

    with pytest.raises(NotThatServer) as caught:
        OllamaClient(closing(Http("http://x:1", transport=httpx.MockTransport(answer)))).version()
    assert caught.value.detail == "open-webui"


def test_loaded_models(closing):
    assert client({"/api/ps": {"models": [ENTRY]}}, closing).ps() == (
        LoadedModel(
            name="qwen3:32b",
            digest="030ee887880f",
            size_bytes=21_000_000_000,
            size_vram_bytes=20_000_000_000,
            context_length=4096,
            expires_at=1795321261.123456,
            quantization="Q4_K_M",
        ),
    )


def test_before_0_10_the_context_is_unknown(closing):
    entry = {key: value for key, value in ENTRY.items() if key != "context_length"}
    assert client({"/api/ps": {"models": [entry]}}, closing).ps()[0].context_length is None


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("2026-11-22T04:21:01Z", 1795321261.0),
        ("2026-11-22T13:21:01.5+09:00", 1795321261.5),
        ("2318-10-01T10:00:00.123456789Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-11-22T04:21:01", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times_of_go(stamp, seconds):
    assert expires_at(stamp) == seconds


def test_installed_models_as_recorded(closing):
    recorded = json.loads((RECORDED / "ollama-0.32.15" / "tags.json").read_text(encoding="utf-8"))
    found = client({"/api/tags": recorded}, closing).tags()
    assert [(model.name, model.size_bytes) for model in found] == [
        (entry["name"], entry["size"]) for entry in recorded["models"]
    ]


def test_a_cloud_model_names_its_host(closing):
    entry = ENTRY | {"remote_host": "https://ollama.com", "capabilities": ["completion", 7]}
    (found,) = client({"/api/tags": {"models": [entry]}}, closing).tags()
    assert found.remote_host == "https://ollama.com"
    assert found.capabilities == ("completion",)


@pytest.mark.parametrize("models", [7, "x", {}])
def test_a_list_that_is_none_is_a_typed_error(closing, models):
    with pytest.raises(ServiceError):
        client({"/api/tags": {"models": models}}, closing).tags()


def test_weights_for_mlx_are_known_by_their_format(closing):
    models = [ENTRY | {"name": name, "details": {"format": name}} for name in ("gguf", "safetensors")]
    found = client({"/api/tags": {"models": [*models, ENTRY]}}, closing).tags()
    assert [one.mlx for one in found] == [False, True, False]


def test_hostile_entries_do_no_harm(closing):
    odd = {
        "name": "x",
        "size": -1,
        "size_vram": 1e300,
        "digest": 5,
        "details": [],
        "expires_at": {},
        "context_length": "a",
    }
    found = client({"/api/ps": {"models": [7, None, {}, {"name": ""}, odd]}}, closing).ps()
    assert found == (LoadedModel("x", "", 0, 0),)


@pytest.mark.parametrize(
    "path", sorted((RECORDED / "ollama-0.32.15" / "show").glob("*.json")), ids=lambda path: path.stem
)
def test_recorded_models_have_a_shape(path):
    assert decode_shown(json.loads(path.read_text(encoding="utf-8")), 2_000_000_000).shape is not None


def test_show_reads_the_modelfile():
    digest = "a" * 64
    shown = decode_shown(
        {
            "parameters": 'stop    "<|im_end|>"\nnum_ctx                        16384\ntemperature 0.6',
            "modelfile": f"# FROM x\nFROM /usr/share/ollama/.ollama/models/blobs/sha256-{digest}\nTEMPLATE x",
            "capabilities": ["completion", "thinking"],
        },
        0,
    )
    assert (shown.num_ctx, shown.blob_digest, shown.shape) == (16384, f"sha256-{digest}", None)
    assert shown.capabilities == ("completion", "thinking")


def test_show_of_a_windows_path():
    shown = decode_shown({"modelfile": "FROM C:\\Users\\a b\\.ollama\\models\\blobs\\sha256-" + "b" * 64 + "\r\n"}, 0)
    assert shown.blob_digest == "sha256-" + "b" * 64


def test_a_model_that_is_gone(closing):
    with pytest.raises(NotFound) as caught:
        client({"/api/show": (404, {"error": "model 'x' not found"})}, closing).show("x")
    assert caught.value.detail == "model 'x' not found"


def test_unload_asks_for_no_time_at_all(closing):
    loaded = {"qwen3:32b"}

    def generate(body):
        assert "prompt" not in body
        if body["keep_alive"] == 0:
            loaded.discard(body["model"])
        return {"done": True, "done_reason": "unload"}

    client({"/api/generate": generate}, closing).unload("qwen3:32b")
    assert loaded == set()


def lines(*entries):
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


LAYERS = (
    {"status": "pulling manifest"},
    {"status": "pulling aaa", "digest": "aaa", "total": 100},
    {"status": "pulling aaa", "digest": "aaa", "total": 100, "completed": 60},
    {"status": "pulling bbb", "digest": "bbb", "total": 10, "completed": 10},
    {"status": "pulling aaa", "digest": "aaa", "total": 100, "completed": 100},
)


def test_a_pull_counts_over_all_layers(closing):
    body = lines(*LAYERS, {"status": "success"})
    found = list(client({"/api/pull": body}, closing).pull("m", lambda: False))
    assert [(step.completed_bytes, step.total_bytes) for step in found] == [
        (0, 0), (0, 100), (60, 100), (70, 110), (110, 110), (110, 110)
    ]  # fmt: skip
    assert found[-1].status == "success"


def test_a_pull_that_just_ends_was_interrupted(closing):
    with pytest.raises(Interrupted):
        list(client({"/api/pull": lines(*LAYERS)}, closing).pull("m", lambda: False))


def test_a_cancelled_pull_just_ends(closing):
    steps = client({"/api/pull": lines(*LAYERS)}, closing).pull("m", lambda: True)
    assert all(isinstance(step, PullProgress) for step in steps)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("pull model manifest: file does not exist", NotFound),
        ("write /models/x: no space left on device", ServerFailed),
        ("max retries exceeded: lookup registry: no such host", ServerFailed),
    ],
)
def test_a_pull_that_fails_says_why_in_an_answer_with_status_200(closing, reason, kind):
    with pytest.raises(kind) as caught:
        list(client({"/api/pull": lines(*LAYERS[:2], {"error": reason})}, closing).pull("m", lambda: False))
    assert caught.value.detail == reason


def test_stopping_a_pull_closes_the_connection_at_ollama(serve, closing):
    closed = []

    def behave(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n" + lines(*LAYERS))
        closed.append(peer.connection.recv(1))
        peer.server.over.set()

    server = serve(behave)
    pull = OllamaClient(closing(Http(server.url))).pull("m", lambda: False)
    next(pull)
    pull.close()
    assert server.over.wait(10)
    assert closed == [b""]


def test_endpoint_is_how_ollama_host_is_read():
    assert endpoint("nas") == "http://nas:11434"
