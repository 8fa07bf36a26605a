"""The house rules that a reader of the code may rely on."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent / "src" / "rolecall"
FILES = sorted(ROOT.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

LAYERS = (
    ("core", "errors", "setting", "table"),
    ("aliases", "private"),
    ("settings", "remote", "fetch", "client"),
    ("settings_load", "schema", "engines", "ledger", "models"),
    ("normalise", "plan", "inputs", "monitor"),
    ("page", "launch", "same"),
    ("stated", "reader"),
    ("settle",),
    ("ask",),
    ("route", "ladder", "record", "explain", "shape", "warming"),
    ("climb", "outputs", "copies"),
    ("pipeline",),
    ("drive",),
    ("batch", "queue"),
    ("trial", "audit", "drift"),
    ("worker", "forget"),
    ("doctor",),
    ("evaluate",),
    ("rules",),
    ("serve",),
    ("cli",),
)
"""Rooms from the ground up; each may import what stands in an earlier row, and itself."""

EVALUATE = (
    ("nouns", "annotated", "extra", "files", "json_lines", "machine", "plural", "ways"),
    ("requirements",),
    ("score", "statistics", "run", "load", "label", "nulls"),
    ("samples", "results", "compare", "floors"),
    ("report", "training"),
    ("choose", "gate"),
    ("verify",),
)
"""The same inside ``evaluate``."""

FORBIDDEN = re.compile(r"manager|service|factory|handler|helper|util|job(?!posting)", re.IGNORECASE)
LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 400, 60, 7


@cache
def tree(name):
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def room(name):
    """The room of a file: its folder, or its own name at the top."""
    return Path(name).parts[0].removesuffix(".py")


def functions(name):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree(name)) if isinstance(node, kinds)]


def imports(name):
    """The rooms that a file imports from."""
    return {parts[1] for parts in modules(name)}


def modules(name):
    """The modules of ours that a file imports, as their parts."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports relatively"
            module = node.module or ""
            names = [f"{module}.{one.name}" for one in node.names]
            found.update(names if module in ("rolecall", "rolecall.evaluate") else [module])
        elif isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
    return [parts for parts in (one.split(".") for one in found) if _ours(parts)]


def _ours(parts):
    return parts[0] == "rolecall" and len(parts) > 1 and parts[1] != "__version__"


def test_files_are_short():
    for name in NAMES:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) <= LONGEST_FILE, name


def test_functions_are_short_and_take_few_arguments():
    for name in NAMES:
        for function in functions(name):
            arguments = function.args
            taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            taken = [one for one in taken if one.arg not in ("self", "cls")]
            assert len(taken) <= MOST_PARAMETERS, f"{name}:{function.lineno} {function.name}"
            body = function.body
            first = body[0]
            if ast.get_docstring(function) is not None:
                first = body[1] if len(body) > 1 else body[0]
            lines = body[-1].end_lineno - first.lineno + 1
            assert lines <= LONGEST_FUNCTION, (
                f"{name}:{function.lineno} {function.name}: {lines} lines"
            )


def test_a_room_imports_only_rooms_below_it():
    for name in NAMES:
        own = room(name)
        if own not in ("__init__", "__main__"):
            stands_above(name, own, imports(name), LAYERS)


def test_the_table_of_rooms_is_this_one():
    page = (ROOT.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(len(LAYERS)))
    assert [set(re.findall(r"`(\w+)`", rooms)) for _, rooms in rows] == [set(x) for x in LAYERS]


def test_a_room_of_evaluate_imports_only_rooms_below_it():
    for name in [name for name in NAMES if name.startswith("evaluate/")]:
        own = room(name.removeprefix("evaluate/"))
        others = {parts[2] for parts in modules(name) if parts[1] == "evaluate" and len(parts) > 2}
        if own != "__init__":
            stands_above(name, own, others, EVALUATE)


def stands_above(name, own, others, layers):
    """All that a file of ``own`` imports stands in an earlier row of ``layers``."""
    depth = {one: row for row, layer in enumerate(layers) for one in layer}
    assert own in depth, f"{own} has no place in the house"
    for other in others - {own}:
        assert other in depth, f"{name} imports {other}, which has no place in the house"
        assert depth[other] < depth[own], f"{name} imports {other}, which is not below {own}"


def test_names_say_what_a_thing_is():
    for name in NAMES:
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        named = [node.name for node in ast.walk(tree(name)) if isinstance(node, kinds)]
        for one in [name.removesuffix(".py"), *named]:
            assert not FORBIDDEN.search(one.replace("_", "")), f"{name}: {one}"


def test_what_is_public_is_described():
    for name in NAMES:
        assert ast.get_docstring(tree(name)) or not tree(name).body, name
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in tree(name).body:
            if isinstance(node, kinds) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}:{node.lineno} {node.name}"
                if isinstance(node, ast.ClassDef):
                    _methods_are_described(name, node)


def _methods_are_described(name, owner):
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name}:{node.lineno} {owner.name}.{node.name}"
