"""Every kind of entry in Open WebUI's model list, as running servers (0.3.35, 0.12.4) gave them."""

import pytest

from tray_app.core.tasks.slots import slot_for
from tray_app.core.values.connections import OllamaConnection, Price, Served
from tray_app.core.values.task_settings import Setting
from tray_app.services._webui_models import Outside, decode, with_outside

NEW, OLD = (0, 12, 4), (0, 3, 35)
OLLAMA = {
    "id": "mac.qwen3:32b",
    "name": "mac.qwen3:32b",
    "owned_by": "ollama",
    "ollama": {"name": "mac.qwen3:32b", "model": "mac.qwen3:32b", "size": 20_000, "digest": "d32", "urls": [0]},
    "loaded": True,
    "connection_type": "local",
}
OUTSIDE = {
    "id": "out.openai/gpt-5-mini",
    "owned_by": "openai",
    "connection_type": "external",
    "urlIdx": 0,
    "openai": {},
}
PIPE = {"id": "mypipe.one", "name": "One", "owned_by": "openai", "pipe": {"type": "pipe"}}
OUT = {0: Outside("openrouter.ai", "openrouter.ai:443", "out")}
ARENA = {"id": "arena-model", "owned_by": "arena", "arena": True, "info": {"meta": {"model_ids": None}}}
PRESET = {
    "id": "helper",
    "name": "Helper",
    "owned_by": "ollama",
    "connection_type": "local",
    "preset": True,
    "info": {"base_model_id": "mac.qwen3:32b", "access_grants": [], "is_active": True},
}


def servers(*prefixes):
    return tuple(OllamaConnection(index, f"http://s{index}:1", prefix) for index, prefix in enumerate(prefixes))


def one(entry, version=NEW, prefixes=()):
    return decode([entry], version, servers(*prefixes))[0]


def test_an_ollama_model():
    found = one(OLLAMA)
    assert (found.owned_by, found.connection_type, found.digest, found.size_bytes) == ("ollama", "local", "d32", 20_000)
    assert (found.preset, found.pipe, found.arena, found.active, found.public) == (False, False, False, True, False)


@pytest.mark.parametrize("name", ["mac.qwen3:32b", "qwen3:32b"], ids=["0.12", "0.6"])
def test_the_prefix_of_a_connection_is_no_part_of_ollama_s_name(name):
    entry = OLLAMA | {"ollama": OLLAMA["ollama"] | {"name": name}}
    assert one(entry, prefixes=("mac", "other")).ollama_name == "qwen3:32b"
    assert one(entry, prefixes=("mac",)).id == "mac.qwen3:32b"
    without_servers = entry | {"ollama": {key: entry["ollama"][key] for key in ("name", "model")}}
    assert one(without_servers, prefixes=("other", "mac")).ollama_name == "qwen3:32b"


def test_what_another_connection_calls_its_prefix_is_part_of_the_name():
    """A model of the first server may be called as if it had the prefix of the second."""
    assert one(OLLAMA, prefixes=("", "mac")).ollama_name == "mac.qwen3:32b"


def test_by_which_server_it_is_served_and_when_that_stored_it():
    stored = OLLAMA["ollama"] | {"modified_at": "2026-11-22T13:21:01.5+09:00", "urls": [1, 0]}
    assert one(OLLAMA | {"ollama": stored}).served == Served((1, 0), changed_at=1795321261.5)
    told = one(OUTSIDE | {"openai": {"id": "openai/gpt-5-mini", "created": 1795321261}}).served
    assert (told.servers, told.upstream, told.changed_at) == ((), "openai/gpt-5-mini", 1795321261)
    _, preset = decode([OLLAMA | {"ollama": stored}, PRESET], NEW)
    assert preset.served.servers == (1, 0)


def test_a_dot_in_a_name_is_no_prefix():
    entry = OLLAMA | {"id": "qwen2.5:3b", "ollama": {"name": "qwen2.5:3b", "model": "qwen2.5:3b"}}
    assert one(entry, prefixes=("mac",)).ollama_name == "qwen2.5:3b"


def test_ollama_s_own_words_about_a_model():
    entry = OLLAMA | {"ollama": OLLAMA["ollama"] | {"capabilities": ["embedding"]}}
    assert one(entry).capabilities == ("embedding",)
    assert one(OLLAMA).capabilities is None


def test_a_preset_is_its_base_in_memory():
    _, found = decode([OLLAMA, PRESET], NEW, servers("mac"))
    assert (found.preset, found.base_model_id, found.name) == (True, "mac.qwen3:32b", "Helper")
    assert (found.ollama_name, found.digest, found.size_bytes) == ("qwen3:32b", "d32", 20_000)


def test_a_preset_finds_its_base_without_the_tag_and_before_it_in_the_list():
    preset = PRESET | {"info": {"base_model_id": "mac.qwen3"}}
    assert decode([preset, OLLAMA], NEW)[0].digest == "d32"


def test_a_preset_of_a_missing_base():
    found = one(PRESET)
    assert (found.preset, found.ollama_name, found.digest) == (True, None, None)


