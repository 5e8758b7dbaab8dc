"""`projection.py --shifted`: are the scores of projected spans the probabilities that they are right?"""

from pathlib import Path
from typing import Any

import numpy as np
from common import make_table, report, show
from projection_data import NAMES, Pairs, align, read_names, shift

from spacy_xner.alignment.logistic import Floats
from spacy_xner.ner.calibration import expected_calibration_error
from spacy_xner.projection import SourceSpan
from spacy_xner.projection.confidence import DEFAULT_MIN_SCORE
from spacy_xner.projection.transport_projection import TransportProjection


def score_spans(pairs: Pairs, encoder: str) -> tuple[Floats, Floats]:
    """The scores of all projected spans, and whether each is right (1 or 0)."""
    scores, right = [], []
    algorithm = TransportProjection()
    for source, target, alignment in zip(pairs.source, pairs.gold, align(pairs, encoder), strict=True):
        for span in algorithm.project(source.spans, source.words, target.words, alignment).spans:
            scores.append(span.score)
            right.append(float(SourceSpan(span.start, span.end, span.label) in target.spans))
    return np.array(scores), np.array(right)


def chance_error(scores: Floats, draws: int = 200) -> float:
    """The mean calibration error if each span were right with exactly the probability that its score says."""
    random_right = np.random.default_rng(0).random((draws, len(scores))) < scores
    return float(np.mean([expected_calibration_error(scores, right) for right in random_right]))


def run_shifted(encoder: str, limit: int | None, json: Path | None) -> None:
    """Print how well scores tell right spans from wrong ones, and how far they are from probabilities."""
    columns = ("", "shifted dropped", "right dropped", "ECE true", "by chance", "ECE both", "mean score", "right")
    table = make_table(f"Scores of names at {DEFAULT_MIN_SCORE}; percent; encoder {encoder}", *columns)
    rows: list[dict[str, Any]] = []
    for lang in NAMES:
        pairs = Pairs(read_names("en", limit), read_names(lang, limit), {})
        scores, right = score_spans(pairs, encoder)
        shifted, _ = score_spans(shift(pairs), encoder)
        both = np.concatenate([scores, shifted]), np.concatenate([right, np.zeros(len(shifted))])
        row = {
            "shifted_dropped": 100 * float((shifted < DEFAULT_MIN_SCORE).mean()),
            "right_dropped": 100 * float((scores[right == 1] < DEFAULT_MIN_SCORE).mean()),
            "ece": expected_calibration_error(scores, right),
            "ece_by_chance": chance_error(scores),
            "ece_both": expected_calibration_error(*both),
            "mean_score": 100 * float(scores.mean()),
            "right": 100 * float(right.mean()),
        }
        rows.append({"language": f"en-{lang}", "spans": len(scores), "shifted_spans": len(shifted), **row})
        digits = {"ece": 3, "ece_by_chance": 3, "ece_both": 3, "right_dropped": 2}
        table.add_row(f"en-{lang}", *(f"{value:.{digits.get(name, 1)}f}" for name, value in row.items()))
    show(table)
    named = ("shifted_dropped", "right_dropped", "ece", "ece_both")
    report({f"{name}_{row['language'].replace('-', '_')}": row[name] for name in named for row in rows}, rows, json)
