"""Do entities arrive better by aligning words, or inside the text that is translated?

Apertium translates sentences of this project's English corpus into Spanish and Catalan (`apertium-eng-spa` and
`apertium-eng-cat` must be installed). Entities are transferred by aligning words of the translation (`SpanProjector`),
as placeholders in the text (with names translated alone, or kept), and in brackets. The table gives the share of
entities that arrived; of sentences that have all of theirs exactly once; of the entities found by aligning that are in
the same sentence with the same text and label (in sentences that both ways have); and the seconds that each way took,
with translation and without a cache. There are no gold labels: an entity that arrives may be translated badly.

    python benchmarks/carrying.py --limit 200 --lang es,ca --errors 10
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Annotated

import typer
from common import ROOT, EncoderOption, ErrorsOption, JsonOption, LimitOption, SeedOption, make_table, report, run, show
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import docs_by_id
from spacy_xner.corpus.pairs import pair_docs
from spacy_xner.corpus.project import project_pairs, set_results
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.projection import SpanProjector
from spacy_xner.translation import make_translator
from spacy_xner.translation.label_carriers import LabelCarrier, Markers, Placeholders

CORPUS = sorted((ROOT / "corpus/en/train").glob("*.txt"))
ALIGNED = "aligned words"
CARRIERS: dict[str, LabelCarrier] = {
    "placeholders": Placeholders(),
    "placeholders, names kept": Placeholders(translate_names=False),
    "brackets": Markers(),
}


@dataclass
class Row:
    """Shares in percent, of all source entities, all sentences, and the entities found by aligning."""

    language: str
    way: str
    arrived: float
    whole_sentences: float
    as_aligned: float
    seconds: float


def read_sentences(limit: int | None, seed: int) -> list[Doc]:
    """Random sentences with entities."""
    docs = [doc for doc in convert_files(CORPUS, "en", Counter()) if doc.ents]
    return random.Random(seed).sample(docs, len(docs) if limit is None else min(limit, len(docs)))


def list_ways(docs: list[Doc], lang: str, projector: SpanProjector) -> Iterator[tuple[str, Callable[[], list[Doc]]]]:
    """Each way by its name, and the function that transfers the entities."""
    translator = make_translator("apertium", source="en", target=lang)

    def align() -> list[Doc]:
        translated = list(translate_docs(docs, translator, lang, Counter(), cache=False))
        pairs = pair_docs(docs, translated, Counter())
        return list(set_results(pairs.targets(), project_pairs(pairs, projector), projector.identity))

    def carry(carrier: LabelCarrier) -> list[Doc]:
        return list(carry_docs(docs, translator, lang, Counter(), carrier, complete=False, cache=False))

    yield ALIGNED, align
    yield from ((name, partial(carry, carrier)) for name, carrier in CARRIERS.items())


def count_entities(doc: Doc) -> Counter[tuple[str, str]]:
    return Counter((ent.text.lower(), ent.label_) for ent in doc.ents)


def pair_by_id(docs: Sequence[Doc], others: Sequence[Doc]) -> list[tuple[Doc, Doc]]:
    """Docs that are in both, with the same id."""
    by_id = docs_by_id(others)
    return [(doc, by_id[meta_of(doc)["id"]]) for doc in docs if meta_of(doc)["id"] in by_id]


def score(lang: str, way: str, docs: list[Doc], found: list[Doc], aligned: list[Doc], seconds: float) -> Row:
    """Compare labels with the source's, and entities with those found by aligning, sentence by sentence."""
    both = [(count_entities(left), count_entities(right)) for left, right in pair_by_id(aligned, found)]
    pairs = [[Counter(ent.label_ for ent in doc.ents) for doc in pair] for pair in pair_by_id(docs, found)]
    return Row(
        lang,
        way,
        100 * sum((source & target).total() for source, target in pairs) / sum(len(doc.ents) for doc in docs),
        100 * sum(source == target for source, target in pairs) / len(docs),
        100 * sum((left & right).total() for left, right in both) / max(1, sum(left.total() for left, _ in both)),
        seconds,
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
    lang: Annotated[str, typer.Option(help="Languages that Apertium translates into, with commas.")] = "es,ca",
    errors: ErrorsOption = 0,
    limit: LimitOption = 200,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Transfer entities in each way and print the table; --errors prints sentences in which the ways differ."""
    docs = read_sentences(limit, seed)
    projector = SpanProjector(EmbeddingAligner(encoder))
    projector(docs[0], docs[0])  # loads the encoder, which is not part of the measurement
    title = f"{len(docs)} sentences with {sum(len(doc.ents) for doc in docs)} entities, by Apertium"
    columns = ("", "way", "arrived %", "whole sentences %", "as aligned %", "seconds")
    table, rows = make_table(title, *columns, n_left=2), []
    for target in lang.split(","):
        aligned: list[Doc] = []
        for way, transfer in list_ways(docs, target, projector):
            start = perf_counter()
            found = transfer()
            seconds = perf_counter() - start
            aligned = found if way == ALIGNED else aligned
            rows.append(row := score(target, way, docs, found, aligned, seconds))
            table.add_row(target, way, *(f"{number:.1f}" for number in astuple(row)[2:]))
            if way == "placeholders":
                show_differences(docs, aligned, found, errors)
    show(table)
    counted = [row for row in rows if row.way != "placeholders, names kept"]
    figures = {f"arrived_{row.language}_{row.way.replace(' ', '_')}": round(row.arrived, 2) for row in counted}
    report(figures, [asdict(row) for row in rows], json)


if __name__ == "__main__":
    run(main)
