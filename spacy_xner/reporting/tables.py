"""The tables of a report on F1, differences and labels."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..experiments.significance import MACRO, NEAR, Analysis, Comparison, Difference
from .report import Report
from .wording import interval, named, p_value, plus_minus, signed

Row = list[str]


@dataclass(frozen=True)
class Table:
    """Texts in rows.

    The first cell of a row is its heading; `arms` names for each row the arm whose colour the heading gets ("" for
    none).

    row_langs, column_langs (list[str]): the language that a row or column is of, for the filter; "" for one that is of
        all. [] if no row or column is of one language.
    heat (list[list[float]]): for each cell after the heading, how strong its background is, from 0 to 1; [] for none.
    wraps (bool): the cells have long texts, in several lines.
    """

    header: Row
    rows: list[Row]
    arms: list[str]
    row_langs: list[str] = field(default_factory=list)
    column_langs: list[str] = field(default_factory=list)
    heat: list[list[float]] = field(default_factory=list)
    wraps: bool = False

    def lang_of_row(self, number: int) -> str:
        """The language of a row; "" for none."""
        return self.row_langs[number] if self.row_langs else ""

    def lang_of_column(self, number: int) -> str:
        """The language of a column; "" for none."""
        return self.column_langs[number] if self.column_langs else ""


def langs_of(report: Report) -> list[str]:
    """The languages of `Report.columns`, "" for means; none if there is one language, as nothing is left to filter."""
    one = len(report.analysis.langs) == 1
    return ["" if one or lang not in report.analysis.langs else lang for _, (lang, _) in report.columns()]


def scores_table(report: Report) -> Table:
    """F1 of each arm with its interval, or its range where it has few runs."""
    columns = report.columns()
    rows = []
    for arm, runs in report.arms.items():
        figures = report.analysis.arms[arm].figures
        found = [figures[figure] for _, figure in columns]
        cells = [f"{plus_minus(each)}\n({interval(each, with_seeds=False)})" for each in found]
        rows.append([named(arm, report.titles), str(len(runs)), *cells])
    header = ["arm", "runs", *(name for name, _ in columns)]
    return Table(header, rows, list(report.arms), column_langs=["", "", *langs_of(report)])


def differences_table(report: Report, analysis: Analysis | None = None) -> Table | None:
    """Each comparison: the mean difference and those in each language, with intervals and p values.

    analysis (Analysis | None): the one whose comparisons are shown; that of the report by default.
    """
    comparisons = (analysis or report.analysis).comparisons
    rows = []
    for comparison in comparisons:
        for name, figure in report.columns():
            found = comparison.figures[figure]
            p = [p_value(found.p), p_value(found.p_corrected)]
            rows.append([pair(comparison), name, signed(found.value), interval(found), *p])
    header = ["arms", "of", "difference", "95% interval", "p", "corrected p"]
    arms = [c.arm for c in comparisons for _ in report.columns()]
    return Table(header, rows, arms, row_langs=langs_of(report) * len(comparisons)) if rows else None


def contrasts_table(report: Report) -> Table | None:
    """What the arms of each comparison differ in, and how."""
    rows = []
    for comparison, contrast in zip(report.analysis.comparisons, report.contrasts, strict=True):
        if contrast.things is None:
            found = ["not known", "a record lacks its settings"]
        else:
            many = "" if contrast.clean else f"{len(contrast.things)} things: "
            found = [many + ", ".join(contrast.things or ["nothing"]), "\n".join(_details(contrast.things))]
        rows.append([pair(comparison), *found])
    arms = [c.arm for c in report.analysis.comparisons]
    return Table(["arms", "differ in", "namely"], rows, arms, wraps=True) if rows else None


def _details(things: dict[str, str]) -> list[str]:
    return [f"{thing}: {how}" for thing, how in things.items()]


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
    return Table(header, rows, list(report.arms), column_langs=["", *langs_of(report), "", ""])


def labels_table(report: Report) -> Table | None:
    """F1 by label, and by label and language."""
    labels = report.analysis.labels
    columns = [(name, lang) for name, (lang, label) in report.columns() if (lang, label) != NEAR]
    rows, arms = [], []
    for arm in report.arms:
        figures = report.analysis.arms[arm].figures
        for name, lang in columns:
            cells = [plus_minus(figures[lang, label]) if (lang, label) in figures else "–" for label in labels]
            rows.append([arm, name, *cells])
            arms.append(arm)
    langs = [lang if len(report.analysis.langs) > 1 else "" for _, lang in columns] * len(report.arms)
    return Table(["arm", "of", *labels], rows, arms, row_langs=langs) if labels else None


def label_differences_table(report: Report) -> Table | None:
    """The mean difference over languages for each comparison and label."""
    rows = []
    for comparison in report.analysis.comparisons:
        for label in report.analysis.labels:
            found = comparison.figures["", label]
            cells = [signed(found.value), interval(found), p_value(found.p), p_value(found.p_corrected)]
            rows.append([pair(comparison), label, *cells])
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


def pair(comparison: Comparison) -> str:
    """The name of a comparison: b − a."""
    return f"{comparison.arm}\u00a0−\u00a0{comparison.other}"  # without a line break


def _difference(found: Difference | None) -> Row:
    """Two cells: a difference and its interval; dashes for an arm that is not compared."""
    return ["–", "–"] if found is None else [signed(found.value), interval(found)]
