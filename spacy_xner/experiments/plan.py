"""What a study is to compare, read from a config file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from spacy.util import load_config

from ..distillation.selection import Selection
from ..errors import XnerError

# Settings of a training config that a study sets itself
OF_THE_STUDY = (
    "training.max_",
    "training.batcher",
    "training.logger",
    "training.eval_",
    "training.patience",
    "training.accumulate_gradient",
    "training.before_to_disk",
    "training.dev_corpus",
    "training.train_corpus",
    "corpora.",
    "paths.",
    "system.seed",
    "training.seed",
)
# Of fields of a study file, with words for a reader. Numbers are checked one by one.
KINDS: dict[Any, tuple[Any, str]] = {
    str: (str, "a text"),
    str | None: (str | None, "one text or null"),
    bool: (bool, "true or false"),
    dict[str, Any]: (Mapping, "settings, as in a section of their own"),
}


@dataclass(frozen=True)
class Arm:
    """One way to make a pipeline. Every arm learns from the source labels; what else, its settings say.

    name (str): short, for file names and the command line.
    title, description (str): for readers.
    projected (str | None): DocBin file or folder of translations with projected labels. Those of sentences that are
        held back, or whose labels are not used, are left out.
    synthetic (str | None): unlabelled text, which the teacher labels: translations of sentences that are held back.
    unrelated (bool): synthetic text may also be of other sentences than the labelled corpus has (by its ids), for
        example real text in the target languages. Where it may not, such text is refused.
    teacher (str | None): the arm whose pipeline, of the same seed, labels the synthetic text.
    with_sources (bool): the teacher labels the source sentences of synthetic text too, and what it finds is projected.
    certainty, agreement (float): which sentences of the teacher are learned from, see `Selection`.
    settings (dict[str, Any]): of the training config, with dots.
    """

    name: str
    title: str = ""
    description: str = ""
    projected: str | None = None
    synthetic: str | None = None
    teacher: str | None = None
    unrelated: bool = False
    with_sources: bool = False
    certainty: float = 0.0
    agreement: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """Arms, and what is the same for all of them.

    name, question (str): for readers.
    config (str): the training config.
    encoder (str): folder or hub name, for training and aligning.
    source (str): the language of the labels.
    gold (str): labelled DocBin in the source language.
    dev (str): DocBin that the curves are measured on and the temperature is fitted on: in the source language, or
        projected; labels of people in a target language are refused.
    test (str): labelled DocBin file or folder in the target languages, for the final scores alone.
    steps (int), batch_words (int): optimizer steps, and words in each: the same for every arm.
    eval_every (int): steps between two points of the learning curve; dev_limit (int): sentences that they are of.
    seeds (list[int]): trainings of each arm.
    labels (list[float]): shares of the source labels to use, in (0, 1].
    held_back (float): share of the source sentences whose labels no arm uses, so that there are sentences to make
        synthetic unlabelled text of; in [0, 1).
    examples (int): sentences of each language whose text is kept in records; 0 where its licence forbids that.
    folder, records (str): for pipelines, which are large, and records, which are small.
    settings (dict[str, Any]): of the training config, for all arms.
    arms (dict[str, Arm]): by name.
    """

    name: str
    gold: str
    dev: str
    test: str
    config: str = "configs/xner.cfg"
    encoder: str = "models/encoder"
    question: str = ""
    source: str = "en"
    steps: int = 300
    batch_words: int = 1200
    eval_every: int = 50
    dev_limit: int = 200
    seeds: Sequence[int] = (0,)
    labels: Sequence[float] = (1.0,)
    held_back: float = 0.5
    examples: int = 0
    folder: str = "training/study"
    records: str = "metrics/study"
    settings: dict[str, Any] = field(default_factory=dict)
    arms: Mapping[str, Arm] = field(default_factory=dict)

    def chosen(self, names: Sequence[str] | None = None) -> list[Arm]:
        """The arms of these names, or all. RAISES: XnerError for a name that no arm has."""
        for name in names or ():
            if name not in self.arms:
                raise XnerError(f"The study {self.name} has no arm '{name}', expected one of {', '.join(self.arms)}.")
        return [self.arms[name] for name in names or self.arms]


def read_study(path: Path, overrides: Mapping[str, Any] | None = None) -> Study:
    """Read a study: a section [study], and one [arms.NAME] for each arm; ${arms.NAME.settings} is another arm's.

    overrides (Mapping[str, Any] | None): values for [study], by name.
    RAISES: XnerError for a file that is missing or malformed, a setting that does not exist, a number out of range, a
        teacher that is no arm or that teaches itself.
    """
    try:
        config = load_config(path, interpolate=True)
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no study can be read: {error}") from error
    if "study" not in config or not config.get("arms"):
        raise XnerError(f"{path}: found the sections {', '.join(config) or 'none'}, expected [study] and [arms.NAME].")
    arms = {}
    for name, values in config["arms"].items():
        where = f"{path}: [arms.{name}]"
        if not isinstance(values, Mapping):
            raise XnerError(f"{path}: [arms] has {name} = {values!r}, expected a section [arms.{name}].")
        if "name" in values:
            raise XnerError(f"{where} has a `name`, expected none: the section's is the arm's.")
        arms[name] = make(Arm, {"name": name, **values}, where)
    values = {**config["study"], **{key: value for key, value in (overrides or {}).items() if value is not None}}
    study: Study = make(Study, {**values, "arms": arms}, f"{path}: [study]")
    check_study(study, path)
    return study


def make(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    """A dataclass of values. RAISES: XnerError for one that is missing or not known."""
    known = {each.name for each in fields(kind)}
    if unknown := sorted(values.keys() - known):
        raise XnerError(
            f"{where}: unknown setting {unknown[0]}, expected some of {', '.join(sorted(known - {'arms'}))}."
        )
    try:
        return kind(**values)
    except TypeError as error:
        raise XnerError(f"{where}: {error}") from None


def check_kinds(part: Study | Arm, where: str) -> None:
    """RAISES: XnerError for a setting of another type than that of its field."""
    for each in fields(part):
        value = getattr(part, each.name)
        kind, expected = KINDS.get(each.type, (object, ""))
        if not isinstance(value, kind):
            raise XnerError(f"{where} has {each.name} = {value!r}, expected {expected}.")


def check_number(value: Any, kind: Any, what: str) -> None:
    """RAISES: XnerError for what is no number of a kind."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise XnerError(f"{what} is {value!r}, expected a {'whole number' if kind is int else 'number'}.")


