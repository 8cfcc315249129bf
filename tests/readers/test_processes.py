"""Finding and measuring processes: real children, and a fake system for what no test can make happen."""

import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tests.readers.stand_in import BLOB, OllamaStandIn, until
from tray_app.core.requests.owners import with_owners
from tray_app.core.values.connections import Owner
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import ProcessRole
from tray_app.readers.listening import Listening
from tray_app.readers.processes import SWEEP, SWEEP_EVERY_S, YOUNG_S, ProcessReader

linux = pytest.mark.skipif(sys.platform != "linux", reason="the stand-in's names need links to the interpreter")


class FakeSystem:
    """Processes as psutil shows them, with a clock that only tests move."""

    def __init__(self):
        self.now = 1000.0
        self.table = {}
        self.looked_at = []
        self.listens, self.ports_asked = {}, []

    def add(self, pid, name, command_line=(), parent=1, **more):
        self.table[pid] = FakeProcess(self, pid, name, command_line, parent, **more)
        return self.table[pid]

    def reader(self, system="linux"):
        return ProcessReader(
            system=system,
            pids=lambda: list(self.table),
            process=self.get,
            clock=lambda: self.now,
            ports=self.ports,
        )

    def ports(self, pid):
        self.ports_asked.append(pid)
        return Listening(self.listens.get(pid))

    def get(self, pid):
        self.looked_at.append(pid)
        if pid not in self.table:
            raise psutil.NoSuchProcess(pid)
        return self.table[pid]


class FakeProcess:
    def __init__(self, system, pid, name, command_line, parent, started=10.0, rss=1000, denied=(), gone=(), broken=()):
        self.system, self.pid, self._name, self._line, self._parent = system, pid, name, command_line, parent
        self.started, self.rss, self.busy = started, rss, 0.0
        self.denied, self.gone, self.broken = set(denied), set(gone), set(broken)

    def _do(self, call, answer):
        if call in self.gone:
            raise psutil.NoSuchProcess(self.pid)
        if call in self.denied:
            raise psutil.AccessDenied(self.pid)
        if call in self.broken:
            raise RuntimeError("proc_pidinfo(PROC_PIDTASKINFO) 2/2 syscall failed")
        return answer

    def oneshot(self):
        return nullcontext()

    def uids(self):
        return self._do("uids", SimpleNamespace(real=os.getuid()))

    def username(self):
        return self._do("username", psutil.Process().username())

    def name(self):
        return self._do("name", self._name)

    def ppid(self):
        return self._do("ppid", self._parent)

    def cmdline(self):
        return list(self._do("cmdline", self._line))

    def create_time(self):
        return self._do("create_time", self.started)

    def is_running(self):
        return self.system.table.get(self.pid) is self

    def memory_info(self):
        return self._do("memory_info", SimpleNamespace(rss=self.rss))

    def cpu_times(self):
        return self._do("cpu_times", SimpleNamespace(user=self.busy, system=0.0))


RUNNER_LINE = ("llama-server", "--model", f"/m/blobs/{BLOB}", "--port", "4000", "-c", "4096", "-np", "1")


@pytest.fixture
def system():
    fake = FakeSystem()
    fake.add(1, "init", rss=1)
    return fake


def watched(reader, **more):
    answer = reader.read(1.0, **more)
    return {one.pid: one for one in answer.value.watched}


