"""What the app reads from Open WebUI besides the settings, and the few calls it makes on request."""

import uuid

import pytest

from tests.contract.bench import BIG, HOSTED, MIDDLE, SMALL
from tray_app.core.tasks.settings import key_of
from tray_app.core.values.errors.service import Invalid, NotFound
from tray_app.core.values.task_settings import Setting
from tray_app.standins.server import wait_until


@pytest.fixture
def client(bench, connect):
    return connect(bench.token())


def test_the_model_list_tells_local_from_hosted(bench, client):
    models = {model.id: model for model in client.models()}
    assert {BIG, MIDDLE, SMALL, HOSTED} <= set(models)
    assert models[BIG].owned_by == "ollama"
    assert models[HOSTED].owned_by == "openai"
    assert models[BIG].size_bytes == bench.ollama.models[BIG].size_bytes
    if bench.version >= (0, 6, 10):
        assert (models[BIG].connection_type, models[HOSTED].connection_type) == ("local", "external")


def test_a_pulled_model_is_used_once_it_was_listed(bench, client):
    name = "qwen3:1.7b"
    client.models()
    bench.write(bench.read() | {"TASK_MODEL": name})
    assert bench.answered_by() == BIG
    bench.http.post(f"{bench.ollama.url}/api/pull", json={"model": name}).raise_for_status()
    try:
        # The server keeps its list for a second or so; `refresh` is not known to the older releases.
        assert wait_until(lambda: name in {model.id for model in client.models(refresh=True)})
        assert bench.answered_by() == name
    finally:
        del bench.ollama.models[name]


def test_which_ollama_it_uses(bench, client):
    assert [one.url for one in client.connections()] == [bench.ollama.url]


def test_how_many_accounts_there_are(bench, client):
    before, ordinary = client.user_count(), client.ordinary_users()
    bench.token({"name": "New", "email": f"{uuid.uuid4()}@example.com", "password": "new-password-1"})
    assert (client.user_count(), client.ordinary_users()) == (before + 1, ordinary + 1)


def test_nobody_chats(bench, client):
    if bench.version < (0, 5, 0):
        with pytest.raises(NotFound):
            client.busy_chats()
        return
    assert client.busy_chats() == 0
    assert client.stop_generations() == 0


def test_own_autocomplete(bench, client):
    if bench.version < (0, 6, 0):
        with pytest.raises(NotFound):
            client.own_autocomplete()
        return
    assert client.own_autocomplete() is False


def test_a_task_call_names_the_model_that_answered(bench, client):
    client.models()
    assert client.run_task(Setting.TITLES, BIG).model == BIG
    bench.write(bench.read() | {"TASK_MODEL": SMALL})
    assert client.run_task(Setting.TITLES, BIG).model == SMALL


def test_a_task_that_is_off_is_refused(bench, client):
    client.models()
    switch = key_of(Setting.SEARCH_QUERIES, bench.read())
    bench.write(bench.read() | {switch: False})
    with pytest.raises(Invalid):
        client.run_task(Setting.SEARCH_QUERIES, BIG)
    assert bench.ollama.calls() == []


def test_the_first_word_of_a_chat_is_timed(bench, client):
    client.models()
    assert client.chat_first_token(BIG, "Hello") > 0
    assert bench.ollama.wait_for(running=0, waiting=0)
