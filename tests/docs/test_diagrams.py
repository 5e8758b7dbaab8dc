"""The flowcharts of the site: what is drawn, and that nothing covers something else."""

import re
import sys
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .blocks import PAGES, ROOT, read_blocks

DIAGRAMS = [
    pytest.param(block.code, id=page)
    for page in PAGES
    for block in read_blocks(page, (ROOT / page).read_text(encoding="utf8"))
    if block.language == "mermaid"
]


@pytest.fixture(scope="module")
def diagrams() -> ModuleType:
    for package in ("grandalf", "sphinx"):
        pytest.importorskip(package, reason="of the extra docs")
    sys.path.insert(0, str(ROOT / "docs/_ext"))
    try:
        import diagrams
    finally:
        sys.path.remove(str(ROOT / "docs/_ext"))
    return diagrams


def rectangles(svg: str) -> np.ndarray:
    """Left, top, right and bottom of each node, (n, 4)."""
    found = re.findall(r'<rect x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"', svg)
    boxes = np.array(found, dtype=float)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def lines(svg: str) -> list[np.ndarray]:
    """The points of each arrow, (n, 2)."""
    return [
        np.array([point.split(",") for point in points.split()], dtype=float)
        for points in re.findall(r'<polyline points="(.+?)"', svg)
    ]


@pytest.mark.parametrize("text", DIAGRAMS)
def test_arrows_are_apart_and_cross_no_node(diagrams: ModuleType, text: str) -> None:
    svg = diagrams.draw(text)
    assert all(diagrams.draw(text) == svg for _ in range(3))
    boxes, arrows = rectangles(svg), lines(svg)
    assert len(arrows) == text.count("-->")
    steps = np.linspace(0, 1, 200)[:, None]
    for arrow in arrows:
        for start, end in pairwise(arrow):
            x, y = (start + steps * (end - start))[:, :, None].swapaxes(0, 1)
            left, top, right, bottom = boxes.T
            assert not ((x > left + 1) & (x < right - 1) & (y > top + 1) & (y < bottom - 1)).any()
    for ends in ([arrow[0] for arrow in arrows], [arrow[-1] for arrow in arrows]):
        distances = [np.abs(a - b).max() for i, a in enumerate(ends) for b in ends[:i]]
        assert min(distances, default=9) >= 8  # the width of a head is 7


def test_ids_are_unique_on_a_page(diagrams: ModuleType) -> None:
    from docutils import nodes
    from docutils.utils import new_document

    document: Any = new_document("page")
    for _ in range(2):
        block = nodes.literal_block("", "flowchart LR\n    a --> b[two<br>lines]")
        block["language"] = "mermaid"
        document += block
    diagrams.replace(None, document)
    html = "".join(raw.astext() for raw in document.findall(nodes.raw))
    assert re.findall(r'id="(.+?)"', html) == re.findall(r"url\(#(.+?)\)", html) == ["arrow-1", "arrow-2"]
