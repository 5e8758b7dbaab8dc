"""The three methods against the package's own functions, ties included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from simalign import SentenceAligner

from spacy_xner.alignment.matching import inter, itermax, match, mwmf
from spacy_xner.errors import XnerError

# Few values, so that there are many ties, and those that differ least in float32.
VALUES = st.sampled_from([0.0, 0.25, 0.5, 0.7, np.nextafter(np.float32(0.7), np.float32(1)), 0.9 * 0.7, 0.9, 1.0])
MATRICES = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=VALUES.map(np.float32))


@given(MATRICES)
def test_inter_is_the_packages(similarity: np.ndarray) -> None:
    forward, backward = SentenceAligner.get_alignment_matrix(similarity)
    assert np.array_equal(inter(similarity), forward * backward > 0)


@settings(max_examples=500)
@given(MATRICES)
def test_itermax_is_the_packages(similarity: np.ndarray) -> None:
    assert np.array_equal(itermax(similarity), SentenceAligner.iter_max(similarity) > 0)


@given(MATRICES)
def test_mwmf_is_the_packages(similarity: np.ndarray) -> None:
    assert np.array_equal(mwmf(similarity), SentenceAligner.get_max_weight_match(similarity) > 0)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2), (3, 3), (40, 25)])
def test_itermax_on_random_matrices(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        similarity = generator.random(shape, dtype=np.float32)
        assert np.array_equal(itermax(similarity), SentenceAligner.iter_max(similarity) > 0)


@pytest.mark.parametrize("method", ["inter", "itermax", "mwmf"])
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_side(method: str, shape: tuple[int, int]) -> None:
    assert match(np.zeros(shape, dtype=np.float32), method).shape == shape


def test_unknown_method() -> None:
    with pytest.raises(XnerError, match="Unknown alignment method 'best': expected one of inter, itermax, mwmf"):
        match(np.zeros((1, 1)), "best")
