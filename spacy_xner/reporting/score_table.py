"""Scores as a table for the console."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def score_table(scores: dict[str, Any], baseline: dict[str, Any] | None = None, *, title: str | None = None) -> Table:
    """Precision, recall and F1 in percent, a row for each language and one for the mean over the targets.

    F1 has a 95% interval over test sentences. If the scores have expected calibration errors, they are shown too: "ECE
    before" is with the temperature 1. The last row has means over the target languages; a line below it names those
    without entities to find, which are not in the means of P, R and F1.

    scores (dict[str, Any]): from `evaluate_pipeline`.
    baseline (dict[str, Any] | None): another pipeline's scores. Adds columns with its F1 and the difference, in the
        languages in which both have the same number of docs and entities.
    """
    table = Table(title=title, title_justify="left")
    calibrated = "ece" in scores
    compared = [] if baseline is None else ["F1 zero-shot", "gain"]
    baseline_rows = {} if baseline is None else baseline["languages"]
    same = {
        lang
        for lang, row in scores["languages"].items()
        if all(baseline_rows.get(lang, {}).get(key) == row[key] for key in ("docs", "entities"))
    }
    table.add_column("language", min_width=len("language"))
    for column in ("sentences", "entities", "P", "R", "F1 (95%)", *["ECE before", "ECE"] * calibrated, *compared):
        table.add_column(column, justify="right", min_width=max(map(len, column.split())))
    for lang, row in scores["languages"].items():
        name = f"{lang} (source)" if lang == scores["source"] else lang
        cells = [
            name,
            str(row["docs"]),
            str(row["entities"]),
            percent(row["p"]),
            percent(row["r"]),
            f1_with_interval(row),
        ]
        if calibrated:
            cells += [_share(row.get("ece_uncalibrated")), _share(row.get("ece"))]
        if baseline is not None:
            cells += _compare(row["f"], baseline["languages"][lang]["f"] if lang in same else None)
        table.add_row(*cells)
    if scores["targets"]:
        table.add_section()
        means = [*(percent(scores.get(f"macro_{key}")) for key in "pr"), f1_with_interval(scores, "macro_")]
        cells = ["mean of targets", "", "", *means]
        if calibrated:
            cells += [_share(scores.get("ece_uncalibrated")), _share(scores.get("ece"))]
        if baseline is not None:
            alike = all(scores.get(key, []) == baseline.get(key, []) for key in ("targets", "without_entities"))
            comparable = alike and same.issuperset(scores["targets"])
            cells += _compare(scores["macro_f"], baseline.get("macro_f") if comparable else None)
        table.add_row(*cells)
    if omitted := scores.get("without_entities"):
        table.caption = (
            f"Without entities, and so not in the means of P, R and F1: {', '.join(omitted)} ({len(omitted)} of "
            f"{len(scores['targets'])} targets)"
        )
        table.caption_justify = "left"
    return table


def calibration_line(calibration: dict[str, Any]) -> str:
    """The result of fitting the temperature, in a sentence. calibration (dict[str, Any]): `Calibration.to_json()`."""
    return (
        f"Temperature {calibration['temperature']:.2f}, fitted on {calibration['entities']} entities of development "
        f"data: expected calibration error there {calibration['ece_before']:.3f} before, "
        f"{calibration['ece_after']:.3f} after."
    )


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def f1_with_interval(row: Mapping[str, Any], prefix: str = "") -> str:
    """F1 and the ends of its interval, in whole points; scores of an earlier version have no interval."""
    ends = (row.get(f"{prefix}f_{end}") for end in ("low", "high"))
    return percent(row.get(f"{prefix}f")) + interval_of(*(end if end is None else 100 * end for end in ends))


def interval_of(low: float | None, high: float | None) -> str:
    """The ends of an interval, in points, as they stand behind a number; empty where they are not known."""
    return "" if low is None or high is None else f" ({low:.0f}–{high:.0f})"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _compare(value: float, other: float | None) -> list[str]:
    return [percent(other), "-" if other is None else f"{100 * (value - other):+.1f}"]
