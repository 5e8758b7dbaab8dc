"""The tables of a report on F1, differences, labels and errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..experiments.records import RunRecord
from ..experiments.significance import MACRO, Comparison, Difference
from ..scoring.error_kinds import ERROR_KINDS
from .report import Report
from .wording import interval, named, p_value, plus_minus, signed

Row = list[str]


@dataclass(frozen=True)
class Table:
    """Texts in rows.

    The first cell of a row is its heading; `arms` names for each row the arm whose colour the heading gets.
    """

    header: Row
    rows: list[Row]
    arms: list[str]


def scores_table(report: Report) -> Table:
    """F1 of each arm with its interval."""
    columns = report.columns()
    rows = []
    for arm, runs in report.arms.items():
        figures = report.analysis.arms[arm].figures
        cells = [f"{plus_minus(figures[figure])}\n({interval(figures[figure])})" for _, figure in columns]
        rows.append([named(arm, report.titles), str(len(runs)), *cells])
    return Table(["arm", "runs", *(name for name, _ in columns)], rows, list(report.arms))


def differences_table(report: Report) -> Table | None:
    """Each comparison: the mean difference and those in each language, with intervals and p values."""
    rows = []
    for comparison in report.analysis.comparisons:
        for name, figure in report.columns():
            found = comparison.figures[figure]
            p = [p_value(found.p), p_value(found.p_corrected)]
            rows.append([_pair(comparison), name, signed(found.value), interval(found), *p])
    header = ["arms", "of", "difference", "95% interval", "p", "corrected p"]
    arms = [c.arm for c in report.analysis.comparisons for _ in report.columns()]
    return Table(header, rows, arms) if rows else None


def distinct_table(report: Report) -> Table | None:
    """F1 and differences counting each text once, so that a few lines that are repeated often do not dominate."""
    if report.distinct is None:
        return None
    compared = {c.arm: c for c in report.distinct.comparisons if c.other == report.baseline}
    rows = []
    for arm in report.arms:
        figures = report.distinct.arms[arm].figures
        difference = compared[arm].figures[MACRO] if arm in compared else None
        cells = [plus_minus(figures[figure]) for _, figure in report.columns()]
        rows.append([arm, *cells, *_difference(difference)])
    header = ["arm", *(name for name, _ in report.columns()), f"more than {report.baseline}", "95% interval"]
    return Table(header, rows, list(report.arms))


def labels_table(report: Report) -> Table | None:
    """F1 by label, and by label and language."""
    labels = report.analysis.labels
    rows, arms = [], []
    for arm in report.arms:
        figures = report.analysis.arms[arm].figures
        for name, (lang, _) in report.columns():
            cells = [plus_minus(figures[lang, label]) if (lang, label) in figures else "–" for label in labels]
            rows.append([arm, name, *cells])
            arms.append(arm)
    return Table(["arm", "of", *labels], rows, arms) if labels else None


def label_differences_table(report: Report) -> Table | None:
    """The mean difference over languages for each comparison and label."""
    rows = []
    for comparison in report.analysis.comparisons:
        for label in report.analysis.labels:
            found = comparison.figures["", label]
            cells = [signed(found.value), interval(found), p_value(found.p), p_value(found.p_corrected)]
            rows.append([_pair(comparison), label, *cells])
    arms = [c.arm for c in report.analysis.comparisons for _ in report.analysis.labels]
    header = ["arms", "label", "difference", "95% interval", "p", "corrected p"]
    return Table(header, rows, arms) if rows else None


def shares_table(report: Report) -> Table | None:
    """F1 by the share of labels, with the difference from the baseline; None if all runs have the same share."""
    if len(report.by_share) < 2:
        return None
    rows, arms = [], []
    for arm in report.places:
        for share, analysis in report.by_share.items():
            if arm in analysis.arms:
                estimate = analysis.arms[arm].figures[MACRO]
                difference = next((c.figures[MACRO] for c in analysis.comparisons if c.arm == arm), None)
                n_runs = str(len(analysis.arms[arm].seeds))
                cells = [f"{100 * share:g}%", n_runs, plus_minus(estimate), interval(estimate)]
                rows.append([arm, *cells, *_difference(difference)])
                arms.append(arm)
    header = ["arm", "labels", "runs", "F1", "95% interval", f"more than {report.baseline}", "95% interval"]
    return Table(header, rows, arms)


def errors_table(report: Report) -> Table | None:
    """Kinds of errors per 100 entities in the reference, in the target languages and all seeds."""
    rows, arms = [], []
    for arm, runs in report.arms.items():
        kinds = _summed_kinds(runs)
        total = sum(kinds[kind] for kind in ERROR_KINDS if kind != "spurious")
        if total:
            rows.append([named(arm, report.titles), *(f"{100 * kinds[kind] / total:.1f}" for kind in ERROR_KINDS)])
            arms.append(arm)
    return Table(["arm", *ERROR_KINDS], rows, arms) if rows else None


def _pair(comparison: Comparison) -> str:
    return f"{comparison.arm}\u00a0−\u00a0{comparison.other}"  # without a line break


def _difference(found: Difference | None) -> Row:
    """Two cells: a difference and its interval; dashes for an arm that is not compared."""
    return ["–", "–"] if found is None else [signed(found.value), interval(found)]


def _summed_kinds(runs: Sequence[RunRecord]) -> dict[str, int]:
    """Kind of error -> how many there are in the target languages of all runs."""
    kinds = dict.fromkeys(ERROR_KINDS, 0)
    for run in runs:
        for lang in run.targets:
            for kind in ERROR_KINDS:
                kinds[kind] += (run.get("errors") or {}).get(lang, {}).get(kind, 0)
    return kinds
