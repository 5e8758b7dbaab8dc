"""The rooms of spacy_xner/ import each other in one direction, and docs/architecture.md shows how."""

import ast
import re
from functools import cache
from pathlib import Path

import networkx as nx

import spacy_xner

ROOT = Path(__file__).parents[1]
PACKAGE = Path(spacy_xner.__file__).parent  # the checkout's, or an installed one
PAGE = ROOT / "docs/architecture.md"
MAX_LINES = 400


@cache
def module_graph() -> nx.DiGraph:
    """Modules of the package, with an edge from each to what it imports, inside functions and for types too."""
    names = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    for name, path in names.items():
        package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.ImportFrom):
                start = package[: len(package) - node.level + 1] if node.level else []
                module = ".".join([*start, *([node.module] if node.module else [])])
                imported = [f"{module}.{alias.name}" for alias in node.names]
                found = [each if each in names else module for each in imported]
            elif isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            else:
                continue
            graph.add_edges_from((name, each) for each in found if each in names and each != name)
    return graph


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The folder of a module; None for modules beside the rooms."""
    room = module.split(".")[1] if "." in module else ""
    return room if (PACKAGE / room / "__init__.py").is_file() and room else None


@cache
def room_graph() -> nx.DiGraph:
    graph = nx.DiGraph()
    for module, imported in module_graph().edges:
        room, other = room_of(module), room_of(imported)
        if room and other and room != other:
            graph.add_edge(room, other)
    graph.add_nodes_from(room for module in module_graph() if (room := room_of(module)))
    return graph


def test_no_circles() -> None:
    assert list(nx.simple_cycles(module_graph())) == []
    assert nx.is_directed_acyclic_graph(room_graph())


def test_modules_beside_the_rooms_import_no_room() -> None:
    beside = {"spacy_xner.__main__", "spacy_xner"}  # the command line, and `spacy_xner.install_extensions`
    edges = [(a, b) for a, b in module_graph().edges if room_of(a) is None and room_of(b) and a not in beside]
    assert edges == []


def test_picture() -> None:
    """The Mermaid diagram has the arrows between rooms, but for those that follow from others."""
    (block,) = re.findall(r"```mermaid\nflowchart TB\n(.*?)```", PAGE.read_text(encoding="utf8"), re.DOTALL)
    drawn = [tuple(re.split(r"\s*-->\s*", line.strip())) for line in block.splitlines() if line.strip()]
    expected = sorted(nx.transitive_reduction(room_graph()).edges)
    shown = "\n".join(f"    {room} --> {other}" for room, other in expected)
    assert sorted(drawn) == expected, f"The imports are:\n{shown}"


def test_table() -> None:
    """A row for each room, whose last cell names the rooms that it imports."""
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE.read_text(encoding="utf8"), re.MULTILINE)
    found = {room: sorted(re.findall(r"`(\w+)`", imports)) for room, _, imports in rows}
    assert found == {room: sorted(room_graph().successors(room)) for room in room_graph()}


def test_files_can_be_read_in_one_sitting() -> None:
    paths = [path for folder in (PACKAGE, ROOT / "tests", ROOT / "benchmarks") for path in folder.rglob("*.py")]
    lengths = {str(path): len(path.read_text(encoding="utf8").splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
