"""The model card of the main job's pipeline: what `xner package` writes of its scores, from their records."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from thinc.api import Config

from spacy_xner.corpus.convert import convert_files
from spacy_xner.reporting.model_card import model_card

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "benchmarks/records/main-job"
SECTIONS = ("Labels", "Scores", "Limits")  # what it was made from, and how it was trained, only the pipeline knows


def read(name: str) -> Any:
    return json.loads((RECORDS / name).read_text(encoding="utf8"))


def markdown() -> str:
    """The sections of the card that records tell."""
    scores = read("xner_agg.json")
    names: dict[str, Counter[str]] = {}
    for doc in convert_files([ROOT / "corpus/en/test.txt"], "en", Counter()):
        for entity in doc.ents:
            names.setdefault(entity.label_, Counter())[entity.text] += 1
    text = model_card(
        {"lang": "xx", "name": "xner_agg"},
        scores,
        scored_on="the test sentences of its corpus, written in each language",
        examples={label: [name for name, _ in found.most_common()] for label, found in names.items()},
        examples_of="English (en)",
        outside=read("elsewhere.json")["rows"],
        calibration=scores["calibration"],
        capitalised=Config().from_disk(ROOT / "configs/xner.cfg", interpolate=False)["corpora"]["train"]["capitalised"],
    )
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return "".join(part for part in parts if part.startswith(tuple(f"## {name}\n" for name in SECTIONS)))
