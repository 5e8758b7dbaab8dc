"""Runs of a study: one arm and one seed, trained, scored, and kept as a record."""

import functools
import hashlib
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import srsly
from filelock import FileLock, Timeout
from spacy.util import load_config

from ..aggregation.learned import has_attention
from ..aggregation.options import layers_read
from ..aggregation.weights import find_aggregators, softmax_weights
from ..alignment.embedding import EmbeddingAligner
from ..alignment.loading import encoder_version
from ..annotations.attributes import meta_of
from ..corpus.docs import docs_by_id
from ..distillation.distill import Distiller, Selection, distill_file
from ..distillation.teachers import Teachers
from ..encoders import resolve_encoder
from ..errors import XnerError
from ..files import atomic_path, read_json, remove, resumable_folder, write_json
from ..journal import differing
from ..ner.fitting import recognisers_of
from ..pipelines import load_pipeline
from ..projection import SpanProjector
from ..scoring.details import Details
from ..scoring.scores import evaluate_pipeline
from .corpora import Split, digest_of, read_all, split_ids, synthetic_texts, write_training_files
from .plan import Arm, Study
from .training import CURVE, MODEL, load_training, train_into

SETTING = "setting.json"


@dataclass(frozen=True)
class Run:
    """An arm, a seed, and a share of the labels."""

    arm: Arm
    seed: int
    labels: float = 1.0

    @property
    def name(self) -> str:
        """As files are called."""
        share = "" if self.labels == 1 else f"-{self.labels:g}"
        return f"{self.arm.name}{share}-{self.seed}"


