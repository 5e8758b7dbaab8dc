"""The best legal sequence of BILUO tags, and the confidence of its entities, for many docs at once.

A score for each token and tag, and the legal transitions, define a linear-chain distribution over tag sequences.
Viterbi's algorithm finds the best sequence; the forward-backward algorithm gives the probability of each entity, summed
over all sequences that contain it (Lafferty et al. 2001; confidence of fields by constrained forward-backward: Culotta
and McCallum 2004, https://aclanthology.org/N04-4028).

BILUO's transitions need no matrix: after `O`, `L-` and `U-` no entity is open, and `O`, any `B-` or any `U-` follows;
after `B-x` and `I-x` an entity `x` is open, and `I-x` or `L-x` follows. The time of a step is proportional to the
number of tags. The docs' tokens are packed as in torch's `PackedSequence`: docs sorted by length, all first tokens,
then all second ones, so that a step reads a slice, and short docs need no padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .tags import PREFIXES, TagScheme

Scores = np.ndarray  # float64, (n_tokens, n_tags): log-probabilities, -inf where a tag is not allowed
NEVER = -np.inf


class FoundEntity(NamedTuple):
    """Tokens `start` to `end` (exclusive), and the probability that exactly they are an entity of this label."""

    start: int
    end: int
    label: str
    confidence: float


@dataclass(frozen=True)
class Constraints:
    """Constraints on the entities of a doc; arrays of bool, (n_tokens,).

    outside (np.ndarray): tokens that must be `O`, such as those of entities that are kept.
    no_edge (np.ndarray): tokens that can be neither the first nor the last of an entity, such as white space.
    no_inside (np.ndarray): tokens that can only be the first of an entity, such as the first of a sentence.
    """

    outside: np.ndarray
    no_edge: np.ndarray
    no_inside: np.ndarray

    @classmethod
    def none(cls, n_tokens: int) -> "Constraints":
        """No constraint."""
        return cls(*np.zeros((3, n_tokens), dtype=bool))


def log_softmax(logits: np.ndarray, temperature: float = 1.0) -> Scores:
    """Log-probabilities of each row, of logits divided by the temperature."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))


def constrain(scores: Scores, scheme: TagScheme, constraints: Constraints) -> Scores:
    """A copy of the scores with -inf for the tags that the constraints rule out."""
    begin, inside, last, unit = (scheme.columns(prefix) for prefix in "BILU")
    scores = scores.copy()
    no_edge = constraints.no_edge | constraints.outside
    no_inside = constraints.no_inside | constraints.outside
    scores[np.ix_(no_edge, np.concatenate([begin, last, unit]))] = NEVER
    scores[np.ix_(no_inside, np.concatenate([inside, last]))] = NEVER
    return scores


def decode(docs: Sequence[Scores], scheme: TagScheme) -> list[list[FoundEntity]]:
    """The entities of each doc's most probable legal tag sequence, in order, with their probabilities.

    docs (Sequence[Scores]): (n_tokens, n_tags) each. `O` must be allowed everywhere.
    """
    packed = Packed(docs, scheme)
    return packed.with_confidence(packed.best_spans())


def score_spans(
    docs: Sequence[Scores], spans: Sequence[Sequence[tuple[int, int, str]]], scheme: TagScheme
) -> list[list[FoundEntity]]:
    """The probabilities of given entities, which need not be in the best sequence."""
    return Packed(docs, scheme).with_confidence(spans)


def read_spans(path: np.ndarray, scheme: TagScheme) -> list[tuple[int, int, str]]:
    """The entities that a legal sequence of tag columns stands for."""
    spans = []
    start = 0
    for i in np.flatnonzero(path):
        label, position = divmod(int(path[i]) - 1, 4)
        if position in (0, 3):
            start = int(i)
        if position in (2, 3):
            spans.append((start, int(i) + 1, scheme.labels[label]))
    return spans


