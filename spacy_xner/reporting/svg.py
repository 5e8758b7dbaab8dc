"""Figures as SVG that takes its colours from the page, in its light and its dark scheme."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..extras import needs_extra

# Widths in inches. A phone shows the narrow one without scaling it down; the text of the wide one has a good size where
# it fills a page. The page shows one of both.
NARROW, WIDE = 4.2, 9.0
N_COLORS = 8  # colours of arms in the stylesheet
MARKERS = "osD^vPX"
PLOTS_NEED = "The plots of a report need"
# Placeholders, which `_as_svg` replaces by the page's colours.
INK, SOFT, LINE, CARD = "#010101", "#010102", "#010103", "#010104"
STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "svg.hashsalt": "xner",
}


def check_matplotlib() -> None:
    """RAISES: XnerError without matplotlib. To be called before a long computation."""
    with needs_extra("plot", PLOTS_NEED):
        import matplotlib  # noqa: F401


def color_of(place: int) -> str:
    """A placeholder of the arm's colour, which `_as_svg` replaces by the page's colour."""
    return f"#0202{place % N_COLORS:02d}"


def marker_of(place: int) -> str:
    """The marker of an arm. It distinguishes arms without colours, and arms that share a colour."""
    return MARKERS[place % len(MARKERS)]


@contextmanager
def new_figure(height: float, width: float = NARROW) -> Iterator[tuple[Any, Callable[[str], str]]]:
    """Yield an empty figure, and a function that returns it as SVG, given a description for screen readers.

    height, width (float): in inches.
    """
    with needs_extra("plot", PLOTS_NEED):
        from matplotlib import rc_context
        from matplotlib.figure import Figure

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser draws the text, with its own fonts
        figure = Figure(figsize=(width, math.ceil(100 * height) / 100), layout="constrained")
        figure.patch.set_alpha(0)

        def draw(label: str) -> str:
            for axis in figure.axes:
                axis.patch.set_alpha(0)
            written = io.StringIO()
            figure.savefig(written, format="svg", metadata={"Date": None, "Title": label}, transparent=True)
            return _as_svg(written.getvalue(), label, "wide" if width == WIDE else "narrow")

        yield figure, draw


def _as_svg(svg: str, label: str, kind: str) -> str:
    """SVG for a page: self-contained, with the page's colours and fonts, and ids that are unique in the page.

    kind (str): "wide" or "narrow".
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    prefix = re.sub(r"\W+", "-", f"{label} {kind}".lower())
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"font: ((?:\w+ )*?[\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", svg)
    names = {INK: "text", SOFT: "soft", LINE: "line", CARD: "card"}
    names |= {color_of(place): f"arm{place}" for place in range(N_COLORS)}
    for color, name in names.items():
        svg = svg.replace(color, f"var(--{name})")
    return svg.replace("<svg ", f'<svg class="plot {kind}" role="img" ', 1)