class TestFinding:
    def test_server_and_runner(self, system):
        system.add(10, "ollama", ("ollama", "serve"))
        system.add(11, "llama-server", RUNNER_LINE, parent=10)
        found = watched(system.reader())
        assert [found[pid].role for pid in (10, 11)] == [ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER]
        runner = found[11]
        assert (found[10].has_slots, runner.has_slots) == (False, True)
        assert (runner.blob_digest, runner.port, runner.context_length, runner.parallel) == (BLOB, 4000, 4096, 1)

    def test_workers_of_open_webui_count_by_descent(self, system):
        system.add(20, "python", ("python", "-m", "uvicorn", "open_webui.main:app"))
        system.add(21, "python", ("python", "-c", "from multiprocessing.spawn import spawn_main"), parent=20)
        system.add(22, "llama-server", ("llama-server", "--models-dir", "/x"), parent=21)
        system.add(23, "python", ("python", "other.py"))
        reader = system.reader()
        assert {pid: one.role for pid, one in watched(reader).items()} == dict.fromkeys(
            (20, 21, 22), ProcessRole.OPEN_WEBUI
        )
        system.add(24, "python3", ("python3", "-c", "resource_tracker"), parent=21)
        assert 24 in watched(reader)

    def test_a_fork_that_has_not_become_itself_yet(self, system):
        """Between fork and exec a runner still looks like the server."""
        system.add(10, "ollama", ("ollama", "serve"))
        reader = system.reader()
        watched(reader)
        child = system.add(11, "ollama", ("ollama", "serve"), parent=10, started=time.time())
        assert watched(reader)[11].role is ProcessRole.OLLAMA_SERVER
        child._name, child._line = "llama-server", RUNNER_LINE
        system.now += 2
        assert watched(reader)[11].role is ProcessRole.OLLAMA_RUNNER

    def test_a_probe_is_never_taken_for_a_runner(self, system):
        system.add(10, "ollama", ("ollama", "serve"))
        system.add(11, "llama-server", ("llama-server", "--port", "5", "--verbose"), parent=10)
        assert set(watched(system.reader())) == {10}

    def test_faster_polls_look_at_old_processes_no_more_often(self, system):
        """While somebody waits the machine has better to do."""
        for pid in range(20, 120):
            system.add(pid, "sh", ("sh",))
        reader = system.reader()
        watched(reader)
        system.now += YOUNG_S + 1
        watched(reader)
        system.looked_at.clear()
        for _ in range(10):
            system.now += SWEEP_EVERY_S / 5
            watched(reader)
        assert len(system.looked_at) == 2 * SWEEP

    def test_an_old_process_that_becomes_ollama_is_found_in_turn(self, system):
        shell = system.add(5, "sh", ("sh",))
        reader = system.reader()
        watched(reader)
        shell._name, shell._line = "ollama", ("ollama", "serve")
        system.now += YOUNG_S + 1
        found = {}
        for _ in range(3):
            found |= watched(reader)
        assert found[5].role is ProcessRole.OLLAMA_SERVER

    def test_known_processes_are_not_asked_for_again(self, system):
        for pid in range(100, 400):
            system.add(pid, "sleep")
        reader = system.reader()
        watched(reader)
        system.now += YOUNG_S + 1
        system.looked_at.clear()
        watched(reader)
        assert len(system.looked_at) <= 10

    def test_the_same_number_of_another_process(self, system):
        system.add(10, "ollama", ("ollama", "serve"))
        reader = system.reader()
        assert watched(reader)[10].started_at == 10.0
        system.add(10, "firefox", ("firefox",), started=99.0)
        assert watched(reader) == {}
        system.now += 1
        assert watched(reader) == {}


class TestTrouble:
    @pytest.mark.parametrize("call", ["name", "ppid", "cmdline", "create_time"])
    @pytest.mark.parametrize("how", ["denied", "gone"])
    def test_what_vanishes_or_denies_in_the_middle(self, system, call, how):
        system.add(10, "ollama", ("ollama", "serve"))
        system.add(11, "llama-server", RUNNER_LINE, parent=10, **{how: {call}})
        assert 10 in watched(system.reader())

    def test_hidden_numbers_are_none_not_zero(self, system):
        system.add(10, "ollama", ("ollama", "serve"), denied={"memory_info", "cpu_times"})
        reader = system.reader()
        watched(reader)
        system.now += 5
        assert (watched(reader)[10].memory_bytes, watched(reader)[10].cpu_percent) == (None, None)

    @pytest.mark.parametrize("call", ["memory_info", "cpu_times"])
    def test_a_process_that_ends_while_it_is_measured(self, system, call):
        dying = system.add(10, "ollama", ("ollama", "serve"))
        reader = system.reader()
        assert 10 in watched(reader)
        dying.gone.add(call)
        assert watched(reader) == {}

    def test_no_list_of_processes(self):
        def denied():
            raise PermissionError(1, "Operation not permitted")

        answer = ProcessReader(pids=denied).read(1.0)
        assert isinstance(answer, Unknown)
        assert answer.why is Why.DENIED


