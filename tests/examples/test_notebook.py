"""examples/notebook: all cells with few sentences, few steps and a tiny encoder; the file can be read in a diff.

Code cells are run here as a notebook runs them, so that no notebook server is needed: those of commands, whose lines
begin with `!` (a backslash continues one), by their parts, with the values of variables in braces; the others as
Python, in one namespace.
"""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from ..cli.util import ok, run_spacy
from .util import EXAMPLES

FILE = EXAMPLES / "notebook/labels_to_package.ipynb"
NOTEBOOK: dict[str, Any] = json.loads(FILE.read_text(encoding="utf8"))
CELLS = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
TEXTS = {
    "en": "[Angela Merkel](PER) visited [Paris](LOC) .\nNothing was there .\n[London](LOC) and [Berlin](LOC) .\n",
    "de": "[Angela Merkel](PER) besuchte [Paris](LOC) .\n",
    "es": "[Angela Merkel](PER) visitó [París](LOC) .\n",
}
TRANSLATIONS = """en\tde\tes
Angela Merkel visited Paris .\tAngela Merkel besuchte Paris .\tAngela Merkel visitó Paris .
London and Berlin .\tLondon und Berlin .\tLondon y Berlin .
"""


def test_file() -> None:
    """No outputs; written as Jupyter writes it, so that a change of a line is one line of a diff."""
    code = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert FILE.read_text(encoding="utf8") == json.dumps(NOTEBOOK, indent=1, ensure_ascii=False) + "\n"


def test_cells(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for lang, text in TEXTS.items():
        (tmp_path / f"{lang}.txt").write_text(text, encoding="utf8")
    (tmp_path / "translations.tsv").write_text(TRANSLATIONS, encoding="utf8")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(CELLS[0], names)
    here = {"LABELS": "en.txt", "DEV": "en.txt", "TEST": "{lang}.txt", "TRANSLATIONS": "translations.tsv"}
    here |= {"ENCODER": str(tiny_encoder), "CONFIG": str(EXAMPLES / "notebook" / names["CONFIG"]), "BUILD": "none"}
    assert here.keys() < names.keys()
    names |= here | {"STEPS": 2}
    for cell in CELLS[1:]:
        if cell.startswith("!"):
            for line in cell.replace("\\\n", "").splitlines():
                run_command(line.removeprefix("!").format(**names))
        else:
            exec(cell, names)
    assert (tmp_path / "work/packages/xx_news-0.1.0/meta.json").is_file()
    assert len(names["projected"]) == 2
    assert len(names["docs"]) == 2


def run_command(line: str) -> None:
    match shlex.split(line):
        case ["xner", *args]:
            ok(*args)
        case ["python", "-m", "spacy", *args]:
            run_spacy(*args)
        case _:
            pytest.fail(f"no rule runs this command: {line}")
