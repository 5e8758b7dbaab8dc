"""The steps from a pipeline to one for other languages. Each leaves files, and is not made again where they are."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from spacy.language import Language
from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..alignment.loading import encoder_version
from ..annotations.attributes import meta_of
from ..corpus.docs import load_docs, write_docs
from ..corpus.project import pair_docs, project_corpus
from ..corpus.translate import translate_docs
from ..distillation.distill import Distiller, Selection, distill_file
from ..distillation.teachers import Teachers
from ..errors import XnerError
from ..experiments.training import train_into
from ..files import atomic_path, file_sha256, read_json, remove, write_json
from ..journal import differing_keys
from ..pipelines import fingerprint_of, load_pipeline, name_of
from ..projection import SpanProjector
from ..scoring.scores import evaluate_pipeline, write_scores
from ..translation import Translator
from .labelling import label_file, text_of

CONFIG = Path(__file__).parents[1] / "configs/xner.cfg"
SOURCE, TRANSLATED, PROJECTED, DISTILLED = "source.spacy", "translated", "projected", "distilled"
TEACHER, PIPELINE, MADE = "teacher", "pipeline", "made.json"
LEAST_LEFT = 0.02  # share of the translations that projection must leave out for a second training
LEAST_SENTENCES = 20  # that must be left for training, development and test together

Say = Callable[[str, Counter[str]], None]
Show = Callable[[Iterable[Any], str, int | None, int], Iterable[Any]]


@dataclass(frozen=True)
class Settings:
    """What an adapted pipeline depends on, beside its texts, its source pipeline and its translators.

    lang (str): of the texts and the source pipeline.
    targets (tuple[str, ...]): languages to adapt to.
    encoder (str): as for training.
    min_score (float): of the source pipeline's entities and of projected ones.
    held_back (float): share of the sentences, in whole texts, for development (half) and test (half).
    steps (int), batch_words (int): of training, and words in each.
    distill (bool): train once more, on what the first pipeline finds in translations whose entities did not all arrive,
        where these are at least one in fifty.
    seed (int): of training and of the split.
    RAISES (XnerError): for numbers out of range.
    """

    lang: str
    targets: tuple[str, ...]
    encoder: str = "embedded"
    min_score: float = 0.0
    held_back: float = 0.2
    steps: int = 300
    batch_words: int = 1200
    distill: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.held_back < 1:
            raise XnerError(f"The share held back is {self.held_back}, expected more than 0 and less than 1.")
        if min(self.steps, self.batch_words) < 1:
            raise XnerError(f"Found {self.steps} steps of {self.batch_words} words, expected 1 or more of each.")
        if not 0 <= self.min_score <= 1:
            raise XnerError(f"The least score is {self.min_score}, expected a number from 0 to 1.")


class Adaptation:
    """Makes a pipeline for other languages out of one, in a folder.

    Each file is made again where something that it depends on has changed, and only then: a language that is added
    leaves the others' translations as they are. `made.json` in the folder says what each file depends on.

    nlp (Language): the source pipeline.
    texts (Path): `.txt`, a text a line, or `.spacy`.
    folder (Path): for all files.
    settings (Settings): see there.
    translators (dict[str, Translator]): for each target language.
    cache (Path | bool): where translations are kept, as for `translate_docs`.
    say (Say): is told a title and counts after each step.
    show (Show): shows the progress of items: gets them, a title, the number of all, and how many were done before.
    gpu_id (int): -1 for the CPU.
    RAISES: XnerError where the folder holds something else.
    """

    def __init__(
        self,
        nlp: Language,
        texts: Path,
        folder: Path,
        settings: Settings,
        translators: dict[str, Translator],
        say: Say = lambda title, counts: None,
        show: Show = lambda items, title, total, done: items,
        gpu_id: int = -1,
        cache: Path | bool = True,
    ) -> None:
        self.nlp, self.texts, self.folder, self.settings = nlp, texts, folder, settings
        self.translators, self.say, self.show, self.gpu_id = translators, say, show, gpu_id
        self.cache = cache
        self._texts, self._pipeline, self._config = file_sha256(texts), fingerprint_of(nlp), file_sha256(CONFIG)
        self._encoder = encoder_version(settings.encoder, None)
        is_known = (folder / MADE).is_file()
        if folder.is_dir() and any(folder.iterdir()) and not is_known:
            raise XnerError(f"{folder} holds something else, expected a new folder or one of `xner adapt`.")
        self._made: dict[str, Any] = read_json(folder / MADE) if is_known else {}
        if not is_known:
            self._note()

    def run(self) -> dict[str, Any]:
        """All steps. RETURNS: the scores of the pipeline in `folder`/pipeline on held-back projected text.

        RAISES: XnerError where another process is at work in the folder.
        """
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                self._made = read_json(self.folder / MADE)  # another run may have been here since
                return self._run()
        except Timeout:
            raise XnerError(f"{self.folder} is being filled by another run: wait for it, or choose another.") from None

    def _run(self) -> dict[str, Any]:
        self.label()
        self.check_labelled(load_docs(self.folder / SOURCE))
        for lang in self.settings.targets:
            self.translate(lang)
            self.project(lang)
        train, dev, test = self.split()
        unlabelled = {lang: texts for lang in self.settings.targets if (texts := self.not_projected(lang))}
        if self.settings.distill and self.is_worth_a_training(unlabelled):
            teacher = self.train(TEACHER, train, dev)
            train += [self.distill(teacher, lang, texts) for lang, texts in unlabelled.items()]
        return self.evaluate(self.train(PIPELINE, train, dev), test)

    def needs(self, file: str) -> dict[str, Any]:
        """What a file depends on, as plain JSON."""
        settings = self.settings
        needs = {
            "pipeline": f"{name_of(self.nlp)} {self._pipeline}",
            "texts": self._texts,
            "lang": settings.lang,
            "min_score": settings.min_score,
        }
        if file == SOURCE:
            return plain(needs)
        langs = [Path(file).stem] if file.startswith((f"{TRANSLATED}/", f"{PROJECTED}/")) else list(settings.targets)
        needs["translators"] = {lang: self.translators[lang].identity for lang in langs}
        if file.startswith(f"{TRANSLATED}/"):
            return plain(needs)
        needs["encoder"] = f"{settings.encoder} {self._encoder}"
        if file.startswith(f"{PROJECTED}/"):
            return plain(needs)
        needs |= {"held_back": settings.held_back, "seed": settings.seed}
        if file in (TEACHER, PIPELINE) or file.startswith(f"{DISTILLED}/"):
            needs |= {"steps": settings.steps, "batch_words": settings.batch_words, "config": self._config}
        if file == PIPELINE:
            needs["distill"] = settings.distill
        return plain(needs)

    def label(self) -> None:
        """Label the texts by the source pipeline."""
        if self.is_there(SOURCE):
            return
        counts: Counter[str] = Counter()
        settings = self.settings

        def show(items: Iterable[Any], done: int) -> Iterable[Any]:
            return self.show(items, "Labelling", None, done)

        with self._making(SOURCE, counts, "Labelled") as path:
            label_file(self.nlp, self.texts, path, settings.lang, settings.min_score, counts, show)

    def check_labelled(self, source: Sequence[Doc]) -> None:
        """RAISES: XnerError where there are too few sentences, or no entity in them."""
        self._held_back(source)
        if not any(doc.ents for doc in source):
            raise XnerError(
                f"The pipeline {name_of(self.nlp)} ({', '.join(self.nlp.pipe_names) or 'no components'}) found no "
                f"entity in the {len(source):,} sentences of {self.texts}, expected one that finds some."
            )

    def translate(self, lang: str) -> None:
        """Translate the labelled sentences; the translator's cache keeps what a stopped run has translated."""
        file = f"{TRANSLATED}/{lang}.spacy"
        if self.is_there(file):
            return
        counts: Counter[str] = Counter()
        docs = load_docs(self.folder / SOURCE)
        made = translate_docs(docs, self.translators[lang], lang, counts, self.cache)
        with self._making(file, counts, f"Translated into {lang}") as path:
            write_docs(path, self.show(made, f"Translating into {lang}", len(docs), 0))

    def project(self, lang: str) -> None:
        """Project the entities; sentences on which not all arrive are left out."""
        file = f"{PROJECTED}/{lang}.spacy"
        if self.is_there(file):
            return
        counts: Counter[str] = Counter()
        aligner = EmbeddingAligner(self.settings.encoder, join_unspaced=True, inference="auto")
        projector = SpanProjector(aligner, min_score=self.settings.min_score, complete=True)
        translated = load_docs(self.folder / TRANSLATED / f"{lang}.spacy")
        pairs = pair_docs(load_docs(self.folder / SOURCE), translated, counts)

        def show(items: Iterable[Any], done: int, total: int) -> Iterable[Any]:
            return self.show(items, f"Projecting onto {lang}", total, done)

        with self._making(file, counts, f"Projected onto {lang}") as path:
            project_corpus(path, pairs, projector, counts, show)

    def split(self) -> tuple[list[Path], Path, Path]:
        """Divide the sentences by what they are for, in all languages alike.

        RETURNS: files to train on, development file (source language), folder of test files (projected).
        """
        source = load_docs(self.folder / SOURCE)
        projected = {lang: load_docs(self.folder / PROJECTED / f"{lang}.spacy") for lang in self.settings.targets}
        dev_ids, test_ids = self._held_back(source)
        parts = {
            "train/source.spacy": [doc for doc in source if meta_of(doc)["id"] not in dev_ids | test_ids],
            "dev.spacy": [doc for doc in source if meta_of(doc)["id"] in dev_ids],
        }
        for lang, docs in projected.items():
            parts[f"train/{lang}.spacy"] = [doc for doc in docs if meta_of(doc)["id"] not in dev_ids | test_ids]
            parts[f"test/{lang}.spacy"] = [doc for doc in docs if meta_of(doc)["id"] in test_ids]
        for file, docs in parts.items():
            if not docs:
                raise XnerError(
                    f"{self.folder / file}: no sentence is left for it (of {len(source)} labelled ones). Give more "
                    f"text, or hold back another share."
                )
            if not self.is_there(file):
                with self._making(file) as path:
                    write_docs(path, docs)
        train = [self.folder / f"train/{name}.spacy" for name in ("source", *self.settings.targets)]
        return train, self.folder / "dev.spacy", self.folder / "test"

    def _held_back(self, source: Sequence[Doc]) -> tuple[set[str], set[str]]:
        """Ids for development and for test; all sentences of a text are on the same side."""
        if len(source) < LEAST_SENTENCES:
            raise XnerError(f"{self.texts}: {len(source)} sentences are too few, expected at least {LEAST_SENTENCES}.")
        of_text: dict[str, list[str]] = defaultdict(list)
        for doc in source:
            of_text[text_of(doc)].append(meta_of(doc)["id"])
        texts = sorted(of_text)
        random.Random(self.settings.seed).shuffle(texts)
        parts: tuple[set[str], set[str]] = set(), set()
        for part in parts:
            while texts and len(part) < max(1, round(len(source) * self.settings.held_back / 2)):
                part.update(of_text[texts.pop()])
        if not texts:
            raise XnerError(
                f"{self.texts}: the {len(source):,} sentences are of {len(of_text):,} texts, which stay whole, so that "
                f"none is left to train on when {self.settings.held_back:.0%} are held back for development and test. "
                f"Expected more texts, for example a sentence a line."
            )
        return parts

    def train(self, name: str, files: Sequence[Path], dev: Path) -> Path:
        """Train a pipeline into `folder`/`name`. RETURNS: its folder."""
        if not self.is_there(name):
            overrides = {
                "system.seed": self.settings.seed,
                "training.max_steps": self.settings.steps,
                "training.eval_frequency": max(1, self.settings.steps // 5),
                "corpora.dev.limit": 200,
                # swapping names needs gazetteers of their labels, which only the shipped corpus's labels have
                "vars.swap": 0.0,
                "paths.train": [str(file) for file in files],
                "paths.dev": str(dev),
                "paths.encoder": self.settings.encoder,
            }
            for left in self.folder.glob(f".{name}.*"):  # by a run that was killed; nobody else is at work here
                remove(left)
            with self._making(name) as path, atomic_path(path) as room:
                train_into(room, CONFIG, self.settings.batch_words, overrides, self.gpu_id)
        return self.folder / name / "model-last"

    def not_projected(self, lang: str) -> list[Doc]:
        """The translations that projection left out, but for what is held back."""
        known = {meta_of(doc)["id"] for doc in load_docs(self.folder / PROJECTED / f"{lang}.spacy")}
        known = known.union(*self._held_back(load_docs(self.folder / SOURCE)))
        return [doc for doc in load_docs(self.folder / TRANSLATED / f"{lang}.spacy") if meta_of(doc)["id"] not in known]

    def is_worth_a_training(self, unlabelled: Mapping[str, Sequence[Doc]]) -> bool:
        """Whether projection left out so many texts that a training on what a first pipeline finds there will pay."""
        n_left = sum(map(len, unlabelled.values()))
        n_all = sum(len(load_docs(self.folder / TRANSLATED / f"{lang}.spacy")) for lang in self.settings.targets)
        if 0 < n_left < LEAST_LEFT * n_all:
            self.say(f"Projection left out {n_left:,} of {n_all:,} translations: too few to train twice", Counter())
        return n_left >= max(1, LEAST_LEFT * n_all)

    def distill(self, teacher: Path, lang: str, texts: Sequence[Doc]) -> Path:
        """Let the first pipeline label texts. RETURNS: the file."""
        file = f"{DISTILLED}/{lang}.spacy"
        if not self.is_there(file):
            counts: Counter[str] = Counter()
            distiller = Distiller(Teachers([load_pipeline(str(teacher))]), Selection())

            def show(items: Iterable[Any], done: int, total: int) -> Iterable[Any]:
                return self.show(items, f"Labelling {lang}", total, done)

            with self._making(file, counts, f"Labelled by the first pipeline in {lang}") as path:
                distill_file(path, texts, distiller, counts, show)
        return self.folder / file

    def evaluate(self, pipeline: Path, test: Path) -> dict[str, Any]:
        """Score on held-back projected text, which no person has looked at."""
        docs = (doc for lang in self.settings.targets for doc in load_docs(test / f"{lang}.spacy"))
        scores = evaluate_pipeline(load_pipeline(str(pipeline)), docs, source=self.settings.lang)
        write_scores(self.folder / "scores.json", scores)
        return scores

    def is_there(self, file: str) -> bool:
        """Whether a file or folder is there, made of what it would be made of now."""
        return (self.folder / file).exists() and self._made.get(file) == self.needs(file)

    @contextmanager
    def _making(self, file: str, counts: Counter[str] | None = None, title: str = "") -> Iterator[Path]:
        """Note what a file is made of when it has been made; say its counts, also where that fails."""
        needs, before = self.needs(file), self._made.get(file)
        if before is not None and before != needs:
            self.say(f"{file} is made again: another {', another '.join(differing_keys(before, needs))}", Counter())
        if self._made.pop(file, None):  # until it is there, nothing vouches for it
            self._note()
        try:
            yield self.folder / file
            self._made[file] = needs
            self._note()
        finally:
            if counts is not None and any(counts.values()):
                self.say(title, counts)

    def _note(self) -> None:
        write_json(self.folder / MADE, self._made)


def plain(value: dict[str, Any]) -> dict[str, Any]:
    """As it is when it has been written as JSON and read."""
    read: dict[str, Any] = json.loads(json.dumps(value))
    return read