class TestNumbers:
    def test_processor_time_of_one_core(self, system):
        server = system.add(10, "ollama", ("ollama", "serve"))
        reader = system.reader()
        assert watched(reader)[10].cpu_percent is None
        system.now, server.busy = system.now + 4, 6.0
        assert watched(reader)[10].cpu_percent == pytest.approx(150.0)

    def test_a_counter_that_goes_back(self, system):
        server = system.add(10, "ollama", ("ollama", "serve"))
        server.busy = 9.0
        reader = system.reader()
        watched(reader)
        system.now, server.busy = system.now + 4, 1.0
        assert watched(reader)[10].cpu_percent is None

    @pytest.mark.parametrize("call", ["name", "ppid", "cmdline", "create_time", "memory_info", "cpu_times"])
    def test_a_call_that_fails_in_a_way_of_its_own_costs_no_other_process(self, system, call):
        """psutil on macOS raises a plain RuntimeError where the kernel refuses something that it does not expect."""
        system.add(10, "ollama", ("ollama", "serve"), rss=10**9, broken={call})
        system.add(11, "ollama", ("ollama", "serve"), rss=10**9)
        system.add(50, "browser", rss=300, broken={call})
        system.add(51, "editor", rss=200)
        reading = system.reader().read(1.0, ask_others=True)
        assert any(one.pid == 11 and one.memory_bytes == 10**9 for one in reading.value.watched)
        assert reading.value.largest_other is not None

    def test_names_that_are_all_refused_are_no_machine_without_ollama(self, system):
        """Nothing was seen, and `no Ollama runs here` was said of it."""
        system.add(1, "init", denied={"name"})
        system.add(10, "ollama", ("ollama", "serve"), broken={"name"})
        system.add(50, "python", denied={"name"})
        reader = system.reader()
        assert reader.read(1.0) == Unknown(Why.DENIED, "process names")
        assert reader.read(2.0) == Unknown(Why.DENIED, "process names")
        system.add(51, "editor")
        assert reader.read(3.0).value.watched == ()

    def test_the_largest_other_program_only_when_asked(self, system):
        system.add(10, "ollama", ("ollama", "serve"), rss=10**9)
        for pid in range(50, 56):
            system.add(pid, "browser", rss=300)
        system.add(60, "editor\n\x1b[1m", rss=900)
        reader = system.reader()
        assert reader.read(1.0).value.largest_other is None
        other = reader.read(1.0, ask_others=True).value.largest_other
        assert (other.name, other.memory_bytes) == ("browser", 1800)
        for pid in range(50, 56):
            del system.table[pid]
        other = reader.read(1.0, ask_others=True).value.largest_other
        assert (other.name, other.memory_bytes) == ("editor??[1m", 900)

    def test_thousands_are_measured_over_several_polls(self, system):
        for pid in range(1000, 4000):
            system.add(pid, f"p{pid}", rss=pid)
        reader = system.reader()
        largest = 0
        reader.read(1.0, ask_others=True)
        for _ in range(20):
            system.looked_at.clear()
            largest = reader.read(1.0, ask_others=True).value.largest_other.memory_bytes
            assert len(system.looked_at) <= 300
        assert largest == 3999


class TestFamily:
    """Who started a runner, and where a server listens."""

    def family(self, system):
        system.add(10, "ollama", ("ollama", "serve"), started=time.time())
        system.add(11, "llama-server", RUNNER_LINE, parent=10, started=time.time())
        return system.reader()

    def test_a_runner_knows_its_server(self, system):
        runner = watched(self.family(system))[11]
        assert (runner.parent_pid, runner.orphaned) == (10, False)

    def test_a_runner_is_left_behind_by_a_server_that_was_killed(self, system):
        reader = self.family(system)
        watched(reader)
        del system.table[10]
        system.table[11]._parent = 1
        assert watched(reader)[11].orphaned

    def test_on_windows_the_parents_number_stays(self, system):
        reader = self.family(system)
        watched(reader)
        del system.table[10]
        assert watched(reader)[11].orphaned

    def test_a_number_that_another_program_has_now_is_no_parent(self, system):
        system.add(10, "notepad.exe", started=time.time() + 60)
        system.add(11, "llama-server", RUNNER_LINE, parent=10, started=time.time())
        assert watched(system.reader())[11].orphaned

    def test_a_sessions_systemd_takes_over_what_was_left(self, system):
        system.add(10, "systemd", started=1.0)
        system.add(11, "llama-server", RUNNER_LINE, parent=10, started=time.time())
        assert watched(system.reader())[11].orphaned

    def test_whoever_takes_the_servers_place_it_is_left_behind(self, system):
        """A container's own init, a session manager: their names are many."""
        reader = self.family(system)
        watched(reader)
        system.add(5, "dumb-init", started=1.0)
        system.table[11]._parent = 5
        for _ in range(3):  # also when it is looked at anew
            assert watched(reader)[11].orphaned
            system.now += 2

    def test_a_runner_that_somebody_else_started_is_not_left_behind(self, system):
        system.add(10, "bash", started=1.0)
        system.add(11, "llama-server", RUNNER_LINE, parent=10, started=time.time())
        assert not watched(system.reader())[11].orphaned

    def test_ports_are_asked_until_the_server_listens_and_never_again(self, system):
        reader = self.family(system)
        assert watched(reader)[10].ports is None
        system.listens[10] = (11434,)
        assert watched(reader)[10].ports == (11434,)
        system.ports_asked.clear()
        for _ in range(5):
            assert watched(reader)[10].ports == (11434,)
        assert system.ports_asked == []

    def test_an_old_server_with_hidden_ports_is_asked_once(self, system):
        system.add(10, "ollama", ("ollama", "serve"), started=10.0)
        reader = system.reader()
        for _ in range(5):
            assert watched(reader)[10].ports is None
        assert system.ports_asked == [10]


