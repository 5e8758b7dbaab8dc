"""Fits the scores of links by transport, and prints the coefficients for spacy_xner/alignment/link_scores.py.

Run it again after any change of affinities or of the plan of links, and paste what it prints in place of `LINKS`.

Fitted on the gold alignments in $XNER_DATA/alignment: English-French, Romanian-English, Chinese-English and Japanese-
English (words split). A link is right if it is sure or possible. Each pair
of languages is aligned twice: as it is, and each sentence with the translation of the one `SHIFT` lines further, where
every link is wrong.

    XNER_DATA=FOLDER python benchmarks/alignment_calibration.py

The errors are those on each pair of languages with coefficients that were fitted on the other three alone:
expected calibration error over 10 bins of equal width; links that are right, of all and of those with a score of at
least 0.5; links of shifted pairs with a lower one.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
from alignment import SETS, read_gold
from common import EncoderOption, JsonOption, LimitOption, data_folder, make_table, read_pairs, report, run, show
from logistic_fit import as_code, fit_logistic

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.link_scores import link_features
from spacy_xner.alignment.links import link_shares
from spacy_xner.alignment.logistic import Floats, Logistic
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.ner.calibration import expected_calibration_error

SHIFT = 7
WEIGHT_OF_SHIFTED = 0.1
LINKS_OF_SET = 1000.0  # each pair of languages counts as many links

Pairs = list[tuple[list[str], list[str]]]
Links = set[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class Rows:
    """Links of a pair of languages: features (n, n_features), whether each is right (n,); features of shifted pairs."""

    features: Floats
    right: Floats
    shifted: Floats


def features_of(aligner: EmbeddingAligner, pairs: Pairs, gold: list[Links] | None) -> tuple[Floats, Floats]:
    """The features of all links, and whether they are right; without gold links, none is."""
    features, right = [], []
    for number, alignment in enumerate(aligner.align(pairs)):
        assert isinstance(alignment, TransportAlignment)
        shares = link_shares(alignment.affinities)
        links = shares.chosen()  # of units, which are the words here
        features.append(link_features(links, shares, alignment.affinities.units))
        right += [float(gold is not None and link in gold[number]) for link in links]
    return np.vstack(features), np.array(right)


def read_rows(name: str, encoder: str, limit: int | None) -> Rows:
    """Align a pair of languages, as it is and shifted."""
    folder = data_folder("alignment")
    pairs = list(islice(read_pairs(folder / f"{name}.src-tgt.gz"), limit))
    gold = [possible for _, possible in read_gold(folder / f"{name}.gold.gz")]
    aligner = EmbeddingAligner(encoder)
    wrong = [(source, pairs[(i + SHIFT) % len(pairs)][1]) for i, (source, _) in enumerate(pairs)]
    return Rows(*features_of(aligner, pairs, gold), features_of(aligner, wrong, None)[0])


def fit(parts: list[Rows]) -> Logistic:
    """Fit on the links of some pairs of languages."""
    weights = []
    for part in parts:
        each = LINKS_OF_SET / len(part.right)
        weights += [np.full(len(part.right), each), np.full(len(part.shifted), each * WEIGHT_OF_SHIFTED)]
    return fit_logistic(
        np.vstack([array for part in parts for array in (part.features, part.shifted)]),
        np.concatenate([array for part in parts for array in (part.right, np.zeros(len(part.shifted)))]),
        np.concatenate(weights),
    )


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Fit, print the coefficients and the errors."""
    columns = ("", "links", "right", "ECE", "kept at 0.5", "right of these", "shifted dropped")
    table = make_table("Scores of links, percent, fitted on the other pairs of languages", *columns)
    figures: dict[str, float] = {}
    parts = {name: read_rows(name, encoder, limit) for name in SETS}
    fitted = as_code(fit(list(parts.values())))
    print(f"LINKS = {fitted}")
    for name, part in parts.items():
        fitted_elsewhere = fit([others for other, others in parts.items() if other != name])
        scores, shifted = fitted_elsewhere(part.features), fitted_elsewhere(part.shifted)
        kept = scores >= 0.5
        figures |= {
            f"link_ece_{name}": expected_calibration_error(scores, part.right),
            f"links_right_{name}": 100 * float(part.right.mean()),
            f"links_kept_{name}": 100 * float(kept.mean()),
            f"kept_links_right_{name}": 100 * float(part.right[kept].mean()),
            f"shifted_links_dropped_{name}": 100 * float((shifted < 0.5).mean()),
        }
        cells = [f"{figures[f'link_ece_{name}']:.3f}"] + [
            f"{figures[f'{key}_{name}']:.1f}" for key in ("links_kept", "kept_links_right", "shifted_links_dropped")
        ]
        table.add_row(name, f"{len(scores):,}", f"{figures[f'links_right_{name}']:.1f}", *cells)
    show(table)
    report(figures, [{"fitted": fitted}], json)


if __name__ == "__main__":
    run(main)
