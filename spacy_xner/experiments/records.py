"""Records of runs: one for each arm, seed and share of the labels, with counts by sentence and what a report shows.

A run record is a JSON object. Required are `format` (1), `study`, `arm`, `seed`, `scores` (the return value of
`evaluate_pipeline`) and `sentences` (see `spacy_xner.scoring.details`); `record_schema.py` lists all keys. A study file
is a JSON object with `format`, `study`, `runs` (a list of records, which may be packed: see
`spacy_xner.experiments.packing`) and optionally `question`, `notes`, `figures` and the `sentences` of packed runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunRecord:
    """A checked record.

    data (dict[str, Any]): the record as it was read.
    file (str): where it was read from, for messages.
    """

    data: dict[str, Any]
    file: str

    @property
    def study(self) -> str:
        return str(self.data["study"])

    @property
    def arm(self) -> str:
        return str(self.data["arm"])

    @property
    def title(self) -> str:
        return str(self.data.get("title") or self.arm)

    @property
    def seed(self) -> int:
        return int(self.data["seed"])

    @property
    def labels(self) -> float:
        """Share of the source language's labels that was used, in (0, 1]."""
        share = self.data.get("labels")
        return 1.0 if share is None else float(share)

    @property
    def targets(self) -> list[str]:
        """The target languages."""
        return list(self.data["scores"]["targets"])

    @property
    def sentences(self) -> dict[str, Any]:
        """Language -> counts by sentence, see `spacy_xner.scoring.details`."""
        return dict(self.data["sentences"])

    @property
    def key(self) -> tuple[str, float, int]:
        """Identifies a run in its study."""
        return self.arm, self.labels, self.seed

    @property
    def teacher(self) -> str | None:
        """The arm of its teacher; None if it had none, or the record does not say."""
        return self._of_arm("teacher")

    @property
    def start(self) -> str | None:
        """The arm whose weights its training started from; None if it had none, or the record does not say."""
        return self._of_arm("start")

    def _of_arm(self, name: str) -> str | None:
        arm = (self.get("setting") or {}).get("arm")
        return arm.get(name) if isinstance(arm, dict) else None

    @property
    def steps(self) -> dict[str, int]:
        """The optimizer steps of all trainings that the pipeline is the result of, by arm: those of its teachers and
        start, and its own, which is the last one. Those of an arm with several seeds are summed. Empty if the record
        does not say.
        """
        if found := self.get("trainings"):
            steps: Counter[str] = Counter()
            for each in found:
                steps[each["arm"]] += each["steps"]
            return dict(steps)
        return _steps_of(self.get("setting") or {}, self.arm)

    def get(self, key: str) -> Any:
        """The value of an optional key; None if it is missing or empty."""
        value = self.data.get(key)
        return value if isinstance(value, int | float) else value or None

    def __str__(self) -> str:
        share = "" if self.labels == 1 else f", {100 * self.labels:g}% of the labels"
        return f"arm {self.arm}, seed {self.seed}{share}"


def _steps_of(setting: Any, arm: str | None = None) -> dict[str, int]:
    """`RunRecord.steps` from the setting of a run."""
    if not isinstance(setting, dict) or not isinstance(setting.get("steps"), int):
        return {}
    own = setting.get("arm")
    own = own if isinstance(own, dict) else {}
    before = {name: steps for kind in ("teacher", "start") for name, steps in _steps_of(setting.get(kind)).items()}
    return before | {arm or str(own.get("name")): own.get("steps") or setting["steps"]}


@dataclass(frozen=True)
class StudyRecords:
    """Records of a study, scored on the same sentences.

    runs (list[RunRecord]): sorted by arm, share of labels and seed.
    first_sentence (int): the number of the first test sentence of each language; above 0 where a report is about a
        part of them alone.
    omitted_labels (tuple[str, ...]): labels that a report leaves out.
    """

    name: str
    runs: list[RunRecord]
    question: str | None = None
    notes: str | None = None
    first_sentence: int = 0
    omitted_labels: tuple[str, ...] = ()

    @property
    def targets(self) -> list[str]:
        """The target languages."""
        return self.runs[0].targets

    @property
    def largest_share(self) -> float:
        """The largest share of the labels that a run used."""
        return max(run.labels for run in self.runs)

    def arms(self) -> dict[str, list[RunRecord]]:
        """Arm -> its runs with the largest share of labels, one for each seed. Arms without such runs are left out."""
        share = self.largest_share
        return {arm: runs[share] for arm, runs in self.by_share().items() if share in runs}

    def by_share(self) -> dict[str, dict[float, list[RunRecord]]]:
        """Arm -> share of labels -> a run for each seed."""
        found: dict[str, dict[float, list[RunRecord]]] = {}
        for run in self.runs:
            found.setdefault(run.arm, {}).setdefault(run.labels, []).append(run)
        return found
