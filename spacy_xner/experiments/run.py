"""A run of a study: one arm, one seed and one share of the labels, and all that its result depends on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..alignment import embedding, segmenters
from ..alignment.loading import encoder_version
from ..projection import filters
from .corpus_facts import corpus_digest, read_facts
from .machine import package_versions
from .plan import DEFAULT_CONFIG, Arm, Study
from .split import Split, split_ids
from .training import config_digests

# Settings of the training config that a run sets: what the config has there does not matter.
UNHASHED = {"system.seed": 0, "training.max_steps": 0, "training.eval_frequency": 0, "corpora.dev.limit": 0}


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
        return {name: Path(self.study.records) / name / f"{self.name}.json" for name in self.study.tests}

    @property
    def record(self) -> Path:
        """The file of its record on the study's `test`."""
        return self.records[self.study.name]

    @property
    def folder(self) -> Path:
        """The folder of its pipeline."""
        return Path(self.study.folder) / self.study.name / self.name

    @property
    def config(self) -> str:
        """The training config."""
        return self.study.config_of(self.arm)

    @property
    def teacher(self) -> Run | None:
        """The run whose pipeline labels the synthetic text of this one."""
        name = self.arm.teacher
        return None if name is None else Run(self.study, self.study.arms[name], self.seed, self.labels)

    @property
    def start(self) -> Run | None:
        """The run whose pipeline has the weights that the training of this one starts from."""
        name = self.study.start_of(self.arm)
        return None if name is None else Run(self.study, self.study.arms[name], self.seed, self.labels)

    @property
    def parents(self) -> dict[str, Run]:
        """The runs whose pipelines this one needs: "teacher", and "start" unless that is the teacher too."""
        arms = self.study.parents_of(self.arm)
        return {kind: Run(self.study, arm, self.seed, self.labels) for kind, arm in arms.items()}

    @property
    def children(self) -> list[Run]:
        """The runs that need the pipeline of this one."""
        runs = [Run(self.study, arm, self.seed, self.labels) for arm in self.study.arms.values()]
        return [run for run in runs if self.arm in self.study.parents_of(run.arm).values()]

    def overrides(self) -> dict[str, Any]:
        """Settings of the training config, without paths."""
        study = self.study
        return {
            "system.seed": self.seed,
            "training.max_steps": study.steps_of(self.arm),
            "training.eval_frequency": min(study.eval_every, study.steps_of(self.arm)),
            "corpora.dev.limit": study.dev_limit,
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
        run, so that a message can name what differs.
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
        return setting | {kind: parent.setting(test) for kind, parent in self.parents.items()}


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
    for name in ("config", "start", "start_share", "steps", "synthetic_languages", "filters"):
        if not setting[name]:
            del setting[name]
    if arm.filters:
        setting["filters"] = filters.identity(arm.filters) | {
            "align": embedding.REVISION,
            "segmenters": segmenters.identity(),
        }
    return setting
