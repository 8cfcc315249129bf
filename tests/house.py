"""The rules of the house, each a function of a package folder that returns its offenders; test_house.py runs them.

Files are parsed, never imported: a rule costs milliseconds and sees the files of every platform.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# The rooms of the core, top first: a room imports only rooms after it ...
CORE = ("menu", "text", "remedies", "diagnosis", "fit", "report", "lanes", "requests", "tasks", "values")
# ... and these two, which say and show, get finished values.
NO_JUDGEMENT = {"menu": {"diagnosis", "fit"}, "text": {"diagnosis", "fit"}}

EVERYTHING = "every other folder"
# Room -> what it may import besides the standard library, msgspec and itself. Its docstring says the same.
MAY_IMPORT: dict[str, set[str]] = {
    f"core/{room}": set(CORE[place + 1 :]) - NO_JUDGEMENT.get(room, set()) for place, room in enumerate(CORE)
} | {
    "core": set(),
    "readers": {"core", "psutil"},
    "services": {"core", "httpx", "truststore"},
    "relay": {"core", "storage", "httptools"},
    "storage": {"core", "platformdirs", "keyring", "filelock", "tomlkit"},
    "tray": {"core", "pystray", "PIL", "AppKit", "Foundation", "PyObjCTools", "objc", "gi", "jeepney", "Xlib"}
    | {"desktop_notifier"},
    "page": {"core"},
    "autostart": {"core"},
    "exporter": {"core", "prometheus_client"},
    "standins": {"core", "services"},
    "demo": {"core", "readers", "standins"},
    # These two wire everything of ours; foreign packages stay behind their folders.
    "app": {EVERYTHING},
    "cli": {EVERYTHING, "shtab"},
}
# Standard library modules that would break the promise of a folder.
MUST_NOT: dict[str, set[str]] = {
    "core": {"time", "os", "threading", "logging", "subprocess", "socket", "asyncio", "pathlib", "ctypes", "random"},
    "storage": {"socket", "http", "urllib"},
    "tray": {"urllib", "http"},
}
WIDE_FOLDERS = {"core/text", "core/text/findings", "readers", "standins"}
MOST_FILES, MOST_LINES, LONGEST_FUNCTION = 20, 400, 60

# Who may look into a reading (Known or Unknown): whoever makes readings, and whoever turns them into facts.
UNWRAP = ("core/values/reading.py", "core/requests/", "core/report/", "core/diagnosis/facts.py", "readers/")
UNWRAP += ("app/poll.py", "app/servers.py", "app/containers.py", "app/rhythm.py", "cli/doctor.py")
# These only write a value down, whole: a field that nothing else reads is measured for nobody.
ONLY_WRITE_DOWN = (
    "app/doctor.py",
    "cli/doctor.py",
    "core/report/doctor.py",
    "core/text/doctor_values.py",
    "app/trace.py",
)
ONLY_WRITE_DOWN += ("cli/trace.py", "core/report/trace.py", "core/report/codec.py", "standins/", "demo/")
PLATFORM = re.compile(r"(^|_)(linux|macos|windows|darwin)$")


@cache
def _files(root: Path) -> dict[str, ast.Module]:
    """Path below the root, with `/` -> the parsed file."""
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    }


@cache
def _nodes(root: Path, name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_files(root)[name]))


def _room(name: str) -> str:
    """`core/fit/need.py` -> `core/fit`; `readers/gpu.py` -> `readers`; `core/x.py` -> `core`; '' at the root."""
    parts = name.split("/")[:-1]
    return "/".join(parts[:2] if parts[:1] == ["core"] else parts[:1])


def imports(root: Path, name: str) -> Iterator[tuple[str, str | None]]:
    """(dotted name, None) of a foreign module or (a file below the root, its dotted name) of one of ours."""
    files = _files(root)
    for node in _nodes(root, name):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports by a relative name"
            dotted = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for one in dotted:
            parts = one.split(".")
            if parts[0] != root.name:
                yield parts[0], None
                continue
            for length in (len(parts), len(parts) - 1):
                place = "/".join(parts[1:length])
                found = next((file for file in (f"{place}.py", f"{place}/__init__.py") if file in files), None)
                if found is not None:
                    yield found, one
                    break


def arrows(root: Path) -> dict[str, set[str]]:
    """File -> the files of ours that it imports."""
    return {name: {found for found, ours in imports(root, name) if ours} - {name} for name in _files(root)}


def room_arrows(root: Path) -> dict[str, set[str]]:
    """Room -> the rooms that its files import."""
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, targets in arrows(root).items():
        rooms[_room(name)] |= {_room(target) for target in targets} - {_room(name), ""}
    del rooms[""]
    return dict(rooms)


# --- where things are -------------------------------------------------------------------------------------------------


def modules_at_the_root(root: Path) -> set[str]:
    return {name for name in _files(root) if "/" not in name} - {"__init__.py", "__main__.py"}


def crowded_folders(root: Path) -> set[str]:
    """More than 20 files."""
    count: dict[str, int] = defaultdict(int)
    for name in _files(root):
        count[name.rpartition("/")[0]] += not name.endswith("__init__.py")
    return {folder for folder, files in count.items() if files > MOST_FILES} - WIDE_FOLDERS


def long_files(root: Path) -> set[str]:
    return {name for name in _files(root) if (root / name).read_text(encoding="utf-8").count("\n") > MOST_LINES}


def long_functions(root: Path) -> set[str]:
    return {
        f"{name}: {node.name}"
        for name in _files(root)
        for node in _nodes(root, name)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    }


def rooms_that_do_not_introduce_themselves(root: Path) -> set[str]:
    """The docstring of each room asks its question and says what it may import, as the table above does."""
    wrong = set()
    rooms = {_room(name) for name in _files(root)} - {"", "core"}
    for room in rooms:
        init = _files(root).get(f"{room}/__init__.py")
        text = (ast.get_docstring(init) if init else None) or ""
        question = "?" in text.partition("\n")[0]
        found = re.search(r"(?:May import|Imports) ([^.;]+)[.;]", text)
        said = set() if found is None else set(re.split(r",\s+(?:and\s+)?|\s+and\s+", " ".join(found[1].split())))
        if not question or found is None or said - {"nothing of ours"} != MAY_IMPORT.get(room):
            wrong.add(room)
    return wrong


# --- who knows whom ---------------------------------------------------------------------------------------------------


def forbidden_imports(root: Path) -> set[str]:
    """What the table does not allow: a room above, a folder or a package behind whose door one must not look."""
    wrong = set()
    folders = {_room(name).partition("/")[0] for name in _files(root)}
    for name in _files(root):
        room = _room(name)
        folder = room.partition("/")[0]
        if not room:
            continue
        allowed = MAY_IMPORT.get(room, set())
        if EVERYTHING in allowed:
            allowed = allowed | folders
        for found, ours in imports(root, name):
            target = _room(found) if ours else found
            if ours:
                inside_core = folder == "core" and target.startswith("core/")
                fine = target in {room, ""} or (target[5:] if inside_core else target.partition("/")[0]) in allowed
            else:
                standard = found in sys.stdlib_module_names or found in {"__future__", "msgspec"}
                fine = found not in MUST_NOT.get(folder, set()) if standard else found in allowed
            if not fine:
                wrong.add(f"{name}: {target}")
    return wrong


def circles(root: Path) -> set[str]:
    """Files that import each other, over however many steps; each circle as one line."""
    after = arrows(root)

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        left = [start]
        while left:
            for target in after[left.pop()] - seen:
                seen.add(target)
                left.append(target)
        return seen

    reached = {name: reach(name) for name in after}
    found = {
        frozenset(other for other in reached[name] if name in reached[other]) for name in after if name in reached[name]
    }
    return {" <-> ".join(sorted(circle)) for circle in found}


# --- one word per idea ------------------------------------------------------------------------------------------------


def public_classes_twice(root: Path) -> set[str]:
    """Files of one platform each (`_linux`, `gpu_macos`) may have the same names: one is used at a time."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, tree in _files(root).items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    twice = {}
    for word, names in places.items():
        of_platforms = [name for name in names if PLATFORM.search(name.removesuffix(".py").rpartition("/")[2])]
        if len(names) - len(of_platforms) + bool(of_platforms) > 1:
            twice[word] = names
    return set(twice)


