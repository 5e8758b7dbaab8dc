"""How many spans arrive exactly where people put them?

Two sets of gold projections:

- opinion targets (SemEval 2016) of 676 English restaurant reviews in Spanish and French translations, in
  $XNER_DATA/projection (Garcia-Ferrero et al. 2022, https://aclanthology.org/2022.findings-emnlp.478), beside what four
  peers projected there;
- names in 120 English sentences of this project's corpus in German, Dutch, Russian and Chinese translations
  (gold_projections/, marked by reading).

The default settings of transport lie on a plateau of the first set; `--choose` shows how Spanish does with those that
are best on French, the other way round, and how both do with those that are best on the second set. Precision, recall
and F1 of exact spans; and what became of the gold spans that were not found: another boundary at the same place,
another place, or no span at all for the source span (or more gold spans than source spans).

    [XNER_DATA=FOLDER] python benchmarks/projection.py [--encoder embedded] [--choose] [--errors 20] [--json FILE]

The figures `span_f1_en_es` and `span_f1_en_fr` (and so on) are those of the defaults.
"""

import argparse
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import srsly
from measuring_data import VARIABLE, Tagged, read_iob
from rich.table import Table

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.types import Alignment
from spacy_xner.cli.console import make_console
from spacy_xner.corpus.docs import convert_files
from spacy_xner.files import atomic_path
from spacy_xner.projection import ProjectionAlgorithm, SourceSpan
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.projection.transport_projection import TransportProjection

REVIEWS = ("es", "fr")
NAMES = ("de", "nl", "ru", "zh")
PEERS = ("fast_align", "mgiza", "simalign", "awesome")
TRANSPORT = "ours, transport"
GRID = {"null": (0.15, 0.2, 0.25, 0.3), "neighbours": (0.0, 0.05, 0.1), "least_edge": (0.01, 0.02, 0.03)}

Spans = Sequence[Sequence[SourceSpan]]


@dataclass
class Row:
    """Scores in percent, and counts of gold spans that were not found."""

    language: str
    system: str
    precision: float
    recall: float
    f1: float
    boundary: int
    wrong_place: int
    missing: int


def score(language: str, system: str, predicted: Spans, gold: Spans) -> Row:
    """Compare spans, sentence by sentence."""
    hits = n_predicted = n_gold = boundary = wrong_place = missing = 0
    for found, wanted in zip(predicted, gold, strict=True):
        right = set(found) & set(wanted)
        hits, n_predicted, n_gold = hits + len(right), n_predicted + len(found), n_gold + len(wanted)
        others = [span for span in found if span not in right]
        for span in set(wanted) - right:
            overlapping = [other for other in others if other.start < span.end and span.start < other.end]
            boundary += bool(overlapping)
            missing += not overlapping and len(found) < len(wanted)
            wrong_place += not overlapping and len(found) >= len(wanted)
    return Row(
        language,
        system,
        100 * hits / max(1, n_predicted),
        100 * hits / max(1, n_gold),
        200 * hits / max(1, n_predicted + n_gold),
        boundary,
        wrong_place,
        missing,
    )


@dataclass(frozen=True)
class Pairs:
    """A language: sentences, their translations with gold spans, and what peers projected."""

    source: list[Tagged]
    gold: list[Tagged]
    peers: dict[str, Spans]


def read_names(lang: str) -> list[Tagged]:
    """Sentences of gold_projections/, with the words of the project's tokenizer."""
    path = Path(__file__).parent / f"gold_projections/{lang}.txt"
    sentences = []
    for doc in convert_files([path], lang, Counter()):
        tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O" for token in doc]
        sentences.append(Tagged([token.text for token in doc], tags))
    return sentences


def read_all() -> dict[str, Pairs]:
    """All languages that are here."""
    found = {}
    folder = Path(os.environ.get(VARIABLE, "/nowhere")) / "projection"
    if folder.is_dir():
        for lang in REVIEWS:
            source, gold, *peers = (
                read_iob(folder / f"en-{lang}.{name}.iob.gz") for name in ("source", "gold", *PEERS)
            )
            of_peers = {name: [s.spans for s in peer] for name, peer in zip(PEERS, peers, strict=True)}
            found[lang] = Pairs(source, gold, of_peers)
    else:
        print(f"The reviews are left out: they are read from projection/ in the folder that ${VARIABLE} names.")
    return found | {lang: Pairs(read_names("en"), read_names(lang), {}) for lang in NAMES}


def align(pairs: Pairs, aligner: EmbeddingAligner) -> list[Alignment]:
    words = [(s.words, t.words) for s, t in zip(pairs.source, pairs.gold, strict=True)]
    return list(aligner.align(words))


def project(pairs: Pairs, alignments: Sequence[Alignment], algorithm: ProjectionAlgorithm) -> Spans:
    """The source's spans in the target."""
    return [
        [SourceSpan(span.start, span.end, span.label) for span in algorithm.project(s.spans, s.words, t.words, a).spans]
        for s, t, a in zip(pairs.source, pairs.gold, alignments, strict=True)
    ]


