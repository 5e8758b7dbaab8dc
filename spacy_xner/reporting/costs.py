"""What the runs of a study cost: a table by arm, and the total time."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from ..experiments.records import RunRecord
from .report import Report
from .tables import Table
from .wording import named

PARTS = ("teacher", "start", "distill", "train")  # of a run, in the order in which they are done; others come last


def costs_table(report: Report) -> Table | None:
    """Minutes, optimizer steps and training words of an arm, means over its runs.

    Minutes and `steps in all` are with those of its teachers and its start; the words are those of its own training.
    """
    known = {arm: runs for arm, runs in report.arms.items() if any(run.get("minutes") is not None for run in runs)}
    found = {part for runs in known.values() for run in runs for part in run.get("parts") or {}}
    parts = [part for part in PARTS if part in found] + sorted(found - {*PARTS})
    rows = []
    for arm, runs in known.items():
        minutes = [run.data["minutes"] for run in runs if run.get("minutes") is not None]
        cells = [_mean([(run.get("parts") or {}).get(part, 0) for run in runs]) for part in parts]
        words = [run.data["words"] for run in runs if run.get("words")]
        n_words = f"{statistics.mean(words):,.0f}" if words else "–"
        rows.append([named(arm, report.titles), _mean(minutes), *cells, *_steps(runs[0]), n_words])
    header = ["arm", "minutes", *parts, "steps", "steps in all", "training words"]
    return Table(header, rows, list(known)) if rows else None


def _steps(run: RunRecord) -> list[str]:
    """The optimizer steps of a run, and those of all trainings that its pipeline is the result of."""
    if not (steps := run.steps):
        return ["–", "–"]
    parts = f" ({', '.join(f'{arm} {n:,}' for arm, n in steps.items())})" if len(steps) > 1 else ""
    return [f"{[*steps.values()][-1]:,}", f"{sum(steps.values()):,}{parts}"]


def total_cost(report: Report) -> str:
    """The time of all runs together, and the machines that they ran on.

    Each training is counted once, even if several runs have it as teacher or start, or it has a record of its own. So
    is text that teachers have labelled for several runs.
    """
    runs = report.study.runs
    once: dict[tuple[str | None, float, int], float] = {}
    for run in runs:
        for each in run.get("trainings") or ():
            seed = run.seed if each.get("seed") is None else each["seed"]
            once[each["arm"], run.labels, seed] = each["minutes"] - (each.get("reused") or 0)
    counted: set[tuple[str | None, float, int]] = {run.key for run in runs}
    minutes = []
    for run in runs:
        if run.get("trainings"):
            minutes.append(once.pop(run.key, 0))
        elif run.get("minutes"):  # records that were made before they had `trainings`
            teacher = (run.teacher, run.labels, run.seed)
            twice = (run.get("parts") or {}).get("teacher", 0) if teacher in counted else 0
            minutes.append(run.data["minutes"] - twice)
            if run.teacher:
                counted.add(teacher)
    machines = sorted({run.data["machine"] for run in runs if run.get("machine")})
    total = f"{len(runs)} run{'s' * (len(runs) > 1)}"
    if minutes:
        unknown = f" ({len(runs) - len(minutes)} without a time)" * (len(minutes) < len(runs))
        total += f", {(sum(minutes) + sum(once.values())) / 60:.1f} hours in total{unknown}"
    return f"{total}. Machine: {'; '.join(machines) or 'unknown'}."


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.1f}"
