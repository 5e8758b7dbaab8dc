"""Precision, recall and F1, compared with counts by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.reader import make_example
from spacy_xner.errors import XnerError
from spacy_xner.scoring.details import Details
from spacy_xner.scoring.entities import Counts
from spacy_xner.scoring.scores import evaluate_pipeline, read_scores, write_scores

from ..experiments.records_util import finder, labelled


def scores_of(found: dict[str, str], *references: Doc, **settings: Any) -> dict[str, Any]:
    return evaluate_pipeline(finder(**found), references, **settings)


def rounded(scores: Any) -> Any:
    """Nested scores with six digits: the JSON has ten."""
    if isinstance(scores, dict):
        return {key: rounded(value) for key, value in scores.items()}
    return round(scores, 6) if isinstance(scores, float) else scores


def prf(row: dict[str, Any]) -> tuple[float, ...]:
    return tuple(round(row[key], 6) for key in "prf")


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    """Predicted: Ada PER, Rome LOC, Turin LOC, Acme PER, in the languages en (source), de, fr."""
    return scores_of(
        {"Ada": "PER", "Rome": "LOC", "Turin": "LOC", "Acme": "PER"},
        labelled("[Ada](PER) left [Rome](LOC) .", "en"),
        labelled("[Acme](ORG) und Ada", "de"),  # Acme has the wrong label, Ada is none
        labelled("[Ada](PER) in [Rome Turin](LOC)", "de"),  # right; then two wrong boundaries for one place
        labelled("[Bo](PER) à [Turin](LOC)", "fr"),  # Bo is not found
        labelled("rien ici", "fr"),
    )


def test_each_language(scores: dict[str, Any]) -> None:
    en, de, fr = (scores["languages"][lang] for lang in ("en", "de", "fr"))
    assert prf(en) == (1, 1, 1)
    # Found in German: Acme PER, Ada PER, Ada PER, Rome LOC, Turin LOC; right is one of them, of three to find.
    assert prf(de) == (1 / 5, round(1 / 3, 6), round(2 / 8, 6))
    assert prf(fr) == (1, 1 / 2, round(2 / 3, 6))
    assert [(row["docs"], row["entities"]) for row in (en, de, fr)] == [(1, 2), (2, 3), (2, 2)]


def test_each_label(scores: dict[str, Any]) -> None:
    labels = scores["languages"]["de"]["labels"]
    assert list(labels) == ["LOC", "ORG", "PER"]
    assert prf(labels["PER"]) == (round(1 / 3, 6), 1, 0.5)
    assert prf(labels["LOC"]) == (0, 0, 0)
    assert prf(labels["ORG"]) == (0, 0, 0)
    assert [labels[label]["entities"] for label in labels] == [1, 1, 1]


def test_mean_over_the_targets_alone(scores: dict[str, Any]) -> None:
    assert (scores["source"], scores["targets"]) == ("en", ["de", "fr"])
    assert list(scores["languages"]) == ["en", "de", "fr"]  # the source first, then by code
    for key in "prf":
        mean = (scores["languages"]["de"][key] + scores["languages"]["fr"][key]) / 2
        assert scores[f"macro_{key}"] == pytest.approx(mean)


def test_another_source() -> None:
    docs = [labelled("[Ada](PER)", "de"), labelled("[Bo](PER)", "en")]
    scores = scores_of({"Ada": "PER"}, *docs, source="de")
    assert (scores["targets"], scores["macro_f"]) == (["en"], 0.0)
    assert list(scores["languages"]) == ["de", "en"]


def test_without_the_source_language_all_are_targets() -> None:
    scores = scores_of({"Ada": "PER"}, labelled("[Ada](PER)", "fr"), labelled("[Bo](PER)", "de"))
    assert scores["targets"] == ["de", "fr"]
    assert scores["macro_f"] == pytest.approx(0.5)


def test_without_targets_there_is_no_mean() -> None:
    scores = scores_of({"Ada": "PER"}, labelled("[Ada](PER)", "en"))
    assert scores["targets"] == []
    assert [scores[f"macro_{key}"] for key in "prf"] == [None, None, None]


@pytest.mark.parametrize("found", [{}, {"Ada": "PER"}], ids=["none found", "some found"])
def test_no_entities_to_find(found: dict[str, str]) -> None:
    """Without entities, scores are zero, and nothing is divided by zero."""
    row = scores_of(found, labelled("Ada sings .", "de"))["languages"]["de"]
    assert (prf(row), row["entities"], row["docs"]) == ((0, 0, 0), 0, 1)
    assert list(row["labels"]) == list(found.values())


def test_a_language_without_entities_is_not_in_the_mean() -> None:
    docs = [labelled("[Ada](PER)", "de"), labelled("[Bo](PER) [Ada](PER)", "fr"), labelled("Ada", "es")]
    scores = scores_of({"Ada": "PER"}, *docs)
    assert (scores["targets"], scores["without_entities"]) == (["de", "es", "fr"], ["es"])
    assert scores["macro_f"] == pytest.approx((1 + 2 / 3) / 2)
    assert [scores[f"macro_{key}"] for key in "pr"] == [1.0, 0.75]
    assert scores["macro_f_low"] <= scores["macro_f"] <= scores["macro_f_high"]
    none = scores_of({"Ada": "PER"}, labelled("Ada", "es"))
    assert [none[key] for key in ("without_entities", "macro_f", "macro_f_low")] == [["es"], None, None]


def test_awkward_texts() -> None:
    """Emoji, right-to-left, no spaces between words, one token, ten thousand of them."""
    docs = [
        labelled("😀[Ada](PER)😀", "de"),
        labelled("[שלום](PER) עולם", "he"),
        labelled("在[东京](LOC)说", "zh"),
        labelled("[Ada](PER)", "de"),
        labelled("x " * 9_999 + "[Ada](PER)", "de"),
    ]
    scores = scores_of({"Ada": "PER", "שלום": "PER", "东京": "LOC"}, *docs)
    assert scores["macro_f"] == pytest.approx(1.0)
    assert [row["entities"] for row in scores["languages"].values()] == [3, 1, 1]


def test_words_that_the_reference_tokenizes_differently() -> None:
    """A reference with tokens of its own is compared by characters."""
    nlp = finder(Trump="PER")
    reference = Doc(nlp.vocab, words=["anti", "Trump", "isch"], spaces=[False, False, False], ents=["O", "B-PER", "O"])
    reference._.xner_meta = {"lang": "de"}
    row = evaluate_pipeline(nlp, [reference])["languages"]["de"]
    assert (prf(row), row["entities"]) == ((0, 0, 0), 1)
    row = evaluate_pipeline(finder(antiTrumpisch="PER"), [reference])["languages"]["de"]
    assert prf(row) == (0, 0, 0)


def test_a_doc_without_language() -> None:
    with pytest.raises(XnerError, match=r"A doc has no language: 'Ada sings'.*--lang CODE"):
        scores_of({}, labelled("[Bo](PER)", "de"), labelled("[Ada](PER) sings", None))


def test_no_docs() -> None:
    with pytest.raises(XnerError, match="no docs to evaluate on"):
        scores_of({})


@given(*[st.sets(st.integers(0, 8))] * 2)
def test_counts(predicted: set[int], reference: set[int]) -> None:
    """Scores are in [0, 1], F1 lies between P and R, and all are 1 only where both sides agree."""
    counts = Counts()
    counts.add(predicted, reference)
    row = counts.scores()
    assert row["entities"] == len(reference)
    assert 0 <= min(row["p"], row["r"]) <= row["f"] + 1e-9 <= max(row["p"], row["r"]) + 2e-9 <= 1 + 2e-9
    assert (row["f"] > 1 - 1e-9) == (predicted == reference != set())


def test_json_round_trip(scores: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "metrics/new/scores.json"
    for written in (scores, scores_of({}, labelled("[Ada](PER)", "en"))):
        write_scores(path, written)
        assert rounded(read_scores(path)) == rounded(written)
        assert list(read_scores(path)["languages"]) == list(written["languages"])  # their order is the table's
    assert [file.name for file in path.parent.iterdir()] == ["scores.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no scores to read"),
        ('{"languages": {', "no scores to read"),
        ("", "no scores to read"),
        ('["languages"]', "found no `languages` in it"),
        ('{"ents_f": 0.5}', "found no `languages` in it"),
    ],
)
def test_files_that_hold_no_scores(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "scores.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(XnerError, match=rf"scores\.json: {message}.*`xner evaluate` writes"):
        read_scores(path)


ROW = {"docs": 1, "p": 0.5, "r": 0.5, "f": 0.5, "entities": 2}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": None}, "`targets` is None, expected a list"),
        ({"targets": ["fr"]}, "`languages` lacks fr, expected each language of `targets`"),
        ({"source": 3}, "`source` is 3, expected a text"),
        ({"languages": []}, r"`languages` is \[\], expected an object"),
        ({"languages": {"de": {**ROW, "f": "0.5"}}}, "`languages.de.f` is '0.5', expected a number not below 0"),
        ({"languages": {"de": {"f": 0.5}}}, "`languages.de.docs` is missing"),
        ({"languages": {"de": {**ROW, "f_low": "x"}}}, "`languages.de.f_low` is 'x', expected a number"),
        ({"languages": {"de": None}}, "`languages.de` is None, expected an object"),
        ({"ece": True}, "`ece` is True, expected a number"),
    ],
)
def test_scores_of_another_structure_are_an_error_with_the_key(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    scores = {"source": "en", "targets": ["de"], "macro_f": 0.5, "languages": {"de": ROW}}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(scores))
    assert read_scores(path) == scores  # as an earlier version wrote them
    path.write_text(json.dumps({**scores, **changes}))
    with pytest.raises(XnerError, match=rf"scores\.json: {message}"):
        read_scores(path)


def test_intervals_by_hand() -> None:
    """Half of 40 sentences have their one entity found, and none is wrong: F1 is 2x/(1+x) for the share x of them."""
    docs = [labelled(f"[{'Ada' if i < 20 else 'Bo'}](PER) number {i}", "de") for i in range(40)]
    scores = scores_of({"Ada": "PER"}, *docs)
    row = scores["languages"]["de"]
    shares = np.quantile(np.random.default_rng(1).binomial(40, 0.5, 100_000) / 40, [0.025, 0.975])
    assert (row["f_low"], row["f_high"]) == pytest.approx(2 * shares / (1 + shares), abs=0.03)
    assert (scores["macro_f_low"], scores["macro_f_high"]) == (row["f_low"], row["f_high"])
    again = scores_of({"Ada": "PER"}, *docs[::-1])["languages"]["de"]
    assert (again["f_low"], again["f_high"]) == (row["f_low"], row["f_high"])


def test_docs_of_the_same_text_are_one_observation() -> None:
    scores = scores_of({"Ada": "PER"}, *(labelled("[Ada](PER) and [Bo](PER)", "de") for _ in range(20)))
    row = scores["languages"]["de"]
    assert (row["docs"], row["f"], row["f_low"], row["f_high"]) == (20, *3 * [pytest.approx(2 / 3)])


def test_means_over_languages_are_less_certain_than_nothing_and_more_than_one_language() -> None:
    docs = [labelled(f"[{'Ada' if i % 2 else 'Bo'}](PER) number {i}", lang) for i in range(30) for lang in ("de", "fr")]
    scores = scores_of({"Ada": "PER"}, *docs)
    mean, one = (row["high"] - row["low"] for row in (_ends(scores, "macro_"), _ends(scores["languages"]["de"])))
    assert mean == pytest.approx(one / 2**0.5, rel=0.15)


def _ends(row: dict[str, Any], prefix: str = "") -> dict[str, float]:
    return {end: row[f"{prefix}f_{end}"] for end in ("low", "high")}


def test_calibration_error_is_a_mean_over_languages(tiny_pipeline: Path, tiny_corpus: Path) -> None:
    """Too high in one language and too low in another do not cancel; the source language does not count."""
    found = evaluate_pipeline(spacy.load(tiny_pipeline), [d for f in tiny_corpus.iterdir() for d in load_docs(f)])
    fr = evaluate_pipeline(
        spacy.load(tiny_pipeline),
        [
            *(d for d in load_docs(tiny_corpus / "de.spacy")),
            *(labelled(line, "fr") for line in ("[London](PER)", "[Paris](PER) [Berlin](PER)")),
        ],
    )
    assert found["ece"] == found["languages"]["de"]["ece"]
    for key in ("ece", "ece_uncalibrated"):
        assert fr[key] == pytest.approx(np.mean([fr["languages"][lang][key] for lang in ("de", "fr")]))
        assert fr["languages"]["de"][key] != pytest.approx(fr["languages"]["fr"][key])


def test_what_nobody_labelled_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    """As in spaCy's scorer, tokens without annotation in the reference do not count."""
    reference = labelled("[Ada](PER) left Rome in Turin", "de")
    reference.set_ents(list(reference.ents), missing=[reference[2:3]], default="outside")
    nlp = finder(Ada="PER", Rome="LOC", Turin="LOC")
    details = Details()
    found = evaluate_pipeline(nlp, [reference], details=details)["languages"]["de"]
    theirs = nlp.evaluate([make_example(nlp, reference)])
    assert prf(found) == (0.5, 1.0, 0.666667)
    assert (theirs["ents_p"], theirs["ents_r"]) == (0.5, 1.0)
    assert details.to_json()["sentences"]["de"]["labels"] == {"LOC": [[0, 0, 1, 0]], "PER": [[0, 1, 0, 0]]}


def test_unlabelled_doc_is_refused() -> None:
    doc = finder().make_doc("Ada left Rome")
    doc._.xner_meta = {"id": "1", "lang": "de"}
    with pytest.raises(XnerError, match="no entity annotation: 'Ada left Rome'"):
        evaluate_pipeline(finder(), [doc])
