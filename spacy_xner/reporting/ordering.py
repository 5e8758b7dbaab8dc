"""The order of a report's arms: that of the study file, or from those that learn from least to those from most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import XnerError
from ..experiments.plan import Study
from ..experiments.records import RunRecord, StudyRecords


def arms_in_order(study: StudyRecords, baseline: str, plan: Study | None = None) -> list[str]:
    """All arms of a study that have a run, also one with fewer labels, in a meaningful order.

    It is the order of the study file: of `plan`, or as the records have it. Records that were made before they had it
    are ordered by what an arm learns from: the baseline, arms that learn from source labels alone, those with projected
    labels, those with a teacher; each by name. So are arms that the study file does not have; they come last.

    plan (Study | None): the study file; the records may be of one of its further tests. RAISES: XnerError if it is of
        another study.
    """
    if plan is not None and study.name not in plan.test_names:
        raise XnerError(
            f"The study file is of the study '{plan.name}', the records of '{study.name}': expected one study."
        )
    firsts = {run.arm: run for run in reversed(study.runs)}
    listed = list(plan.arms) if plan else _in_records(study.runs)
    rest = sorted(
        firsts.keys() - set(listed), key=lambda arm: (not listed and arm != baseline, _amount(firsts[arm]), arm)
    )
    return [*(arm for arm in listed if arm in firsts), *rest]


def _in_records(runs: Sequence[RunRecord]) -> list[str]:
    """The arms of the study file as the records have them: those of the longest list, then others of other lists."""
    lists: list[list[str]] = [run.data["arms"] for run in runs if run.get("arms")]
    lists.sort(key=len, reverse=True)
    return list(dict.fromkeys(arm for each in lists for arm in each))


def _amount(run: RunRecord) -> int:
    """0 for an arm that learns from source labels, 1 with projected labels, 2 with a teacher."""
    setting: Any = run.get("setting")
    arm: Any = setting.get("arm") if isinstance(setting, dict) else None
    if not isinstance(arm, dict):
        return 0
    return 2 if arm.get("teacher") else int(bool(arm.get("projected")))