def test_other_kinds():
    assert one(PIPE).pipe
    assert one(ARENA).arena
    assert one({"id": "x", "owned_by": "arena"}).arena
    assert one(OUTSIDE).url_index == 0
    assert one(OUTSIDE).name == "out.openai/gpt-5-mini"


def test_hosts_that_receive_chats():
    preset = {"id": "p", "owned_by": "openai", "info": {"base_model_id": OUTSIDE["id"]}}
    models = decode([OLLAMA, OUTSIDE, preset, OUTSIDE | {"id": "y", "urlIdx": 9}], NEW)
    assert [model.host for model in models] == [None] * 4
    assert [model.host for model in with_outside(models, OUT)] == [
        None,
        "openrouter.ai",
        "openrouter.ai",
        None,
    ]


def test_an_outside_connection_s_prefix_is_no_part_of_what_its_server_calls_the_model():
    (found,) = with_outside(decode([OUTSIDE | {"openai": {"id": OUTSIDE["id"]}}], NEW), OUT)
    assert (found.served.upstream, found.served.address) == ("openai/gpt-5-mini", "openrouter.ai:443")


EVERYBODY = {"principal_type": "user", "principal_id": "*", "permission": "read"}


@pytest.mark.parametrize(
    ("info", "version", "public"),
    [
        ({}, OLD, True),
        ({}, (0, 4, 0), False),
        ({"access_control": None}, (0, 6, 5), True),
        ({"access_control": {}}, (0, 6, 5), False),
        ({"access_control": {"read": {"group_ids": ["g"]}}}, (0, 6, 5), False),
        ({"access_grants": [EVERYBODY]}, NEW, True),
        ({"access_grants": [EVERYBODY | {"permission": "write"}]}, NEW, False),
        ({"access_grants": [EVERYBODY | {"principal_type": "group"}]}, NEW, False),
        ({"access_grants": [EVERYBODY | {"principal_id": "u1"}, 7, None]}, NEW, False),
        ({"access_grants": None}, NEW, False),
        ({"meta": {}}, NEW, None),
    ],
)
def test_whether_everybody_may_use_it(info, version, public):
    assert one(OLLAMA | {"info": info}, version).public is public


def test_a_disabled_model():
    assert not one(OLLAMA | {"info": {"is_active": False}}).active


def test_hostile_entries_are_left_out_or_empty():
    odd = {"id": "x", "name": 7, "owned_by": None, "ollama": [], "info": "x", "urlIdx": True, "connection_type": 5}
    (found,) = decode([{}, {"id": ""}, {"id": 7}, odd], NEW)
    assert (found.id, found.name, found.owned_by, found.url_index, found.connection_type) == ("x", "x", "", None, None)


PRESET_0_6 = {key: value for key, value in PRESET.items() if key != "connection_type"}
LOCAL_OPENAI = OUTSIDE | {"connection_type": "local"}
OLLAMA_EXTERNAL = OLLAMA | {"connection_type": "external"}
OLLAMA_OLD = {key: value for key, value in OLLAMA.items() if key != "connection_type"}


@pytest.mark.parametrize(
    ("entry", "version", "local"),
    [
        (OLLAMA_OLD, (0, 3, 0), True),
        (OLLAMA_OLD, (0, 6, 5), True),
        (OLLAMA, (0, 6, 11), True),
        (OLLAMA, NEW, True),
        (OLLAMA_EXTERNAL, (0, 6, 10), True),
        (OLLAMA_EXTERNAL, (0, 6, 11), False),
        (OUTSIDE, (0, 3, 35), False),
        (OUTSIDE, NEW, False),
        (LOCAL_OPENAI, (0, 6, 10), False),
        (LOCAL_OPENAI, (0, 6, 11), True),
        (PRESET_0_6, (0, 6, 10), True),
        (PRESET_0_6, (0, 6, 40), False),
        (PRESET, (0, 6, 41), True),
        (ARENA, (0, 3, 35), False),
        (ARENA, NEW, False),
        (PIPE, (0, 5, 20), False),
        (PIPE, NEW, False),
    ],
)
def test_the_slot_that_a_chat_model_s_tasks_use(entry, version, local):
    expected = Setting.TASK_MODEL if local else Setting.TASK_MODEL_EXTERNAL
    assert slot_for(one(entry, version), version) is expected


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"prompt": "0.00000015", "completion": "0.0000006", "request": "0"}, Price(1.5e-7, 6e-7)),
        ({"prompt": 1e-7, "completion": 0}, Price(1e-7, 0.0)),
        ({"prompt": "0", "completion": "0", "request": "0.01"}, Price(0.0, 0.0, 0.01)),
        ({"prompt": "-1", "completion": "-1"}, None),  # a router that chooses the model later
        ({"prompt": "0.1"}, None),
        ({"prompt": "free", "completion": "0"}, None),
        ({"prompt": "inf", "completion": "0"}, None),
        ({"prompt": "nan", "completion": "0"}, None),
        ({"prompt": True, "completion": "0"}, None),
        ("0.1", None),
        (None, None),
    ],
)
def test_a_price_is_what_the_endpoint_tells_in_dollars_for_a_token(pricing, price):
    assert one(OUTSIDE | {"openai": {"id": "x", "pricing": pricing}}).served.price == price
