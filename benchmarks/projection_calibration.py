"""Fits the scores of spans projected by transport, and prints the coefficients for spacy_xner/projection/confidence.py.

Run it again after any change of affinities, transport plans or candidate spans, paste what it prints in place of
`SPACED` and `UNSPACED`, and look at `python benchmarks/projection.py --shifted`, whose sentences are others.

Fitted on

- opinion targets of the reviews in $XNER_DATA/projection, English to Spanish and French;
- names in 240 English sentences of this project's corpus and their Spanish and Chinese translations
  (calibration_projections/, none of whose sentences is in gold_projections/).

Each sentence is aligned twice: with its translation, and with that of the sentence `SHIFT` lines further, in which
every span is wrong. The first regression tells these apart, the second one right spans of true translations from wrong
ones.

    XNER_DATA=FOLDER python benchmarks/projection_calibration.py

Last come, for each language, the errors of the scores on other halves of the same data than they were fitted on.
"""

from dataclasses import dataclass

import numpy as np
from common import EncoderOption, JsonOption, LimitOption, data_folder, make_table, report, run, show
from logistic_fit import as_code, fit_logistic
from projection_data import SHIFT, Pairs, align, read_calibration, shift

from spacy_xner.alignment.logistic import Floats
from spacy_xner.ner.calibration import expected_calibration_error
from spacy_xner.projection.confidence import DEFAULT_MIN_SCORE, SpanCalibration, SpanFeatures
from spacy_xner.projection.transport_projection import TransportProjection

WEIGHT_OF_SHIFTED = 0.5


@dataclass(frozen=True, eq=False)
class Rows:
    """Spans: their features, whether each is right, whether its sentences are translations, number of its sentence."""

    features: SpanFeatures
    right: Floats
    is_translation: Floats
    sentence: Floats

    def where(self, chosen: np.ndarray) -> "Rows":
        features = SpanFeatures(self.features.pair[chosen], self.features.span[chosen], self.features.unspaced)
        return Rows(features, self.right[chosen], self.is_translation[chosen], self.sentence[chosen])


def join(parts: list[Rows]) -> Rows:
    """All rows together."""
    features = [part.features for part in parts]
    unspaced = sum(len(part.pair) for part in features if part.unspaced) * 2 > sum(len(part.pair) for part in features)
    return Rows(
        SpanFeatures(np.vstack([f.pair for f in features]), np.vstack([f.span for f in features]), unspaced),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.is_translation for part in parts]),
        np.concatenate([part.sentence for part in parts]),
    )


def rows_of(pairs: Pairs, encoder: str, is_translation: bool) -> Rows:
    """The spans that are projected onto the translations of some sentences, or onto other sentences."""
    algorithm = TransportProjection()
    rows = []
    sentences = zip(pairs.source, pairs.gold, align(pairs, encoder), strict=True)
    for number, (source, target, alignment) in enumerate(sentences):
        found, features = algorithm.place_spans(source.spans, source.words, target.words, alignment)
        gold = {(span.start, span.end, span.label) for span in target.spans}
        right = [is_translation and (span.start, span.end, span.label) in gold for span in found.spans]
        n = len(right)
        rows.append(Rows(features, np.array(right, dtype=float), np.full(n, float(is_translation)), np.full(n, number)))
    return join(rows)


def fit(rows: Rows) -> SpanCalibration:
    """Fit both regressions."""
    weights = np.where(rows.is_translation == 1, 1.0, WEIGHT_OF_SHIFTED)
    true = rows.is_translation == 1
    return SpanCalibration(
        pair=fit_logistic(rows.features.pair, rows.is_translation, weights),
        span=fit_logistic(rows.features.span[true], rows.right[true], np.ones(int(true.sum()))),
    )


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Fit, print the coefficients and the errors."""
    data_folder("projection")
    of_languages = {}
    for name, pairs in read_calibration(limit).items():
        of_languages[name] = join([rows_of(pairs, encoder, True), rows_of(shift(pairs, SHIFT), encoder, False)])
    table = make_table("Scores on the other half of the data", "", "spans", "right", "ECE", "dropped", "right dropped")
    figures: dict[str, float] = {}
    rows = []
    for constant, unspaced in (("SPACED", False), ("UNSPACED", True)):
        kind = {name: part for name, part in of_languages.items() if part.features.unspaced == unspaced}
        fitted = fit(join(list(kind.values())))
        print(f"{constant} = SpanCalibration(\n    pair={as_code(fitted.pair)},\n    span={as_code(fitted.span)},\n)")
        rows.append({"constant": constant, "pair": as_code(fitted.pair), "span": as_code(fitted.span)})
        halves = [fit(join([part.where(part.sentence % 2 == half) for part in kind.values()])) for half in (0, 1)]
        for name, part in kind.items():
            scores = np.where(part.sentence % 2 == 0, halves[1](part.features), halves[0](part.features))
            true = part.is_translation == 1
            error = expected_calibration_error(scores[true], part.right[true])
            dropped = 100 * float((scores[~true] < DEFAULT_MIN_SCORE).mean())
            lost = 100 * float((scores[true & (part.right == 1)] < DEFAULT_MIN_SCORE).mean())
            right = f"{100 * part.right[true].mean():.1f}"
            table.add_row(name, str(int(true.sum())), right, f"{error:.3f}", f"{dropped:.1f}", f"{lost:.2f}")
            figures |= {f"ece_{name}": error, f"shifted_dropped_{name}": dropped, f"right_dropped_{name}": lost}
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)
