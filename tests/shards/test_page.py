"""The table in docs/reference/rows.md has the columns of the files. tests/docs/ runs its code."""

import re
from pathlib import Path

import pytest

from spacy_xner.shards.arrow import schema

pytest.importorskip("pyarrow")
PAGE = (Path(__file__).parents[2] / "docs/reference/rows.md").read_text(encoding="utf8")


def test_columns() -> None:
    table = PAGE[PAGE.index("| column |") : PAGE.index("Tags, lemmas")]
    cells = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(schema().names)
