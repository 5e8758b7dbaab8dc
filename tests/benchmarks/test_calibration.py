"""The programs that fit scores: their data, the fit, and what --shifted measures."""

from pathlib import Path

import numpy as np
import pytest
from common import Tagged
from logistic_fit import as_code, fit_logistic
from projection_data import CALIBRATION_NAMES, NAMES, Pairs, read_names, shift
from projection_shifted import chance_error

from spacy_xner.alignment.logistic import Logistic

from .conftest import BENCHMARKS


def test_fit_finds_the_coefficients() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 2)) * [1.0, 10.0]
    true = Logistic(0.5, (2.0, -0.1))
    right = (rng.random(len(features)) < true(features)).astype(float)
    found = fit_logistic(features, right, np.ones(len(features)))
    np.testing.assert_allclose([found.intercept, *found.weights], [0.5, 2.0, -0.1], atol=0.1)
    doubled = fit_logistic(np.vstack([features] * 2), np.concatenate([right] * 2), np.full(2 * len(features), 0.5))
    np.testing.assert_allclose(doubled.weights, found.weights, atol=1e-6)
    assert as_code(Logistic(0.5, (2.0, -0.1))) == "Logistic(0.500, (2.000, -0.100))"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf8").splitlines()


def test_scores_are_fitted_on_other_sentences_than_reported() -> None:
    gold, fitted = BENCHMARKS / "gold_projections", BENCHMARKS / "calibration_projections"
    assert not set(lines(gold / "en.txt")) & set(lines(fitted / "en.txt"))
    assert not set(lines(gold / "zh.txt")) & set(lines(fitted / "zh.txt"))
    assert set(CALIBRATION_NAMES) - set(NAMES) == {"es"}


@pytest.mark.parametrize("lang", CALIBRATION_NAMES)
def test_marked_names_are_those_of_the_source(lang: str) -> None:
    sources = read_names("en", 40, "calibration_projections")
    for source, target in zip(sources, read_names(lang, 40, "calibration_projections"), strict=True):
        assert sorted(span.label for span in source.spans) == sorted(span.label for span in target.spans)


def test_shifted_translations() -> None:
    sentences = [Tagged([str(i)], ["O"]) for i in range(9)]
    shifted = shift(Pairs(sentences, sentences, {}))
    assert [s.words for s in shifted.source] == [[str(i)] for i in range(9)]
    assert [int(t.words[0]) for t in shifted.gold] == [7, 8, 0, 1, 2, 3, 4, 5, 6]


def test_error_by_chance() -> None:
    """Scores of 0 and 1 leave nothing to chance; 100 of 0.5 are off by 0.04 on average."""
    assert chance_error(np.array([1.0, 0.0, 1.0])) == 0
    assert chance_error(np.full(100, 0.5), draws=2000) == pytest.approx(0.04, abs=0.005)
