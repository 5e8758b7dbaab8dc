"""Mermaid flowcharts as SVG, drawn when the site is built: a reader needs no script and no network.

What the diagrams of this repository use is read: `flowchart TB` or `LR`, nodes `name` and `name[text<br>text]`, chains
of arrows `a --> b --> c`, and arrows with text, `a --> |text| b`. Anything else is an error.
"""

import re
from html import escape
from typing import Any

from docutils import nodes
from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout
from sphinx.application import Sphinx

NODE = r"(\w+)(?:\[([^\]]+)\])?"
ARROW = re.compile(r"\s*-->\s*(?:\|([^|]+)\|\s*)?")
LINE, LETTER, PADDING, GAP = 18, 7.6, 10, 34  # pixels: height of a line, width of a letter, around texts, between nodes


class Size:
    """How large a node is, as the layout wants it: `w` and `h`."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = width, height
        self.xy = (0.0, 0.0)


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


def draw(text: str) -> str:
    """Draw a flowchart. RETURNS: SVG, whose colours are those of the page."""
    direction, shown, arrows = read(text)
    turned = direction == "LR"
    vertices = {name: Vertex(name) for name in shown}
    for name, lines in shown.items():
        width, height = _size(lines)
        vertices[name].view = Size(height, width) if turned else Size(width, height)
    edges = {(a, b): Edge(vertices[a], vertices[b]) for a, b, _ in arrows}
    placed: dict[str, tuple[float, float]] = {}
    routes: dict[tuple[str, str], list[tuple[float, float]]] = {}
    (graph,) = Graph(list(vertices.values()), list(edges.values())).C
    layout = SugiyamaLayout(graph)
    layout.xspace, layout.yspace = GAP / 2, GAP
    layout.init_all(optimize=True)
    layout.draw(20)

    def point(xy: Any) -> tuple[float, float]:
        return (float(xy[1]), float(xy[0])) if turned else (float(xy[0]), float(xy[1]))

    for name, vertex in vertices.items():
        placed[name] = point(vertex.view.xy)
    for (a, b), edge in edges.items():
        bends = layout.ctrls.get(edge, {})
        middle = [point(bends[rank].view.xy) for rank in sorted(bends) if bends[rank].view.xy != (0, 0)]
        inner = [xy for xy in middle if xy not in (placed[a], placed[b])]
        routes[a, b] = [placed[a], *inner, placed[b]]
    return _svg(shown, arrows, placed, routes, turned)


def _size(lines: list[str]) -> tuple[float, float]:
    """Width and height of a node."""
    return max(map(len, lines)) * LETTER + 2 * PADDING, len(lines) * LINE + PADDING


def _svg(
    shown: dict[str, list[str]],
    arrows: list[tuple[str, str, str]],
    placed: dict[str, tuple[float, float]],
    routes: dict[tuple[str, str], list[tuple[float, float]]],
    turned: bool,
) -> str:
    sizes = {name: _size(lines) for name, lines in shown.items()}
    parts = []
    for a, b, label in arrows:
        points = list(routes[a, b])
        (ax, ay), (bx, by) = points[0], points[-1]
        points[0] = (ax + sizes[a][0] / 2, ay) if turned else (ax, ay + sizes[a][1] / 2)
        points[-1] = (bx - sizes[b][0] / 2 - 6, by) if turned else (bx, by - sizes[b][1] / 2 - 6)
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        parts.append(f'<polyline points="{path}" marker-end="url(#arrow)"/>')
        if label:
            x, y = ((points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2)
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
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>' + "".join(parts) + "</svg>"
    )


def replace(app: Sphinx, doctree: nodes.document) -> None:
    for block in list(doctree.findall(nodes.literal_block)):
        if block.get("language") == "mermaid":
            block.replace_self(nodes.raw("", f'<div class="diagram">{draw(block.astext())}</div>', format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", replace)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
