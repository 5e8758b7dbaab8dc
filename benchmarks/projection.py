"""How many spans arrive exactly where people put them?

English opinion targets (SemEval 2016) projected onto Spanish and French translations, in $XNER_DATA/projection,
against the manual projections of Garcia-Ferrero et al. 2022 (https://aclanthology.org/2022.findings-emnlp.478), beside
what four peers projected there. Precision, recall and F1 of exact spans; and what became of the gold spans that were
not found: another boundary at the same place, another place, or no span at all for the source span (or more gold spans
than source spans).

    XNER_DATA=FOLDER python benchmarks/projection.py [--encoder embedded] [--layers 6 ...] [--json FILE]

The figures `span_f1_en_es` and `span_f1_en_fr` are those of the defaults.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring_data import Tagged, data_folder, read_iob

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.files import atomic_path
from spacy_xner.projection import SourceSpan
from spacy_xner.projection.link_projection import LinkProjection

LANGUAGES = ("es", "fr")
PEERS = ("fast_align", "mgiza", "simalign", "awesome")
METHODS = ("itermax", "inter", "mwmf")  # the default first

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


def project(source: Sequence[Tagged], target: Sequence[Tagged], aligner: EmbeddingAligner) -> Spans:
    """The source's spans in the target, by our algorithm."""
    algorithm = LinkProjection()
    pairs = [(s.words, t.words) for s, t in zip(source, target, strict=True)]
    return [
        [SourceSpan(span.start, span.end, span.label) for span in algorithm.project(s.spans, s.words, t.words, a).spans]
        for s, t, a in zip(source, target, aligner.align(pairs), strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--layers", type=int, nargs="+", help="default: the aligner's own")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    folder = data_folder("projection")
    print(f"{'':10} {'system':14} {'precision':>9} {'recall':>7} {'F1':>6}   not found: boundary, place, missing")
    rows = []
    for language in LANGUAGES:
        source, gold = (read_iob(folder / f"en-{language}.{name}.iob.gz") for name in ("source", "gold"))
        wanted = [sentence.spans for sentence in gold]
        systems = {
            f"ours, {method}": project(source, gold, EmbeddingAligner(arguments.encoder, arguments.layers, method))
            for method in METHODS
        }
        for peer in PEERS:
            systems[peer] = [sentence.spans for sentence in read_iob(folder / f"en-{language}.{peer}.iob.gz")]
        for system, predicted in systems.items():
            row = score(f"en-{language}", system, predicted, wanted)
            rows.append(row)
            print(
                f"{row.language:10} {row.system:14} {row.precision:9.1f} {row.recall:7.1f} {row.f1:6.1f} "
                f"{row.boundary:21} {row.wrong_place:6} {row.missing:8}",
                flush=True,
            )
    if arguments.json:
        default = f"ours, {METHODS[0]}"
        figures = {f"span_f1_{r.language.replace('-', '_')}": round(r.f1, 2) for r in rows if r.system == default}
        with atomic_path(arguments.json) as path:
            text = json.dumps({"figures": figures, "rows": [asdict(row) for row in rows]}, indent=2)
            path.write_text(text + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
