"""The report of a study as a self-contained HTML page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from .. import __version__
from ..errors import XnerError
from ..experiments.comparability import DIGEST, without
from ..experiments.records import RunRecord
from ..experiments.significance import MACRO
from . import plots
from .costs import costs_table, total_cost
from .examples import disagreements
from .report import Report
from .svg import N_COLORS, check_matplotlib
from .tables import (
    differences_table,
    distinct_table,
    errors_table,
    label_differences_table,
    labels_table,
    scores_table,
    shares_table,
)
from .wording import listed, named

TEMPLATES = Path(__file__).parent / "templates"
MAX_EXAMPLES = 12


def confusion_of(runs: Sequence[RunRecord]) -> dict[str, Any] | None:
    """Entities by label in the reference and predicted label: means over runs, of the target languages.

    RETURNS: `labels` and `rows` for the template; None if no record has errors.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with_errors = [run for run in runs if run.get("errors")]
    for run in with_errors:
        for lang in run.targets:
            for reference, row in run.data["errors"].get(lang, {"confusion": {}})["confusion"].items():
                for found, n in row.items():
                    counts[reference][found] += n
    labels = sorted({*counts, *(found for row in counts.values() for found in row)} - {""})
    if not labels:
        return None
    rows = []
    for reference in [*labels, ""]:
        total = sum(counts[reference].values())
        cells = [
            {
                "n": round(counts[reference][found] / len(with_errors)),
                "share": round(counts[reference][found] / (total or 1), 3),
            }
            for found in [*labels, ""]
        ]
        rows.append({"label": reference, "cells": cells, "total": total})
    return {"labels": labels, "rows": rows}


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


def report_html(report: Report) -> str:
    """The whole page. RAISES: XnerError without matplotlib."""
    check_matplotlib()
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    layers = [
        (named(arm, report.titles) + (f", aggregator {i + 1}" if i else ""), report.places[arm], which, weights)
        for arm, runs in report.arms.items()
        for i, (which, weights) in enumerate(layer_weights_of(runs))
        if weights and weights[0]
    ]
    curves, x = _curves(report)
    shares = shares_table(report)
    examples = disagreements(report.arms, MAX_EXAMPLES)
    return environment.get_template("report.html").render(
        report=report,
        tables={
            "scores": scores_table(report),
            "distinct": distinct_table(report),
            "differences": differences_table(report),
            "labels": labels_table(report),
            "label_differences": label_differences_table(report),
            "shares": shares,
            "errors": errors_table(report),
            "costs": costs_table(report),
        },
        total_cost=total_cost(report),
        n_colors=N_COLORS,
        version=__version__,
        scores_plot=plots.scores_plot(report.analysis, report.places),
        differences_plot=plots.differences_plot(report.analysis, report.places)
        if report.analysis.comparisons
        else None,
        layers_plot=plots.layers_plot(layers) if layers else None,
        curves_plot=plots.curves_plot(curves, report.places, x) if curves else None,
        labels_plot=plots.labels_plot(_by_share(report), report.places) if shares else None,
        confusions=[(arm, found) for arm, runs in report.arms.items() if (found := confusion_of(runs))],
        examples=examples,
        settings=[_settings(report, arm) for arm in report.arms],
    )


def _curves(report: Report) -> tuple[dict[str, list[list[tuple[float, float]]]], str]:
    """Arm -> the learning curves of its seeds, and the label of the x axis: words if all records have them."""
    runs = [run for runs in report.arms.values() for run in runs if run.get("curve")]
    x = "words" if all("words" in point for run in runs for point in run.data["curve"]) else "step"
    curves: dict[str, list[list[tuple[float, float]]]] = {}
    for run in runs:
        curves.setdefault(run.arm, []).append([(point[x], point["score"]) for point in run.data["curve"]])
    return curves, "training words seen" if x == "words" else "step"


def _by_share(report: Report) -> dict[str, list[tuple[float, Any]]]:
    """Arm -> share of labels and F1, for arms with runs of several shares."""
    found: dict[str, list[tuple[float, Any]]] = {}
    for arm in report.arms:
        rows = [
            (share, analysis.arms[arm].figures[MACRO])
            for share, analysis in report.by_share.items()
            if arm in analysis.arms
        ]
        if len(rows) > 1:
            found[arm] = rows
    return found


def _settings(report: Report, arm: str) -> dict[str, Any]:
    """An arm's description, start, seeds and settings; the settings once if its runs differ only in the seed."""
    runs = report.arms[arm]
    shown = []
    for run in runs:
        setting = run.get("setting")
        shared = without(setting, "seed", DIGEST) if isinstance(setting, dict) else setting
        text = "" if setting is None else json.dumps(shared, indent=1, ensure_ascii=False, sort_keys=True)
        if text and text not in shown:
            shown.append(text)
    share = runs[0].labels
    return {
        "arm": arm,
        "name": named(arm, report.titles),
        "description": next((run.data["description"] for run in runs if run.get("description")), ""),
        "seeds": listed([str(run.seed) for run in runs]),
        "start": runs[0].start,
        "share": None if share == 1 else f"{100 * share:g}%",
        "settings": shown,
    }
