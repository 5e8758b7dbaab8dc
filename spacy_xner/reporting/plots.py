"""The plots of a report that have two axes, each in two widths: for a phone, and for a wide page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..experiments.significance import Estimate
from .svg import INK, NARROW, SOFT, WIDE, color_of, marker_of, new_figure
from .training_tables import mean_curve

WIDTHS = (NARROW, WIDE)


def both_widths(draw: Callable[[float], str]) -> str:
    """A plot in both widths, of which the page shows one. draw (Callable[[float], str]): width in inches -> SVG."""
    return "\n".join(map(draw, WIDTHS))


def shortened(name: str, length: int = 16) -> str:
    """Shorten a name, so that there is room for the plot."""
    return name if len(name) <= length else f"{name[: length - 1]}…"


def layers_plot(
    arms: Sequence[tuple[str, int, Sequence[int] | None, Sequence[Sequence[float]]]], width: float = NARROW
) -> str:
    """The learned weights of layers, a panel for each aggregator.

    arms: for each aggregator, (title, place of its arm, numbers of its layers if known, weights (n_seeds, n_layers)).
    width (float): in inches.
    """
    known = all(which is not None for *_, which, _ in arms)
    last = max((which or range(len(weights[0])))[-1] for *_, which, weights in arms)
    columns = 2 if width == WIDE and len(arms) > 1 else 1
    n_rows = -(-len(arms) // columns)
    with new_figure(1.15 * n_rows + 0.25, width) as (figure, draw):
        grid = figure.subplots(n_rows, columns, squeeze=False)
        axes = grid.ravel()
        for axis in axes[len(arms) :]:
            axis.remove()
        for axis, (title, place, which, weights) in zip(axes, arms, strict=False):
            table = np.array(weights)
            whiskers = table.std(0, ddof=1) if len(table) > 1 else None
            layers = np.array(which) if known else np.arange(table.shape[1])
            look = {"color": color_of(place), "yerr": whiskers, "error_kw": {"ecolor": INK, "elinewidth": 0.8}}
            axis.bar(layers, table.mean(0), 0.72, capsize=2, **look)
            axis.axhline(1 / len(layers), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
            axis.set_xticks(range(0, last + 1, 1 + last // 17))
            axis.set_xlim(-0.6, last + 0.6)
            axis.set_title(shortened(title, 48), loc="left", fontsize=9, fontweight="bold")
            axis.set_ylabel("weight")
            axis.tick_params(length=2)
        label = (
            "layer of the encoder; 0 is the embeddings" if known else "layer, counted from the lowest one that is read"
        )
        for axis in axes[max(len(arms) - columns, 0) : len(arms)]:
            axis.set_xlabel(label)
        return draw("Learned weights of the encoder's layers")


def curves_plot(
    curves: Mapping[str, Sequence[Sequence[tuple[float, float]]]],
    places: Mapping[str, int],
    x: str,
    width: float = NARROW,
) -> str:
    """F1 on development data during training: a thin line for each seed, a thick one for their mean.

    curves: arm -> for each seed, pairs of (x, score). x (str): label of the x axis. width (float): in inches.
    """
    with new_figure(3.0 if width == NARROW else 4.0, width) as (figure, draw):
        axis = figure.subplots()
        for arm, seeds in curves.items():
            color, marker = color_of(places[arm]), marker_of(places[arm])
            for curve in seeds if len(seeds) > 1 else []:
                axis.plot(*_columns(curve), color=color, linewidth=0.7, alpha=0.35)
            means = mean_curve(seeds)
            axis.plot(
                *_columns(means),
                color=color,
                linewidth=1.6,
                label=shortened(arm),
                marker=marker,
                markersize=3.5,
                markevery=0.15,
            )
        axis.set_xlabel(x)
        axis.set_ylabel("F1 on the development data")
        _thousands(axis)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        _legend(figure, axis, width)
        return draw("Learning curves")


def _columns(curve: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in curve], [100 * y for _, y in curve]


def labels_plot(
    found: Mapping[str, Sequence[tuple[float, Estimate]]], places: Mapping[str, int], width: float = NARROW
) -> str:
    """F1 by the share of labels.

    found: arm -> pairs of (share, estimate), by share. width (float): in inches.
    """
    with new_figure(2.7 if width == NARROW else 3.6, width) as (figure, draw):
        axis = figure.subplots()
        shares = sorted({share for rows in found.values() for share, _ in rows})
        for i, (arm, rows) in enumerate(found.items()):
            shift = 1 + 0.05 * (i - (len(found) - 1) / 2)  # so that intervals do not overlap
            xs = [100 * share * shift for share, _ in rows]
            color, marker = color_of(places[arm]), marker_of(places[arm])
            for x, (_, estimate) in zip(xs, rows, strict=True):
                line: Any = ":" if estimate.few_seeds else "-"  # a range, or an interval
                axis.plot([x, x], [100 * estimate.low, 100 * estimate.high], line, color=color, linewidth=1.2)
            axis.plot(
                xs,
                [100 * e.value for _, e in rows],
                color=color,
                linewidth=1.4,
                marker=marker,
                markersize=5,
                label=shortened(arm),
            )
        axis.set_xscale("log")
        axis.set_xticks([100 * share for share in shares], [f"{100 * share:g}%" for share in shares])
        axis.minorticks_off()
        axis.set_xlabel("share of the source language's labels")
        axis.set_ylabel("F1")
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        _legend(figure, axis, width)
        return draw("F1 by the share of labels")


def _legend(figure: Any, axis: Any, width: float) -> None:
    """A legend above the plot, in as many columns as fit."""
    handles, names = axis.get_legend_handles_labels()
    room = round(10.5 * width)  # characters
    widths = {n: sum(5 + max(map(len, part)) for part in np.array_split(names, n)) for n in range(1, len(names) + 1)}
    columns = max((n for n, width in widths.items() if width <= room), default=1)
    look: Any = {"frameon": False, "fontsize": 9, "handlelength": 1.6}
    figure.legend(handles, names, loc="outside upper left", ncols=columns, **look)


def _thousands(axis: Any) -> None:
    """Label large numbers on the x axis as 200k or 2M."""
    top = axis.get_xlim()[1]
    unit, name = next(((u, s) for u, s in ((1e6, "M"), (1e3, "k")) if top >= 2 * u), (1.0, ""))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value / unit:g}{name if value else ''}")