def check_study(study: Study, path: Path) -> None:
    """RAISES: XnerError for what `read_study` says."""
    check_kinds(study, f"{path}: [study]")
    for arm in study.arms.values():
        check_kinds(arm, f"{path}: [arms.{arm.name}]")
    for name, least in (("steps", 1), ("batch_words", 1), ("eval_every", 1), ("dev_limit", 0), ("examples", 0)):
        check_number(getattr(study, name), int, f"{path}: {name}")
        if getattr(study, name) < least:
            raise XnerError(f"{path}: {name} is {getattr(study, name)}, expected {least} or more.")
    if study.steps > study.eval_every and study.steps % study.eval_every:
        raise XnerError(
            f"{path}: steps is {study.steps}, expected a multiple of eval_every ({study.eval_every}), so that the "
            f"learning curve ends where the training does."
        )
    check_number(study.held_back, int | float, f"{path}: held_back")
    if not 0 <= study.held_back < 1:
        raise XnerError(f"{path}: held_back is {study.held_back}, expected a share from 0 to below 1.")
    for name, kind in (("seeds", int), ("labels", int | float)):
        values = getattr(study, name)
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise XnerError(f"{path}: {name} is {values!r}, expected a list of one or more numbers.")
        for value in values:
            check_number(value, kind, f"{path}: one of {name}")
        if len(set(values)) < len(values):
            raise XnerError(f"{path}: {name} is {values}, where a number is twice: expected each once.")
    for share in study.labels:
        if not 0 < share <= 1:
            raise XnerError(f"{path}: the share of labels is {share}, expected more than 0 and at most 1.")
    for where, settings in (("study", study.settings), *((f"arms.{a.name}", a.settings) for a in study.arms.values())):
        for key in settings:
            if key.startswith(OF_THE_STUDY):
                raise XnerError(
                    f"{path}: [{where}.settings] has {key}, which is the same for all arms, so that they can be "
                    f"compared: expected steps, batch_words, eval_every, dev_limit and seeds in [study] in place of it."
                )
    for arm in study.arms.values():
        if (arm.teacher is None) != (arm.synthetic is None):
            raise XnerError(
                f"{path}: the arm {arm.name} has {'no teacher' if arm.teacher is None else 'no synthetic text'}: a "
                f"teacher and the synthetic text that it labels belong together."
            )
        for name in ("certainty", "agreement"):
            check_number(getattr(arm, name), int | float, f"{path}: [arms.{arm.name}] {name}")
        try:
            Selection(arm.certainty, arm.agreement)
        except XnerError as error:
            raise XnerError(f"{path}: [arms.{arm.name}] {error}") from None
        if arm.agreement and not arm.with_sources:
            raise XnerError(
                f"{path}: the arm {arm.name} asks for an agreement of {arm.agreement} between teacher and projection, "
                f"but projects nothing: expected with_sources = true."
            )
        line = [arm.name]
        while (teacher := study.arms[line[-1]].teacher) is not None:
            if teacher not in study.arms:
                raise XnerError(f"{path}: the teacher of {line[-1]} is '{teacher}', which is no arm.")
            if teacher in line:
                raise XnerError(
                    f"{path}: the arm {arm.name} would be its own teacher ({' <- '.join([*line, teacher])})."
                )
            line.append(teacher)
