"""The table of a report on how well scores of entities are calibrated."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from ..experiments.records import RunRecord
from .report import Report
from .tables import Table, langs_of
from .wording import named

ECE, BEFORE = "ece", "ece_uncalibrated"


def calibration_table(report: Report) -> Table | None:
    """Expected calibration error of each arm: the mean over target languages, and each of them.

    The mean is of the errors by language, each with equal weight, also for records of earlier versions, whose own mean
    is over the entities of all languages together.
    """
    langs = report.analysis.langs
    rows, arms = [], []
    for arm, runs in report.arms.items():
        by_lang = {lang: [each for run in runs if (each := _error(run, lang, ECE)) is not None] for lang in langs}
        if not any(by_lang.values()):
            continue
        means = [_shown(_means(runs, langs, kind)) for kind in (BEFORE, ECE)]
        rows.append(
            [named(arm, report.titles), *means[: 1 + (len(langs) > 1)], *(_shown(by_lang[lang]) for lang in langs)]
        )
        arms.append(arm)
    means = ["mean at temperature 1", "mean"] if len(langs) > 1 else ["at temperature 1"]
    columns = ["", *("" for _ in means), *langs_of(report)[-len(langs) :]]
    return Table(["arm", *means, *langs], rows, arms, column_langs=columns) if rows else None


def _means(runs: Sequence[RunRecord], langs: Sequence[str], kind: str) -> list[float]:
    """For each run the mean over its languages that have an error; without runs that have none."""
    found = [[each for lang in langs if (each := _error(run, lang, kind)) is not None] for run in runs]
    return [statistics.mean(errors) for errors in found if errors]


def _error(run: RunRecord, lang: str, kind: str) -> float | None:
    value: Any = run.data["scores"]["languages"].get(lang, {}).get(kind)
    return None if value is None else float(value)


def _shown(values: Sequence[float]) -> str:
    """Mean and standard deviation over seeds, from 0 to 1."""
    if not values:
        return "–"
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{sd}"
