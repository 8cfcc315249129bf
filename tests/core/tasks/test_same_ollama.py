"""Is it the same server? The address counts where it is the same, then what is served and when it was stored."""

import pytest
from msgspec.structs import replace

from tray_app.core.tasks.same_ollama import placed, with_watched
from tray_app.core.values.connections import OllamaConnection, Served
from tray_app.core.values.relay import RelayState
from tray_app.core.values.snapshot import InstalledModel, Ollama, Presence, WebUIModel

HERE, THERE = 1000.5, 2000.5
WEBUI = "http://127.0.0.1:3000"


def ollama(*names, url="http://127.0.0.1:11434", presence=Presence.RUNNING):
    return Ollama(url, presence, installed=tuple(InstalledModel(one, f"d-{one}", 5, changed_at=HERE) for one in names))


def entry(name, *servers, at=HERE, **changes):
    made = WebUIModel(
        name, name, "ollama", ollama_name=name, digest=f"d-{name}", served=Served(servers or (0,), changed_at=at)
    )
    return replace(made, **changes)


def outside(name, at=HERE, address="127.0.0.1:4000"):
    served = Served(address=address, upstream=name, changed_at=at)
    return WebUIModel(f"p.{name}", name, "openai", url_index=0, host="127.0.0.1", served=served)


def watched(connection, listed, mine=("a:1b", "b:1b"), webui=WEBUI, **changes):
    made = with_watched((OllamaConnection(0, connection),), listed, ollama(*mine, **changes), webui)
    return made[0].watched


@pytest.mark.parametrize(
    ("url", "webui", "same"),
    [
        ("http://localhost:11434", WEBUI, True),
        ("http://host.docker.internal:11434/", WEBUI, True),
        ("http://0.0.0.0:11434", WEBUI, True),
        ("http://ollama:11434", WEBUI, True),  # a name in a container network: the port is all there is
        ("http://localhost:11435", WEBUI, False),
        ("http://nas:80/ollama", WEBUI, False),
        ("http://localhost:11435", "http://nas:3000", False),
        ("http://[bad", WEBUI, False),
    ],
)
def test_a_list_that_names_no_server_leaves_the_address(url, webui, same):
    assert watched(url, (), webui=webui) is same


@pytest.mark.parametrize(
    ("url", "webui", "upstream", "same"),
    [
        ("http://127.0.0.1:11435", WEBUI, "http://localhost:11434", True),
        ("http://host.docker.internal:11435", WEBUI, "http://127.0.0.1:11434", True),
        ("http://127.0.0.1:11436", WEBUI, "http://127.0.0.1:11434", False),  # another port than the relay's
        ("http://127.0.0.1:11435", WEBUI, "http://127.0.0.1:11500", False),  # a relay of another Ollama
        ("http://127.0.0.1:11435", "http://nas:3000", "http://127.0.0.1:11434", False),  # another machine's loopback
    ],
)
def test_the_relays_address_is_that_of_its_ollama(url, webui, upstream, same):
    relay = RelayState(1, 11435, upstream, 0.0, 0.0)
    made = with_watched((OllamaConnection(0, url),), (), ollama("a:1b"), webui, relay)
    assert made[0].watched is same


def test_the_address_of_open_webui_s_own_machine_is_not_this_one():
    """`localhost` in the settings of another machine's Open WebUI is that machine."""
    listed = (entry("a:1b", at=THERE), entry("b:1b", at=THERE))
    assert watched("http://localhost:11434", listed, webui="http://nas:3000") is False
    assert watched("http://localhost:11434", listed, webui="http://nas:3000", url="http://nas:11434") is False
    assert watched("http://localhost:11434", (listed[0],), webui="http://nas:3000", url="http://nas:11434") is True


