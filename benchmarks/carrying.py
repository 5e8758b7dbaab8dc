"""Do entities arrive better by aligning words, or inside the text that is translated?

Sentences of this project's English corpus go through Apertium into Spanish and Catalan (`apertium-eng-spa` and
`apertium-eng-cat` must be installed), and their entities in three ways: translated as they are, then placed by aligning
words (`SpanProjector`); as placeholders, with names translated alone or as they are; and in brackets. The table says
which share of the entities arrived, how many sentences have all of theirs exactly once, which share of the entities
that aligning found is found in the same sentence with the same text and label (in sentences that both ways have), and
the seconds that each way took, translation included and nothing taken from a cache.

Nobody marked the right answer: that an entity arrives does not mean that it is well translated.

    python benchmarks/carrying.py [--sentences 200] [--lang es,ca] [--encoder embedded] [--errors 10] [--json FILE]
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

import srsly
from rich.table import Table
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.cli.console import make_console
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.docs import convert_files
from spacy_xner.corpus.project import pair_docs, project_pairs, set_results
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.files import atomic_path
from spacy_xner.projection import SpanProjector
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation.carried import Markers, Placeholders, Way

CORPUS = Path(__file__).parents[1] / "corpus/en/train"
ALIGNED = "aligned words"
WAYS: dict[str, Way] = {
    "placeholders": Placeholders(),
    "placeholders, names kept": Placeholders(translate_names=False),
    "brackets": Markers(),
}


@dataclass
class Row:
    """Shares in percent, of all source entities, all sentences, and the entities that aligning found."""

    language: str
    way: str
    arrived: float
    whole_sentences: float
    as_aligned: float
    seconds: float


def read_sentences(n_sentences: int) -> list[Doc]:
    """Sentences with entities, the same ones for the same number."""
    docs = [doc for doc in convert_files(sorted(CORPUS.glob("*.txt")), "en", Counter()) if doc.ents]
    return random.Random(0).sample(docs, min(n_sentences, len(docs)))


def run_ways(docs: Sequence[Doc], lang: str, projector: SpanProjector) -> Iterator[tuple[str, Callable[[], list[Doc]]]]:
    """Each way by its name, and how to go it."""
    translator = make_translator("apertium", source="en", target=lang)

    def align() -> list[Doc]:
        translated = list(translate_docs(docs, translator, lang, Counter(), cache=False))
        pairs = pair_docs(docs, translated, Counter())
        return list(set_results(pairs.targets(), project_pairs(pairs, projector), projector.identity))

    yield ALIGNED, align
    for name, way in WAYS.items():
        yield name, go(docs, translator, lang, way)


def go(docs: Sequence[Doc], translator: Translator, lang: str, way: Way) -> Callable[[], list[Doc]]:
    return lambda: list(carry_docs(docs, translator, lang, Counter(), way, complete=False, cache=False))


def entities(doc: Doc) -> Counter[tuple[str, str]]:
    return Counter((ent.text.lower(), ent.label_) for ent in doc.ents)


def labels(doc: Doc) -> Counter[str]:
    return Counter(ent.label_ for ent in doc.ents)


def score(
    lang: str, way: str, docs: Sequence[Doc], found: Sequence[Doc], aligned: Sequence[Doc], seconds: float
) -> Row:
    """Count by sentence, with the ids of docs; a label that comes twice for one entity counts once."""
    by_id = {meta_of(doc)["id"]: doc for doc in found}
    both = [(entities(doc), entities(by_id[meta_of(doc)["id"]])) for doc in aligned if meta_of(doc)["id"] in by_id]
    pairs = [(labels(doc), labels(by_id[meta_of(doc)["id"]])) for doc in docs if meta_of(doc)["id"] in by_id]
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
    source = {meta_of(doc)["id"]: doc for doc in docs}
    by_id = {meta_of(doc)["id"]: doc for doc in found}
    pairs = [(doc, by_id[meta_of(doc)["id"]]) for doc in aligned if meta_of(doc)["id"] in by_id]
    differing = ((left, right) for left, right in pairs if entities(left) != entities(right))
    for left, right in islice(differing, n_shown):
        print(f"\n  {source[meta_of(left)['id']].text}")
        for name, doc in (("aligned", left), ("carried", right)):
            print(f"  {name}: {doc.text}\n    {' | '.join(f'{ent.text} ({ent.label_})' for ent in doc.ents)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=200, help="how many of those that have entities")
    parser.add_argument("--lang", default="es,ca", help="languages that Apertium translates into, with commas")
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--errors", type=int, default=0, help="print so many sentences in which the ways differ")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    docs = read_sentences(arguments.sentences)
    projector = SpanProjector(EmbeddingAligner(arguments.encoder))
    projector(docs[0], docs[0])  # loads the encoder, which is no part of the measurement
    n_entities = sum(len(doc.ents) for doc in docs)
    table = Table(title=f"{len(docs)} English sentences with {n_entities} entities, by Apertium", title_justify="left")
    for column in ("", "way", "arrived %", "whole sentences %", "as aligned %", "seconds"):
        table.add_column(column, justify="left" if column in ("", "way") else "right")
    rows = []
    for lang in arguments.lang.split(","):
        aligned: list[Doc] = []
        for way, run in run_ways(docs, lang, projector):
            start = perf_counter()
            found = run()
            seconds = perf_counter() - start
            aligned = found if way == ALIGNED else aligned
            row = score(lang, way, docs, found, aligned, seconds)
            rows.append(row)
            shares = (f"{share:.1f}" for share in (row.arrived, row.whole_sentences, row.as_aligned, row.seconds))
            table.add_row(lang, way, *shares)
            if way == "placeholders":
                show_differences(docs, aligned, found, arguments.errors)
    make_console().print(table)
    if arguments.json:
        figures = {f"arrived_{row.language}_{row.way.split(',')[0].replace(' ', '_')}": round(row.arrived, 2)
                   for row in rows if row.way != "placeholders, names kept"}  # fmt: skip
        with atomic_path(arguments.json) as path:
            srsly.write_json(path, {"figures": figures, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
