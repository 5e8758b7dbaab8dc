"""What the pipelines of an arm cost to train: those of its teachers and starts are counted too."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .records import RunRecord, StudyRecords

SAME = 1.1  # arms with up to so many times the compute of another one count as equally costly


@dataclass(frozen=True)
class Compute:
    """Means over the runs of an arm, of all trainings that its pipelines are the result of.

    steps (int | None): optimizer steps. words (float | None): words of the batches.
    minutes (float | None): with labelling by teachers. None: a record does not say it.
    """

    steps: int | None
    words: float | None
    minutes: float | None


def compute_of(study: StudyRecords) -> dict[str, Compute]:
    """Arm -> compute of its runs with the largest share of labels."""
    by_key = {run.key: run for run in study.runs}
    return {arm: _mean_compute(runs, by_key) for arm, runs in study.arms().items()}


def _mean_compute(runs: Sequence[RunRecord], by_key: Mapping[tuple[str, float, int], RunRecord]) -> Compute:
    words = [_words_of(run, by_key) for run in runs]
    minutes = [run.data["minutes"] for run in runs if run.get("minutes") is not None]
    known = [each for each in words if each is not None]
    return Compute(
        sum(runs[0].steps.values()) or None,
        statistics.mean(known) if len(known) == len(words) else None,
        statistics.mean(minutes) if len(minutes) == len(runs) else None,
    )


def _words_of(run: RunRecord, by_key: Mapping[tuple[str, float, int], RunRecord]) -> float | None:
    """The words of all trainings of a run; None if a record does not say them."""
    if run.get("trainings"):  # several may be of one arm, with other seeds
        return float(sum(each["words"] for each in run.data["trainings"]))
    found = _trainings(run, by_key)
    known = [words for words in found.values() if words is not None]
    return sum(known) if len(known) == len(found) else None


def _trainings(run: RunRecord, by_key: Mapping[tuple[str, float, int], RunRecord]) -> dict[str, float | None]:
    """Arm -> the words of its training, for all trainings that the run's pipeline is the result of.

    Records that were made before they had `trainings` say their own words; those of teacher and start are in the
    records of these, with the same seed and share of labels.
    """
    if run.get("trainings"):
        return {each["arm"]: each["words"] for each in run.data["trainings"]}
    found: dict[str, float | None] = {}
    for parent in {run.teacher, run.start} - {None, run.arm}:
        record = by_key.get((str(parent), run.labels, run.seed))
        found |= _trainings(record, by_key) if record else {str(parent): None}
    return found | {run.arm: run.get("words")}


def similar(one: Compute, other: Compute) -> bool | None:
    """Whether two arms cost about the same, within a tenth; by words, or by steps. None if that is not known for
    both."""
    if one.words is not None and other.words is not None:
        amounts: tuple[float, float] = (one.words, other.words)
    elif one.steps is not None and other.steps is not None:
        amounts = (one.steps, other.steps)
    else:
        return None
    return max(amounts) <= SAME * min(amounts)


def groups_by_compute(compute: Mapping[str, Compute], order: Sequence[str]) -> list[list[str]]:
    """Arms in groups that cost about the same, the cheapest group first; within a group in the order given.

    An arm belongs to the group of the cheapest arm that it costs up to `SAME` times as much as. By words if all arms
    have them, else by steps. Arms of unknown compute are in no group.
    """
    by_words = all(each.words is not None for each in compute.values())
    amounts = {arm: each.words if by_words else each.steps for arm, each in compute.items()}
    groups: list[list[str]] = []
    limit = 0.0
    known = [(amount, arm) for arm, amount in amounts.items() if amount]
    for amount, arm in sorted(known):
        if amount > limit:
            groups.append([])
            limit = SAME * amount
        groups[-1].append(arm)
    return [[arm for arm in order if arm in group] for group in groups]
