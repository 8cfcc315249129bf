"""Load in the answer of `status`: a row only for what is known, in lines and in JSON."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import GIB, poll, runner
from tests.english import TR
from tray_app.core.report.overview import overview
from tray_app.core.report.status import status
from tray_app.core.text.status import status_lines
from tray_app.core.values.finding import Diagnosis, Level
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.snapshot import BudgetBasis, Container, Gpu, Memory, Pressure, Processes, ProcessRole

CALM = Diagnosis(Level.CALM)
WEB = Container("web", ProcessRole.OPEN_WEBUI, 3 * GIB, 41.6)
BUSY = poll(
    memory=Known(Memory(32 * GIB, GIB, Pressure.WARNING, swap_in_bytes_per_s=GIB, swap_out_bytes_per_s=2 * GIB), 0.0),
    gpu=Known(Gpu(12 * GIB, BudgetBasis.VRAM, "RTX 4070", used_bytes=11 * GIB, busy_percent=97.2), 0.0),
    processes=Known(Processes((replace(runner(memory=GIB), cpu_percent=12.4),), containers=Known((WEB,), 0.0)), 0.0),
)


def lines(snapshot):
    made = status_lines(overview(snapshot), CALM, (), TR)
    return ["".join(span.text for span in one) for one in made]


def test_each_row_stands_under_its_program():
    told = lines(BUSY)
    assert any(line.endswith(", swapping 3.0 GiB/s") for line in told)
    assert "GPU         RTX 4070, 11.0 GiB used, 97% busy" in told
    runner_row = told.index("            runner of qwen3:32b: 1.0 GiB memory, 12% of one core")
    web_row = told.index("            container web: 3.0 GiB memory, 42% of one core")
    ollama = next(place for place, line in enumerate(told) if line.startswith("Ollama"))
    requests = next(place for place, line in enumerate(told) if line.startswith("Requests"))
    assert ollama < runner_row < requests < web_row
    assert max(map(len, told)) <= 90


def test_json_has_the_numbers_under_stable_keys():
    made = status(BUSY, CALM, (), None)
    assert made["memory"]["swap_out_bytes_per_s"] == 2 * GIB
    assert made["gpu"] == {"name": "RTX 4070", "used_bytes": 11 * GIB, "busy_percent": 97.2}
    assert [(one["role"], one["model"], one["container"]) for one in made["processes"]] == [
        ("ollama-runner", "qwen3:32b", None),
        ("open-webui", None, "web"),
    ]
    assert made["processes"][1]["cpu_percent"] == 41.6
    assert "processes.containers" not in made["unknown"]


def test_what_is_unknown_has_no_row_that_looks_like_nothing():
    quiet = poll(processes=Unknown(Why.DENIED), gpu=Unknown(Why.MISSING, "nvml"))
    told = lines(quiet)
    assert not [line for line in told if "memory," in line or "runner of" in line]
    assert "GPU         unknown (this system does not have it: nvml)" in told
    made = status(quiet, CALM, (), None)
    assert (made["processes"], made["gpu"]["busy_percent"]) == ([], None)
    assert made["unknown"]["processes"]["why"] == "denied"


@pytest.mark.parametrize(
    ("processes", "row"),
    [
        (Known(Processes(containers=Unknown(Why.DENIED, "/run/docker.sock")), 0.0), "Containers  unknown"),
        (Unknown(Why.DENIED), "Processes   unknown"),
    ],
)
def test_what_was_wanted_and_cannot_be_seen_says_why(processes, row):
    assert any(line.startswith(f"{row} (the system does not let us look") for line in lines(poll(processes=processes)))
    assert not any(line.startswith(row) for line in lines(poll()))


def test_containers_that_were_not_asked_are_named_unknown():
    assert status(poll(), CALM, (), None)["unknown"]["processes.containers"]["why"] == "not-asked"
