"""The report of a study as a self-contained HTML page."""

from __future__ import annotations

import functools
import json
from typing import Any

from .. import __version__
from ..experiments.comparability import DIGEST, without
from ..experiments.significance import MACRO, Estimate
from . import plots
from .dots import DotPlot, differences_dots, scores_dots
from .examples import disagreements
from .frame import render_page
from .report import Report
from .sections import MAX_EXAMPLES, sections
from .svg import N_COLORS, check_matplotlib
from .training_tables import curves_of, layer_weights_of
from .wording import listed, named


def report_html(report: Report) -> str:
    """The whole page. RAISES: XnerError without matplotlib."""
    check_matplotlib()
    langs = report.analysis.langs
    return render_page(
        "report.html",
        kind="report",
        title=f"Study {report.study.name}",
        report=report,
        sections=sections(report),
        langs=langs if len(langs) > 1 else [],
        n_colors=N_COLORS,
        version=__version__,
        dots=_dots(report),
        plots=_plots(report),
        examples=disagreements(report.arms, MAX_EXAMPLES),
        settings=[settings_of(report, arm) for arm in report.arms],
    )


def _dots(report: Report) -> dict[str, DotPlot]:
    """Section -> its picture with dots."""
    found = {"scores": scores_dots(report)}
    return found | ({"differences": differences_dots(report)} if report.analysis.comparisons else {})


def _plots(report: Report) -> dict[str, str]:
    """Section -> its plot, in both widths."""
    found = {}
    if layers := _layers(report):
        found["layers"] = plots.both_widths(functools.partial(plots.layers_plot, layers))
    curves, x = curves_of(report)
    if curves:
        found["curves"] = plots.both_widths(lambda width: plots.curves_plot(curves, report.places, x, width))
    if len(report.by_share) > 1:
        by_share = _by_share(report)
        found["amounts"] = plots.both_widths(lambda width: plots.labels_plot(by_share, report.places, width))
    return found


def _layers(report: Report) -> list[tuple[str, int, Any, list[list[float]]]]:
    """For each aggregator: title, place of its arm, numbers of its layers if known, and weights."""
    return [
        (named(arm, report.titles) + (f", aggregator {i + 1}" if i else ""), report.places[arm], which, weights)
        for arm, runs in report.arms.items()
        for i, (which, weights) in enumerate(layer_weights_of(runs))
        if weights and weights[0]
    ]


def _by_share(report: Report) -> dict[str, list[tuple[float, Estimate]]]:
    """Arm -> share of labels and F1, for arms with runs of several shares."""
    found: dict[str, list[tuple[float, Estimate]]] = {}
    for arm in report.arms:
        rows = [
            (share, analysis.arms[arm].figures[MACRO])
            for share, analysis in report.by_share.items()
            if arm in analysis.arms
        ]
        if len(rows) > 1:
            found[arm] = rows
    return found


def settings_of(report: Report, arm: str) -> dict[str, Any]:
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
    sentences = [
        next((run.data["description"] for run in runs if run.get("description")), ""),
        f"Starts from {runs[0].start}." if runs[0].start else "",
        f"Seeds {listed([str(run.seed) for run in runs])}.",
        "" if share == 1 else f"With {100 * share:g}% of the labels.",
    ]
    return {
        "arm": arm,
        "name": named(arm, report.titles),
        "said": " ".join(filter(None, sentences)),
        "settings": shown,
    }
