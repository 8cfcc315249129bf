"""The Windows readers on Windows' own functions, as far as Wine has them (docs/platforms.md lists what it lacks)."""

from pathlib import Path

import psutil
import pytest

from tests.wine.windows_python import windows_path

pytestmark = pytest.mark.wine
TOLERANCE = 512 << 20


def test_memory_agrees_with_psutil_there_and_with_the_machine_here(ask):
    """Other tests take and give back memory meanwhile: the machine's number is taken at the same moment, and of three
    rounds the middle one counts, as Wine gives the same answer for a second. Wine 8 counts what is free or cached, and
    not what the kernel could give back of its own, which grows with the files that were touched."""
    rounds = ask(r"""
import msgspec, psutil, time
from tray_app.readers.memory import MemoryReader

def machine():
    with open(r"Z:\proc\meminfo", encoding="ascii") as file:
        words = dict(line.split(":") for line in file)
    return sum(int(words[name].split()[0]) for name in ("MemFree", "Buffers", "Cached")) * 1024

reader, answer = MemoryReader(), []
reader.read(time.time())
for _ in range(3):
    time.sleep(1.3)
    ours = msgspec.to_builtins(reader.read(time.time()).value)
    answer.append([ours, psutil.virtual_memory()._asdict(), machine()])
""")
    for ours, theirs, _ in rounds:
        assert ours["total_bytes"] == theirs["total"]
        assert abs(ours["total_bytes"] - psutil.virtual_memory().total) < 1 << 20
        assert {one["name"] for one in ours["inputs"]} >= {"available", "commit"}
        assert ours["pressure"] in {"normal", "warning", "critical"}
    apart = [
        (abs(ours["available_bytes"] - theirs["available"]), abs(ours["available_bytes"] - here))
        for ours, theirs, here in rounds
    ]
    assert sorted(one for one, _ in apart)[1] < TOLERANCE
    assert sorted(one for _, one in apart)[1] < TOLERANCE


def test_what_is_available_follows_the_machine_while_a_program_takes_memory(ask):
    """Other tests take and give back memory meanwhile, so the measure is the machine's own number at the same moment;
    of three rounds the middle one counts, as Wine gives the same answer for a second."""
    answer = ask(r"""
import time
from tray_app.readers._windows import Collector, decode

def machine():
    with open(r"Z:\proc\meminfo", encoding="ascii") as file:
        words = dict(line.split(":") for line in file)
    return int(words["MemAvailable"].split()[0]) * 1024

collector, answer = Collector(), []
for _ in range(3):
    before = decode(collector.collect()).available_bytes, machine()
    block = bytearray(512 << 20)
    block[::4096] = b"x" * len(block[::4096])
    time.sleep(2.1)
    after = decode(collector.collect()).available_bytes, machine()
    answer.append([before[0] - after[0], before[1] - after[1]])
    del block
    time.sleep(2.1)
""")
    apart = sorted(abs(ours - theirs) for ours, theirs in answer)
    assert apart[1] < 256 << 20, answer


def test_performance_counters_answer_by_their_english_names(ask):
    """Wine has few counters: the one for uptime proves the calls, one it lacks proves that it is told as missing."""
    answer = ask(r"""
import time
from tray_app.readers._pdh import FORMAT_LARGE, Query, decode_raw
uptime, gone = r"\System\System Up Time", r"\Memory\Pages Input/sec"
query = Query(uptime, gone)
query.sample()
first = decode_raw(query.raw(uptime))
time.sleep(1.1)
query.sample()
second = decode_raw(query.raw(uptime))
answer = {
    "status": [first.status, second.status], "grew": second.first + second.second - first.first - first.second, "times": first.time_high > 0,
    "gone": list(query.raw(gone)) if isinstance(query.raw(gone), bytes) else query.raw(gone).why,
}
""")
    assert set(answer["status"]) <= {0, 1}
    assert 1 <= answer["grew"] <= 60_000
    assert answer["gone"] == "missing"


