"""The table of a report that compares arms by compute: those that cost about the same to train, all in all."""

from __future__ import annotations

from ..experiments.compute import groups_by_compute
from ..experiments.significance import MACRO
from .report import Report
from .tables import Table, pair
from .wording import interval, named, p_value, plus_minus, signed


def compute_table(report: Report) -> Table | None:
    """Arms by the words of all trainings that their pipelines are the result of, the cheapest first, with the
    difference from the first arm of those that cost about the same. None if no record says its compute."""
    groups = groups_by_compute(report.compute, list(report.arms))
    comparisons = {c.arm: c for c in report.by_compute.comparisons} if report.by_compute else {}
    rows, arms = [], []
    for group in groups:
        for arm in group:
            cost, scores = report.compute[arm], report.analysis.arms[arm]
            known = [cost.words, cost.steps]
            cells = ["–" if each is None else f"{each:,.0f}" for each in known]
            cells.append("–" if cost.minutes is None else f"{cost.minutes:.1f}")
            rows.append([named(arm, report.titles), *cells, plus_minus(scores.figures[MACRO])])
            if arm in comparisons:
                found = comparisons[arm].figures[MACRO]
                rows[-1] += [
                    f"{signed(found.value)} ({pair(comparisons[arm])})",
                    interval(found),
                    p_value(found.p_corrected),
                ]
            else:
                rows[-1] += ["–"] * 3
            arms.append(arm)
    header = [
        "arm",
        "words in all",
        "steps in all",
        "minutes in all",
        "F1",
        "difference",
        "95% interval",
        "corrected p",
    ]
    return Table(header, rows, arms) if rows else None
