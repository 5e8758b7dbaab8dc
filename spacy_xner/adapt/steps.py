"""The steps of an adaptation: label, translate, project, split, trim, train, distill, evaluate. Each leaves files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from spacy.language import Language
from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..alignment.loading import encoder_version
from ..annotations.attributes import meta_of
from ..corpus.docs import load_docs, write_docs
from ..corpus.pairs import pair_docs
from ..corpus.project import project_corpus
from ..corpus.translate import translate_docs
from ..distillation.distill import distill_file
from ..distillation.distiller import Distiller
from ..distillation.selection import Selection
from ..distillation.teachers import Teachers
from ..errors import XnerError
from ..experiments.plan import DEFAULT_CONFIG
from ..experiments.training import MODEL, train_into
from ..files import atomic_path, file_sha256, read_json, remove, write_json
from ..pipelines import fingerprint_of, load_pipeline, name_of
from ..projection import SpanProjector
from ..scoring.scores import PROJECTED_LABELS, evaluate_pipeline, write_scores
from ..translation import Translator
from .dependencies import (
    DISTILLED,
    PIPELINE,
    PROJECTED,
    SOURCE,
    TEACHER,
    TRANSLATED,
    TRIMMED,
    Dependencies,
    OutputFolder,
)
from .held_back import held_back_ids
from .labelling import label_file
from .settings import Settings
from .trimming import trim_for

CONFIG = Path(DEFAULT_CONFIG)
MUCH_MORE = 1.5  # times the share to hold back: from there on, the share is reported
MIN_DROPPED = 0.02  # minimum share of translations that filters drop, for a second training

Report = Callable[[str, Counter[str]], None]
Progress = Callable[[Iterable[Any], str, int | None, int], Iterable[Any]]


class Adaptation:
    """Adapts a pipeline to other languages, in a folder.

    A file is recomputed only if one of its dependencies has changed: adding a language keeps the translations of the
    others. `made.json` in the folder has the dependencies of each file. An interrupted run resumes.

    nlp (Language): the source pipeline.
    texts (Path): `.txt`, one text a line, or `.spacy`.
    folder (Path): output folder.
    settings (Settings): all settings.
    translators (dict[str, Translator]): by target language.
    report (Report): receives a title and counts after each step.
    progress (Progress): wraps items to show progress. Arguments: items, title, total number, number of items that are
        done already.
    gpu_id (int): -1 for the CPU.
    cache (Path | bool): where translations are stored, as for `translate_docs`.
    force (bool): recompute all files of earlier runs; stored translations are used.
    show_bars (bool): show the progress bars of trimming.
    RAISES: XnerError where the folder has other files.
    """

    def __init__(
        self,
        nlp: Language,
        texts: Path,
        folder: Path,
        settings: Settings,
        translators: dict[str, Translator],
        report: Report = lambda title, counts: None,
        progress: Progress = lambda items, title, total, done: items,
        gpu_id: int = -1,
        cache: Path | bool = True,
        force: bool = False,
        show_bars: bool = False,
    ) -> None:
        self.nlp, self.texts, self.folder, self.settings = nlp, texts, folder, settings
        self.translators, self.report, self.progress, self.gpu_id = translators, report, progress, gpu_id
        self.cache, self.show_bars = cache, show_bars
        self.result: Language | None = None  # the pipeline that `run` has made
        self.dependencies = Dependencies(
            f"{name_of(nlp)} {fingerprint_of(nlp)}",
            file_sha256(texts),
            encoder_version(settings.encoder),
            file_sha256(CONFIG),
            settings,
            translators,
        )
        self.output = OutputFolder(folder, force)

    def run(self) -> dict[str, Any]:
        """Run all steps. RETURNS: the scores of the pipeline in `folder`/pipeline on held-back projected text.

        RAISES: XnerError where another process is writing to the folder.
        """
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                self.output.reload()
                return self._run()
        except Timeout:
            raise XnerError(
                f"{self.folder} is being written by another run: wait until it ends, or choose another folder."
            ) from None

    def _run(self) -> dict[str, Any]:
        self.label()
        self.check_labelled(load_docs(self.folder / SOURCE))
        for lang in self.settings.targets:
            self.translate(lang)
            self.project(lang)
        train, dev, test = self.split()
        self.trim()
        dropped = {lang: docs for lang in self.settings.targets if (docs := self.dropped_docs(lang))}
        if self.settings.distill and self.needs_second_training(dropped):
            teacher = self.train(TEACHER, train, dev)
            train += [self.distill(teacher, lang, docs) for lang, docs in dropped.items()]
        return self.evaluate(self.train(PIPELINE, train, dev), test)

    def label(self) -> None:
        """Label the texts with the source pipeline."""
        if self.is_current(SOURCE):
            return
        counts: Counter[str] = Counter()
        settings = self.settings

        def progress(items: Iterable[Any], done: int) -> Iterable[Any]:
            return self.progress(items, "Labelling", None, done)

        with self._making(SOURCE, counts, "Labelled") as path:
            label_file(self.nlp, self.texts, path, settings.lang, settings.min_score, counts, progress)

    def check_labelled(self, source: Sequence[Doc]) -> None:
        """RAISES: XnerError where there are too few labelled sentences, or no entities in them."""
        held_back = sum(map(len, self._held_back_ids(source)))
        if held_back > MUCH_MORE * self.settings.held_back * len(source):
            share = f"{held_back / len(source):.0%} of the sentences are held back, not {self.settings.held_back:.0%}"
            self.report(f"{share}, because texts are not split", Counter())
        if not any(doc.ents for doc in source):
            raise XnerError(
                f"The pipeline {name_of(self.nlp)} ({', '.join(self.nlp.pipe_names) or 'no components'}) found no "
                f"entity in the {len(source):,} sentences of {self.texts}, expected a pipeline that finds some."
            )

    def translate(self, lang: str) -> None:
        """Translate the labelled sentences. The translation cache keeps what an interrupted run has translated."""
        file = f"{TRANSLATED}/{lang}.spacy"
        if self.is_current(file):
            return
        counts: Counter[str] = Counter()
        docs = load_docs(self.folder / SOURCE)
        translated = translate_docs(docs, self.translators[lang], lang, counts, self.cache)
        with self._making(file, counts, f"Translated into {lang}") as path:
            write_docs(path, self.progress(translated, f"Translating into {lang}", len(docs), 0))

    @cached_property
    def aligner(self) -> EmbeddingAligner:
        """The aligner of all languages: it encodes the sources once."""
        aligner = EmbeddingAligner(self.settings.encoder, inference="auto")
        aligner.keep_sources = len(self.settings.targets) > 1
        return aligner

    def project(self, lang: str) -> None:
        """Project the entities. Sentences that fail a filter are dropped."""
        file = f"{PROJECTED}/{lang}.spacy"
        if self.is_current(file):
            return
        counts: Counter[str] = Counter()
        projector = SpanProjector(self.aligner, min_score=self.settings.min_score, filters=self.settings.filters)
        translated = load_docs(self.folder / TRANSLATED / f"{lang}.spacy")
        pairs = pair_docs(load_docs(self.folder / SOURCE), translated, counts)

        def progress(items: Iterable[Any], done: int, total: int) -> Iterable[Any]:
            return self.progress(items, f"Projecting onto {lang}", total, done)

        with self._making(file, counts, f"Projected onto {lang}") as path:
            project_corpus(path, pairs, projector, counts, progress)

    def split(self) -> tuple[list[Path], Path, Path]:
        """Split the sentences into training, development and test parts, in the same way for all languages.

        RETURNS: training files, development file (source language), folder of test files (projected).
        """
        source = load_docs(self.folder / SOURCE)
        projected = {lang: load_docs(self.folder / PROJECTED / f"{lang}.spacy") for lang in self.settings.targets}
        dev_ids, test_ids = self._held_back_ids(source)
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
                    f"{self.folder / file}: no sentence is left for it (of {len(source)} labelled ones). Add text, or "
                    f"change the share that is held back."
                )
            if not self.is_current(file):
                with self._making(file) as path:
                    write_docs(path, docs)
        train = [self.folder / f"train/{name}.spacy" for name in ("source", *self.settings.targets)]
        return train, self.folder / "dev.spacy", self.folder / "test"

    def _held_back_ids(self, source: Sequence[Doc]) -> tuple[set[str], set[str]]:
        return held_back_ids(source, self.settings, self.texts)

    def trim(self) -> None:
        """Trim the encoder to the word pieces of the languages, and of the texts that are not held back."""
        settings = self.settings
        if settings.max_pieces is None or self.is_current(TRIMMED):
            return
        source = load_docs(self.folder / SOURCE)
        held_back = set().union(*self._held_back_ids(source))
        docs = [source, *(load_docs(self.folder / TRANSLATED / f"{lang}.spacy") for lang in settings.targets)]
        texts = [doc.text for each in docs for doc in each if meta_of(doc)["id"] not in held_back]
        langs = [settings.lang, *settings.targets]
        counts: Counter[str] = Counter()
        with self._making(TRIMMED, counts, f"Trimmed the encoder for {', '.join(langs)}") as path:
            report = trim_for(settings.encoder, path, texts, langs, settings.max_pieces, self.show_bars)
            counts.update({"word pieces before": report.pieces_before, "word pieces after": report.pieces_after})

    @property
    def trained_encoder(self) -> Path:
        """The encoder that is trained: the trimmed one, or the one of the settings."""
        return Path(self.settings.encoder) if self.settings.max_pieces is None else self.folder / TRIMMED

    def train(self, name: str, files: Sequence[Path], dev: Path) -> Path:
        """Train a pipeline into `folder`/`name`. RETURNS: its folder."""
        if not self.is_current(name):
            overrides = {
                "system.seed": self.settings.seed,
                "training.max_steps": self.settings.steps,
                "training.eval_frequency": max(1, self.settings.steps // 5),
                "corpora.dev.limit": 200,
                # entity swap needs gazetteers for each label, which exist only for the labels of the shipped corpus
                "vars.swap": 0.0,
                "corpora.train.capitalised": None,  # the labels are the source pipeline's, whatever its conventions
                "paths.train": [str(file) for file in files],
                "paths.dev": str(dev),
                "paths.encoder": str(self.trained_encoder),
            }
            for leftover in self.folder.glob(f".{name}.*"):  # from killed runs; the lock excludes running ones
                remove(leftover)
            with self._making(name) as path, atomic_path(path) as temporary:
                train_into(temporary, CONFIG, self.settings.batch_words, overrides, self.gpu_id)
                name_scores(temporary / MODEL / "meta.json", name_of(self.nlp))
        return self.folder / name / "model-last"

    def dropped_docs(self, lang: str) -> list[Doc]:
        """The translations that filters have dropped, except those that are held back."""
        excluded = {meta_of(doc)["id"] for doc in load_docs(self.folder / PROJECTED / f"{lang}.spacy")}
        excluded = excluded.union(*self._held_back_ids(load_docs(self.folder / SOURCE)))
        translated = load_docs(self.folder / TRANSLATED / f"{lang}.spacy")
        return [doc for doc in translated if meta_of(doc)["id"] not in excluded]

    def needs_second_training(self, dropped: Mapping[str, Sequence[Doc]]) -> bool:
        """Whether filters have dropped enough translations to train again with a teacher's labels for them.

        dropped (Mapping[str, Sequence[Doc]]): by target language.
        """
        n_dropped = sum(map(len, dropped.values()))
        n_all = sum(len(load_docs(self.folder / TRANSLATED / f"{lang}.spacy")) for lang in self.settings.targets)
        if 0 < n_dropped < MIN_DROPPED * n_all:
            self.report(
                f"No second training: filters have dropped only {n_dropped:,} of {n_all:,} translations",
                Counter(),
            )
        return n_dropped >= max(1, MIN_DROPPED * n_all)

    def distill(self, teacher: Path, lang: str, docs: Sequence[Doc]) -> Path:
        """Label docs with the first trained pipeline. RETURNS: the labelled file."""
        file = f"{DISTILLED}/{lang}.spacy"
        if not self.is_current(file):
            counts: Counter[str] = Counter()
            distiller = Distiller(Teachers([load_pipeline(str(teacher))]), Selection())

            def progress(items: Iterable[Any], done: int, total: int) -> Iterable[Any]:
                return self.progress(items, f"Labelling {lang}", total, done)

            with self._making(file, counts, f"Labelled by the first pipeline in {lang}") as path:
                distill_file(path, docs, distiller, counts, progress)
        return self.folder / file

    def evaluate(self, pipeline: Path, test: Path) -> dict[str, Any]:
        """Score a pipeline on held-back projected text, whose labels were not checked by a person."""
        docs = (doc for lang in self.settings.targets for doc in load_docs(test / f"{lang}.spacy"))
        self.result = load_pipeline(str(pipeline))
        scores = evaluate_pipeline(self.result, docs, source=self.settings.lang)
        scores["reference"] = PROJECTED_LABELS
        write_scores(self.folder / "scores.json", scores)
        return scores

    def outdated(self) -> list[str]:
        """The files and folders that `run` makes, without those that are current.

        Whether there will be a second training is not known before: the teacher is not among them.
        """
        parts = [f"{part}/{lang}.spacy" for lang in self.settings.targets for part in (TRANSLATED, PROJECTED)]
        trimmed = [] if self.settings.max_pieces is None else [TRIMMED]
        return [file for file in (SOURCE, *parts, *trimmed, PIPELINE) if not self.is_current(file)]

    def is_current(self, file: str) -> bool:
        """Whether a file or folder exists and its dependencies have not changed."""
        return self.output.is_current(file, self.dependencies.for_file(file))

    @contextmanager
    def _making(self, file: str, counts: Counter[str] | None = None, title: str = "") -> Iterator[Path]:
        """As `OutputFolder.making`; report counts at the end, also after an error."""
        dependencies = self.dependencies.for_file(file)
        try:
            with self.output.making(file, dependencies, lambda message: self.report(message, Counter())) as path:
                yield path
        finally:
            if counts is not None and any(counts.values()):
                self.report(title, counts)


def name_scores(meta: Path, pipeline: str) -> None:
    """Say in a trained pipeline's meta.json whose labels the development scores of its training are measured on.

    pipeline (str): the source pipeline, which has labelled the development sentences.
    """
    found = read_json(meta)
    scores = {
        f"predicted_{key}" if key.startswith("ents_") else key: each for key, each in found["performance"].items()
    }
    reference = f"labels that {pipeline} has predicted, not checked by a person"
    write_json(meta, {**found, "performance": {**scores, "reference": reference}})
