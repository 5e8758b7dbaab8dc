"""The plot of layer weights that `xner layers --plot` writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import XnerError
from ..extras import needs_extra
from ..files import atomic_path

if TYPE_CHECKING:
    from ..aggregation.learned import LearnedLayers

FORMATS = (".png", ".svg", ".pdf")
PLOT_NEEDS = "--plot needs"
BAR, POINT, INK = "#4477aa", "#cc6677", "#444444"  # distinct for colour-blind readers, and in print
READ, UNREAD = "#000000", "#b0b0b0"  # colours of the layers' numbers
TITLES = {
    "last_layer": "one layer",
    "scalar_mix": "scalar mix",
    "weighted_concat": "weighted concatenation",
    "layer_attention": "layer attention",
}


def check_plot(path: Path) -> None:
    """RAISES: XnerError if no plot can be written to `path`. To be called before a long computation."""
    if path.suffix.lower() not in FORMATS:
        raise XnerError(
            f"--plot: {path} has no picture format, expected a name that ends in one of {', '.join(FORMATS)}."
        )
    with needs_extra("plot", PLOT_NEEDS):
        import matplotlib  # noqa: F401


def write_plot(path: Path, found: Sequence[tuple[str, LearnedLayers]]) -> None:
    """Draw a chart for each pair of (component, learned layers), one below the other, as wide as a paper's column."""
    with needs_extra("plot", PLOT_NEEDS):
        from matplotlib import rc_context
        from matplotlib.figure import Figure

    style: Any = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "svg.fonttype": "none"}
    with rc_context(style):
        figure = Figure(figsize=(3.6, 2.1 * len(found)), layout="constrained")
        axes = figure.subplots(len(found), squeeze=False)[:, 0]
        for axis, (component, learned) in zip(axes, found, strict=True):
            _draw(axis, component, learned)
        axes[-1].set_xlabel("layer of the encoder")
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=300)


def _draw(axis: Any, component: str, learned: LearnedLayers) -> None:
    uniform = 1 / len(learned.layers)
    whiskers = {"elinewidth": 0.8, "capsize": 2, "ecolor": INK}
    label = "weight" if learned.deviations is None else "mean attention ± s.d."
    axis.bar(learned.layers, learned.weights, 0.72, yerr=learned.deviations, color=BAR, error_kw=whiskers, label=label)
    axis.axhline(uniform, color=INK, linewidth=0.7, linestyle=(0, (4, 3)), label="uniform", zorder=0)
    if learned.projections is not None:
        axis.plot(learned.layers, learned.projections, "o", color=POINT, markersize=3.5, label="share of projection")
    ticks = list(range(0, learned.last + 1, 1 + learned.last // 16))
    axis.set_xticks(ticks, ["emb." if tick == 0 else str(tick) for tick in ticks])
    for tick, text in zip(ticks, axis.get_xticklabels(), strict=True):
        text.set_color(READ if tick in (*learned.layers, learned.last) else UNREAD)
    axis.set_xlim(-0.6, learned.last + 0.6)
    reach = [w + d for w, d in zip(learned.weights, learned.deviations or [0] * len(learned.weights), strict=True)]
    top = max(*reach, *(learned.projections or [0]), uniform)
    axis.set_ylim(0, top * 1.32)  # room for the legend above the bars
    axis.tick_params(axis="x", length=0)
    axis.tick_params(axis="y", length=2)
    axis.set_ylabel("share")
    title = TITLES.get(learned.name, learned.name)
    axis.set_title(f"{component}: {title}", loc="left", fontsize=8, fontweight="bold")
    if learned.deviations is not None:  # the last layer is the query, attention has no weight for it
        axis.annotate(
            "query", (learned.last, 0), (0, 2), textcoords="offset points", ha="center", fontsize=6, color=INK
        )
    handles, labels = axis.get_legend_handles_labels()
    bars_first = sorted(zip(handles, labels, strict=True), key=lambda pair: pair[1] != label)
    axis.legend(
        *zip(*bars_first, strict=True), loc="upper center", ncols=3, frameon=False, fontsize=6.5, borderaxespad=0
    )
