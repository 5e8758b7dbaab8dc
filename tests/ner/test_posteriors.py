"""Span posteriors compared with the definition: sums over all legal tag sequences, listed one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xner.ner.decoding import Constraints, constrain
from spacy_xner.ner.posteriors import span_posteriors

from .test_decoding import SCHEME, by_listing, random_constraints, random_scores


@given(seed=st.integers(0, 10_000), lengths=st.lists(st.integers(0, 4), min_size=1, max_size=4), limited=st.booleans())
@settings(max_examples=20, deadline=None)
def test_all_spans_of_all_labels(seed: int, lengths: list[int], limited: bool) -> None:
    """With a temperature, with and without constraints, docs of different length together, an empty one among them."""
    logits = [2.0 * random_scores(seed + i, n) for i, n in enumerate(lengths)]
    limits = [random_constraints(seed + i, n) if limited else Constraints.none(n) for i, n in enumerate(lengths)]
    for doc, limit, found in zip(logits, limits, span_posteriors(logits, limits, SCHEME, 2.0), strict=True):
        _, expected = by_listing(constrain(doc / 2.0, SCHEME, limit), SCHEME)
        tokens = np.arange(len(doc))
        for label in SCHEME.labels:
            listed = [[expected.get((int(a), int(b) + 1, label), 0.0) for b in tokens] for a in tokens]
            assert found.of(label, tokens, tokens) == pytest.approx(
                np.array(listed).reshape(len(doc), len(doc)), abs=1e-9
            )


def test_some_spans() -> None:
    """Rows are first tokens and columns last ones, in the order in which they are asked for."""
    logits = [random_scores(1, 6)]
    (found,) = span_posteriors(logits, [Constraints.none(6)], SCHEME, 1.0)
    every = found.of("LOC", np.arange(6), np.arange(6))
    some = found.of("LOC", np.array([4, 0]), np.array([5, 2, 3]))
    assert some == pytest.approx(every[np.ix_([4, 0], [5, 2, 3])])
    assert (some[0, 1:] == 0).all()


def test_long_docs() -> None:
    """The probabilities of a token's entities add up to that of the token not to be outside, in a long doc too."""
    logits = [random_scores(2, 300, scale=4.0)]
    (found,) = span_posteriors(logits, [Constraints.none(300)], SCHEME, 1.0)
    tokens = np.arange(300)
    inside = sum(found.of(label, tokens[:151], tokens[150:]).sum() for label in SCHEME.labels)
    outside = np.exp(found.before[150] + found.scores[150, 0] + found.after[150])
    assert inside + outside == pytest.approx(1)
