"""Scores of spans projected by transport: the probability that a span is exactly right.

The probability is a product of two, each from a logistic regression:

1. that the two sentences are translations of each other, from the mass that they exchange;
2. that the span is exactly right if they are, from the span's part of the transport plan.

The coefficients are those that `python benchmarks/projection_calibration.py` prints. It fits them on the manually
projected spans of en-es and en-fr reviews, and of en-es and en-zh sentences of this project
(benchmarks/calibration_projections), and on the same sentences with wrong translations, which count half. None of these
sentences is among those of which benchmarks/projection.py reports the scores' errors. Fit again after any change of
affinities, transport plans or candidates, and for an encoder that the scores do not suit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..alignment.logistic import LEAST, Floats, Logistic
from ..alignment.types import Affinity, Plan, Words
from ..alignment.word_kinds import is_unspaced_pair
from .types import ProjectedSpan

DEFAULT_MIN_SCORE = 0.15
"""Default of the least score of a span that is kept, everywhere: drops most spans of sentences that are no translations
of each other, and hardly any right span (benchmarks/projection.py --shifted)."""

PAIR_FEATURES = ("log of the mass that the sentences exchange", "mean F1 of the spans", "scale of the affinities")
SPAN_FEATURES = (
    "-log(1 - F1)",
    "log of the distance to the second-best stretch's F1",
    "share of the target words' mass that is exchanged",
    "log of the share of the source words' mass that is exchanged",
    "mean affinity, weighted by mass",
    "log of the number of target words",
)


@dataclass(frozen=True)
class SpanCalibration:
    """The two regressions of a kind of scripts, over `PAIR_FEATURES` and `SPAN_FEATURES`."""

    pair: Logistic
    span: Logistic

    def __call__(self, features: "SpanFeatures") -> Floats:
        """The probability that each span is exactly right, (n_spans,)."""
        return (self.pair(features.pair) * self.span(features.span)).clip(LEAST)


SPACED = SpanCalibration(
    pair=Logistic(-0.836, (10.298, 4.909, 13.420)),
    span=Logistic(2.860, (0.226, 0.987, -0.101, 0.364, 2.389, -0.336)),
)
UNSPACED = SpanCalibration(
    pair=Logistic(0.014, (12.443, 8.067, 13.801)),
    span=Logistic(2.688, (0.301, 1.330, -0.324, 0.141, -1.174, 2.122)),
)


@dataclass(frozen=True, eq=False)
class SpanFeatures:
    """What the scores of a pair's projected spans are computed from.

    pair (Floats): (n_spans, 3), see `PAIR_FEATURES`.
    span (Floats): (n_spans, 6), see `SPAN_FEATURES`.
    unspaced (bool): see `is_unspaced_pair`.
    """

    pair: Floats
    span: Floats
    unspaced: bool

    def scores(self) -> list[float]:
        """The probability that each span is exactly right."""
        return [float(score) for score in (UNSPACED if self.unspaced else SPACED)(self)]


def span_features(
    spans: Sequence[ProjectedSpan],
    second_best: Sequence[float],
    source: Words,
    target: Words,
    plan: Plan,
    affinity: Affinity,
    masses: tuple[Floats, Floats],
    scale: float,
) -> SpanFeatures:
    """Compute the features of projected spans.

    spans (Sequence[ProjectedSpan]): the spans, whose scores are their F1 under the plan.
    second_best (Sequence[float]): for each span, the F1 of the best other stretch of target words.
    plan (Plan), affinity (Affinity): (n_source, n_target).
    masses (tuple[Floats, Floats]): the mass of each word in the plan, (n_source,) and (n_target,).
    scale (float): see `affinity_scale`.
    """
    sent = np.minimum(plan.sum(axis=1) / masses[0], 1)
    received = np.minimum(plan.sum(axis=0) / masses[1], 1)
    rows = []
    for span, second in zip(spans, second_best, strict=True):
        words, stretch = slice(span.source_start, span.source_end), slice(span.start, span.end)
        exchanged = plan[words, stretch]
        rows.append(
            (
                -np.log(1.01 - min(span.score, 1)),
                np.log(max(span.score - second, 0) + 0.01),
                received[stretch].mean(),
                np.log(sent[words].mean() + 0.001),
                (exchanged * affinity[words, stretch]).sum() / max(exchanged.sum(), 1e-12),
                np.log(span.end - span.start),
            )
        )
    of_pair = (np.log(plan.sum() + 0.001), np.mean([span.score for span in spans]), scale) if spans else ()
    return SpanFeatures(
        np.array([of_pair] * len(spans), dtype=np.float64).reshape(len(spans), len(PAIR_FEATURES)),
        np.array(rows, dtype=np.float64).reshape(len(spans), len(SPAN_FEATURES)),
        is_unspaced_pair(source, target),
    )


def identity() -> dict[str, Any]:
    """What determines the scores, as plain JSON."""
    return {
        name: [[part.intercept, *part.weights] for part in (calibration.pair, calibration.span)]
        for name, calibration in (("spaced", SPACED), ("unspaced", UNSPACED))
    }
