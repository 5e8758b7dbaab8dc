"""The probability of any stretch of tokens to be an entity of a label, whether or not the recogniser predicts it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .decoding import Constraints, Packed, constrain, log_softmax
from .tags import PREFIXES, TagScheme

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SpanPosteriors:
    """The probabilities of all spans of a doc, under the distribution over tag sequences of `decoding`.

    The probability of a span is the sum of those of all sequences that contain it. It is computed when it is asked for:
    a doc of n tokens has n * (n + 1) / 2 spans for each label.

    scores (Floats): (n_tokens, n_tags), log-probabilities, -inf where a tag is not allowed.
    before (Floats): (n_tokens,), log-sum over all sequences of the tokens before each token that end with no open
        entity, less the log-sum over all sequences of the doc.
    after (Floats): (n_tokens,), log-sum over all sequences of the tokens after each token, with no entity open there.
    """

    scheme: TagScheme
    scores: Floats
    before: Floats
    after: Floats

    def of(self, label: str, firsts: Integers, lasts: Integers) -> Floats:
        """The probabilities of the spans from each of the `firsts` to each of the `lasts`, both included.

        label (str): one of the scheme's labels.
        firsts (Integers), lasts (Integers): (n_firsts,) and (n_lasts,), tokens of the doc.
        RETURNS: float64, (n_firsts, n_lasts); 0 where the last token is before the first one.
        """
        column = self.scheme.index[f"{PREFIXES[0]}-{label}"]
        begin, inside, last, unit = self.scores[:, column : column + len(PREFIXES)].T
        # Sums over the tokens between both ends. The -inf are counted apart: their differences would be nan.
        finite = np.isfinite(inside)
        sums = np.append(0.0, np.where(finite, inside, 0.0).cumsum())
        n_ruled_out = np.append(0, (~finite).cumsum())
        rows, columns = firsts[:, None], lasts[None, :]
        between = sums[columns] - sums[rows + 1]
        between[n_ruled_out[columns] > n_ruled_out[rows + 1]] = -np.inf
        weight = np.where(rows == columns, unit[rows], begin[rows] + between + last[columns])
        weight += self.before[rows] + self.after[columns]
        return np.where(rows > columns, 0.0, np.exp(np.minimum(weight, 0.0)))


def span_posteriors(
    logits: Sequence[np.ndarray], limits: Sequence[Constraints], scheme: TagScheme, temperature: float
) -> list[SpanPosteriors]:
    """The probabilities of the spans of each doc; the arguments are those of `find_entities`."""
    scores = [
        constrain(log_softmax(array, temperature), scheme, limit) for array, limit in zip(logits, limits, strict=True)
    ]
    packed = Packed(scores, scheme)
    closed = packed.unpack(packed.forward())
    after = packed.unpack(packed.backward(np.logaddexp)[0])
    found = []
    for of_doc, through, following in zip(scores, closed, after, strict=True):
        before = np.append(0.0, through)[:-1] - through[-1] if len(through) else through
        found.append(SpanPosteriors(scheme, of_doc, before, following))
    return found
