"""What second_opinion.py reads: projected names, as docs; and corpora for a teacher that has not seen them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, read_labelled
from projection_data import CALIBRATION_NAMES, NAMES
from spacy.tokens import Doc

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.examples import copy_tokens
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.distillation.span_teacher import PipelineTeacher
from spacy_xner.ner.calibration import expected_calibration_error
from spacy_xner.projection import Projection, SpanProjector
from spacy_xner.projection.doc_words import DocWords
from spacy_xner.projection.second_opinion import SpanProbabilities

FOLDERS = {"gold_projections": NAMES, "calibration_projections": CALIBRATION_NAMES}


class ReadOnce:
    """A teacher that reads each doc once, however many weights are tried."""

    identity: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, teacher: PipelineTeacher) -> None:
        self.teacher, self.labels = teacher, teacher.labels
        self.known: dict[int, SpanProbabilities] = {}

    def read(self, docs: Sequence[Doc]) -> list[SpanProbabilities]:
        new = [doc for doc in docs if id(doc) not in self.known]
        self.known |= zip(map(id, new), self.teacher.read(new), strict=True)
        return [self.known[id(doc)] for doc in docs]


@dataclass(frozen=True, eq=False)
class Language:
    """Sentences, their translations with gold entities, and the alignments of both."""

    sources: list[Doc]
    targets: list[Doc]
    alignments: list[Alignment]

    @property
    def gold(self) -> list[set[tuple[int, int, str]]]:
        return [{(entity.start, entity.end, entity.label_) for entity in doc.ents} for doc in self.targets]

    def project(self, teacher: ReadOnce, weight: float) -> list[Projection]:
        """The projections with all scores."""
        projector = SpanProjector(min_score=0, teacher=teacher, teacher_weight=weight)
        return list(projector.project_aligned(zip(self.sources, self.targets, strict=True), self.alignments))

    def score(self, found: Sequence[Projection]) -> tuple[float, float]:
        """F1 of projected spans in percent, and the calibration error of their scores."""
        gold = self.gold
        rows = [
            (span.score, (span.start, span.end, span.label) in right)
            for projection, right in zip(found, gold, strict=True)
            for span in projection.spans
        ]
        scores, right = np.array(rows, dtype=float).T
        f1 = 200 * right.sum() / (len(rows) + sum(map(len, gold)))
        return float(f1), expected_calibration_error(scores, right)

    def score_teacher(self, teacher: PipelineTeacher) -> float:
        """F1 of the entities that the teacher finds by itself, in percent."""
        copies = [copy_tokens(doc, teacher.nlp.vocab) for doc in self.targets]
        found = [{(e.start, e.end, e.label_) for e in doc.ents} for doc in teacher.nlp.pipe(copies)]
        hits = sum(len(a & b) for a, b in zip(found, self.gold, strict=True))
        return 200 * hits / max(1, sum(map(len, found)) + sum(map(len, self.gold)))


def read_names(limit: int | None) -> Iterator[tuple[str, Language]]:
    """All sets of names: "de" for a language of gold_projections/, "es*" for one of calibration_projections/."""
    for folder, languages in FOLDERS.items():
        for lang in languages:
            files = (ROOT / f"benchmarks/{folder}/{name}.txt" for name in ("en", lang))
            sources, targets = (list(read_labelled(file, file.stem, limit)) for file in files)
            words = [(DocWords.of(s).words, DocWords.of(t).words) for s, t in zip(sources, targets, strict=True)]
            name = lang if folder == "gold_projections" else f"{lang}*"
            yield name, Language(sources, targets, list(EmbeddingAligner().align(words)))


def write_unseen(output: Path) -> None:
    """Write the training corpora without the sentences that `read_names` reads, and without their translations."""
    english = ROOT / "corpora/train/en.spacy"
    gold = {doc.text for folder in FOLDERS for doc in read_labelled(ROOT / f"benchmarks/{folder}/en.txt", "en")}
    seen = {doc._.xner_meta["id"] for doc in load_docs(english) if doc.text in gold}
    output.mkdir(parents=True, exist_ok=True)
    for path in (english, *sorted((ROOT / "corpora/projected").glob("*.spacy"))):
        docs = load_docs(path)
        kept = [doc for doc in docs if doc._.xner_meta["id"] not in seen]
        write_docs(output / path.name, kept)
        print(f"{output / path.name}: {len(kept):,} of {len(docs):,} sentences")