@linux
class TestReal:
    def test_two_servers_side_by_side_and_one_of_them_killed(self):
        with OllamaStandIn() as ours, OllamaStandIn() as theirs:
            reader = ProcessReader()
            found = watched(reader)
            assert (found[ours.pid].ports, found[theirs.pid].ports) == ((ours.port,), (theirs.port,))
            assert (found[ours.pid].apart, found[ours.runner_pid].orphaned) == (False, False)
            owned = with_owners(reader.read(1.0).value, ours.port, local=True).watched
            owners = {one.pid: one.owner for one in owned}
            assert (owners[ours.pid], owners[ours.runner_pid]) == (Owner.OURS, Owner.OURS)
            assert (owners[theirs.pid], owners[theirs.runner_pid]) == (Owner.OTHER, Owner.OTHER)
            left = psutil.Process(theirs.runner_pid)
            theirs.kill()
            try:
                until(lambda: watched(reader)[theirs.runner_pid].orphaned)
                again = with_owners(reader.read(1.0).value, ours.port, local=True).watched
                assert {one.pid: one.owner for one in again}[theirs.runner_pid] is Owner.NOBODY
                assert {one.pid: one.mine for one in again}[theirs.runner_pid]
            finally:
                left.kill()
            until(lambda: theirs.runner_pid not in watched(reader))

    def test_a_server_and_its_runner(self):
        with OllamaStandIn() as ollama:
            reader = ProcessReader()
            found = watched(reader)
            server, runner = found[ollama.pid], found[ollama.runner_pid]
            assert (server.role, runner.role) == (ProcessRole.OLLAMA_SERVER, ProcessRole.OLLAMA_RUNNER)
            assert (runner.name, runner.port) == ("llama-server", ollama.runner_port)
            assert (runner.blob_digest, runner.context_length, runner.parallel) == (BLOB, 4096, 2)
            real = psutil.Process(ollama.runner_pid)
            assert runner.memory_bytes == pytest.approx(real.memory_info().rss, rel=0.2)
            assert runner.started_at == real.create_time()
        assert not {ollama.pid, ollama.runner_pid} & watched(reader).keys()

    @pytest.mark.parametrize(
        "name",
        [b"ollama\nserve", b"\x1b[2Jollama", b"ollama" + b"x" * 65_536, b"ollama\xff\xfe\xed\xa0\x80"],
        ids=["newline", "escape", "64 KB", "surrogates"],
    )
    def test_a_process_with_a_hostile_command_line(self, name, tmp_path):
        (tmp_path / "ollama").symlink_to("/bin/sh")  # a name that makes us read the rest
        child = subprocess.Popen(
            [name, "-c", "read line", b"serve"], executable=tmp_path / "ollama", stdin=subprocess.PIPE
        )
        try:
            # The kernel lets us go on a moment before it shows the new arguments.
            until(lambda: name[:9] in Path(f"/proc/{child.pid}/cmdline").read_bytes())
            answer = ProcessReader().read(1.0, ask_others=True)
            assert isinstance(answer, Known)
            assert child.pid not in {one.pid for one in answer.value.watched}
        finally:
            child.kill()
            child.communicate()

    def test_a_runner_with_a_hostile_tail_keeps_its_facts(self, tmp_path):
        script = tmp_path / "llama-server"
        script.write_text(f"#!{os.path.realpath(sys.executable)}\nimport time; time.sleep(60)\n")
        script.chmod(0o755)
        child = subprocess.Popen([script, *RUNNER_LINE[1:], "\n\x1b]0;x\x07" + "y" * 60_000, b"\xff"])
        try:
            reader = ProcessReader()
            until(lambda: child.pid in watched(reader))
            assert watched(reader)[child.pid].port == 4000
        finally:
            child.kill()
            child.wait()

    def test_agrees_with_the_system_about_this_process(self):
        """The largest program is one that the system shows too."""
        other = None
        reader = ProcessReader()
        for _ in range(5):
            other = reader.read(1.0, ask_others=True).value.largest_other or other
        assert other is not None
        assert other.memory_bytes >= psutil.Process(os.getpid()).memory_info().rss * 0.5
