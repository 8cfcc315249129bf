"""Small changes to a source file that a test should notice: each mutant is one expression or statement written anew."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST = 160
"""Characters of the text that a mutant is known by: the largest expression around the change that is no longer."""
MODULE = "<module>"
"""Stands for the function where the code runs at import."""
COMPARES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Mutant:
    """`original` and `mutated` are normal forms of the code around the change: moved lines keep them."""

    file: str
    function: str
    line: int
    original: str
    mutated: str
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.file, self.function, self.original, self.mutated

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}: {self.original} -> {self.mutated}"


def mutants(root: Path, file: str) -> list[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    source = (root / file).read_text(encoding="utf-8")
    found = [
        _mutant(file, function, source, path, new)
        for function, path in _places(ast.parse(source))
        for new in _changes(path[-1], path)
    ]
    return sorted(found, key=lambda one: one.line)


def _places(tree: ast.Module) -> Iterator[tuple[str, tuple[ast.AST, ...]]]:
    """Nodes with their ancestors and the outermost function around them; no annotations, docstrings or imports."""

    def walk(node: ast.AST, path: tuple[ast.AST, ...], function: str) -> Iterator[tuple[str, tuple[ast.AST, ...]]]:
        if isinstance(node, ast.FunctionDef) and not function:
            outer = [one.name for one in path if isinstance(one, ast.ClassDef)]
            function = ".".join((*outer, node.name))
        path = (*path, node)
        yield function, path
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "decorator_list", "bases", "ctx"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_passive(child, node):
                    yield from walk(child, path, function)

    for statement in tree.body:
        if not _is_passive(statement, tree):
            yield from walk(statement, (tree,), "")


def _is_passive(node: ast.AST, parent: ast.AST) -> bool:
    """Imports, docstrings, type aliases, and the types in `isinstance`: no behaviour to change."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(parent, ast.Call) and _name(parent.func) == "isinstance" and node in parent.args[1:]:
        return True
    # `class X(Struct, frozen=True)`: that it is frozen is the linter's business.
    return isinstance(parent, ast.ClassDef) and isinstance(node, ast.keyword)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _changes(node: ast.AST, path: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """What could stand in a node's place."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            new = copy.deepcopy(node)
            new.ops[index] = COMPARES[type(operator)]()
            yield new
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in SUMS:
        new_sum = copy.deepcopy(node)
        new_sum.op = SUMS[type(node.op)]()
        yield new_sum
    elif isinstance(node, ast.BoolOp):
        new_bool = copy.deepcopy(node)
        new_bool.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield new_bool
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call) and _name(node.func) in CALLS:
        new_call = copy.deepcopy(node)
        new_call.func = ast.Name(CALLS[_name(node.func)], ast.Load())
        yield new_call
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(copy.deepcopy(node.test), copy.deepcopy(node.orelse), copy.deepcopy(node.body))
    elif isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            new_for = copy.deepcopy(node)
            del new_for.ifs[index]
            yield new_for
    yield from _statements(node, path)


def _constants(value: object) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(round(value * 1.1, 6) if value else 1.0)


def _statements(node: ast.AST, path: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """A condition that always or never holds, an answer that is not given, a step that is left out."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        new = copy.deepcopy(node)
        new.test = ast.UnaryOp(ast.Not(), new.test)
        yield new
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Continue | ast.Raise):
        yield ast.Pass()


def _mutant(file: str, function: str, source: str, path: tuple[ast.AST, ...], new: ast.AST) -> Mutant:
    node = path[-1]
    original, mutated = _around(path, new)
    return Mutant(file, function or MODULE, _line(path), original, mutated, _written(source, path, node, new))


def _line(path: tuple[ast.AST, ...]) -> int:
    return next((int(node.lineno) for node in reversed(path) if hasattr(node, "lineno")), 1)


def _around(path: tuple[ast.AST, ...], new: ast.AST) -> tuple[str, str]:
    """The change in the largest short piece of code around it."""
    original, mutated = _header(path[-1]), _header(new)
    for index in range(len(path) - 2, 0, -1):
        outer, inner = path[index], path[index + 1]
        if isinstance(outer, _COMPOUND) or isinstance(inner, ast.stmt):
            break
        new = _replaced(outer, inner, new)
        before, after = ast.unparse(outer), ast.unparse(ast.fix_missing_locations(new))
        if max(len(before), len(after)) > LONGEST:
            break
        original, mutated = before, after
    return original, mutated


def _header(node: ast.AST) -> str:
    """Of a compound statement the condition alone."""
    if isinstance(node, ast.If):
        return f"if {ast.unparse(ast.fix_missing_locations(node.test))}"
    return ast.unparse(ast.fix_missing_locations(node))


def _replaced(outer: ast.AST, inner: ast.AST, new: ast.AST) -> ast.AST:
    """`outer` with `new` instead of `inner`."""
    made = copy.copy(outer)
    for field, value in ast.iter_fields(outer):
        if value is inner:
            setattr(made, field, new)
        elif isinstance(value, list) and any(item is inner for item in value):
            setattr(made, field, [new if item is inner else item for item in value])
    return made


def _written(source: str, path: tuple[ast.AST, ...], node: ast.AST, new: ast.AST) -> str:
    """The whole file with the new piece in its place; every other line stays where it is."""
    if isinstance(node, ast.If):
        node, new = node.test, new.test if isinstance(new, ast.If) else new
    elif isinstance(node, ast.comprehension):
        # It has no position of its own: the expression around it is written anew.
        node, new = path[-2], _replaced(path[-2], node, new)
    if not isinstance(node, ast.expr | ast.stmt | ast.keyword) or node.end_lineno is None:
        raise TypeError(type(node))
    text = ast.unparse(ast.fix_missing_locations(new))
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    begin = starts[node.lineno - 1] + node.col_offset
    end = starts[node.end_lineno - 1] + (node.end_col_offset or 0)
    whole = source.encode()
    piece = f"({text})" if isinstance(node, ast.expr) and not isinstance(node, ast.Constant) else text
    if isinstance(node, ast.Constant) and isinstance(path[-2], ast.JoinedStr | ast.FormattedValue):
        raise TypeError("constant in an f-string")
    return (whole[:begin] + piece.encode() + whole[end:]).decode()
