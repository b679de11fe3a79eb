"""The rule of imports: a room imports only rooms below it, a file never itself over others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[1]
PACKAGE = "trailhound"
# From the ground up. Rooms on one line do not know each other.
LADDER = [
    {"errors", "texts", "simulation"},
    {"times"},
    {"engine"},
    {"loading", "catalogue", "testing"},
    {"runtime"},
    {"lake", "terminal"},
    {"streaming", "notebook"},
    {"ledger", "ingest"},
    {"detect", "ops"},
    {"commands"},
    {"cli"},
]
FLOOR = {room: floor for floor, rooms in enumerate(LADDER) for room in rooms}
# What stands above what it imports today: each goes with the step that mends it; none may come.
DEBTS: set[tuple[str, str]] = set()
# `Detection.transform` asks the evaluation of all kinds, until each kind brings its own.
CIRCLES = {f"{PACKAGE}.engine.{name}" for name in ("detection", "evaluate", "windows")}
DRAWS = {"terminal", "cli", "commands", "ops"}  # all but the first are debts
PLOTS = {"notebook"}  # the one that may import matplotlib


def files() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    root = HOME / PACKAGE
    return {
        ".".join(file.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__"): file
        for file in sorted(root.rglob("*.py"))
    }


def imports(name: str, file: Path) -> Iterator[str]:
    """The dotted names of all that a file imports, inside functions and for types alone too."""
    known = files()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else PACKAGE


def arrows() -> set[tuple[str, str]]:
    return {
        (name, other)
        for name, file in files().items()
        for other in imports(name, file)
        if other.split(".")[0] == PACKAGE and other != name
    }


def test_every_room_has_its_floor() -> None:
    assert {room(name) for name in files()} - {PACKAGE} == set(FLOOR) & {room(n) for n in files()}


def test_rooms_import_what_is_below_them() -> None:
    up = {
        (a, b)
        for a, b in arrows()
        if PACKAGE not in (room(a), room(b)) and room(a) != room(b)
        if FLOOR[room(a)] <= FLOOR[room(b)]
    }
    assert up == DEBTS


def test_nobody_inside_imports_the_face() -> None:
    assert [a for a, b in sorted(arrows()) if b == PACKAGE] == []


def test_no_file_reaches_itself_over_others() -> None:
    below: dict[str, set[str]] = {}
    for a, b in arrows():
        below.setdefault(a, set()).add(b)

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for one in below.get(todo.pop(), ()):
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
        return seen

    assert {name for name in files() if name in reach(name)} == CIRCLES


@pytest.mark.parametrize(("library", "rooms"), [("rich", DRAWS), ("matplotlib", PLOTS)])
def test_few_know_a_library(library: str, rooms: set[str]) -> None:
    users = {
        room(name)
        for name, file in files().items()
        if any(one.split(".")[0] == library for one in imports(name, file))
    }
    assert users <= rooms