def versions_outside_releases(root: Path) -> set[str]:
    """`(0, 9, 1)` and the like: where a release begins to matter stands in the `releases` files.

    Stand-ins and the demo's person play releases: a boundary of theirs must not move with ours, else no test would see
    that ours is wrong. The tray's tuples are colours.
    """
    return {
        name
        for name in _files(root)
        if not name.startswith(("standins/", "demo/", "tray/")) and "releases" not in name.rpartition("/")[2]
        for node in _nodes(root, name)
        if isinstance(node, ast.Tuple)
        and len(node.elts) == 3
        and all(isinstance(one, ast.Constant) and type(one.value) is int for one in node.elts)
        and node.elts[0].value == 0  # type: ignore[attr-defined]  # a Constant by the line above
    }


def readings_unwrapped(root: Path) -> set[str]:
    """Files that ask a reading whether it is Known, outside the rooms whose work that is."""
    words = {"Known", "Unknown"}

    def unwraps(node: ast.AST) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "isinstance":
                return any(isinstance(one, ast.Name) and one.id in words for one in ast.walk(node.args[1]))
            return node.func.id == "value_of"
        return isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name) and node.cls.id in words

    return {
        name
        for name in _files(root)
        if not name.startswith(UNWRAP) and any(unwraps(node) for node in _nodes(root, name))
    }


def commands_spelled_out(root: Path) -> set[str]:
    """Strings that name a command of ours to type: how it is typed differs, and core/text/typed.py knows it."""
    pattern = re.compile(r"\belbowroom (?=[a-z{-])")
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = set()
    for name in _files(root):
        nodes = list(_nodes(root, name))
        described = {
            id(one.value)
            for node in nodes
            if isinstance(node, documented)
            for one in node.body
            if isinstance(one, ast.Expr)
        }
        found |= {
            f"{name}: {node.value}"
            for node in nodes
            if isinstance(node, ast.Constant)
            and id(node) not in described
            and isinstance(node.value, str)
            and pattern.search(node.value)
        }
    return found