class Runner:
    """Makes the records of a study's runs. What is there already, of the same settings, is not made again.

    study (Study): what to run.
    gpu_id (int): -1 for the CPU.
    say (Callable): is told in a line what happens.
    """

    def __init__(self, study: Study, gpu_id: int = -1, say: Callable[[str], None] = print) -> None:
        self.study = study
        self.gpu_id = gpu_id
        self.say = say
        self.folder = Path(study.folder) / study.name
        self.records = Path(study.records) / study.name
        self._texts: dict[str, str] = {}

    def check(self, arms: Iterable[Arm]) -> None:
        """RAISES: XnerError for an encoder that is not there, and a training config that arms' settings do not fit."""
        resolve_encoder(self.study.encoder)
        for arm in arms:
            load_training(self.study.config, self.settings_of(Run(arm, 0)))

    def all_records(self, runs: Iterable[Run]) -> Iterator[tuple[Run, dict[str, Any]]]:
        """The records of runs as they get ready, see `record`. Those that another process is making come last."""
        elsewhere = []
        for run in runs:
            with self.claim(run, wait=False) as claimed:
                record = self.record(run) if claimed and self.has_free_teachers(run) else None
            if record is None:
                self.say(f"{run.name}, or its teacher, is being made by another process")
                elsewhere.append(run)
            else:
                yield run, record
        for run in elsewhere:
            with self.claim(run):
                record = self.record(run)
            yield run, record

    def record(self, run: Run) -> dict[str, Any]:
        """The record of a run: read, or made. RAISES: XnerError where there is one of other settings."""
        path = self.records / f"{run.name}.json"
        if self.is_done(run):
            self.remove_pipelines(run)
            return read_json(path)
        setting = self.setting(run)
        parts = self.pipeline(run)
        record = self.score(run, parts, setting)
        with atomic_path(path) as temporary:
            srsly.write_json(temporary, record, indent=None)
        self.remove_pipelines(run)
        return record

    @contextmanager
    def claim(self, run: Run, wait: bool = True) -> Iterator[bool]:
        """Keep other processes from making the pipeline of a run at the same time.

        wait (bool): until another process is ready with it.
        YIELDS: whether nobody else is at it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / f".{run.name}.lock")
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def has_free_teachers(self, run: Run) -> bool:
        """Whether no other process is at a teacher of a run."""
        while run.arm.teacher:
            run = self.teacher_of(run)
            with self.claim(run, wait=False) as claimed:
                if not claimed:
                    return False
        return True

    def remove_pipelines(self, run: Run) -> None:
        """Remove the pipeline of a run, and of its teachers, where that run and all that learn from it have records.

        The run is claimed already. A teacher that another process is at is left to that one.
        """
        arms = [run.arm, *(arm for arm in self.study.arms.values() if arm.teacher == run.arm.name)]
        if all((self.records / f"{Run(arm, run.seed, run.labels).name}.json").is_file() for arm in arms):
            (self.folder / run.name / SETTING).unlink(missing_ok=True)  # first: it says that the rest is whole
            remove(self.folder / run.name)
            if run.arm.teacher:
                teacher = self.teacher_of(run)
                with self.claim(teacher, wait=False) as claimed:
                    if claimed:
                        self.remove_pipelines(teacher)

    def is_done(self, run: Run) -> bool:
        """Whether the record of a run is there. RAISES: XnerError where it is of other settings."""
        path = self.records / f"{run.name}.json"
        if not path.is_file():
            return False
        check_same(read_json(path).get("setting"), self.setting(run), path)
        return True

    def setting(self, run: Run) -> dict[str, Any]:
        """All that a run's result depends on, as plain JSON."""
        study, arm = self.study, run.arm
        inputs = {path for path in (study.gold, study.dev, study.test, arm.projected, arm.synthetic) if path}
        setting = {
            "seed": run.seed,
            "labels": run.labels,
            "arm": {key: value for key, value in asdict(arm).items() if key not in ("title", "description")},
            "training": digest_of_config(study.config, self.settings_of(run)),
            "encoder": study.encoder,
            "encoder_version": self.encoder_version,
            "source": study.source,
            "held_back": study.held_back,
            "steps": study.steps,
            "batch_words": study.batch_words,
            "inputs": {path: digest_of(path) for path in sorted(inputs)},
        }
        if arm.teacher:
            setting["teacher"] = self.setting(self.teacher_of(run))
        return setting

    @functools.cached_property
    def encoder_version(self) -> str:
        """What tells the encoder apart from others at the same place."""
        return encoder_version(self.study.encoder, None)

    def teacher_of(self, run: Run) -> Run:
        """The run whose pipeline teaches this one."""
        return Run(self.study.arms[str(run.arm.teacher)], run.seed, run.labels)

    def settings_of(self, run: Run) -> dict[str, Any]:
        """Settings of the training config, but for the paths."""
        study = self.study
        return {
            "system.seed": run.seed,
            "training.max_steps": study.steps,
            "training.eval_frequency": min(study.eval_every, study.steps),
            "corpora.dev.limit": study.dev_limit,
            **study.settings,
            **run.arm.settings,
        }

    def split(self, run: Run) -> Split:
        """The source sentences of a run."""
        if not self._texts:
            self._texts = {meta_of(doc)["id"]: doc.text for doc in read_all(self.study.gold)}
        return split_ids(self._texts, self.study.held_back, run.labels, run.seed)

    def pipeline(self, run: Run) -> dict[str, float]:
        """Train the pipeline of a run, unless it is there. RETURNS: the minutes of each part."""
        output, setting = self.folder / run.name, self.setting(run)
        if (output / SETTING).is_file() and (there := read_json(output / SETTING))["setting"] == setting:
            return dict(there["parts"])
        parts: dict[str, float] = {}
        if run.arm.teacher:
            teacher = self.teacher_of(run)
            with self.claim(teacher):
                parts["teacher"] = round(sum(self.pipeline(teacher).values()), 2)
        self.say(f"Arm {run.arm.name}, seed {run.seed}, {100 * run.labels:g}% of the labels")
        with resumable_folder(output, setting) as room:
            files, counts = write_training_files(self.study, run.arm, self.split(run), room / "corpora")
            if run.arm.teacher:
                files.append(room / "corpora/distilled.spacy")
                counts["distilled"], parts["distill"] = self.distill(run, files[-1])
            self.say(", ".join(f"{number:,} {kind}" for kind, number in counts.items()) + " sentences")
            start = time.perf_counter()
            self.train(run, files, room)
            parts["train"] = round((time.perf_counter() - start) / 60, 2)
            srsly.write_json(room / SETTING, {"setting": setting, "parts": parts, "sentences": dict(counts)})
            remove(room / "corpora")
        return parts

    def distill(self, run: Run, output: Path) -> tuple[int, float]:
        """Let the teacher label the synthetic text, unless that was done. RETURNS: the number of docs, and minutes."""
        arm, done = run.arm, output.with_suffix(".json")
        if done.is_file():
            found = read_json(done)
            return found["docs"], found["minutes"]
        nlp = load_pipeline(str(self.folder / self.teacher_of(run).name / MODEL))
        sources, projector = None, None
        if arm.with_sources:
            sources = docs_by_id(read_all(self.study.gold))
            aligner = EmbeddingAligner(self.study.encoder, inference="auto")
            projector = SpanProjector(aligner)
        counts: Counter[str] = Counter()
        texts = synthetic_texts(self.study, arm, self.split(run))
        selection = Selection(arm.certainty, arm.agreement)
        distiller = Distiller(Teachers([nlp]), selection, sources, projector)
        n_docs, seconds = distill_file(output, texts, distiller, counts)
        self.say(", ".join(f"{number:,} {kind}" for kind, number in counts.items()))
        minutes = round(seconds / 60, 2)
        write_json(done, {"docs": n_docs, "minutes": minutes})
        return n_docs, minutes

    def train(self, run: Run, files: list[Path], room: Path) -> None:
        """Train into `room`/model-last."""
        overrides = {
            **self.settings_of(run),
            "paths.train": [str(file) for file in files],
            "paths.dev": self.study.dev,
            "paths.encoder": self.study.encoder,
        }
        train_into(room, self.study.config, self.study.batch_words, overrides, self.gpu_id)

    def score(self, run: Run, parts: dict[str, float], setting: dict[str, Any]) -> dict[str, Any]:
        """Score the pipeline of a run on the test docs."""
        study, output = self.study, self.folder / run.name
        nlp = load_pipeline(str(output / MODEL))
        details = Details(examples=study.examples)
        scores = evaluate_pipeline(nlp, read_all(study.test), source=study.source, details=details)
        aggregators = [
            aggregator
            for recogniser in recognisers_of(nlp)
            for aggregator in find_aggregators(recogniser.model)
            if not has_attention(aggregator)  # whose weights differ from text to text: see `xner layers`
        ]
        curve = list(srsly.read_jsonl(output / CURVE))
        return {
            "format": 1,
            "study": study.name,
            "question": study.question,
            "arm": run.arm.name,
            "title": run.arm.title,
            "description": run.arm.description,
            "seed": run.seed,
            "labels": run.labels,
            "setting": setting,
            "minutes": round(sum(parts.values()), 2),
            "parts": parts,
            "training_sentences": read_json(output / SETTING)["sentences"],
            "machine": machine(),
            "words": curve[-1]["words"] if curve else 0,
            "layers": [layers_read(aggregator) for aggregator in aggregators],
            "layer_weights": [softmax_weights(aggregator).round(4).tolist() for aggregator in aggregators],
            "curve": curve,
            "scores": scores,
            **details.to_json(),
        }


def digest_of_config(config: str, settings: dict[str, Any]) -> str:
    """A hash of what a training learns by: the values of its config, however they are written."""
    parts = load_config(config, overrides=settings, interpolate=True)
    training = {key: value for key, value in parts["training"].items() if key not in ("logger", "gpu_allocator")}
    learned_by = {"components": parts["components"], "corpora": parts["corpora"], "nlp": parts["nlp"]}
    seed = parts.get("system", {}).get("seed")
    return hashlib.sha256(
        srsly.json_dumps({**learned_by, "training": training, "seed": seed}, sort_keys=True).encode()
    ).hexdigest()[:16]


def check_same(found: Any, setting: dict[str, Any], path: Path) -> None:
    """RAISES: XnerError for a record of other settings, and says which differ."""
    if changed := differing(found if isinstance(found, dict) else {}, setting):
        raise XnerError(
            f"{path} is of a run with another {', another '.join(changed)}. Rename the study, or remove the record "
            f"to run it again."
        )


def machine() -> str:
    """The processor and how many of it."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"
