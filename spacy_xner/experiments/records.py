"""Records of runs, one for each arm and seed, and the study files that they are merged into: reading and checking.

A run record is a JSON object. Needed are `format` (1), `study`, `arm`, `seed`, `scores` (what `evaluate_pipeline`
returns) and `sentences` (see `spacy_xner.scoring.details`). A study file is an object with `format`, `study`, `runs`
(a list of records, which may be packed: see `spacy_xner.experiments.packing`) and, if wanted, `question`, `notes` and
`figures`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import atomic_path, without_hidden
from ..journal import differing_keys
from ..scoring.details import KINDS
from .packing import SHARED, entities_to_find, pack, unpack
from .record_schema import Expected, check, items, mapping, number, optional, row, text

FORMAT = 1
COUNTS = row(4, int)
THE_SAME = ("source", "encoder_version", "held_back", "steps", "batch_words")  # settings of all runs of a study
EXAMPLE_SPANS = items(row(3, int, int, str))
PER_LABEL = mapping(mapping(number(0, int)))
RECORD: dict[str, Expected] = {
    "format": number(0, int),
    "study": text,
    "arm": text,
    "seed": number(None, int),
    "scores": {"targets": items(text), "languages": mapping({"f": number(0)})},
    "sentences": mapping(
        {"n": number(0, int), "repeats": optional(items(row(2, int))), "labels": mapping(items(COUNTS))}
    ),
    "question": optional(text),
    "title": optional(text),
    "description": optional(text),
    "minutes": optional(number(0)),
    "parts": optional(mapping(number(0))),
    "machine": optional(text),
    "words": optional(number(0)),
    "labels": optional(number(0)),
    "layers": optional(items(items(number(0, int)))),  # of each aggregator, the encoder's numbers of the layers read
    "layer_weights": optional(items(items(number(0)))),
    "curve": optional(items({"step": number(0), "words": optional(number(0)), "score": number(0)})),
    "errors": optional(mapping({**dict.fromkeys(KINDS, number(0, int)), "confusion": PER_LABEL})),
    "examples": optional(
        items({"lang": text, "id": text, "text": text, "gold": EXAMPLE_SPANS, "found": EXAMPLE_SPANS})
    ),
}
STUDY: dict[str, Expected] = {
    "format": number(0, int),
    "study": text,
    "runs": items({}),
    "sentences": optional(SHARED),
    "question": optional(text),
    "notes": optional(text),
}


@dataclass(frozen=True)
class Run:
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
        return list(self.data["scores"]["targets"])

    @property
    def key(self) -> tuple[str, float, int]:
        """What tells a run from the others of its study."""
        return self.arm, self.labels, self.seed

    @property
    def teacher(self) -> str | None:
        """The arm whose pipeline taught this one, where the record says so."""
        arm = (self.get("setting") or {}).get("arm")
        return arm.get("teacher") if isinstance(arm, dict) else None

    def get(self, key: str) -> Any:
        """What the record has under an optional key; None where it has nothing."""
        return self.data.get(key) or None

    def __str__(self) -> str:
        share = "" if self.labels == 1 else f", {100 * self.labels:g}% of the labels"
        return f"arm {self.arm}, seed {self.seed}{share}"


@dataclass(frozen=True)
class Study:
    """Runs that can be compared: of one study, scored on the same sentences.

    runs (list[Run]): sorted by arm, share of labels and seed.
    """

    name: str
    runs: list[Run]
    question: str | None = None
    notes: str | None = None

    @property
    def targets(self) -> list[str]:
        return self.runs[0].targets

    def arms(self) -> dict[str, list[Run]]:
        """Arm -> its runs with the study's greatest share of labels, a run for each seed. Arms without one are out."""
        return {arm: runs[self.share] for arm, runs in self.by_labels().items() if self.share in runs}

    @property
    def share(self) -> float:
        """The greatest share of the labels that a run has."""
        return max(run.labels for run in self.runs)

    def by_labels(self) -> dict[str, dict[float, list[Run]]]:
        """Arm -> share of labels -> a run for each seed."""
        found: dict[str, dict[float, list[Run]]] = {}
        for run in self.runs:
            found.setdefault(run.arm, {}).setdefault(run.labels, []).append(run)
        return found

    def to_json(self) -> dict[str, Any]:
        said = {"question": self.question, "notes": self.notes}
        head = {"format": FORMAT, "study": self.name, **{key: value for key, value in said.items() if value}}
        sentences, runs = pack([run.data for run in self.runs])
        return {**head, "sentences": sentences, "runs": runs}


