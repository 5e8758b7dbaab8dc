"""The table of scores, as it is printed."""

import io
import re
from typing import Any

from rich.console import Console

from spacy_xner.reporting.score_table import score_table
from spacy_xner.scoring.scores import evaluate_pipeline

from ..experiments.records_util import finder, labelled

EN = labelled("[Ada](PER) in [Rome](LOC)", "en")
DE = labelled("[Ada](PER) in [Bonn](LOC)", "de")
FR = labelled("[Ada](PER) à [Nice](LOC)", "fr")
ADA, ROME = finder(Ada="PER"), finder(Rome="LOC")


def rendered(
    scores: dict[str, Any], baseline: dict[str, Any] | None = None, title: str | None = None, width: int = 120
) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(score_table(scores, baseline, title=title))
    return console.export_text()


def cells(text: str) -> list[list[str]]:
    """The cells of each row, the header first, without the frame."""
    rows = [[cell.strip() for cell in re.split("[│┃|]", line)[1:-1]] for line in text.splitlines()]
    return [row for row in rows if row]


def test_scores_alone() -> None:
    text = rendered(evaluate_pipeline(ADA, [EN, DE, FR, FR]), title="xx_xner_agg")
    assert text.splitlines()[0].strip() == "xx_xner_agg"
    assert cells(text) == [
        ["language", "sentences", "entities", "P", "R", "F1 (95%)"],
        ["en (source)", "1", "2", "100.0", "50.0", "66.7 (67–67)"],
        ["de", "1", "2", "100.0", "50.0", "66.7 (67–67)"],
        ["fr", "2", "4", "100.0", "50.0", "66.7 (67–67)"],
        ["mean of targets", "", "", "100.0", "50.0", "66.7 (67–67)"],
    ]


def test_languages_without_entities_are_named() -> None:
    docs = [DE, labelled("nada", "es"), labelled("niente", "it")]
    text = rendered(evaluate_pipeline(ADA, docs))
    assert cells(text)[-1] == ["mean of targets", "", "", "100.0", "50.0", "66.7 (67–67)"]
    caption = "Without entities, and so not in the means of P, R and F1: es, it (2 of 3 targets)"
    assert caption in " ".join(text.split())
    text = rendered(evaluate_pipeline(ADA, docs[:2]), evaluate_pipeline(ROME, docs[:2]))
    assert cells(text)[-1][-3:] == ["66.7 (67–67)", "0.0", "+66.7"]
    assert "es (1 of 2 targets)" in " ".join(text.split())


def test_with_a_baseline() -> None:
    """Rome is found in English alone; the baseline was not scored on French."""
    text = rendered(evaluate_pipeline(ADA, [EN, DE, FR]), evaluate_pipeline(ROME, [EN, DE]))
    header, *rows = cells(text)
    assert header[-3:] == ["F1 (95%)", "F1 zero-shot", "gain"]
    assert [row[-3:] for row in rows] == [
        ["66.7 (67–67)", "66.7", "+0.0"],
        ["66.7 (67–67)", "0.0", "+66.7"],
        ["66.7 (67–67)", "-", "-"],
        ["66.7 (67–67)", "-", "-"],  # means over other languages
    ]


def test_scores_of_an_earlier_version_have_no_intervals() -> None:
    scores = evaluate_pipeline(ADA, [EN, DE])
    for row in (scores, *scores["languages"].values()):
        for key in [key for key in row if key.endswith(("_low", "_high"))]:
            del row[key]
    assert [row[-1] for row in cells(rendered(scores))] == ["F1 (95%)", "66.7", "66.7", "66.7"]


def test_a_baseline_on_other_docs() -> None:
    text = rendered(evaluate_pipeline(ADA, [EN, DE]), evaluate_pipeline(ROME, [EN, DE, DE]))
    assert [row[-2:] for row in cells(text)[1:]] == [["66.7", "+0.0"], ["-", "-"], ["-", "-"]]


def test_a_loss_has_its_sign() -> None:
    text = rendered(evaluate_pipeline(ROME, [DE]), evaluate_pipeline(ADA, [DE]))
    assert [row[-1] for row in cells(text)[1:]] == ["-66.7", "-66.7"]


def test_without_targets() -> None:
    """No mean is shown; with a baseline without targets, the mean is not compared."""
    english = evaluate_pipeline(ADA, [EN])
    assert [row[0] for row in cells(rendered(english))] == ["language", "en (source)"]
    assert cells(rendered(evaluate_pipeline(ADA, [EN, DE]), english))[-1] == [
        *["mean of targets", "", "", "100.0", "50.0", "66.7 (67–67)"],
        *["-", "-"],
    ]


def test_it_fits_a_narrow_terminal() -> None:
    """In 80 columns, as in a log, words may wrap, but nothing is truncated."""
    scores = evaluate_pipeline(ADA, [EN, DE])
    narrow, wide = (rendered(scores, scores, width=width) for width in (80, 120))
    assert sorted(re.findall(r"[\w.+-]+|…", narrow)) == sorted(re.findall(r"[\w.+-]+", wide))
