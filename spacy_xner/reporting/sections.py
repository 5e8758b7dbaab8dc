"""The sections of a report, for its page and for Markdown: titles, remarks and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..experiments.significance import MACRO
from .calibration_table import calibration_table
from .compute_table import compute_table
from .costs import costs_table, total_cost
from .error_tables import confusion_table, errors_table
from .examples import disagreements
from .report import Report
from .tables import (
    Table,
    contrasts_table,
    differences_table,
    distinct_table,
    label_differences_table,
    labels_table,
    scores_table,
    shares_table,
)
from .training_tables import curves_table, layers_table

MAX_EXAMPLES = 12
DOTTED = "A dotted line is the range of one or two seeds, not an interval."


@dataclass(frozen=True)
class Part:
    """A table of a section with its heading, and a remark on it; "" for none. arm (str): for the colour of the
    heading."""

    table: Table
    title: str = ""
    said: str = ""
    arm: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the report.

    key (str): the section's id in the page; pictures and examples are found by it.
    said (str): a remark below the title. pictured (str): a remark on the section's picture, for the page.
    missing (str): why the section has nothing to show; "" if it has.
    folded (bool): the page shows the tables when asked to, as a picture shows the same.
    """

    key: str
    title: str
    said: str = ""
    parts: list[Part] = field(default_factory=list)
    missing: str = ""
    folded: bool = False
    pictured: str = ""


def sections(report: Report) -> list[Section]:
    """All sections between the answer and the settings."""
    makers: list[Callable[[Report], Section]] = [
        *(_scores, _differences, _compute, _labels, _calibration, _layers, _curves, _amounts, _errors, _examples, _cost)
    ]
    return [make(report) for make in makers]


def _of_table(key: str, title: str, table: Table | None, said: str, missing: str, **more: Any) -> Section:
    """A section with one table; one that says what is missing where there is none."""
    return Section(key, title, said, [Part(table)], **more) if table else Section(key, title, missing=missing)


def _scores(report: Report) -> Section:
    parts = [Part(scores_table(report))]
    if once := distinct_table(report):
        parts.append(
            Part(
                once,
                "Each text once",
                "Only the first of several sentences with the same text counts: a line that is repeated, such as a "
                "page header, is right or wrong everywhere at once.",
            )
        )
    few = any(scores.figures[MACRO].few_seeds for scores in report.analysis.arms.values())
    return Section("scores", "F1 by arm and language", report.distant.said, parts, pictured=DOTTED if few else "")


def _differences(report: Report) -> Section:
    title = "Differences between arms"
    found, contrasts = differences_table(report), contrasts_table(report)
    if not found or not contrasts:
        return Section("differences", title, missing="no two arms were compared")
    said = "In points of F1, of runs with the same seed."
    pictured = "A filled marker means that the interval excludes zero."
    if any(comparison.figures[MACRO].few_seeds for comparison in report.analysis.comparisons):
        pictured += f" {DOTTED}"
    what = (
        "A difference can be ascribed to one cause only where the arms differ in one thing. Compute is all that was "
        "trained, teachers and starts included; it differs where one arm took over a tenth more."
    )
    parts = [Part(found), Part(contrasts, "What the arms differ in", what)]
    return Section("differences", title, said, parts, pictured=pictured)


def _compute(report: Report) -> Section:
    said = (
        "The other tables compare arms with the optimizer steps of their own training. Here are the words, steps and "
        "minutes of all trainings that a pipeline is the result of, those of its teacher and its start included, and "
        "differences between arms that cost the same within a tenth: from the first of them in the order of the study."
    )
    if report.by_compute is None:
        said += " All arms cost about the same, so that the tables of differences above are by compute too."
    missing = "no record says how much its arm was trained"
    return _of_table("compute", "F1 by compute", compute_table(report), said, missing)


def _labels(report: Report) -> Section:
    table, differences = labels_table(report), label_differences_table(report)
    if not table:
        return Section("labels", "F1 by label", missing="the test sentences have no entities")
    parts = [Part(table)] + ([Part(differences, "Differences by label, mean over languages")] if differences else [])
    return Section("labels", "F1 by label", parts=parts)


def _calibration(report: Report) -> Section:
    said = (
        "Expected calibration error of the entities' scores, from 0 to 1, lower is better: the mean of the errors of "
        "the target languages, each with equal weight. ± is the standard deviation over seeds."
    )
    missing = "no record has calibration errors"
    return _of_table("calibration", "Calibration", calibration_table(report), said, missing)


def _layers(report: Report) -> Section:
    pictured = "Whiskers are one standard deviation; the dashed line is the weight of equally weighted layers."
    title, said, missing = "Learned layer weights", "Mean over seeds.", "no record has layer weights"
    return _of_table("layers", title, layers_table(report), said, missing, folded=True, pictured=pictured)


def _curves(report: Report) -> Section:
    said = (
        "F1 on the development data, not on the test sentences. The pipeline of the last step is scored, even if an "
        "earlier one was better. The table has the means over seeds by the share of the arm's own training."
    )
    missing = "no record has a learning curve of two points"
    return _of_table("curves", "Learning curves", curves_table(report), said, missing, folded=True)


def _amounts(report: Report) -> Section:
    table = shares_table(report)
    title = "F1 by the share of labels"
    if not table:
        return Section("amounts", title, missing="all runs have the same share of labels")
    analyses = report.by_share.values()
    few = any(scores.figures[MACRO].few_seeds for analysis in analyses for scores in analysis.arms.values())
    return Section("amounts", title, parts=[Part(table)], pictured=DOTTED if few else "")


def _errors(report: Report) -> Section:
    table = errors_table(report)
    if not table:
        return Section("errors", "Errors", missing="no record has counts of errors")
    said = (
        "Per 100 entities in the reference, over target languages and seeds. Boundary: the right label on an "
        "overlapping span. Label: the right span with another label. Spurious: a prediction that overlaps no entity "
        "of the reference. The other tables have the labels of the reference in rows and those of predictions in "
        "columns: entities per run, on average."
    )
    confusions = [
        Part(found, f"Labels, arm {arm}", arm=arm)
        for arm, runs in report.arms.items()
        if (found := confusion_table(runs))
    ]
    return Section("errors", "Errors", said, [Part(table), *confusions])


def _examples(report: Report) -> Section:
    title = "Where arms disagree"
    found = disagreements(report.arms, MAX_EXAMPLES)
    if not found:
        why = (
            "fewer than two arms have records with example sentences; records of corpora whose licence forbids it have "
            "none"
        )
        return Section("examples", title, missing=why)
    if not found["sentences"]:
        why = f"all arms predict the same entities in the {found['compared']} sentences that the records share"
        return Section("examples", title, missing=why)
    seeds = ", ".join(f"{arm} {seed}" for arm, seed in found["runs"].items())
    said = (
        f"Arms disagree on {found['n_differing']} of the {found['compared']} sentences whose text the records keep. "
        f"These are the first {len(found['sentences'])}, whichever arm is right. Seeds: {seeds}."
    )
    return Section("examples", title, said)


def _cost(report: Report) -> Section:
    table = costs_table(report)
    if not table:
        return Section("cost", "Cost", said=total_cost(report), missing="no record has a time")
    said = (
        "Minutes per run, in total and by part; means over runs. Minutes and “steps in all” include the trainings of "
        "teachers and of arms that others start from; “steps” and “training words” are those of the arm's own "
        "training. "
    )
    return Section("cost", "Cost", said + total_cost(report), [Part(table)])
