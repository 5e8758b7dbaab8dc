"""The model card of a package."""

from typing import Any

from spacy_xner.reporting.model_card import model_card

ROW = {"docs": 10, "entities": 12, "p": 0.5, "r": 0.25, "f": 0.333, "f_low": 0.2, "f_high": 0.5}
SCORES: dict[str, Any] = {"source": "en", "targets": ["de"], "languages": {"en": {**ROW, "f_low": None}, "de": ROW}}
META = {
    "lang": "xx",
    "name": "tiny",
    "description": "Names.",
    "labels": {"xner": ["PER", "LOC"]},
    "license": "MIT",
    "sources": [{"name": "e5", "url": "https://e5", "license": "MIT", "author": ""}],
    "notes": "The encoder:\n\ntrimmed.",
}


def test_everything() -> None:
    outside = [
        {"set": "conll", "misc": True, "language": "de", "f1": 61.26, "baseline": [50.0]},
        {"set": "conll", "misc": False, "language": "de", "f1": 70.0, "baseline": [60.0]},
    ]
    card = model_card(
        META,
        SCORES,
        machine="A CPU",
        examples={"PER": ["Ada", "A|B"], "LOC": [f"L{i}" for i in range(9)]},
        examples_of="en.spacy",
        outside=outside,
        calibration={"ece_after": 0.01234, "entities": 140},
        steps=150,
        capitalised={"LOC": ["de", "fr"], "MISC": ["de"]},
    )
    lines = card.splitlines()
    assert 'nlp = spacy.load("xx_tiny")' in lines
    assert "| `LOC` | L0; L1; L2; L3; L4 |" in lines
    assert "| `PER` | Ada; A\\|B |" in lines
    assert "| en | 10 | 12 | 50.0 | 25.0 | 33.3 |" in lines
    assert "| de | 10 | 12 | 50.0 | 25.0 | 33.3 (20–50) |" in lines
    assert "| conll | de | 61.3 | 50.0 |" in lines
    assert "| conll without MISC | de | 70.0 | 60.0 |" in lines
    card = card.replace("conll without MISC", "")
    assert "0.012 (140 entities)." in card
    assert "- e5, https://e5: MIT" in lines
    assert ", 150 steps, packaged on A CPU." in card
    assert "- In de, words without a capital letter are not `LOC`" in card
    assert "MISC" not in card  # it has no such label
    assert "- The encoder: trimmed." in lines
    assert "can have lower scores" in card
    assert "\n\n\n" not in card


def test_without_what_is_not_known() -> None:
    card = model_card({**META, "sources": None, "notes": ""}, SCORES, machine="A CPU", projected=True)
    assert "| `LOC` | - |" in card
    assert "no person has checked" in card
    assert not {"from elsewhere", "calibration", "capital letter are"} & {
        part for part in ("from elsewhere", "calibration", "capital letter are") if part in card
    }
    assert "\n\n\n" not in card
    assert "None" not in card
