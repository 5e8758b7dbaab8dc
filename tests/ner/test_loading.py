"""What a saved component may contain."""

from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly

from spacy_xner.errors import XnerError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": -1}, "has the temperature -1, expected a number above 0"),
        ({"temperature": 0}, "has the temperature 0, expected a number above 0"),
        ({"temperature": "1"}, "has the temperature '1', expected a number above 0"),
        ({"labels": 5}, "has the labels 5, expected a list of names"),
        ({"labels": ["PER"]}, "has 1 labels, which need 5 tags, but its model has 9"),
    ],
)
def test_changed_settings(tiny_pipeline: Path, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """A component that was changed by hand does not predict something else in silence."""
    nlp = spacy.load(tiny_pipeline)
    recogniser: Any = nlp.get_pipe("xner")
    recogniser.to_disk(tmp_path / "ner")
    settings = srsly.read_json(tmp_path / "ner/cfg")
    srsly.write_json(tmp_path / "ner/cfg", settings | changes)
    with pytest.raises(XnerError, match=message):
        recogniser.from_disk(tmp_path / "ner")
