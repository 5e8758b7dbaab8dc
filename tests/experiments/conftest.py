"""A tiny study for tests."""

from pathlib import Path

import pytest

from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.plan_file import read_study

from .util import make_study


@pytest.fixture
def study(tmp_path: Path, tiny_encoder: Path) -> Study:
    return read_study(make_study(tmp_path, tiny_encoder))
