"""Which processes count as one program, and what is said when one of them hides."""

from tray_app.core.report.programs import ProgramLoad, program_loads, seen_once
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import Container, Processes, ProcessRole, WatchedProcess

MIB = 2**20
APP, SERVER, RUNNER, WEB, RELAY = ProcessRole


def process(pid, role, memory=MIB, cpu=1.0, model=None):
    return WatchedProcess(pid, float(pid), role, "name", memory, cpu, model=model)


NOBODY = Unknown(Why.NOT_ASKED)


def loads(*watched, containers=NOBODY):
    return program_loads(Processes(watched, containers=containers))


def test_the_app_counts_with_its_server_and_workers_with_open_webui():
    made = loads(process(3, WEB), process(1, APP), process(4, WEB, 2 * MIB, 0.5), process(2, SERVER, 5 * MIB, 2.0))
    assert made == (
        ProgramLoad(SERVER, memory_bytes=6 * MIB, cpu_percent=3.0),
        ProgramLoad(WEB, memory_bytes=3 * MIB, cpu_percent=1.5),
    )


def test_each_runner_stands_for_itself_also_two_of_one_model():
    made = loads(process(7, RUNNER, model="b"), process(8, RUNNER, model="a"), process(9, RUNNER, 4 * MIB, model="a"))
    assert [(one.model, one.memory_bytes) for one in made] == [("a", MIB), ("a", 4 * MIB), ("b", MIB)]


def test_a_part_that_hides_makes_the_whole_unknown_and_never_smaller():
    (web,) = loads(process(3, WEB, memory=None), process(4, WEB, cpu=None))
    assert (web.memory_bytes, web.cpu_percent) == (None, None)


def test_containers_are_listed_and_told_once_to_people():
    boxes = Known((Container("web", WEB, 3 * MIB, 4.0), Container("ollama", SERVER, None, None)), 1.0)
    made = loads(process(2, SERVER), containers=boxes)
    assert [(one.role, one.container) for one in made] == [(SERVER, None), (WEB, "web"), (SERVER, "ollama")]
    assert [(one.role, one.container) for one in seen_once(made)] == [(SERVER, None), (WEB, "web")]


def test_nothing_watched_is_an_empty_list():
    assert loads() == ()
