"""Changed records of studies for robustness.py, and the page that is made of them."""

import functools
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from common import ROOT
from robustness_text import damage, make_text

from spacy_xner.experiments.record_files import read_records
from spacy_xner.reporting.page import report_html
from spacy_xner.reporting.report import make_report

RECORDS = ROOT / "benchmarks/records/study/conll-layers"


@functools.cache
def record_texts() -> list[bytes]:
    """Some records of runs of a study, shortened to few sentences."""
    return [path.read_bytes() for path in sorted(RECORDS.glob("*.json"))[:6]]


def make_page(rng: random.Random, pipeline: str) -> None:
    """Records with a value changed, removed or damaged make a page, or are refused."""
    with tempfile.TemporaryDirectory() as room:
        for number, content in enumerate(rng.sample(record_texts(), 3)):
            if rng.random() < 0.5:
                content = json.dumps(change_value(rng, json.loads(content))).encode("utf8")
            elif rng.random() < 0.3:
                content = damage(rng, content, record_texts())
            (Path(room) / f"{number}.json").write_bytes(content)
        report_html(make_report(read_records([room]), resamples=20, permutations=20))


def change_value(rng: random.Random, value: Any) -> Any:
    """JSON in which one value, anywhere, is another one or gone."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {other: value[other] for other in value if other != key}
        return value | {key: change_value(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], change_value(rng, value[at]), *value[at + 1 :]]
    return rng.choice([None, True, -1, 0, 1e308, float("nan"), "", "x", make_text(rng, 6), [], {}, [[]], {"a": 1}])
