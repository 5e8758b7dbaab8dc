"""Decoding compared with the definition: all legal tag sequences, listed one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xner.ner.decoding import Constraints, constrain, decode, log_softmax, read_spans, score_spans
from spacy_xner.ner.tags import TagScheme

SCHEME = TagScheme(["PER", "LOC"])


def is_legal(path: tuple[int, ...], scheme: TagScheme) -> bool:
    """The rules of BILUO."""
    opened = None
    for column in path:
        prefix, _, label = scheme.tags[column].partition("-")
        if opened is None and prefix in "IL":
            return False
        if opened is not None and (prefix not in "IL" or label != opened):
            return False
        if prefix == "B":
            opened = label
        elif prefix == "L":
            opened = None
    return opened is None


def by_listing(scores: np.ndarray, scheme: TagScheme) -> tuple[float, dict[tuple[int, int, str], float]]:
    """Log-weight of the best legal sequence, and the probability of each span in any legal sequence."""
    best, total = -np.inf, 0.0
    spans: dict[tuple[int, int, str], float] = {}
    for path in itertools.product(range(len(scheme)), repeat=len(scores)):
        if not is_legal(path, scheme):
            continue
        weight = float(sum(scores[i, column] for i, column in enumerate(path)))
        best = max(best, weight)
        total += np.exp(weight)
        for span in read_spans(np.array(path), scheme):
            spans[span] = spans.get(span, 0.0) + np.exp(weight)
    return best, {span: weight / total for span, weight in spans.items()}


def random_scores(seed: int, n_tokens: int, scheme: TagScheme = SCHEME, scale: float = 2.0) -> np.ndarray:
    return log_softmax(np.random.default_rng(seed).normal(size=(n_tokens, len(scheme)), scale=scale))


def random_constraints(seed: int, n_tokens: int) -> Constraints:
    return Constraints(*(np.random.default_rng(seed).random((3, n_tokens)) < 0.3))


@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    constrained=st.booleans(),
    n_labels=st.integers(1, 2),
)
@settings(max_examples=25, deadline=None)
def test_best_sequence_and_probabilities(seed: int, lengths: list[int], constrained: bool, n_labels: int) -> None:
    scheme = TagScheme(SCHEME.labels[:n_labels])
    docs = [random_scores(seed + i, n, scheme) for i, n in enumerate(lengths)]
    if constrained:
        docs = [constrain(doc, scheme, random_constraints(seed + i, len(doc))) for i, doc in enumerate(docs)]
    found = decode(docs, scheme)
    for doc, entities in zip(docs, found, strict=True):
        best, spans = by_listing(doc, scheme)
        path = np.zeros(len(doc), dtype=int)
        for start, end, label, confidence in entities:
            path[start:end] = scheme.span_tags(end - start, label)
            assert confidence == pytest.approx(spans[start, end, label], abs=1e-9)
        assert doc[np.arange(len(doc)), path].sum() == pytest.approx(best)
    every = [list(by_listing(doc, scheme)[1].items()) for doc in docs]
    scored = score_spans(docs, [[span for span, _ in spans] for spans in every], scheme)
    for probabilities, entities in zip(every, scored, strict=True):
        assert [entity.confidence for entity in entities] == pytest.approx([p for _, p in probabilities], abs=1e-9)


def test_by_hand() -> None:
    """Two tokens, one label: the legal sequences are O O, O U, U O, U U and B L."""
    scheme = TagScheme(["X"])
    #                 O    B    I    L    U
    p = np.array([[0.5, 0.3, 0.1, 0.0, 0.1], [0.4, 0.1, 0.0, 0.4, 0.1]])
    with np.errstate(divide="ignore"):
        (entities,) = decode([np.log(p)], scheme)
        ((whole,),) = score_spans([np.log(p)], [[(0, 2, "X")]], scheme)
    assert entities == []  # O O: 0.20 is more than B L: 0.12
    assert whole.confidence == pytest.approx(0.12 / (0.5 * 0.4 + 0.5 * 0.1 + 0.1 * 0.4 + 0.1 * 0.1 + 0.3 * 0.4))


def test_docs_do_not_disturb_each_other() -> None:
    docs = [random_scores(i, n) for i, n in enumerate([7, 0, 30, 1, 7, 12])]
    assert decode(docs, SCHEME) == [entities for doc in docs for entities in decode([doc], SCHEME)]


def test_a_long_doc() -> None:
    """Ten thousand tokens: no underflow, no overflow, and spans that are legal."""
    (entities,) = decode([random_scores(0, 10_000, scale=8.0)], SCHEME)
    assert len(entities) > 100
    assert all(0.0 < entity.confidence <= 1.0 for entity in entities)
    assert all(first.end <= second.start for first, second in itertools.pairwise(entities))


def test_nothing_to_decode() -> None:
    assert decode([], SCHEME) == []
    assert decode([np.empty((0, len(SCHEME)))], SCHEME) == [[]]
    assert decode([np.zeros((3, 1))], TagScheme([])) == [[]]


def test_the_temperature_does_not_change_the_entities() -> None:
    logits = [np.random.default_rng(i).normal(size=(20, len(SCHEME)), scale=3.0) for i in range(5)]
    cold, warm = ([decode([log_softmax(doc, t)], SCHEME)[0] for doc in logits] for t in (0.5, 4.0))
    assert [[e[:3] for e in doc] for doc in cold] == [[e[:3] for e in doc] for doc in warm]
    mean = [np.mean([e.confidence for doc in docs for e in doc]) for docs in (cold, warm)]
    assert mean[0] > mean[1]


def test_encode() -> None:
    assert SCHEME.encode(["O", None, "-", "U-LOC", "B-PER", "L-PER"]).tolist() == [0, -1, -1, 8, 1, 3]
    assert SCHEME.tags[:5] == ("O", "B-PER", "I-PER", "L-PER", "U-PER")
    with pytest.raises(ValueError, match=r"'U-ORG', but the component 'xner' has the labels PER, LOC\. Add the label"):
        SCHEME.encode(["U-ORG"])
