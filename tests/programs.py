"""Programs that some tests need and that the README's commands do not install: without them, those tests are skipped.

Such a test has the marker `program`, so that it can be run alone: `python -m pytest -m program`.
"""

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation.apertium import Apertium

INSTALL_APERTIUM = "apt-get install apertium-eng-spa apertium-eng-cat apertium-en-gl"


def require_apertium(*pairs: tuple[str, str]) -> None:
    """Skip the test unless Apertium is installed with these (source, target) languages."""
    for source, target in pairs:
        try:
            Apertium(source, target)
        except XnerError:
            pytest.skip(f"needs the program Apertium for {source} to {target}: {INSTALL_APERTIUM}")