def paths_that_raise(root: Path) -> set[str]:
    """`path.exists()` and its like: up to Python 3.13 they raise PermissionError where they may not look."""
    asking = {"exists", "is_dir", "is_file", "is_fifo", "is_mount", "is_socket", "is_symlink"}
    return {
        f"{name}: {ast.unparse(node)}"
        for name in _files(root)
        for node in _nodes(root, name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asking
        if ast.unparse(node.func.value) != "os.path"
    }


def strings_that_decide(root: Path, parsers: dict[str, str]) -> set[str]:
    """Files of core, app and cli that compare with a word in quotes. `parsers` read the words of other programs."""

    def words(node: ast.AST) -> bool:
        literals = node.elts if isinstance(node, ast.Tuple | ast.Set | ast.List) else [node]
        texts = (one.value for one in literals if isinstance(one, ast.Constant) and isinstance(one.value, str))
        return any(re.search(r"[^\W\d_]{2}", text) for text in texts)

    def platform(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute) and node.attr in {"platform", "name"} and isinstance(node.value, ast.Name)
        )

    def decides(node: ast.AST) -> bool:
        if isinstance(node, ast.Compare):
            system = platform(node.left) and ast.unparse(node.left) in {"sys.platform", "os.name"}
            return not system and any(words(side) for side in (node.left, *node.comparators))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in {"startswith", "endswith"} and any(words(one) for one in node.args)
        return isinstance(node, ast.MatchValue) and words(node.value)

    return {
        name
        for name in _files(root)
        if name.startswith(("core/", "app/", "cli/")) and name not in parsers
        if any(decides(node) for node in _nodes(root, name))
    }


# --- nothing for nobody -----------------------------------------------------------------------------------------------


@cache
def _members(node: ast.ClassDef) -> set[str]:
    """Methods, declared fields, and what `self` is given anywhere in it."""
    found = {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    found |= {one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) and ast.unparse(one.value) == "self":
            found.add(one.attr)
        if isinstance(one, ast.Assign):
            found |= {target.id for target in one.targets if isinstance(target, ast.Name)}
    return found


def _bases(node: ast.ClassDef) -> list[str]:
    """Their last names; asyncio's Protocol is a class to inherit from, not typing's."""
    names = (ast.unparse(base).partition("[")[0] for base in node.bases)
    return [name if name == "asyncio.Protocol" else name.rpartition(".")[2] for name in names]


def _classes(root: Path) -> list[tuple[str, ast.ClassDef]]:
    return [(name, node) for name in _files(root) for node in _nodes(root, name) if isinstance(node, ast.ClassDef)]


def _implementations(wanted: set[str], classes: list[ast.ClassDef], others: list[ast.ClassDef]) -> int:
    """How many of the classes have all the members, their own or those of a base."""
    known = {node.name: node for node in (*others, *classes)}

    def members(node: ast.ClassDef, seen: frozenset[str] = frozenset()) -> set[str]:
        bases = (known[base] for base in _bases(node) if base in known and base not in seen | {node.name})
        return _members(node).union(*(members(base, seen | {node.name}) for base in bases))

    return sum("Protocol" not in _bases(node) and wanted <= members(node) for node in classes)


def _fakes(tests: Path, wanted: set[str]) -> list[ast.ClassDef]:
    """The classes of the test files that name every member; the others are not worth parsing."""
    texts = (path.read_text(encoding="utf-8") for path in tests.rglob("*.py"))
    trees = (ast.parse(text) for text in texts if "class " in text and all(one in text for one in wanted))
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def protocols_for_one(root: Path, tests: Path) -> set[str]:
    """A Protocol with fewer than two implementations in the product and no fake in the tests."""
    product = [node for _, node in _classes(root)]
    wrong = set()
    for name, node in _classes(root):
        wanted = _members(node)
        if "Protocol" not in _bases(node) or _implementations(wanted, product, []) > 1:
            continue
        if not _implementations(wanted, _fakes(tests, wanted), product):
            wrong.add(f"{name}: {node.name}")
    return wrong


def fields_for_nobody(root: Path) -> set[str]:
    """Fields of values that only doctor, record and the like read, by name."""
    read: set[str] = set()
    matched: dict[str, int] = defaultdict(int)  # how many fields a `case Name(a, b)` reads by their place
    for name in _files(root):
        if name.startswith(ONLY_WRITE_DOWN):
            continue
        for node in _nodes(root, name):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.add(node.attr)
            elif isinstance(node, ast.MatchClass):
                read |= set(node.kwd_attrs)
                matched[ast.unparse(node.cls)] = max(matched[ast.unparse(node.cls)], len(node.patterns))
    return {
        f"{node.name}.{one.target.id}"
        for name, node in _classes(root)
        if name.startswith("core/values/") and "getattr(self, " not in ast.unparse(node)  # reads its own by name
        for one in [one for one in node.body if isinstance(one, ast.AnnAssign)][matched[node.name] :]
        if isinstance(one.target, ast.Name) and one.target.id not in read
    }
