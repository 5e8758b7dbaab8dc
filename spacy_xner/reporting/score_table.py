"""Scores as a table that people read."""

from typing import Any

from rich.table import Table


def score_table(scores: dict[str, Any], baseline: dict[str, Any] | None = None, *, title: str | None = None) -> Table:
    """Precision, recall and F1 in percent, a row a language and one for the mean over the targets.

    scores (dict[str, Any]): by `evaluate_pipeline`.
    baseline (dict[str, Any] | None): another pipeline's scores: adds its F1 and the difference, where both are of as
        many docs and entities.

    Expected calibration errors, of the target languages' entities together in the last row, are shown where `scores`
    has them: "before" is with the temperature 1.
    """
    table = Table(title=title, title_justify="left")
    calibrated = "ece" in scores
    of_baseline = {} if baseline is None else baseline["languages"]
    same = {
        lang
        for lang, row in scores["languages"].items()
        if all(of_baseline.get(lang, {}).get(key) == row[key] for key in ("docs", "entities"))
    }
    table.add_column("language")
    for column in ("sentences", "entities", "P", "R", "F1", *["ECE before", "ECE"] * calibrated):
        table.add_column(column, justify="right")
    if baseline is not None:
        table.add_column("F1 zero-shot", justify="right")
        table.add_column("gain", justify="right")
    for lang, row in scores["languages"].items():
        name = f"{lang} (source)" if lang == scores["source"] else lang
        cells = [name, str(row["docs"]), str(row["entities"]), *(_percent(row[key]) for key in "prf")]
        if calibrated:
            cells += [_share(row.get("ece_uncalibrated")), _share(row.get("ece"))]
        if baseline is not None:
            cells += _compare(row["f"], baseline["languages"][lang]["f"] if lang in same else None)
        table.add_row(*cells)
    if scores["targets"]:
        table.add_section()
        cells = ["mean of targets", "", "", *(_percent(scores[f"macro_{key}"]) for key in "prf")]
        if calibrated:
            cells += [_share(scores["ece_uncalibrated"]), _share(scores["ece"])]
        if baseline is not None:
            comparable = scores["targets"] == baseline["targets"] and same.issuperset(scores["targets"])
            cells += _compare(scores["macro_f"], baseline["macro_f"] if comparable else None)
        table.add_row(*cells)
    return table


def calibration_line(calibration: dict[str, Any]) -> str:
    """What fitting the temperature found, in a sentence; the argument is `Calibration.to_json`'s."""
    return (
        f"Temperature {calibration['temperature']:.2f}, fitted on {calibration['entities']} entities of development "
        f"data: expected calibration error there {calibration['ece_before']:.3f} before, "
        f"{calibration['ece_after']:.3f} after."
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _compare(value: float, other: float | None) -> list[str]:
    return [_percent(other), "-" if other is None else f"{100 * (value - other):+.1f}"]
