"""The plots of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..experiments.significance import Analysis, Estimate
from .svg import CARD, INK, SOFT, color_of, marker_of, new_figure


def shortened(name: str, length: int = 16) -> str:
    """Shorten a name, so that there is room for the plot."""
    return name if len(name) <= length else f"{name[: length - 1]}…"


def scores_plot(analysis: Analysis, places: Mapping[str, int]) -> str:
    """F1 of each arm with its interval: the mean over languages, then each language.

    places (Mapping[str, int]): arm -> its place in the order of colours and markers.
    """
    groups = [("mean", ""), *((lang, lang) for lang in analysis.langs)] if len(analysis.langs) > 1 else []
    groups = groups or [(lang, lang) for lang in analysis.langs]
    rows = [
        [(arm, analysis.arms[arm].figures[lang, ""], places[arm], True) for arm in places if arm in analysis.arms]
        for _, lang in groups
    ]
    return _dots([name for name, _ in groups], rows, "F1", zero=False)


def differences_plot(analysis: Analysis, places: Mapping[str, int]) -> str:
    """The differences between arms with their intervals. A marker is hollow if its interval includes zero."""
    names, rows = [], []
    for comparison in analysis.comparisons:
        figures = [("mean", ("", "")), *((lang, (lang, "")) for lang in analysis.langs)]
        figures = figures if len(analysis.langs) > 1 else figures[1:]
        names.append(f"{shortened(comparison.arm)} − {shortened(comparison.other)}")
        found = [(name, comparison.figures[figure]) for name, figure in figures]
        rows.append([(name, each, places[comparison.arm], each.excludes_zero) for name, each in found])
    return _dots(names, rows, "difference in F1", zero=True)


def _dots(
    groups: Sequence[str], rows: Sequence[Sequence[tuple[str, Estimate, int, bool]]], label: str, *, zero: bool
) -> str:
    """Groups of rows, each with a dot and its interval.

    groups (Sequence[str]): the headings of the groups.
    rows: for each group, (name, estimate, place of the arm, whether the marker is filled).
    label (str): of the x axis.
    zero (bool): draw a line at zero.
    """
    lines = sum(len(group) + 1.4 for group in rows)
    with new_figure(0.175 * lines + 0.55) as (figure, draw):
        axis, y, ticks, names = figure.subplots(), 0.0, [], []
        low = min((estimate.low for group in rows for _, estimate, _, _ in group), default=0)
        high = max((estimate.high for group in rows for _, estimate, _, _ in group), default=1)
        for group, members in zip(groups, rows, strict=True):
            axis.text(0, y, group, transform=axis.get_yaxis_transform(), fontweight="bold", va="center")
            y -= 1
            for name, estimate, place, filled in members:
                color = color_of(place)
                axis.plot([100 * estimate.low, 100 * estimate.high], [y, y], color=color, linewidth=1.6, zorder=2)
                style = {"markerfacecolor": color if filled else CARD, "markeredgecolor": color, "zorder": 3}
                axis.plot([100 * estimate.value], [y], marker_of(place), markersize=5, **style)
                ticks.append(y)
                names.append(shortened(name))
                y -= 1
            y -= 0.4
        axis.set_yticks(ticks, names)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.set_ylim(y + 0.6, 0.8)
        if zero:
            axis.axvline(0, color=SOFT, linewidth=0.9, zorder=1)
        room = max(0.04 * (high - low), 0.002)
        axis.set_xlim(100 * (low - room), 100 * (high + room))
        axis.grid(axis="x", zorder=0)
        axis.set_axisbelow(True)
        axis.set_xlabel(label)
        return draw(f"{label} with 95% intervals")


def layers_plot(arms: Sequence[tuple[str, int, Sequence[int] | None, Sequence[Sequence[float]]]]) -> str:
    """The learned weights of layers, a panel for each aggregator.

    arms: for each aggregator, (title, place of its arm, numbers of its layers if known, weights (n_seeds, n_layers)).
    """
    known = all(which is not None for *_, which, _ in arms)
    last = max((which or range(len(weights[0])))[-1] for *_, which, weights in arms)
    with new_figure(1.15 * len(arms) + 0.25) as (figure, draw):
        axes = figure.subplots(len(arms), squeeze=False)[:, 0]
        for axis, (title, place, which, weights) in zip(axes, arms, strict=True):
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
        axes[-1].set_xlabel(label)
        return draw("Learned weights of the encoder's layers")


def curves_plot(
    curves: Mapping[str, Sequence[Sequence[tuple[float, float]]]], places: Mapping[str, int], x: str
) -> str:
    """F1 on development data during training: a thin line for each seed, a thick one for their mean.

    curves: arm -> for each seed, pairs of (x, score). x (str): label of the x axis.
    """
    with new_figure(3.0) as (figure, draw):
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
        _legend(figure, axis)
        return draw("Learning curves")


def _columns(curve: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in curve], [100 * y for _, y in curve]


def mean_curve(seeds: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The mean curve of the seeds: point n is the mean of their n-th points, up to the end of the shortest curve.

    x is averaged too, since evaluations of different seeds may be at slightly different numbers of words.
    """
    length = min(len(curve) for curve in seeds)
    return [
        (float(np.mean([curve[i][0] for curve in seeds])), float(np.mean([curve[i][1] for curve in seeds])))
        for i in range(length)
    ]


def labels_plot(found: Mapping[str, Sequence[tuple[float, Estimate]]], places: Mapping[str, int]) -> str:
    """F1 by the share of labels.

    found: arm -> pairs of (share, estimate), by share.
    """
    with new_figure(2.7) as (figure, draw):
        axis = figure.subplots()
        shares = sorted({share for rows in found.values() for share, _ in rows})
        for i, (arm, rows) in enumerate(found.items()):
            shift = 1 + 0.05 * (i - (len(found) - 1) / 2)  # so that intervals do not overlap
            xs = [100 * share * shift for share, _ in rows]
            color, marker = color_of(places[arm]), marker_of(places[arm])
            for x, (_, estimate) in zip(xs, rows, strict=True):
                axis.plot([x, x], [100 * estimate.low, 100 * estimate.high], color=color, linewidth=1.2)
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
        _legend(figure, axis)
        return draw("F1 by the share of labels")


def _legend(figure: Any, axis: Any) -> None:
    """A legend above the plot, in as many columns as fit."""
    handles, names = axis.get_legend_handles_labels()
    room = 50  # characters
    widths = {n: sum(5 + max(map(len, part)) for part in np.array_split(names, n)) for n in range(1, len(names) + 1)}
    columns = max((n for n, width in widths.items() if width <= room), default=1)
    look: Any = {"frameon": False, "fontsize": 9, "handlelength": 1.6}
    figure.legend(handles, names, loc="outside upper left", ncols=columns, **look)


def _thousands(axis: Any) -> None:
    """Label large numbers on the x axis as 200k or 2M."""
    top = axis.get_xlim()[1]
    unit, name = next(((u, s) for u, s in ((1e6, "M"), (1e3, "k")) if top >= 2 * u), (1.0, ""))
    axis.xaxis.set_major_formatter(lambda value, _: f"{value / unit:g}{name if value else ''}")