@pytest.mark.parametrize(
    ("listed", "same"),
    [
        ((entry("a:1b"),), True),
        ((entry("a:1b"), entry("new:1b", at=THERE)), True),  # the lists are not of the same moment
        ((entry("a:1b", at=HERE + 0.9),), True),
        ((entry("a:1b", at=HERE + 1.0),), False),
        ((entry("a:1b", at=THERE), entry("b:1b", at=THERE)), False),
        ((entry("a:1b", digest="other"),), False),
        ((entry("c:1b"),), False),
        ((entry("a:1b", at=None),), None),
        ((entry("a:1b", 1), entry("b:1b", 1, 0)), False),  # nothing of its own is listed
        (None, None),
    ],
)
def test_at_another_port_what_it_serves_tells(listed, same):
    assert watched("http://127.0.0.1:7869", listed) is same


def test_without_models_of_our_own_nothing_can_be_compared():
    assert watched("http://127.0.0.1:7869", (entry("a:1b"),), mine=()) is None


@pytest.mark.parametrize(
    ("listed", "same"),
    [
        ((entry("a:1b", at=THERE),), True),  # downloaded again since the list was made
        ((entry("a:1b", at=THERE), entry("b:1b", at=THERE)), False),  # a container's own localhost
        ((entry("c:1b"),), False),
        ((entry("a:1b", at=None), entry("b:1b", at=None)), True),
    ],
)
def test_the_right_address_can_be_another_machine_s(listed, same):
    assert watched("http://localhost:11434", listed) is same


def test_where_ours_does_not_run_what_is_served_is_served_elsewhere():
    assert watched("http://localhost:11434", (entry("a:1b"),), presence=Presence.ABSENT) is False
    assert watched("http://localhost:11434", (), presence=Presence.ABSENT) is True
    assert watched("http://localhost:11435", (), presence=Presence.ABSENT) is False


def test_beside_the_right_address_another_one_is_the_same_only_where_nothing_differs():
    both = (OllamaConnection(0, "http://localhost:11434"), OllamaConnection(1, "http://box:11434", "box"))
    mine = (entry("a:1b"), entry("b:1b"))

    def second(*listed):
        return with_watched(both, (*mine, *listed), ollama("a:1b", "b:1b"), WEBUI)[1].watched

    assert second(entry("a:1b", 1), entry("b:1b", 1)) is True
    assert second(entry("a:1b", 1)) is False
    assert second(entry("a:1b", 1), entry("b:1b", 1, at=THERE)) is False
    assert second(entry("a:1b", 1), entry("b:1b", 1), entry("c:1b", 1)) is False
    assert second() is False


def test_a_model_of_another_server_loses_ollama_s_name_and_one_of_both_keeps_it():
    servers = (
        OllamaConnection(0, "http://localhost:11434", watched=True),
        OllamaConnection(1, "http://box:1", watched=False),
    )
    here, there, both = placed((entry("a:1b"), entry("b:1b", 1), entry("c:1b", 0, 1)), servers, ollama("a:1b"), WEBUI)
    assert (here.ollama_name, there.ollama_name, both.ollama_name) == ("a:1b", None, "c:1b")
    assert [one.served.elsewhere for one in (here, there, both)] == [False, True, False]
    assert there.host == "box"


@pytest.mark.parametrize(
    ("listed", "ours"),
    [
        ((outside("a:1b", address="127.0.0.1:11434", at=None), outside("x", address="127.0.0.1:11434")), True),
        ((outside("a:1b", address="gpu.lan:80"),), True),
        ((outside("a:1b", address="gpu.lan:80", at=THERE),), False),
        ((outside("a:1b", at=None),), True),  # the same names on this machine: a program between
        ((outside("a:1b"), outside("gpt-5-mini")), False),
        ((outside("gpt-5-mini"),), False),
    ],
)
def test_an_openai_type_address_of_the_same_ollama_is_as_local_as_its_own(listed, ours):
    found = placed(listed, (), ollama("a:1b"), WEBUI)[0]
    assert (found.ollama_name == "a:1b") is ours
    assert (found.digest == "d-a:1b") is ours