@dataclass
class _Collected:
    runs: dict[tuple[str, float, int], Run] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)  # question, notes -> (text, file)


def read_study(paths: Sequence[str | Path]) -> Study:
    """Read records and study files, and check that they can be compared.

    paths (Sequence[str | Path]): files, or folders of `*.json` files. The same record may be in several of them.
    RAISES: XnerError for what is not there, is no record, is of another study or was scored on other sentences, and
        where two records of one arm, seed and share of labels differ.
    """
    collected = _Collected()
    for path in find_records(paths):
        for run in _read_file(path, collected):
            _check_study(next(iter(collected.runs.values()), run), run)
            _check_same(collected.runs.setdefault(run.key, run), run)
    runs = [collected.runs[key] for key in sorted(collected.runs)]
    if not runs:
        raise XnerError(
            f"{', '.join(map(str, paths))}: found no run in there, expected records, as `xner study` writes."
        )
    for run in runs[1:]:
        _check_comparable(runs[0], run)
    said = {key: value for key, (value, _) in collected.said.items()}
    asked = next((str(run.data["question"]) for run in runs if run.data.get("question")), None)
    return Study(runs[0].study, runs, said.get("question", asked), said.get("notes"))


def write_study(path: str | Path, study: Study, figures: Mapping[str, float] | None = None) -> None:
    """Write a study file, a line for each run. The same runs give the same bytes, in whatever order they were read.

    figures (Mapping[str, float] | None): of the report, by name, for people who read the file; not read again.
    """
    content = {"figures": dict(figures), **study.to_json()} if figures else study.to_json()
    head = {key: value for key, value in content.items() if key != "runs"}
    lines = ",\n".join(_line(run) for run in content["runs"])
    with atomic_path(path) as temporary:
        temporary.write_text(f'{_line(head)[:-1]},"runs":[\n{lines}\n]}}\n', encoding="utf8", newline="\n")


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def find_records(paths: Sequence[str | Path]) -> list[Path]:
    """The files that paths stand for: a file for itself, a folder for the `*.json` files in it and below."""
    found: list[Path] = []
    for path in map(Path, paths):
        files = without_hidden(sorted(path.rglob("*.json")), path) if path.is_dir() else [path] * path.is_file()
        if not files:
            raise XnerError(f"{path}: found no record of a run there. `xner study` writes them, a JSON file for each.")
        found += files
    return list(dict.fromkeys(found))


def _read_file(path: Path, collected: _Collected) -> Iterator[Run]:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no JSON to read ({error}), expected the record of a run or a study file.") from error
    if not isinstance(content, dict) or not {"runs", "arm"} & set(content):
        raise XnerError(f"{path}: found neither `arm` nor `runs`, expected the record of a run or a study file.")
    if "runs" not in content:
        yield make_run(content, str(path))
        return
    check(content, STUDY, str(path))
    _check_format(content, str(path))
    for key in ("question", "notes"):
        if content.get(key):
            value, file = collected.said.setdefault(key, (content[key], str(path)))
            if value != content[key]:
                raise XnerError(f"{path} and {file} have a different `{key}`: expected the same, or one without it.")
    for i, record in enumerate(content["runs"]):
        where = f"{path}, runs[{i}]"
        run = make_run(unpack(record, content.get("sentences") or {}, where), where)
        if run.study != content["study"]:
            raise XnerError(f"{run.file}: found a run of the study '{run.study}' in a file of '{content['study']}'.")
        yield run


