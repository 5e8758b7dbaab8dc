"""How many spans are projected exactly where people put them?

Two sets of gold projections:

- opinion targets (SemEval 2016) of 676 English restaurant reviews in Spanish and French translations, in
  $XNER_DATA/projection (Garcia-Ferrero et al. 2022, https://aclanthology.org/2022.findings-emnlp.478), beside what four
  other systems projected there;
- names in 120 English sentences of this project's corpus in translations into the languages of `NAMES`
  (gold_projections/, marked by reading).

Precision, recall and F1 of exact spans; and the gold spans that were not found: another boundary at the same place,
another place, or no span at all for the source span (or more gold spans than source spans). The figures are those of
the default settings. See projection_settings.py for how these were chosen.

    [XNER_DATA=FOLDER] python benchmarks/projection.py --errors 20

--shifted asks instead whether the scores are probabilities: each sentence is also projected onto the translation of
the one 7 lines further, where every span is wrong. For names: the share of spans of shifted pairs, and of right spans
of true pairs, that the default least score drops; the expected calibration error over 10 bins of equal width, of true
pairs and of both together; and the error that a perfectly calibrated score would have by chance with as few spans. The
scores were fitted on other sentences, see projection_calibration.py.

    python benchmarks/projection.py --shifted
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from common import EncoderOption, ErrorsOption, JsonOption, LimitOption, make_table, report, run, show
from projection_data import Pairs, Spans, align, read_languages
from projection_shifted import run_shifted

from spacy_xner.alignment.types import Alignment
from spacy_xner.projection import ProjectionAlgorithm, SourceSpan
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.projection.transport_projection import TransportProjection

TRANSPORT = "ours, transport"


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
    precision, recall = 100 * hits / max(1, n_predicted), 100 * hits / max(1, n_gold)
    f1 = 200 * hits / max(1, n_predicted + n_gold)
    return Row(language, system, precision, recall, f1, boundary, wrong_place, missing)


def project(pairs: Pairs, alignments: Sequence[Alignment], algorithm: ProjectionAlgorithm) -> Spans:
    """The source's spans in the target."""
    return [
        [SourceSpan(span.start, span.end, span.label) for span in algorithm.project(s.spans, s.words, t.words, a).spans]
        for s, t, a in zip(pairs.source, pairs.gold, alignments, strict=True)
    ]


def run_systems(pairs: Pairs, encoder: str) -> Iterator[tuple[str, Spans]]:
    """The spans that each system projects."""
    alignments = align(pairs, encoder)
    yield TRANSPORT, project(pairs, alignments, TransportProjection())
    yield f"{TRANSPORT}, fast", project(pairs, align(pairs, encoder, inference="auto"), TransportProjection())
    yield "ours, links of transport", project(pairs, alignments, LinkProjection())
    for method in ("itermax", "inter", "mwmf"):
        yield f"ours, links of {method}", project(pairs, align(pairs, encoder, method), LinkProjection())
    yield from pairs.peers.items()


def show_errors(lang: str, pairs: Pairs, predicted: Spans, n_shown: int) -> None:
    """Print sentences whose spans differ from the gold projection, always the same ones for the same number."""
    wrong = [
        (s, t, set(found) - set(t.spans), set(t.spans) - set(found))
        for s, t, found in zip(pairs.source, pairs.gold, predicted, strict=True)
        if set(found) != set(t.spans)
    ]
    print(f"\nen-{lang}: {len(wrong)} of {len(pairs.gold)} sentences differ from the gold projection.")
    for s, t, extra, missed in random.Random(0).sample(wrong, min(n_shown, len(wrong))):
        print(f"  {' '.join(s.words)}\n  {' '.join(t.words)}")
        for name, spans in (("gold", missed), ("ours", extra)):
            print(f"    {name}: {' | '.join(' '.join(t.words[a:b]) for a, b, *_ in sorted(spans)) or '-'}")


def main(
    encoder: EncoderOption = "embedded",
    errors: ErrorsOption = 0,
    shifted: Annotated[
        bool, typer.Option("--shifted", help="Compare scores with those of wrong translations.")
    ] = False,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Project with each system and print the scores."""
    if shifted:
        run_shifted(encoder, limit, json)
        return
    columns = ("", "system", "precision", "recall", "F1", "boundary", "place", "missing")
    table = make_table(f"Exact spans; encoder {encoder}", *columns, n_left=2)
    rows: list[Row] = []
    for lang, pairs in read_languages(limit).items():
        for system, predicted in run_systems(pairs, encoder):
            row = score(f"en-{lang}", system, predicted, pairs.gold_spans)
            rows.append(row)
            scores = (f"{value:.1f}" for value in (row.precision, row.recall, row.f1))
            table.add_row(row.language, system, *scores, *map(str, (row.boundary, row.wrong_place, row.missing)))
            if system == TRANSPORT and errors:
                show_errors(lang, pairs, predicted, errors)
    show(table)
    ours = {row.language: row for row in rows if row.system == TRANSPORT}
    figures = {f"span_f1_{language.replace('-', '_')}": round(row.f1, 2) for language, row in ours.items()}
    report(figures, [asdict(row) for row in rows], json)


if __name__ == "__main__":
    run(main)
