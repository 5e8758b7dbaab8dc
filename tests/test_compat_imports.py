"""The parts of transformers that compat_imports.py uses, as in test_compat.py; each in a process of its own."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from .test_compat import changed

CODE = """
import sys
import {first}
from transformers import AutoModel  # imports the module
before = "sklearn" in sys.modules
from transformers.generation import candidate_generator
from transformers.utils import is_sklearn_available
curve = candidate_generator.roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
same = candidate_generator.is_sklearn_available is is_sklearn_available
print(before, is_sklearn_available(), same, [x.tolist() for x in curve[:2]])
"""


@pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is not installed")
@pytest.mark.parametrize(("first", "imported"), [("spacy_xner", False), ("sklearn", True)])
def test_defer_sklearn(first: str, imported: bool) -> None:
    """It is imported when it is used, with the same result; an import before changes nothing."""
    code = CODE.format(first=first + ("" if first == "spacy_xner" else ", spacy_xner"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    message = changed("transformers", "the import of roc_curve", "defer_sklearn")
    message = message.replace("compat.py", "compat_imports.py")
    assert done.returncode == 0, message + done.stderr
    expected = f"{imported} True True [[0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0]]"
    assert done.stdout.strip().splitlines()[-1] == expected, message