def make_run(record: dict[str, Any], file: str) -> Run:
    """Check a record. RAISES: XnerError that names the file, the key, what was found and what was expected."""
    check(record, RECORD, file)
    _check_format(record, file)
    run = Run(record, file)
    if not 0 < run.labels <= 1:
        raise XnerError(f"{file}: `labels` is {run.labels}, expected a share greater than 0 and not above 1.")
    if missing := [lang for lang in run.targets if lang not in record["sentences"]]:
        raise XnerError(f"{file}: `sentences` lacks {', '.join(missing)}, expected each language of `scores.targets`.")
    sizes = [[len(each) for each in run.get(key) or []] for key in ("layers", "layer_weights")]
    if sizes[0] and sizes[0] != sizes[1]:
        raise XnerError(f"{file}: `layers` and `layer_weights` differ in length, expected a weight for each layer.")
    if not run.targets:
        raise XnerError(f"{file}: `scores.targets` is empty, expected at least one target language.")
    for lang, found in record["sentences"].items():
        repeats = dict(found.get("repeats") or [])
        if any(not one < number < found["n"] or one in repeats for number, one in repeats.items()):
            raise XnerError(
                f"{file}: `sentences.{lang}.repeats` has a pair that is not [sentence number, number of the first with "
                f"the same text], expected numbers below `n` = {found['n']}, the first one lower and no repeat itself."
            )
        for label, rows in found["labels"].items():
            if not label:
                raise XnerError(f"{file}: `sentences.{lang}.labels` has an empty label, expected a name.")
            numbers = [number for number, *_ in rows]
            if len(set(numbers)) != len(numbers) or any(not 0 <= number < found["n"] for number in numbers):
                raise XnerError(
                    f"{file}: `sentences.{lang}.labels.{label}` has a sentence twice, or one that is not below `n` = "
                    f"{found['n']}: expected each sentence number from 0 on at most once."
                )
    return run


def _check_format(content: dict[str, Any], file: str) -> None:
    if content["format"] != FORMAT:
        raise XnerError(f"{file}: `format` is {content['format']}, expected {FORMAT}. A newer spacy-xner may read it.")


def _check_study(one: Run, other: Run) -> None:
    if one.study != other.study:
        raise XnerError(
            f"{one.file} is of the study '{one.study}', {other.file} of '{other.study}': expected runs of one study."
        )


def _check_same(one: Run, other: Run) -> None:
    if keys := differing_keys(one.data, other.data):
        raise XnerError(
            f"{one.file} and {other.file} are both of {one}, but differ in {', '.join(f'`{k}`' for k in keys)}: "
            "expected one record for each arm and seed. Remove one of them."
        )


def _check_comparable(one: Run, other: Run) -> None:
    settings = [run.data["setting"] if isinstance(run.get("setting"), dict) else {} for run in (one, other)]
    both = [{key: setting.get(key) for key in THE_SAME} for setting in settings]
    if all(settings) and (keys := differing_keys(*both)):
        raise XnerError(
            f"{one.file} and {other.file} are of trainings with another {', another '.join(keys)}: expected the same "
            f"for all runs of a study, whose arms are to be compared."
        )
    inputs = [setting.get("inputs") or {} for setting in settings]
    for path in sorted(inputs[0].keys() & inputs[1].keys()):
        if inputs[0][path] != inputs[1][path]:
            raise XnerError(
                f"{path} had another content when the run of {one.file} read it than for {other.file}: expected the "
                f"same for all runs of a study. Remove the older record and run its arm again."
            )
    sizes = [{lang: found["n"] for lang, found in run.data["sentences"].items()} for run in (one, other)]
    if sizes[0] != sizes[1] or set(one.targets) != set(other.targets):
        raise XnerError(
            f"{one.file} was scored on {_sizes(sizes[0], one.targets)}, {other.file} on "
            f"{_sizes(sizes[1], other.targets)}: expected the same sentences for all runs."
        )
    for lang, found in one.data["sentences"].items():
        if (found.get("repeats") or []) != (other.data["sentences"][lang].get("repeats") or []):
            raise XnerError(
                f"{one.file} and {other.file} do not have the same sentences of {lang} twice (`repeats`): expected all "
                f"runs to be scored on the same sentences in the same order."
            )
        golds = [entities_to_find(each["labels"]) for each in (found, other.data["sentences"][lang])]
        for label in sorted({*golds[0], *golds[1]}):
            if golds[0].get(label) != golds[1].get(label):
                raise XnerError(
                    f"{one.file} and {other.file} do not have the same {label} entities to find in the sentences of "
                    f"{lang}: expected all runs to be scored on the same sentences in the same order."
                )


def _sizes(sizes: dict[str, int], targets: Iterable[str]) -> str:
    said = [f"{n} sentences of {lang}" for lang, n in sorted(sizes.items())]
    return f"{', '.join(said)} (targets: {', '.join(sorted(targets))})"
