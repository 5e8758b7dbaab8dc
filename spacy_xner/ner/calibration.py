"""Calibration of confidences: the expected calibration error, and temperature scaling."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import XnerError
from ..extras import needs_extra
from .decoding import Constraints, Packed, constrain, log_softmax
from .tags import TagScheme

N_BINS = 10
# Without limits, confidences would go to 1 if all predicted entities of a small set are correct.
TEMPERATURE_RANGE = (0.5, 20.0)
SCALING_NEEDS = "Fitting a temperature (FitTemperature.v1) needs"


def check_scipy() -> None:
    """RAISES: XnerError where scipy is not installed. To be called before a long computation."""
    with needs_extra("train", SCALING_NEEDS):
        import scipy.optimize  # noqa: F401


def expected_calibration_error(confidences: Any, correct: Any, n_bins: int = N_BINS) -> float:
    """The mean difference between confidence and precision, in [0, 1].

    Confidences are sorted into bins of equal width; the error is the mean of |mean confidence - share of correct| over
    the bins, weighted by their sizes (Naeini et al. 2015; Guo et al. 2017, arXiv 1706.04599).

    confidences (array): numbers in [0, 1], (n,).
    correct (array): whether each prediction is correct, bool (n,).
    RAISES: XnerError for empty arrays.
    """
    if not len(confidences):
        raise XnerError("The calibration error needs at least one predicted entity, but there is none.")
    scores, right = np.asarray(confidences, dtype=float), np.asarray(correct, dtype=float)
    bins = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, weights=scores - right, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(scores))


@dataclass(frozen=True)
class Calibration:
    """The temperature that was fitted on development data, and its effect.

    temperature (float): logits are divided by it.
    ece_before, ece_after (float): expected calibration error of entities' confidences, with temperature 1 and with the
        fitted one.
    entities (int): number of predicted entities that they are measured on.
    """

    temperature: float
    ece_before: float
    ece_after: float
    entities: int

    def to_json(self) -> dict[str, Any]:
        """A plain dict, as kept in the component's `cfg`."""
        return asdict(self)


def fit_temperature(
    logits: Sequence[np.ndarray],
    constraints: Sequence[Constraints],
    gold: Sequence[set[tuple[int, int, str]]],
    scheme: TagScheme,
    unlabelled: Sequence[Collection[int]] | None = None,
) -> Calibration | None:
    """The temperature with the lowest log-loss of the confidences of predicted entities.

    Temperature scaling (Guo et al. 2017) with the loss of whole entities, because users see their confidence, not that
    of single tags. The predicted entities do not depend on the temperature.

    logits (Sequence[np.ndarray]): (n_tokens, n_tags) for each doc.
    constraints (Sequence[Constraints]): the constraints of each doc.
    gold (Sequence[set[tuple[int, int, str]]]): start, end and label of each doc's reference entities.
    scheme (TagScheme): the tags of the columns.
    unlabelled (Sequence[Collection[int]] | None): tokens of each doc without annotation; predicted entities that
        contain one are ignored.
    RETURNS: None where no entity is predicted, as in the first steps of training.
    """
    with needs_extra("train", SCALING_NEEDS):
        from scipy.optimize import minimize_scalar

    # Packed once: each temperature changes the scores only, not what is allowed and where the tokens are.
    packed = Packed([np.asarray(doc, dtype=np.float64) for doc in logits], scheme)
    rows = packed.scores
    allowed = Packed(
        [constrain(np.zeros(doc.shape), scheme, limits) for doc, limits in zip(logits, constraints, strict=True)],
        scheme,
    ).scores

    def use(temperature: float) -> None:
        packed.use(log_softmax(rows, temperature) + allowed)

    use(1.0)
    spans = [
        [(start, end, label) for start, end, label in doc if unknown.isdisjoint(range(start, end))]
        for doc, unknown in zip(packed.best_spans(), map(frozenset, unlabelled or [()] * len(logits)), strict=True)
    ]
    correct = np.array([span in right for doc, right in zip(spans, gold, strict=True) for span in doc], dtype=bool)
    if not len(correct):
        return None

    def confidences(temperature: float) -> np.ndarray:
        use(temperature)
        return np.array([entity.confidence for doc in packed.with_confidence(spans) for entity in doc])

    def loss(log_temperature: float) -> float:
        p = np.clip(confidences(float(np.exp(log_temperature))), 1e-6, 1 - 1e-6)
        return -float(np.where(correct, np.log(p), np.log1p(-p)).mean())

    fitted = minimize_scalar(loss, bounds=np.log(TEMPERATURE_RANGE), method="bounded", options={"xatol": 0.01})
    temperature = float(np.exp(fitted.x))
    return Calibration(
        temperature=round(temperature, 4),
        ece_before=round(expected_calibration_error(confidences(1.0), correct), 6),
        ece_after=round(expected_calibration_error(confidences(temperature), correct), 6),
        entities=len(correct),
    )