def choose(languages: dict[str, Pairs], alignments: dict[str, list[Alignment]]) -> dict[str, float]:
    """F1 of each of Spanish and French with the settings that are best on the other. RETURNS: figures."""
    table = Table(title="Settings chosen on one language, F1 on the other", title_justify="left")
    for column in ("chosen on", "settings", "F1 there", "language", "F1"):
        table.add_column(column)
    found: dict[tuple[float, ...], dict[str, float]] = {}
    for values in product(*GRID.values()):
        algorithm = TransportProjection(*values)
        found[values] = {
            lang: score(lang, "", project(pairs, alignments[lang], algorithm), [s.spans for s in pairs.gold]).f1
            for lang, pairs in languages.items()
        }
    figures = {}
    for chosen_on, lang in (("fr", "es"), ("es", "fr"), ("names", "es"), ("names", "fr")):
        of = NAMES if chosen_on == "names" else (chosen_on,)
        best = max(found, key=lambda values: sum(found[values][name] for name in of))
        figures[f"span_f1_en_{lang}_chosen_on_{chosen_on}"] = found[best][lang]
        there = sum(found[best][name] for name in of) / len(of)
        settings = ", ".join(f"{name} {value}" for name, value in zip(GRID, best, strict=True))
        table.add_row(chosen_on, settings, f"{there:.2f}", lang, f"{found[best][lang]:.2f}")
    make_console().print(table)
    return figures


def show_errors(lang: str, pairs: Pairs, predicted: Spans, n_shown: int) -> None:
    """Print sentences whose spans are not those of the gold projection, the same ones for the same number."""
    wrong = [
        (s, t, set(found) - set(t.spans), set(t.spans) - set(found))
        for s, t, found in zip(pairs.source, pairs.gold, predicted, strict=True)
        if set(found) != set(t.spans)
    ]
    print(f"\nen-{lang}: {len(wrong)} of {len(pairs.gold)} sentences are not as the gold projection has them.")
    for s, t, extra, missed in random.Random(0).sample(wrong, min(n_shown, len(wrong))):
        print(f"  {' '.join(s.words)}\n  {' '.join(t.words)}")
        for name, spans in (("gold", missed), ("ours", extra)):
            print(f"    {name}: {' | '.join(' '.join(t.words[a:b]) for a, b, _ in sorted(spans)) or '-'}")


def results(lang: str, pairs: Pairs, encoder: str) -> Iterator[tuple[str, Spans, list[Alignment]]]:
    """What each system makes of a language."""
    alignments = align(pairs, EmbeddingAligner(encoder))
    yield TRANSPORT, project(pairs, alignments, TransportProjection()), alignments
    fast = align(pairs, EmbeddingAligner(encoder, inference="auto"))
    yield f"{TRANSPORT}, fast", project(pairs, fast, TransportProjection()), fast
    yield "ours, links of transport", project(pairs, alignments, LinkProjection()), alignments
    for method in ("itermax", "inter", "mwmf"):
        by_links = align(pairs, EmbeddingAligner(encoder, method=method))
        yield f"ours, links of {method}", project(pairs, by_links, LinkProjection()), by_links
    for peer, spans in pairs.peers.items():
        yield peer, spans, []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--choose", action="store_true", help="choose settings on one language, score on another")
    parser.add_argument("--errors", type=int, default=0, help="print so many wrong sentences of each language")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    languages = read_all()
    table = Table(title=f"Exact spans; encoder {arguments.encoder}", title_justify="left")
    for column in ("", "system", "precision", "recall", "F1", "boundary", "place", "missing"):
        table.add_column(column, justify="left" if column in ("", "system") else "right")
    rows: list[Row] = []
    kept: dict[str, list[Alignment]] = {}
    ours: dict[str, Spans] = {}
    for lang, pairs in languages.items():
        wanted = [sentence.spans for sentence in pairs.gold]
        for system, predicted, alignments in results(lang, pairs, arguments.encoder):
            if system == TRANSPORT:
                kept[lang], ours[lang] = alignments, predicted
            row = score(f"en-{lang}", system, predicted, wanted)
            rows.append(row)
            scores = (f"{value:.1f}" for value in (row.precision, row.recall, row.f1))
            counts = (f"{value}" for value in (row.boundary, row.wrong_place, row.missing))
            table.add_row(row.language, row.system, *scores, *counts)
    make_console().print(table)
    figures: dict[str, Any] = {
        f"span_f1_{row.language.replace('-', '_')}": round(row.f1, 2) for row in rows if row.system == TRANSPORT
    }
    if arguments.choose and set(REVIEWS) <= set(languages):
        figures |= choose(languages, kept)
    if arguments.errors:
        for lang, pairs in languages.items():
            show_errors(lang, pairs, ours[lang], arguments.errors)
    if arguments.json:
        with atomic_path(arguments.json) as path:
            srsly.write_json(path, {"figures": figures, "rows": [asdict(row) for row in rows]})


if __name__ == "__main__":
    main()