def test_graphics_adapters_are_listed_by_their_virtual_tables(ask):
    answer = ask("""
from tray_app.readers._dxgi import adapters, decode_adapters
source = adapters()
again = adapters()
answer = {
    "cards": [[card.name, card.dedicated_video_memory, card.luid] for card in decode_adapters(source)],
    "same": len(source) == len(again),
}
""")
    name, size, luid = answer["cards"][0]
    assert name.isprintable()
    assert name
    assert size > 0
    assert luid.startswith("luid_0x")
    assert answer["same"]


def test_the_budget_is_known_or_says_why_not(ask):
    answer = ask("""
import time
from tray_app.core.values.reading import Known
from tray_app.readers.gpu import GpuReader
reading = GpuReader().read(time.time())
answer = [reading.value.budget_bytes, reading.value.basis] if isinstance(reading, Known) else [0, reading.why]
""")
    assert answer[0] > 1 << 30
    assert answer[1] in {"vram", "ram"}


def test_the_host_is_windows_of_a_known_version(ask):
    answer = ask("""
import msgspec
from tray_app.readers.host import host
answer = msgspec.to_builtins(host())
""")
    assert answer["system"] == "win32"
    assert answer["architecture"] == "AMD64"
    assert answer["system_version"].startswith("10.0.")


def test_an_ollama_server_and_its_runner_are_found_and_their_end_is_noticed(ask, windows):
    """Real processes named ollama.exe and llama-server.exe, seen through psutil."""
    folder = windows.drive / "ollama"
    folder.mkdir(exist_ok=True)
    model = "C:\\models\\blobs\\sha256-" + "a" * 64
    (folder / "serve").write_text(
        "import subprocess, sys, time\n"
        "runner = sys.executable.replace('ollama.exe', 'llama-server.exe')\n"
        "subprocess.Popen([runner, 'sleep', '--model', sys.argv[1], '--port', '41234', '-c', '8192', '-np', '2'])\n"
        "time.sleep(60)\n"
    )
    (folder / "sleep").write_text("import time\ntime.sleep(60)\n")
    for name in ("ollama.exe", "llama-server.exe"):
        (windows.folder / name).write_bytes((windows.folder / "python.exe").read_bytes())
    answer = ask(
        r"""
import msgspec, subprocess, sys, time
import psutil
from tray_app.readers.processes import ProcessReader
server = subprocess.Popen([r"C:\Python311\ollama.exe", "serve", sys.argv[1]], cwd=r"C:\ollama")
reader = ProcessReader()
found, children = (), []
for _ in range(100):
    found = reader.read(time.time()).value.watched
    children = psutil.Process(server.pid).children()
    if len(found) == 2:
        break
    time.sleep(0.3)
for process in [*children, psutil.Process(server.pid)]:
    process.kill()
server.wait()
psutil.wait_procs(children)
time.sleep(0.5)
answer = {
    "found": [msgspec.to_builtins(one) for one in found],
    "server": server.pid,
    "left": len(reader.read(time.time()).value.watched),
}
""",
        model,
    )
    roles = {one["role"]: one for one in answer["found"]}
    assert set(roles) == {"ollama-server", "ollama-runner"}
    runner = roles["ollama-runner"]
    assert roles["ollama-server"]["pid"] == answer["server"]
    assert (runner["port"], runner["parallel"], runner["context_length"]) == (41234, 2, 4096)
    assert runner["blob_digest"] == "sha256-" + "a" * 64
    assert runner["memory_bytes"] > 1 << 20
    assert answer["left"] == 0


@pytest.mark.timeout(400)
def test_the_readers_tests_pass_on_windows(windows):
    """The same tests that run here, with Windows' own ctypes, paths and clocks."""
    here = Path(__file__).parents[1]
    chosen = [
        "core/diagnosis/test_pressure.py",
        "readers/test_memory.py",
        "readers/test_macos_gpu.py",
        "readers/test_windows_memory.py",
    ]
    options = ("-q", "-p", "no:cacheprovider", "-c", windows_path(here.parent / "pyproject.toml"), "-x")
    done = windows.run("-m", "pytest", *options, *(windows_path(here / name) for name in chosen), timeout=380)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
