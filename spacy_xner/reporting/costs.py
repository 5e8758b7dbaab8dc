"""What the runs of a study cost: a table by arm, and the total time."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .report import Report
from .tables import Table
from .wording import named

PARTS = ("teacher", "distill", "train")  # the parts of a run in the order in which they are done; others come last


def costs_table(report: Report) -> Table | None:
    """Minutes and training words of an arm, means over its runs."""
    known = {arm: runs for arm, runs in report.arms.items() if any(run.get("minutes") for run in runs)}
    found = {part for runs in known.values() for run in runs for part in run.get("parts") or {}}
    parts = [part for part in PARTS if part in found] + sorted(found - {*PARTS})
    rows = []
    for arm, runs in known.items():
        minutes = [run.data["minutes"] for run in runs if run.get("minutes")]
        cells = [_mean([(run.get("parts") or {}).get(part, 0) for run in runs]) for part in parts]
        words = [run.data["words"] for run in runs if run.get("words")]
        n_words = f"{statistics.mean(words):,.0f}" if words else "–"
        rows.append([named(arm, report.titles), _mean(minutes), *cells, n_words])
    return Table(["arm", "minutes", *parts, "training words"], rows, list(known)) if rows else None


def total_cost(report: Report) -> str:
    """The time of all runs together, and the machines that they ran on.

    The time of a teacher is counted once, even if it has several students or a record of its own.
    """
    runs = report.study.runs
    counted: set[tuple[str | None, float, int]] = {run.key for run in runs}
    minutes = []
    for run in runs:
        if run.get("minutes"):
            teacher = (run.teacher, run.labels, run.seed)
            twice = (run.get("parts") or {}).get("teacher", 0) if teacher in counted else 0
            minutes.append(run.data["minutes"] - twice)
            if run.teacher:
                counted.add(teacher)
    machines = sorted({run.data["machine"] for run in runs if run.get("machine")})
    total = f"{len(runs)} run{'s' * (len(runs) > 1)}"
    if minutes:
        unknown = f" ({len(runs) - len(minutes)} without a time)" * (len(minutes) < len(runs))
        total += f", {sum(minutes) / 60:.1f} hours in total{unknown}"
    return f"{total}. Machine: {'; '.join(machines) or 'unknown'}."


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.1f}"
