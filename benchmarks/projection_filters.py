"""What do the filters of projected sentences keep, and how good is it?

For each filter of `spacy_xner.projection.filters`, and for all of them together: the share of the sentences with
entities that it keeps; the share of their entities; precision, recall and F1 of the exact spans in the sentences that
are kept, on the gold projections of projection.py. "by score" is the F1 if as many sentences are kept by their score
instead, the lowest of their spans' (0 where an entity is lost). Spans are those of the default settings, with the
default minimum score. The scores were fitted on the Spanish and French reviews, and on other names.

    [XNER_DATA=FOLDER] python benchmarks/projection_filters.py
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from common import EncoderOption, JsonOption, LimitOption, Tagged, make_table, report, run, show
from projection_data import Pairs, align, read_languages
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_xner.projection import Projection, SourceSpan, SpanProjector
from spacy_xner.projection.filters import NAMES

ALL = "all three"


@dataclass(frozen=True)
class Sentence:
    """A sentence with entities: what the projector with all filters makes of it, and its gold spans."""

    found: Projection
    gold: set[SourceSpan]

    @property
    def spans(self) -> set[SourceSpan]:
        spans = (*self.found.spans, *self.found.dropped_spans)
        return {SourceSpan(span.start, span.end, span.label) for span in spans}

    @property
    def score(self) -> float:
        lost = bool(self.found.missing)
        return 0.0 if lost else min((s.score for s in (*self.found.spans, *self.found.dropped_spans)), default=0.0)


@dataclass
class Row:
    """A filter in a language; percent."""

    language: str
    filter: str
    sentences_kept: float
    entities_kept: float
    precision: float
    recall: float
    f1: float
    f1_by_score: float


def project(pairs: Pairs, encoder: str) -> list[Sentence]:
    """Project the source's spans, where there are some."""
    vocab = Vocab()

    def doc_of(sentence: Tagged) -> Doc:
        return Doc(vocab, words=sentence.words, ents=sentence.tags)

    docs = ((doc_of(source), doc_of(target)) for source, target in zip(pairs.source, pairs.gold, strict=True))
    projected = SpanProjector(filters=NAMES).project_aligned(docs, align(pairs, encoder))
    both = zip(projected, pairs.source, pairs.gold, strict=True)
    return [Sentence(found, set(gold.spans)) for found, source, gold in both if source.spans]


def score(sentences: Sequence[Sentence]) -> tuple[float, float, float]:
    """Precision, recall and F1 of exact spans, in percent."""
    hits = sum(len(sentence.spans & sentence.gold) for sentence in sentences)
    n_found = sum(len(sentence.spans) for sentence in sentences)
    n_gold = sum(len(sentence.gold) for sentence in sentences)
    return 100 * hits / max(1, n_found), 100 * hits / max(1, n_gold), 200 * hits / max(1, n_found + n_gold)


def rows_of(language: str, sentences: Sequence[Sentence]) -> Iterator[Row]:
    """A row for no filter, for each filter, and for all of them."""
    used: dict[str, set[str]] = {"none": set(), **{name: {name} for name in NAMES}, ALL: set(NAMES)}
    by_score = sorted(sentences, key=lambda sentence: -sentence.score)
    n_entities = sum(len(sentence.gold) for sentence in sentences)
    for name, filters in used.items():
        kept = [sentence for sentence in sentences if filters.isdisjoint(sentence.found.dropped_by)]
        shares = len(kept) / max(1, len(sentences)), sum(len(s.gold) for s in kept) / max(1, n_entities)
        yield Row(language, name, 100 * shares[0], 100 * shares[1], *score(kept), score(by_score[: len(kept)])[2])


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Project, filter, and print what is left."""
    columns = ("", "filter", "sentences", "entities", "precision", "recall", "F1", "by score")
    table = make_table(f"Sentences that filters keep; percent; encoder {encoder}", *columns, n_left=2)
    rows: list[Row] = []
    for lang, pairs in read_languages(limit).items():
        for row in rows_of(f"en-{lang}", project(pairs, encoder)):
            rows.append(row)
            language, name, *numbers = asdict(row).values()
            table.add_row(language, name, *(f"{number:.1f}" for number in numbers))
    show(table)
    figures = {
        f"{figure}_{row.language.replace('-', '_')}_{row.filter.replace(' ', '_')}": round(getattr(row, figure), 2)
        for row in rows
        for figure in ("sentences_kept", "f1")
    }
    report(figures, [asdict(row) for row in rows], json)


if __name__ == "__main__":
    run(main)
