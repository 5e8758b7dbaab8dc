"""Mermaid flowcharts as SVG, drawn when the site is built: a reader needs no script and no network.

What the diagrams of this repository use is read: `flowchart TB` or `LR`, nodes `name` and `name[text<br>text]`, chains
of arrows `a --> b --> c`, and arrows with text, `a --> |text| b`. Anything else is an error.
"""

import math
import re
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from docutils import nodes
from grandalf.graphs import Edge as GraphEdge
from grandalf.graphs import Graph, Vertex
from grandalf.layouts import SugiyamaLayout
from sphinx.application import Sphinx

NODE = r"(\w+)(?:\[([^\]]+)\])?"
ARROW = re.compile(r"\s*-->\s*(?:\|([^|]+)\|\s*)?")
LINE, LETTER, PADDING, GAP = 18, 7.6, 10, 34  # pixels: height of a line, width of a letter, around texts, between nodes
HEAD, APART = 6, 24  # length of an arrow's head, distance of arrows at the same side of a node
Point = tuple[float, float]
Edge = tuple[str, str]


class Size:
    """How large a node is, as the layout wants it: `w` and `h`."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = width, height
        self.xy = (0.0, 0.0)


class Node(Vertex):
    """A vertex that sets order by its number and not by its address: the same text is drawn in the same way."""

    def __init__(self, number: int) -> None:
        super().__init__(number)

    def __hash__(self) -> int:
        return int(self.data)


class Link(GraphEdge):
    """An edge, likewise."""

    def __hash__(self) -> int:
        return hash(tuple(vertex.data for vertex in self.v))


@dataclass
class Stop:
    """A place that an arrow passes: a node or, between two, the middle of a layer of nodes.

    across (float): where, in the direction in which the nodes of a layer stand beside each other.
    along (float): the middle of the layer, in the direction of the arrows.
    size (float): of the node, along; 0 for none. layer (float): of the largest node of the layer, along.
    """

    across: float
    along: float
    size: float
    layer: float


def read(text: str) -> tuple[str, dict[str, list[str]], list[tuple[str, str, str]]]:
    """Read a flowchart. RETURNS: its direction, the lines of each node, and arrows: from, to, text."""
    first, *lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    direction = first.removeprefix("flowchart ")
    if direction not in ("TB", "LR"):
        raise ValueError(f"Found a diagram of the kind {first!r}, expected flowchart TB or LR.")
    shown: dict[str, list[str]] = {}
    arrows: list[tuple[str, str, str]] = []
    for line in lines:
        parts = ARROW.split(line)  # node, text of an arrow, node, ...
        names = []
        for part in parts[::2]:
            match = re.fullmatch(NODE, part)
            if match is None:
                raise ValueError(f"Found {line!r} in a diagram, expected nodes and arrows: a --> b[text].")
            names.append(match[1])
            if match[2] or match[1] not in shown:
                shown[match[1]] = (match[2] or match[1]).split("<br>")
        arrows += zip(names[:-1], names[1:], [label or "" for label in parts[1::2]], strict=True)
    return direction, shown, arrows


def draw(text: str, head: str = "arrow") -> str:
    """Draw a flowchart. RETURNS: SVG, whose colours are those of the page.

    head (str): the id of the arrows' heads, which no other element of the page may have.
    """
    direction, shown, arrows = read(text)
    turned = direction == "LR"
    vertices = {name: Node(number) for number, name in enumerate(shown)}
    for name, lines in shown.items():
        width, height = _size(lines)
        vertices[name].view = Size(height, width) if turned else Size(width, height)
    edges = {(a, b): Link(vertices[a], vertices[b]) for a, b, _ in arrows}
    (graph,) = Graph(list(vertices.values()), list(edges.values())).C
    layout = SugiyamaLayout(graph)
    layout.xspace, layout.yspace = GAP / 2, GAP
    layout.init_all(optimize=True)
    layout.draw(20)

    ranks = {name: layout.grx[vertex].rank for name, vertex in vertices.items()}
    layers = {rank: max(vertices[name].view.h for name in ranks if ranks[name] == rank) for rank in ranks.values()}

    def stop(view: Any, rank: int, size: float) -> Stop:
        across, along = view.xy
        return Stop(float(across), float(along), size, layers[rank])

    stops = {}
    for (a, b), edge in edges.items():
        between = layout.ctrls.get(edge, {})
        ends = [stop(vertices[name].view, ranks[name], vertices[name].view.h) for name in (a, b)]
        middle = [stop(between[rank].view, rank, 0) for rank in range(ranks[a] + 1, ranks[b])]
        stops[a, b] = [ends[0], *middle, ends[1]]
    widths = {name: vertex.view.w for name, vertex in vertices.items()}
    routes = {edge: [_turn(xy, turned) for xy in route] for edge, route in routes_of(stops, widths).items()}
    placed = {name: _turn(vertex.view.xy, turned) for name, vertex in vertices.items()}
    return _svg(shown, arrows, placed, routes, head)


def _turn(xy: Point, turned: bool) -> Point:
    return (float(xy[1]), float(xy[0])) if turned else (float(xy[0]), float(xy[1]))


def _size(lines: list[str]) -> tuple[float, float]:
    """Width and height of a node."""
    return max(map(len, lines)) * LETTER + 2 * PADDING, len(lines) * LINE + PADDING


def routes_of(stops: dict[Edge, list[Stop]], widths: dict[str, float]) -> dict[Edge, list[Point]]:
    """The points of each arrow. Arrows at the same side of a node are apart, and none crosses a node.

    An arrow moves across between layers alone, where no nodes are.

    stops (dict): of each arrow, its nodes included. widths (dict): of each node, across.
    """
    ports = {edge: [each.across for each in passed] for edge, passed in stops.items()}
    for end, inner in (0, 1), (-1, -2):  # where arrows leave a node, and where they reach one
        beside: dict[str, list[Edge]] = {}
        for edge in stops:
            beside.setdefault(edge[end], []).append(edge)
        for name, edges in beside.items():
            edges.sort(key=lambda edge: stops[edge][inner].across)
            apart = min(APART, widths[name] / len(edges))
            for number, edge in enumerate(edges):
                ports[edge][end] += apart * (number - (len(edges) - 1) / 2)
    routes = {}
    for edge, (first, *middle, last) in stops.items():
        begin, *within, end_at = ports[edge]
        points = [(begin, first.along + first.size / 2), (begin, first.along + first.layer / 2)]
        for across, each in zip(within, middle, strict=True):
            points += [(across, each.along - each.layer / 2), (across, each.along + each.layer / 2)]
        reached = last.along - last.size / 2 - HEAD
        points += [(end_at, min(reached, last.along - last.layer / 2)), (end_at, reached)]
        routes[edge] = list(dict.fromkeys(points))
    return routes


def _svg(
    shown: dict[str, list[str]],
    arrows: list[tuple[str, str, str]],
    placed: dict[str, Point],
    routes: dict[Edge, list[Point]],
    head: str,
) -> str:
    sizes = {name: _size(lines) for name, lines in shown.items()}
    parts = []
    for a, b, label in arrows:
        points = routes[a, b]
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        parts.append(f'<polyline points="{path}" marker-end="url(#{head})"/>')
        if label:
            (x, y), (right, below) = max(pairwise(points), key=lambda ends: math.dist(*ends))
            x, y = (x + right) / 2, (y + below) / 2
            parts.append(f'<text x="{x:.0f}" y="{y - 4:.0f}">{escape(label)}</text>')
    for name, lines in shown.items():
        (x, y), (width, height) = placed[name], sizes[name]
        parts.append(
            f'<rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width:.0f}" height="{height:.0f}" rx="4"/>'
        )
        top = y - (len(lines) - 1) * LINE / 2 + 5
        parts += [f'<text x="{x:.0f}" y="{top + LINE * n:.0f}">{escape(line)}</text>' for n, line in enumerate(lines)]
    corners = [
        (x + side * sizes[n][0] / 2, y + side * sizes[n][1] / 2) for n, (x, y) in placed.items() for side in (-1, 1)
    ]
    corners += [xy for route in routes.values() for xy in route]
    xs, ys = zip(*corners, strict=True)
    width, height = max(xs) - min(xs) + 8, max(ys) - min(ys) + 8
    box = f"{min(xs) - 4:.0f} {min(ys) - 4:.0f} {width:.0f} {height:.0f}"
    described = "; ".join(f"{' '.join(shown[a])} to {' '.join(shown[b])}" for a, b, _ in arrows)
    return (
        f'<svg class="diagram" role="img" viewBox="{box}" '
        f'width="{width:.0f}" xmlns="http://www.w3.org/2000/svg"><title>{escape(described)}</title>'
        f'<defs><marker id="{head}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>' + "".join(parts) + "</svg>"
    )


def replace(app: Sphinx, doctree: nodes.document) -> None:
    found = [block for block in doctree.findall(nodes.literal_block) if block.get("language") == "mermaid"]
    for number, block in enumerate(found, start=1):
        drawn = draw(block.astext(), f"arrow-{number}")
        block.replace_self(nodes.raw("", f'<div class="diagram">{drawn}</div>', format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", replace)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
