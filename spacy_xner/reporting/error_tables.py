"""The tables of a report on kinds of errors, and on which labels are confused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..experiments.records import RunRecord
from ..scoring.error_kinds import ERROR_KINDS
from .report import Report
from .tables import Table
from .wording import named

NONE = "none"


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


def _summed_kinds(runs: Sequence[RunRecord]) -> dict[str, int]:
    """Kind of error -> how many there are in the target languages of all runs."""
    kinds = dict.fromkeys(ERROR_KINDS, 0)
    for run in runs:
        for lang in run.targets:
            for kind in ERROR_KINDS:
                kinds[kind] += (run.get("errors") or {}).get(lang, {}).get(kind, 0)
    return kinds


def confusion_table(runs: Sequence[RunRecord]) -> Table | None:
    """Entities by label in the reference (rows) and predicted label (columns): means over runs, of the target
    languages.

    None if no record has errors.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with_errors = [run for run in runs if run.get("errors")]
    for run in with_errors:
        for lang in run.targets:
            for reference, row in run.data["errors"].get(lang, {"confusion": {}})["confusion"].items():
                for found, n in row.items():
                    counts[reference][found] += n
    labels = sorted({*counts, *(found for row in counts.values() for found in row)} - {""})
    if not labels:
        return None
    names = [*labels, ""]
    rows, heat = [], []
    for reference in names:
        means = [counts[reference][found] / len(with_errors) for found in names]
        cells = [f"{n:,.0f}" if reference or found else "" for n, found in zip(means, names, strict=True)]
        rows.append([reference or NONE, *cells])
        heat.append([round(n / (sum(means) or 1), 3) for n in means])
    return Table(["reference", *labels, NONE], rows, [""] * len(rows), heat=heat)
