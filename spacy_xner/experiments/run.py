"""A run of a study: one arm, one seed and one share of the labels, and all that its result depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..alignment import embedding, segmenters
from ..alignment.loading import encoder_version
from ..projection import filters
from .corpus_facts import corpus_digest, mean_score, read_facts
from .machine import package_versions
from .plan import DEFAULT_CONFIG, Arm, Study
from .split import Split, split_ids
from .training import config_digests, weighs_scores

# Settings of the training config that a run sets: what the config has there does not matter.
UNHASHED = {"system.seed": 0, "training.max_steps": 0, "training.eval_frequency": 0, "corpora.dev.limit": 0}
ORDERS = 1000  # the seed of a new order is that of the run plus this, times the number of starts before


@dataclass(frozen=True)
class Run:
    """One training of an arm.

    labels (float): share of the source labels that is used, in (0, 1].
    """

    study: Study
    arm: Arm
    seed: int
    labels: float = 1.0

    def __str__(self) -> str:
        return f"arm {self.arm.name}, seed {self.seed}, {100 * self.labels:g}% of the labels"

    @property
    def name(self) -> str:
        """Name for files."""
        share = "" if self.labels == 1 else f"-{self.labels:g}"
        return f"{self.arm.name}{share}-{self.seed}"

    @property
    def records(self) -> dict[str, Path]:
        """The files of its records, by the names of `Study.tests`."""
        return {name: self.record_on(name) for name in self.study.tests}

    def record_on(self, test: str) -> Path:
        """The file of its record on one of the tests of the study."""
        return Path(self.study.records) / test / f"{self.name}.json"

    @property
    def record(self) -> Path:
        """The file of its record on the study's `test`."""
        return self.record_on(self.study.name)

    @property
    def folder(self) -> Path:
        """The folder of its pipeline."""
        return Path(self.study.folder) / self.study.name / self.name

    @property
    def config(self) -> str:
        """The training config."""
        return self.study.config_of(self.arm)

    @property
    def teachers(self) -> list[Run]:
        """The runs whose pipelines label the synthetic text of this one; none, one, or one for each `teacher_seeds`."""
        if self.arm.teacher is None:
            return []
        arm = self.study.arms[self.arm.teacher]
        return [Run(self.study, arm, seed, self.labels) for seed in self.arm.teacher_seeds or (self.seed,)]

    @property
    def start(self) -> Run | None:
        """The run whose pipeline has the weights that the training of this one starts from."""
        name = self.study.start_of(self.arm)
        return None if name is None else Run(self.study, self.study.arms[name], self.seed, self.labels)

    @property
    def parents(self) -> dict[str, list[Run]]:
        """The runs whose pipelines this one needs: "teacher", and "start" unless that is one of the teachers too."""
        start = [run for run in (self.start,) if run is not None and run not in self.teachers]
        return {kind: runs for kind, runs in (("teacher", self.teachers), ("start", start)) if runs}

    @property
    def children(self) -> list[Run]:
        """The runs that need the pipeline of this one: of the same seed, and of other seeds of the study for arms with
        `teacher_seeds`."""
        found = []
        for arm in self.study.arms.values():
            if arm.teacher_seeds and self.labels < 1:  # no such run: see `check_teacher_labels`
                continue
            seeds = {self.seed, *arm.teacher_seeds, *(self.study.seeds if arm.teacher_seeds else ())}
            found += [Run(self.study, arm, seed, self.labels) for seed in sorted(seeds)]
        return [run for run in found if any(self in runs for runs in run.parents.values())]

    @property
    def depth(self) -> int:
        """How many runs, each the start of the next one, come before this one."""
        return 1 + self.start.depth if self.start else 0

    def overrides(self) -> dict[str, Any]:
        """Settings of the training config, without paths."""
        study = self.study
        return {
            "system.seed": self.seed,
            "training.max_steps": study.steps_of(self.arm),
            "training.eval_frequency": min(study.eval_every, study.steps_of(self.arm)),
            "corpora.dev.limit": study.dev_limit,
            **({"corpora.train.seed": self.seed + ORDERS * self.depth} if self.arm.new_order else {}),
            **study.settings,
            **self.arm.settings,
        }

    def split(self) -> Split:
        """The source sentences that it uses."""
        return split_of(self.study, self.labels, self.seed)

    def setting(self, test: str | None = None) -> dict[str, Any]:
        """All that its result depends on, as plain JSON. Records hold it, and a record with another one is refused.

        test (str | None): one of the names of `Study.tests`; None: of the study's `test`.

        `settings` are those of the study, `config` has hashes of the training config without settings of study, arm and
        run, so that a message can name what differs. `scores` is there for an arm that weighs projected labels by
        their scores. `teacher` is the setting of the first teacher: other runs of
        this arm, as teachers or as start, differ from it in the seed alone.
        """
        study, arm = self.study, self.arm
        tested = study.tests[test or study.name]
        inputs = {path for path in (study.gold, study.dev, tested, arm.projected, arm.synthetic) if path}
        setting = {
            "seed": self.seed,
            "labels": self.labels,
            "arm": _arm_setting(study, arm),
            "settings": dict(study.settings),
            "config": {"file": name_of_config(self.config), **config_digests(self.config, UNHASHED)},
            "encoder": study.encoder,
            "encoder_version": encoder_version(study.encoder),
            "source": study.source,
            "held_back": study.held_back,
            "steps": study.steps,
            "batch_words": study.batch_words,
            "eval_every": study.eval_every,
            "dev_limit": study.dev_limit,
            "versions": package_versions(),
            "inputs": {path: corpus_digest(path) for path in sorted(inputs)},
        }
        if arm.projected and weighs_scores(self.config, self.overrides()):
            setting["scores"] = mean_score(arm.projected)
        return setting | {kind: self.parents[kind][0].setting(test) for kind in study.parents_of(arm)}


def chosen_runs(study: Study, arms: Iterable[Arm]) -> list[Run]:
    """The runs of some arms, with all seeds and shares of the labels of a study."""
    arms = list(arms)
    return [Run(study, arm, int(seed), share) for seed in study.seeds for share in study.labels for arm in arms]


def name_of_config(config: str) -> str:
    """The path of a training config; for the one of the package the same on every machine."""
    return "configs/xner.cfg" if Path(config).resolve() == Path(DEFAULT_CONFIG).resolve() else config


def split_of(study: Study, labels: float = 1.0, seed: int = 0) -> Split:
    """The source sentences that runs of a study use with a seed and a share of the labels."""
    texts = {doc.id: doc.text for doc in read_facts(study.gold)}
    return split_ids(texts, study.held_back, labels, seed)


def _arm_setting(study: Study, arm: Arm) -> dict[str, Any]:
    """The settings of an arm that its result depends on. Those that arms did not have from the beginning are left out
    where they are not set, so that earlier records stay valid."""
    setting = {key: value for key, value in asdict(arm).items() if key not in ("title", "description")}
    setting |= {"start": study.start_of(arm), "synthetic_languages": sorted(arm.synthetic_languages)}
    setting["teacher_seeds"] = list(arm.teacher_seeds)
    for name in (
        "config",
        "start",
        "start_share",
        "new_order",
        "steps",
        "synthetic_languages",
        "filters",
        "teacher_seeds",
        "combine",
    ):
        if not setting[name]:
            del setting[name]
    if arm.filters:
        setting["filters"] = filters.identity(arm.filters) | {
            "align": embedding.REVISION,
            "segmenters": segmenters.identity(),
        }
    return setting
