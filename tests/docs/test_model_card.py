"""The model card of the site: its scores are those of the records."""

import json
import re
import sys

import pytest

from .blocks import ROOT

MADE = "<!-- made from the code: card -->"


@pytest.fixture(scope="module")
def card() -> str:
    """What the site puts into docs/model-card.md."""
    sys.path.insert(0, str(ROOT / "docs/_ext"))
    try:
        import cards
    finally:
        sys.path.remove(str(ROOT / "docs/_ext"))
    return cards.markdown()


def test_scores_of_the_record(card: str) -> None:
    scores = json.loads((ROOT / "benchmarks/records/main-job/xner_agg.json").read_text(encoding="utf8"))
    rows = re.findall(
        r"^\| .+ \((\w+)\)(?:, source)? \| \d+ \| \d+ \| [\d.]+ \| [\d.]+ \| ([\d.]+) ", card, re.MULTILINE
    )
    assert dict(rows) == {lang: f"{100 * row['f']:.1f}" for lang, row in scores["languages"].items()}
    assert f"{scores['calibration']['ece_after']:.3f} on average" in card


def test_the_page_has_each_part_once(card: str) -> None:
    page = (ROOT / "docs/model-card.md").read_text(encoding="utf8")
    assert page.count(MADE) == 1
    headings = re.findall("^## (.+)$", page.replace(MADE, card), re.MULTILINE)
    assert headings == ["Use", "Labels", "Scores", "Limits", "Made from", "Training", "Bias"]
