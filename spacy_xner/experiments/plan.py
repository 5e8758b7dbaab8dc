"""A study: the arms that it compares, and the settings that they have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import XnerError

DEFAULT_CONFIG = str(Path(__file__).parents[1] / "configs/xner.cfg")
TEACHER = "teacher"  # value of `start`


@dataclass(frozen=True)
class Arm:
    """One way to train a pipeline. Every arm learns from the source labels; its settings say from what else.

    name (str): short name, for file names and the command line.
    title, description (str): for readers.
    projected (str | None): DocBin file or folder of translations with projected labels. Translations of sentences that
        are held back, or whose labels are not used, are left out.
    filters (Sequence[str]): leave out projected sentences that fail one of these filters: "unaligned", "gaps",
        "label_counts", see `projection.filters`. Words are aligned with the study's encoder, however the labels were
        projected.
    synthetic (str | None): unlabelled text that the teacher labels: translations of sentences that are held back.
    unrelated (bool): allow synthetic text whose ids are not those of labelled sentences, for example text that was
        written in the target languages. Without it such text is an error. `with_sources` does not concern it.
    synthetic_languages (Sequence[str]): use the synthetic text in these languages alone; () for all.
    teacher (str | None): the arm whose pipeline, with the same seed, labels the synthetic text.
    teacher_seeds (Sequence[int]): the teacher's pipelines with these seeds label the synthetic text together: the mean
        of their probabilities, see `distillation.teachers.Teachers`. () for one teacher, with the seed of the run. They
        are the same for every seed of this arm, so that an interval over seeds does not cover the variance between
        teachers. All of these trainings are counted in records and reports. Refused with a share of the labels: each
        seed draws another share, so that the teachers would have more of them.
    start (str | None): the arm whose pipeline, with the same seed, has the weights that the training starts from, or
        "teacher" for the teacher; None: the encoder's weights. Both arms need the same pipeline, encoder and layers.
    start_share (float): share of the start's weights in the pipeline: after training, it becomes the weighted mean of
        both, see `distillation.weights.mix_weights`. In [0, 1).
    new_order (bool): read the text in another order than the start. Orders depend on the seed of the run, so that an
        arm with the text of its start otherwise reads the same batches once more.
    steps (int | None): optimizer steps of this arm alone; None for the study's. Those of its teacher and start are not
        among them: records and reports count these too.
    with_sources (bool): the teacher also labels the source sentences of synthetic text, and these entities are
        projected.
    combine (bool): where the teacher and these projected entities disagree in a sentence, learn from the one with the
        higher score alone, see `distillation.combination`. Otherwise from both, weighted by `soft_weight`.
    certainty, agreement (float): which of the teacher's sentences are used for training, see `Selection`.
    config (str | None): training config of this arm alone, for example one with spaCy's `ner` in place of `xner`;
        None for the study's.
    settings (dict[str, Any]): settings of the training config, with dotted names.
    """

    name: str
    title: str = ""
    description: str = ""
    projected: str | None = None
    filters: Sequence[str] = ()
    synthetic: str | None = None
    synthetic_languages: Sequence[str] = ()
    teacher: str | None = None
    teacher_seeds: Sequence[int] = ()
    start: str | None = None
    start_share: float = 0.0
    new_order: bool = False
    steps: int | None = None
    unrelated: bool = False
    with_sources: bool = False
    combine: bool = False
    certainty: float = 0.0
    agreement: float = 0.0
    config: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)


def has_data(path: str | Path) -> bool:
    """Whether there is a file, or a folder with a DocBin, at a path."""
    path = Path(path)
    return path.is_file() or any(path.rglob("*.spacy"))


@dataclass(frozen=True)
class Study:
    """Arms, and the settings that are the same for all of them.

    name, question (str): for readers.
    answer (str): the contrast that answers the question, fixed before the runs: "ARM-OTHER"; "" for none.
    config (str): the training config; by default the one of the package, which is configs/xner.cfg in a clone.
    encoder (str): folder or hub name, for training and for alignment.
    source (str): the language of the labels.
    gold (str): labelled DocBin in the source language.
    dev (str): DocBin for learning curves and for fitting the temperature: in the source language, or projected.
        Manual labels in a target language are refused.
    test (str): labelled DocBin file or folder in the target languages, for the final scores alone.
    more_tests (dict[str, Any]): further ones by name, for example text of another kind. The scores of each are records
        of a study of their own, NAME-TEST, so that a report is about one test.
    optional_tests (dict[str, Any]): as `more_tests`, but a test whose data are absent is left out. When they are there
        later, runs that have been scored on the other tests are scored on it too if their pipelines are still there.
    steps (int): optimizer steps, of every arm that has no `steps` of its own.
    batch_words (int | None): words in each step, the same for every arm: batches are filled by words, across the ends
        of epochs. None: batches as the training config makes them, as in `spacy train`.
    eval_every (int): steps between two points of the learning curve.
    dev_limit (int): number of `dev` sentences that the learning curve is measured on.
    seeds (list[int]): one training of each arm for each seed.
    labels (list[float]): shares of the source labels to use, in (0, 1].
    held_back (float): share of the source sentences whose labels no arm uses, so that their translations can serve as
        unlabelled synthetic text; in [0, 1).
    examples (int): sentences of each language of `test` whose text is kept in records; 0 if the corpus licence forbids
        that. Records of other tests keep none.
    folder, records (str): folders for pipelines, which are large, and records, which are small.
    settings (dict[str, Any]): settings of the training config for all arms, with dotted names.
    arms (dict[str, Arm]): by name.
    """

    name: str
    gold: str
    dev: str
    test: str
    config: str = DEFAULT_CONFIG
    encoder: str = "models/encoder"
    question: str = ""
    answer: str = ""
    source: str = "en"
    steps: int = 300
    batch_words: int | None = 1200
    eval_every: int = 50
    dev_limit: int = 200
    seeds: Sequence[int] = (0,)
    labels: Sequence[float] = (1.0,)
    held_back: float = 0.5
    examples: int = 0
    folder: str = "training/study"
    records: str = "metrics/study"
    more_tests: dict[str, Any] = field(default_factory=dict)
    optional_tests: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=dict)

    @property
    def tests(self) -> dict[str, str]:
        """All test data, by the name of the study in its records; optional tests only where their data are there."""
        optional = {name: path for name, path in self.optional_tests.items() if has_data(path)}
        return self.needed_tests | {f"{self.name}-{name}": path for name, path in optional.items()}

    @property
    def needed_tests(self) -> dict[str, str]:
        """The test data that no run can do without, as `tests`."""
        return {self.name: self.test} | {f"{self.name}-{name}": path for name, path in self.more_tests.items()}

    @property
    def test_names(self) -> list[str]:
        """The names that its records have: one for each test, also for optional ones whose data are absent."""
        return [self.name, *(f"{self.name}-{name}" for name in (*self.more_tests, *self.optional_tests))]

    @property
    def absent_tests(self) -> dict[str, str]:
        """The optional tests whose data are absent, by their own names."""
        return {name: path for name, path in self.optional_tests.items() if not has_data(path)}

    def chosen(self, names: Sequence[str] | None = None) -> list[Arm]:
        """The arms with these names; all arms for None. RAISES: XnerError for an unknown name, and for one twice."""
        if names is None:
            return list(self.arms.values())
        for name in names:
            if name not in self.arms:
                raise XnerError(f"The study {self.name} has no arm '{name}', expected one of {', '.join(self.arms)}.")
        if len(set(names)) < len(names):
            raise XnerError(f"The arms are {', '.join(names)}, where one is listed twice: expected each once.")
        return [self.arms[name] for name in names]

    def config_of(self, arm: Arm) -> str:
        """The training config of an arm: its own, or the study's."""
        return arm.config or self.config

    def steps_of(self, arm: Arm) -> int:
        """The optimizer steps of an arm: its own, or the study's."""
        return self.steps if arm.steps is None else arm.steps

    def start_of(self, arm: Arm) -> str | None:
        """The name of the arm that an arm starts from; None if it starts from the encoder."""
        return arm.teacher if arm.start == TEACHER else arm.start

    def parents_of(self, arm: Arm) -> dict[str, Arm]:
        """The arms whose pipelines an arm needs: its "teacher", and its "start" unless that is the teacher too."""
        found = {"teacher": arm.teacher, "start": self.start_of(arm)}
        if found["start"] == found["teacher"]:
            del found["start"]
        return {kind: self.arms[name] for kind, name in found.items() if name is not None}

    def with_parents(self, arms: Iterable[Arm]) -> list[Arm]:
        """The arms, the arms whose pipelines they need, and those that these need, each once."""
        found: dict[str, Arm] = {}
        waiting = list(arms)
        while waiting:
            arm = waiting.pop(0)
            if arm.name not in found:
                found[arm.name] = arm
                waiting += self.parents_of(arm).values()
        return list(found.values())
