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
    "sources": [
        {"part": "encoder", "name": "e5", "url": "https://e5", "license": "MIT", "author": ""},
        {"part": "data", "name": "news|text", "url": "", "license": "unknown", "author": ""},
    ],
    "xner_training": {
        "steps": 360,
        "seconds": 2605,
        "machine": "A CPU",
        "versions": {"spacy": "3.8.0", "spacy-xner": "0.0.9", "numpy": "2.0"},
        "data": [
            {"lang": "en", "labels": "given", "docs": 3000, "entities": 6000},
            {"lang": "de", "labels": "projected", "docs": 1200, "entities": 2000},
            {"lang": "de", "labels": "predicted", "docs": 300, "entities": 0},
        ],
        "start": {"name": "xx_teacher", "training": {"steps": 180, "seconds": 59, "machine": "Another", "data": []}},
    },
    "notes": "The encoder:\n\ntrimmed.",
}


def test_everything() -> None:
    outside = [
        {"set": "conll", "misc": True, "language": "de", "f1": 61.26, "low": 58.4, "high": 64, "baseline": [50.0]},
        {"set": "conll", "misc": False, "language": "de", "f1": 70.0, "baseline": [60.0]},
        {"set": "conll", "misc": False, "language": "mean of de, es", "f1": 65.5},
    ]
    card = model_card(
        META,
        SCORES,
        scored_on="its test sentences",
        examples={"PER": ["Ada", "A|B"], "LOC": [f"L{i}" for i in range(9)]},
        examples_of="English (en)",
        outside=outside,
        calibration={"ece_after": 0.01234, "entities": 140},
        capitalised={"LOC": ["de", "fr"], "MISC": ["de"]},
    )
    lines = card.splitlines()
    assert 'nlp = spacy.load("xx_tiny")' in lines
    assert "| `LOC` | L0; L1; L2; L3; L4 |" in lines
    assert "| `PER` | Ada; A\\|B |" in lines
    assert "| English (en), source | 10 | 12 | 50.0 | 25.0 | 33.3 |" in lines
    assert "| German (de) | 10 | 12 | 50.0 | 25.0 | 33.3 (20–50) |" in lines
    assert "| language | F1 | F1 without MISC |" in lines
    assert "| German (de) | 61.3 (58–64) | 70.0 |" in lines
    assert "| mean of de, es | - | 65.5 |" in lines
    card = card.replace("F1 without MISC", "")
    assert "0.012 on average (expected calibration error, 140 entities)." in card
    assert "| encoder | e5, https://e5 | MIT |" in lines
    assert "| data | news\\|text | not stated |" in lines
    assert "| code | spacy-xner 0.0.9 | MIT |" in lines
    assert "- 360 steps in 43 min 25 s on A CPU, with spacy-xner 0.0.9, spacy 3.8.0." in card
    assert "- It started from the pipeline xx\\_teacher, which was trained in 180 steps, 59 s on Another." in lines
    assert "| language | in the corpus | projected | predicted by a pipeline |" in lines
    assert "| English (en) | 3,000 | - | - |" in lines
    assert "| German (de) | - | 1,200 | 300 |" in lines
    assert "in percent, on its test sentences. In" in card
    assert "- In de, words without a capital letter are not `LOC`" in card
    assert "MISC" not in card  # it has no such label
    assert "- The encoder: trimmed." in lines
    assert "can have lower scores" in card
    assert "\n\n\n" not in card


def test_without_what_is_not_known() -> None:
    card = model_card({**META, "sources": None, "notes": "", "xner_training": None}, SCORES, projected=True)
    assert "| `LOC` | - |" in card
    assert "no person has checked" in card
    assert not {"from elsewhere", "calibration", "capital letter are"} & {
        part for part in ("from elsewhere", "calibration", "capital letter are") if part in card
    }
    assert "\n\n\n" not in card
    assert "None" not in card
    assert "on which machine, was not recorded" in card
    assert "origin of their labels" not in card