class Packed:
    """Docs that are decoded together."""

    def __init__(self, docs: Sequence[Scores], scheme: TagScheme) -> None:
        lengths = np.array([len(doc) for doc in docs], dtype=int)
        self.scheme = scheme
        self.lengths = lengths
        self.order = np.argsort(-lengths, kind="stable")
        longest = int(lengths.max(initial=0))
        # number of docs with a token at each position, and the first row of the position
        self.active = len(docs) - np.searchsorted(np.sort(lengths), np.arange(longest), side="right")
        self.starts = np.concatenate([[0], np.cumsum(self.active)])
        self.rank = np.empty(len(docs), dtype=int)
        self.rank[self.order] = np.arange(len(docs))
        flat = np.concatenate([*docs, np.empty((0, len(scheme)))])
        self.rows = [self.starts[: lengths[i]] + self.rank[i] for i in range(len(docs))]
        scores = np.empty_like(flat)
        if len(flat):
            scores[np.concatenate(self.rows)] = flat
        self.use(scores)

    def use(self, scores: Scores) -> None:
        """Replace the scores of all tokens, (n_rows, n_tags), in the order of `scores`."""
        self.scores = scores
        self.outside = self.scores[:, 0]
        # (n_rows, n_labels) each
        self.begin, self.inside, self.last, self.unit = (self.scores[:, 1 + i :: len(PREFIXES)] for i in range(4))

    def unpack(self, values: np.ndarray) -> list[np.ndarray]:
        """The rows of each doc."""
        return [values[rows] for rows in self.rows]

    def at(self, t: int) -> slice:
        """The rows of all tokens at a position."""
        return slice(self.starts[t], self.starts[t + 1])

    def backward(self, add: Any) -> tuple[np.ndarray, np.ndarray]:
        """For each token, the log-weight of all continuations: with no open entity, and with an open one by label.

        add (np.ufunc): `np.logaddexp` for sums of probabilities, `np.maximum` for the best continuation.
        RETURNS: float64, (n_rows,) and (n_rows, n_labels).
        """
        closed = np.zeros(len(self.scores))
        opened = np.full(self.begin.shape, NEVER)
        for t in range(len(self.active) - 2, -1, -1):
            after = self.at(t + 1)
            here = slice(self.starts[t], self.starts[t] + self.active[t + 1])  # docs that end at t keep 0 and -inf
            closed[here], opened[here] = self.before(after, closed[after], opened[after], add)
        return closed, opened

    def before(self, rows: slice, closed: np.ndarray, opened: np.ndarray, add: Any) -> tuple[np.ndarray, np.ndarray]:
        """The weights before some tokens, given those after them."""
        starts = add(self.unit[rows] + closed[:, None], self.begin[rows] + opened)
        before_closed = add.reduce(starts, axis=1, initial=NEVER)
        before_closed = add(before_closed, self.outside[rows] + closed)
        before_opened = add(self.inside[rows] + opened, self.last[rows] + closed[:, None])
        return before_closed, before_opened

    def forward(self) -> np.ndarray:
        """For each token, the log-sum over all sequences up to it that end with no open entity: float64, (n_rows,)."""
        closed = np.zeros(len(self.scores))
        opened = np.full(self.begin.shape, NEVER)
        for t in range(len(self.active)):
            here = self.at(t)
            if t:
                before = slice(self.starts[t - 1], self.starts[t - 1] + self.active[t])
                was_closed, was_opened = closed[before], opened[before]
            else:
                was_closed, was_opened = np.zeros(self.active[0]), np.full((self.active[0], self.begin.shape[1]), NEVER)
            ends = np.logaddexp(was_opened + self.last[here], was_closed[:, None] + self.unit[here])
            total = np.logaddexp.reduce(ends, axis=1, initial=NEVER)
            closed[here] = np.logaddexp(total, was_closed + self.outside[here])
            opened[here] = np.logaddexp(was_opened + self.inside[here], was_closed[:, None] + self.begin[here])
        return closed

    def best_tags(self) -> np.ndarray:
        """The column of each token's tag in the best sequence (Viterbi): int, (n_rows,).

        The best tag is found from the first token to the last, with the weights of the best continuations.
        """
        closed, opened = self.backward(np.maximum)
        n_labels = self.begin.shape[1]
        tags = np.zeros(len(self.scores), dtype=int)
        if not n_labels:
            return tags
        entity = np.full(len(self.rank), -1)  # the open entity's label, -1 for none
        for t in range(len(self.active)):
            here, n = self.at(t), self.active[t]
            label = entity[:n]
            free = label < 0
            rows = np.arange(n)
            after = closed[here]
            options = np.concatenate(
                [
                    (self.outside[here] + after)[:, None],
                    self.begin[here] + opened[here],
                    self.unit[here] + after[:, None],
                ],
                axis=1,
            )
            choice = options.argmax(axis=1)  # the first of equals: O
            which = (choice - 1) % n_labels
            continues = (self.inside[here] + opened[here])[rows, label] > (self.last[here][rows, label] + after)
            started = free & (choice > 0) & (choice <= n_labels)
            tags[here] = np.select(
                [free & (choice == 0), started, free, continues],
                [0, 1 + 4 * which, 4 + 4 * which, 2 + 4 * label],
                3 + 4 * label,
            )
            entity[:n] = np.where(started, which, np.where(~free & continues, label, -1))
        return tags

    def best_spans(self) -> list[list[tuple[int, int, str]]]:
        """The entities of each doc's best sequence."""
        return [read_spans(path, self.scheme) for path in self.unpack(self.best_tags())]

    def with_confidence(self, spans: Sequence[Sequence[tuple[int, int, str]]]) -> list[list[FoundEntity]]:
        """Spans with the sum of the probabilities of all sequences that contain them."""
        if not any(spans):
            return [[] for _ in spans]
        forward = self.forward()
        after, _ = self.backward(np.logaddexp)
        found = []
        for of_doc, rows in zip(spans, self.rows, strict=True):
            entities = []
            for start, end, label in of_doc:
                tags = self.scheme.span_tags(end - start, label)
                weight = self.scores[rows[start:end], tags].sum() + after[rows[end - 1]] - forward[rows[-1]]
                weight += forward[rows[start - 1]] if start else 0.0
                entities.append(FoundEntity(start, end, label, float(np.exp(min(weight, 0.0)))))
            found.append(entities)
        return found
