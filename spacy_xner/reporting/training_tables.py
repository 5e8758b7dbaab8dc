"""The tables of a report on what a training shows: learning curves, and the learned weights of layers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ..errors import XnerError
from ..experiments.records import RunRecord
from .report import Report
from .tables import Table
from .wording import named

Curve = Sequence[tuple[float, float]]
MAX_POINTS = 8  # columns of the table of curves


def layer_weights_of(runs: Sequence[RunRecord]) -> list[tuple[list[int] | None, list[list[float]]]]:
    """For each aggregator of an arm, the numbers of its layers if known, and their weights, (n_seeds, n_layers).

    RAISES: XnerError if runs of the arm read different layers.
    """
    found = [run.data["layer_weights"] for run in runs if run.get("layer_weights")]
    layers = [run.data["layers"] for run in runs if run.get("layers")]
    if len({tuple(map(len, weights)) for weights in found}) > 1 or any(each != layers[0] for each in layers):
        raise XnerError(f"The runs of the arm {runs[0].arm} read different layers: `layers` and `layer_weights`.")
    numbers = layers[0] if layers else [None] * len(found[0] if found else [])
    return [(which, list(weights)) for which, weights in zip(numbers, zip(*found, strict=True), strict=True)]


def layers_table(report: Report) -> Table | None:
    """The mean weight of each layer over seeds; a row for each aggregator."""
    found = [
        (named(arm, report.titles) + (f", aggregator {i + 1}" if i else ""), arm, which, weights)
        for arm, runs in report.arms.items()
        for i, (which, weights) in enumerate(layer_weights_of(runs))
        if weights and weights[0]
    ]
    known = all(which is not None for _, _, which, _ in found)
    rows = []
    last = max(
        [(which if known and which else range(len(weights[0])))[-1] for _, _, which, weights in found], default=0
    )
    for name, _, which, weights in found:
        means = [statistics.mean(column) for column in zip(*weights, strict=True)]
        by_layer = dict(zip(which if known and which else range(len(means)), means, strict=True))
        rows.append([name, *(f"{by_layer[n]:.3f}" if n in by_layer else "–" for n in range(last + 1))])
    return Table(["arm", *map(str, range(last + 1))], rows, [arm for _, arm, _, _ in found]) if rows else None


def curves_of(report: Report) -> tuple[dict[str, list[Curve]], str]:
    """Arm -> the learning curves of its seeds, and the label of the x axis: words if all records have them."""
    runs = [run for runs in report.arms.values() for run in runs if run.get("curve")]
    x = "words" if all("words" in point for run in runs for point in run.data["curve"]) else "step"
    curves: dict[str, list[Curve]] = {}
    for run in runs:
        curves.setdefault(run.arm, []).append([(point[x], point["score"]) for point in run.data["curve"]])
    return curves, "training words seen" if x == "words" else "step"


def mean_curve(seeds: Sequence[Curve]) -> list[tuple[float, float]]:
    """The mean curve of the seeds: point n is the mean of their n-th points, up to the end of the shortest curve.

    x is averaged too, since evaluations of different seeds may be at slightly different numbers of words.
    """
    length = min(len(curve) for curve in seeds)
    return [
        (statistics.fmean(curve[i][0] for curve in seeds), statistics.fmean(curve[i][1] for curve in seeds))
        for i in range(length)
    ]


def curves_table(report: Report) -> Table | None:
    """F1 on the development data at evenly spaced points of the mean curve, by the share of the arm's training."""
    curves, _ = curves_of(report)
    means = {arm: mean_curve(seeds) for arm, seeds in curves.items()}
    n_points = min([MAX_POINTS, *(len(mean) for mean in means.values())])
    if not means or n_points < 2:
        return None
    rows = []
    for arm, mean in means.items():
        places = [round(i * (len(mean) - 1) / (n_points - 1)) for i in range(n_points)]
        rows.append([named(arm, report.titles), *(f"{100 * mean[place][1]:.1f}" for place in places)])
        rows[-1].append(f"{mean[-1][0]:,.0f}")
    shares = [f"{100 * i / (n_points - 1):.0f}%" for i in range(n_points)]
    _, x = curves_of(report)
    return Table(["arm", *shares, x], rows, list(means))
