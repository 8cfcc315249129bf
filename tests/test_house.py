"""The house keeps its rules (docs/architecture.md): each is run over the package, and over a small tree that breaks it.

One rule more cannot be read from the files: a quiet round opens no file whose stamp has not changed. It is counted in
tests/app/test_rounds.py.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests import house

PACKAGE = Path(__file__).parents[1] / "tray_app"
TESTS = Path(__file__).parent

# Files that compare with words in quotes because their work is to read the words of somebody else.
PARSERS = {
    "app/language.py": "what the system calls its language",
    "app/wiring.py": "the scheme of a URL",
    "cli/autostart.py": "what was typed",
    "cli/main.py": "what was typed",
    "cli/terminal.py": "the environment, and what was typed",
    "core/fit/architectures.py": "GGUF's names of architectures and tensors",
    "core/fit/compute.py": "GGUF's names of architectures",
    "core/fit/shape.py": "GGUF's names of tensors",
    "core/fit/tensors.py": "GGUF's names of tensors",
    "core/report/codec.py": "the JSON of a trace",
    "core/text/doctor_values.py": "the JSON of what a source said",
    "core/text/lines.py": "Unicode's categories of letters",
    "core/text/names.py": "Unicode's categories of letters",
    "core/values/snapshot.py": "whose models Open WebUI says they are",
    "core/values/token.py": "Open WebUI's keys",
}
# Fields that are written down for people only: `--json`, doctor and record show them, or they are evidence of a finding.
FOR_PEOPLE = {
    "ModelSpills.spilled_share",
    "TaskStorm.running_tasks",
    "TaskStorm.tasks_by",
}

RULES: dict[str, Callable[[Path], set[str]]] = {
    rule.__name__: rule
    for rule in (
        house.modules_at_the_root,
        house.crowded_folders,
        house.long_files,
        house.long_functions,
        house.rooms_that_do_not_introduce_themselves,
        house.forbidden_imports,
        house.circles,
        house.public_classes_twice,
        house.versions_outside_releases,
        house.readings_unwrapped,
        house.commands_spelled_out,
        house.paths_that_raise,
        house.fields_for_nobody,
    )
} | {
    "strings_that_decide": partial(house.strings_that_decide, parsers=PARSERS),
    "protocols_for_one": partial(house.protocols_for_one, tests=TESTS),
}
EXCEPTED = {"fields_for_nobody": FOR_PEOPLE}

# What does not obey yet, exactly: who mends one takes it off the list, and nobody adds one.
OFFENDERS: dict[str, set[str]] = {}


@pytest.mark.parametrize("name", RULES)
def test_the_house_keeps_the_rule(name):
    found = RULES[name](PACKAGE) - EXCEPTED.get(name, set())
    known = OFFENDERS.get(name, set())
    assert found <= known, f"{name}: {sorted(found - known)}"
    assert known <= found, f"{name}: obeys now, take it off the list of offenders: {sorted(known - found)}"


@pytest.mark.parametrize("name", ["long_files", "long_functions"])
def test_what_run_py_does_keeps_the_size_of_the_house(name):
    assert RULES[name](PACKAGE.parent / "from_source") == set()


def test_no_exception_outlives_its_reason():
    for name, excepted in EXCEPTED.items():
        assert excepted <= RULES[name](PACKAGE), name
    without = house.strings_that_decide(PACKAGE, parsers={})
    assert set(PARSERS) <= without


def lines(count: int) -> str:
    return "x = 1\n" * count


STRUCT = "from msgspec import Struct\n\n\nclass Gpu(Struct):\n    busy: float\n"
# Rule, a tree that breaks it, what the rule answers; then the same tree mended, as far as it is not plain.
BROKEN: list[tuple[str, dict[str, str], set[str]]] = [
    ("modules_at_the_root", {"worker.py": ""}, {"worker.py"}),
    (
        "commands_spelled_out",
        {
            "core/text/a.py": '"""Says elbowroom undo."""\nX = tr("Take it back: elbowroom undo")\nY = "elbowroom: stopped"\n',
            "cli/b.py": 'X = f"elbowroom {word}"\nY = f"elbowroom fix {word}"\n',
        },
        {"core/text/a.py: Take it back: elbowroom undo", "cli/b.py: elbowroom fix "},
    ),
    (
        "paths_that_raise",
        {"app/a.py": "X = Path('a').exists()\nY = os.path.exists('a')\n", "cli/b.py": "X = (home / name).is_dir()\n"},
        {"app/a.py: Path('a').exists()", "cli/b.py: (home / name).is_dir()"},
    ),
    ("crowded_folders", {f"core/menu/a{number}.py": "" for number in range(21)}, {"core/menu"}),
    ("long_files", {"app/a.py": lines(401)}, {"app/a.py"}),
    ("long_functions", {"app/a.py": "def f():\n" + "    x = 1\n" * 60}, {"app/a.py: f"}),
    (
        "rooms_that_do_not_introduce_themselves",
        {
            "core/fit/__init__.py": '"""Will it fit?\n\nMay import report, lanes, requests, tasks, values.\n"""',
            "core/tasks/__init__.py": '"""Which task?\n\nMay import values, fit.\n"""',
            "core/text/a.py": "",
            "storage/__init__.py": '"""Our files.\n\nMay import core, platformdirs, keyring and filelock.\n"""',
        },
        {"core/tasks", "core/text", "storage"},
    ),
    (
        "forbidden_imports",
        {
            "core/fit/need.py": "from tray_app.core.values import units\nfrom tray_app.core.diagnosis.facts import Facts\n",
            "core/diagnosis/facts.py": "import time\n\nfrom tray_app.core.fit import need\n",
            "core/text/a.py": "from tray_app.core.fit import need\n",
            "core/values/units.py": "from tray_app.services import http\n",
            "services/http.py": "import httpx\n",
            "app/poll.py": "from tray_app.services import http\nimport httpx\n",
            "tray/icon.py": "from tray_app.storage import state\n",
            "storage/state.py": "import socket\n",
        },
        {
            "core/fit/need.py: core/diagnosis",
            "core/diagnosis/facts.py: time",
            "core/text/a.py: core/fit",
            "core/values/units.py: services",
            "app/poll.py: httpx",
            "tray/icon.py: storage",
            "storage/state.py: socket",
        },
    ),
    (
        "circles",
        {
            "app/a.py": "from tray_app.app import b\n",
            "app/b.py": "def f():\n    from tray_app.app.c import g\n",
            "app/c.py": "import tray_app.app.a\n",
            "app/d.py": "from tray_app.app import a\n",
        },
        {"app/a.py <-> app/b.py <-> app/c.py"},
    ),
    (
        "public_classes_twice",
        {
            "app/a.py": "class Row: ...\nclass _Own: ...\n",
            "cli/b.py": "class Row: ...\nclass _Own: ...\n",
            "readers/_linux.py": "class Raw: ...\nclass Item: ...\n",
            "readers/gpu_macos.py": "class Raw: ...\n",
            "storage/item.py": "class Item: ...\n",
        },
        {"Row", "Item"},
    ),
    (
        "versions_outside_releases",
        {"core/fit/a.py": "new = x >= (0, 30, 0)\n", "core/fit/releases.py": "SINCE = (0, 30, 0)\n"},
        {"core/fit/a.py"},
    ),
    (
        "readings_unwrapped",
        {
            "core/menu/a.py": "x = isinstance(memory, Unknown)\n",
            "core/fit/b.py": "x = value_of(memory)\n",
            "core/text/c.py": "match memory:\n    case Known(value=x):\n        pass\n",
            "core/diagnosis/facts.py": "x = value_of(memory)\n",
            "readers/memory.py": "x = isinstance(memory, Unknown | str)\n",
        },
        {"core/menu/a.py", "core/fit/b.py", "core/text/c.py"},
    ),
    (
        "fields_for_nobody",
        {"core/values/a.py": STRUCT, "app/doctor.py": "x = gpu.busy\n", "app/b.py": "gpu = Gpu(busy=1.0)\n"},
        {"Gpu.busy"},
    ),
    (
        "strings_that_decide",
        {
            "core/menu/a.py": 'x = remedy.id == "kv-cache"\n',
            "core/menu/b.py": 'x = remedy.id.startswith("task-model:")\n',
            "core/menu/c.py": 'match reason:\n    case "private":\n        pass\n',
            "core/menu/d.py": 'x = remedy.id in {"stop", "start"}\n',
            "core/menu/e.py": 'x = "no room" in sentence\n',
            "core/menu/f.py": 'import sys\n\nx = sys.platform == "win32" or text == "" or text.endswith(")")\n',
            "cli/main.py": 'x = argv[0] == "status"\n',
        },
        {f"core/menu/{name}.py" for name in "abcde"},
    ),
    (
        "protocols_for_one",
        {"app/a.py": "class Server(Protocol):\n    def ask(self): ...\n\n\nclass Http:\n    def ask(self): ...\n"},
        {"app/a.py: Server"},
    ),
]
MENDED: list[tuple[str, dict[str, str]]] = [
    (
        "protocols_for_one",
        {
            "app/a.py": "class Server(Protocol):\n    url: str\n    def ask(self): ...\n",
            "app/b.py": "class Base:\n    def ask(self): ...\n\n\nclass Http(Base):\n    def __init__(self):\n        self.url = 1\n",
            "../tests/fake.py": "class Fake:\n    url = ''\n    def ask(self): ...\n",
        },
    ),
    (
        "fields_for_nobody",
        {"core/values/a.py": STRUCT, "core/text/b.py": "match gpu:\n    case Gpu(busy=x):\n        pass\n"},
    ),
    (
        "circles",
        {
            "app/__init__.py": "from tray_app.app import _linux\n",
            "app/_linux.py": "from tray_app.app import b\n",
            "app/b.py": "",
        },
    ),
]


def tree(folder: Path, files: dict[str, str]) -> Path:
    root = folder / "tray_app"
    (folder / "tests").mkdir()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def rule_over(name: str, root: Path) -> set[str]:
    if name == "protocols_for_one":
        return house.protocols_for_one(root, root.parent / "tests")
    return RULES[name](root)


@pytest.mark.parametrize(("name", "files", "offenders"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_the_rule_sees_who_breaks_it(name, files, offenders, tmp_path):
    assert rule_over(name, tree(tmp_path, files)) == offenders


@pytest.mark.parametrize(("name", "files"), MENDED, ids=[name for name, _ in MENDED])
def test_the_rule_lets_the_others_be(name, files, tmp_path):
    assert rule_over(name, tree(tmp_path, files)) == set()


def test_every_rule_was_broken_once():
    assert {name for name, *_ in BROKEN} == set(RULES)
