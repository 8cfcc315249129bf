"""Whose is each process of Ollama: by parent and port, and by what /api/ps lists where these are hidden."""

from msgspec.structs import replace

from tray_app.core.requests.owners import with_owners
from tray_app.core.requests.runners import with_models
from tray_app.core.values.connections import Owner
from tray_app.core.values.snapshot import (
    InstalledModel,
    LoadedModel,
    Ollama,
    Presence,
    Processes,
    ProcessRole,
    WatchedProcess,
)

PORT, OTHER_PORT = 11434, 11500
SERVER = WatchedProcess(10, 1.0, ProcessRole.OLLAMA_SERVER, "ollama", parent_pid=1, ports=(PORT,))
SECOND = replace(SERVER, pid=20, ports=(OTHER_PORT,))
RUNNER = WatchedProcess(
    11, 1.0, ProcessRole.OLLAMA_RUNNER, "llama-server", blob_digest="sha256-a", parent_pid=10, port=4000
)
THEIRS = replace(RUNNER, pid=21, parent_pid=20, blob_digest="sha256-b", port=4001)
LEFT = replace(RUNNER, pid=31, parent_pid=1, orphaned=True)
BIG = InstalledModel("qwen3:32b", "1", 20, blob_digest="sha256-a")
SMALL = InstalledModel("gemma3:1b", "2", 1, blob_digest="sha256-b")


def owners(*watched, local=True, port=PORT):
    return {one.pid: one.owner for one in with_owners(Processes(watched), port, local=local).watched}


def after_ps(*watched, loaded=(), installed=(BIG, SMALL)):
    """Owners once /api/ps was asked: pid -> (owner, model, loading)."""
    entries = tuple(LoadedModel(name, "x", 1, 1) for name in loaded)
    ollama = Ollama("http://o", Presence.RUNNING, loaded=entries, installed=installed)
    owned = with_owners(Processes(watched), PORT, local=True)
    return {one.pid: (one.owner, one.model, one.loading) for one in with_models(owned, ollama).watched}


def test_the_server_on_the_watched_port_and_its_runners_are_ours():
    assert owners(SERVER, SECOND, RUNNER, THEIRS) == {
        10: Owner.OURS,
        20: Owner.OTHER,
        11: Owner.OURS,
        21: Owner.OTHER,
    }
    assert owners(SERVER, SECOND, RUNNER, THEIRS, port=OTHER_PORT)[21] is Owner.OURS


def test_a_runner_whose_server_ended_is_nobodys():
    assert owners(SERVER, RUNNER, LEFT)[31] is Owner.NOBODY


def test_a_server_on_another_machine_has_no_process_here():
    assert set(owners(SERVER, RUNNER, local=False).values()) == {Owner.OTHER}


def test_a_server_whose_port_is_hidden_is_ours_where_it_is_the_only_one():
    hidden = replace(SERVER, ports=None)
    assert owners(hidden, RUNNER) == {10: Owner.OURS, 11: Owner.OURS}
    assert owners(hidden, replace(SECOND, ports=None), RUNNER)[11] is Owner.UNSURE


def test_a_server_that_is_seen_on_the_port_leaves_hidden_ones_no_place():
    assert owners(SERVER, replace(SECOND, ports=None))[20] is Owner.OTHER
    assert owners(SERVER, replace(SECOND, ports=(PORT,), apart=True))[20] is Owner.OTHER


def test_a_container_has_a_port_of_its_own():
    """It is published under another number, or hides behind the one of a native server."""
    boxed = replace(SERVER, apart=True)
    assert owners(boxed, RUNNER, port=OTHER_PORT)[11] is Owner.OURS
    assert owners(boxed, SECOND, port=OTHER_PORT)[10] is Owner.OTHER


def test_a_server_on_another_port_is_not_ours_though_it_is_the_only_one():
    assert owners(SECOND, THEIRS) == {20: Owner.OTHER, 21: Owner.OTHER}


def test_a_child_that_still_looks_like_its_server_makes_no_second_one():
    child = replace(SERVER, pid=12, parent_pid=10)
    assert owners(SERVER, child, RUNNER)[11] is Owner.OURS


def test_a_parent_that_is_not_told_can_only_be_the_one_server():
    quiet = replace(RUNNER, parent_pid=None)
    assert owners(SERVER, quiet)[11] is Owner.OURS
    assert owners(SERVER, SECOND, quiet)[11] is Owner.UNSURE


def test_what_somebody_else_started_is_not_our_servers():
    assert owners(SERVER, replace(RUNNER, parent_pid=99))[11] is Owner.OTHER
    assert owners(replace(RUNNER, parent_pid=99))[11] is Owner.UNSURE


class TestByWhatIsListed:
    hidden = replace(SERVER, ports=None), replace(SECOND, ports=None)

    def test_what_ps_lists_is_ours(self):
        seen = after_ps(*self.hidden, RUNNER, THEIRS, loaded=["qwen3:32b"], installed=(BIG,))
        assert seen[11] == (Owner.OURS, "qwen3:32b", False)
        assert seen[21] == (Owner.OTHER, None, False)

    def test_what_is_installed_here_may_be_loading(self):
        assert after_ps(*self.hidden, RUNNER)[11] == (Owner.UNSURE, "qwen3:32b", True)

    def test_another_servers_runner_never_loads_and_takes_no_entry(self):
        seen = after_ps(SERVER, SECOND, replace(THEIRS, blob_digest="sha256-a"), RUNNER, loaded=["qwen3:32b"])
        assert seen[21] == (Owner.OTHER, "qwen3:32b", False)
        assert seen[11] == (Owner.OURS, "qwen3:32b", False)
        assert after_ps(SERVER, SECOND, THEIRS)[21] == (Owner.OTHER, "gemma3:1b", False)

    def test_a_runner_that_was_left_behind_does_not_load(self):
        assert after_ps(SERVER, LEFT)[31] == (Owner.NOBODY, "qwen3:32b", False)


def test_a_load_ends_after_a_while():
    owned = with_owners(Processes((SERVER, RUNNER)), PORT, local=True)
    ollama = Ollama("http://o", Presence.RUNNING, installed=(BIG,))
    assert [one.loading for one in with_models(owned, ollama, old=()).watched] == [False, True]
    assert [one.loading for one in with_models(owned, ollama, old=(11,)).watched] == [False, False]
