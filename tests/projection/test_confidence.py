"""Scores of projected spans: probabilities, low for wrong translations, with one default of the least score."""

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from spacy.tokens import Doc

from spacy_xner.adapt.settings import Settings
from spacy_xner.alignment.affinity import PairAffinity
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.logistic import Logistic
from spacy_xner.alignment.transport_alignment import TransportAlignment
from spacy_xner.alignment.word_kinds import is_unspaced_pair
from spacy_xner.cli.options import DEFAULT_MIN_SCORE as DEFAULT_OF_COMMANDS
from spacy_xner.corpus.convert import convert_files
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.projection import Projection, SourceSpan, SpanProjector
from spacy_xner.projection.component import DEFAULT_CONFIG
from spacy_xner.projection.confidence import DEFAULT_MIN_SCORE, SPACED, SpanCalibration
from spacy_xner.projection.transport_projection import TransportProjection

from .util import source_doc

GOLD = Path(__file__).parents[2] / "benchmarks" / "gold_projections"
N_SENTENCES = 16


def read_gold(lang: str) -> list[Doc]:
    return list(islice(convert_files([GOLD / f"{lang}.txt"], lang, Counter()), N_SENTENCES))


@pytest.fixture(scope="module")
def projector(embedded_encoder: Path) -> SpanProjector:
    return SpanProjector(EmbeddingAligner(str(embedded_encoder)), min_score=0)


def scores_of(found: list[Projection]) -> list[float]:
    return [span.score for projection in found for span in projection.spans]


@pytest.mark.parametrize(("lang", "least_f1", "least_mean"), [("de", 90, 0.9), ("zh", 65, 0.65)])
def test_wrong_translations_score_low(projector: SpanProjector, lang: str, least_f1: float, least_mean: float) -> None:
    sources, targets = read_gold("en"), read_gold(lang)
    pairs = [*zip(sources, targets, strict=True), *zip(sources, targets[7:] + targets[:7], strict=True)]
    every = list(projector.project(pairs))
    found, wrong = every[:N_SENTENCES], np.array(scores_of(every[N_SENTENCES:]))
    n_right = n_low = 0
    for projection, target in zip(found, targets, strict=True):
        gold = {(entity.start, entity.end, entity.label_) for entity in target.ents}
        right = [span for span in projection.spans if (span.start, span.end, span.label) in gold]
        n_right += len(right)
        n_low += sum(span.score < DEFAULT_MIN_SCORE for span in right)
    n_gold = sum(len(target.ents) for target in targets)
    assert 200 * n_right / (n_gold + len(scores_of(found))) >= least_f1
    assert n_low <= 1
    assert np.mean(scores_of(found)) >= least_mean
    assert len(wrong) > 20
    assert (wrong < DEFAULT_MIN_SCORE).mean() > 0.8
    assert wrong.mean() < 0.15


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("アンゲラ・メルケルは月曜日にニューヨークを訪れた。", ["アンゲラ・メルケル", "ニューヨーク"]),
        ("อังเกลา แมร์เคิล เดินทางไปนิวยอร์กในวันจันทร์", ["อังเกลา แมร์เคิล", "นิวยอร์ก"]),
        ("安格拉 默克尔 访问 纽约", ["安格拉 默克尔", "纽约"]),  # with white space between unspaced words
    ],
)
def test_scripts_without_spaces(projector: SpanProjector, text: str, expected: list[str]) -> None:
    target = multilingual_blank()(text)
    found = projector(source_doc(), target)
    assert [target[span.start : span.end].text for span in found.spans] == expected
    assert all(0.5 < span.score < 1 for span in found.spans)


def test_text_that_is_no_translation(projector: SpanProjector) -> None:
    """Not even in an alphabet that the names are written in."""
    for text in ("Der Bäcker verkauft frisches Brot.", "面包师每天早上卖新鲜的面包。", "😀", "א"):
        scores = scores_of([projector(source_doc(), multilingual_blank()(text))])
        assert all(0 < score < DEFAULT_MIN_SCORE for score in scores), text


def project(affinity: list[list[float]], unspaced: bool = False) -> list[float]:
    """The scores of a span of each word."""
    alignment = TransportAlignment(PairAffinity.of_words(np.array(affinity, dtype=np.float32)))
    n_source, n_target = alignment.affinities.words.shape
    target = ["字" if unspaced else "w"] * n_target
    spans = [SourceSpan(i, i + 1, "A") for i in range(n_source)]
    return scores_of([TransportProjection().project(spans, ["v"] * n_source, target, alignment)])


def test_an_affinity_far_below_that_of_the_bins() -> None:
    """Nearly no mass moves: that all of it goes to one word says nothing. (The F1 under the plan is 0.9999.)"""
    assert max(project([[0.02, -0.5, -0.5], [-0.5, 0.02, -0.5], [-0.5, -0.5, 0.02]])) < 0.01
    assert min(project([[0.9, -0.5, -0.5], [-0.5, 0.9, -0.5], [-0.5, -0.5, 0.9]])) > 0.9


def test_a_second_place_that_is_as_good_lowers_the_score() -> None:
    clear = project([[0.9, -0.5, -0.5], [-0.5, 0.9, -0.5]])
    doubtful = project([[0.9, -0.5, 0.89], [-0.5, 0.9, -0.5]])
    assert doubtful[0] < clear[0]


def test_scripts_have_scores_of_their_own() -> None:
    affinity = [[0.15, -0.5, -0.5], [-0.5, 0.15, -0.5], [-0.5, -0.5, 0.15]]
    assert min(project(affinity, unspaced=True)) > max(project(affinity))
    assert is_unspaced_pair(["a"], list("東京"))
    assert not is_unspaced_pair(["a", "b"], ["Tokyo", "東", "or", "so"])
    assert not is_unspaced_pair([], [])


def test_a_logistic_regression() -> None:
    found = Logistic(1.0, (2.0, -1.0))(np.array([[0.0, 1.0], [1.0, 0.0], [1000.0, 0.0]]))
    np.testing.assert_allclose(found, [0.5, 1 / (1 + np.exp(-3)), 1 - 1e-6])


def test_one_default_everywhere() -> None:
    found = {DEFAULT_OF_COMMANDS, DEFAULT_CONFIG["min_score"], Settings("en", ("de",)).min_score}
    assert found == {DEFAULT_MIN_SCORE} == {SpanProjector().min_score}


def test_provenance_has_the_coefficients(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results with other scores are not taken for those of an interrupted run."""
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 1))
    before = projector.identity
    other = SpanCalibration(pair=Logistic(0.0, SPACED.pair.weights), span=SPACED.span)
    monkeypatch.setattr("spacy_xner.projection.confidence.SPACED", other)
    assert projector.identity["scores"] != before["scores"]
    assert {**projector.identity, "scores": None} == {**before, "scores": None}
