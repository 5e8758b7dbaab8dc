"""Each number of README.md and docs/ is in a record, or benchmarks/figures.toml says why it is in none."""

import warnings
from pathlib import Path
from typing import Any

import pytest

from .figures import Page, Records, read_figures

ROOT = Path(__file__).parents[1]
FIGURES = read_figures(ROOT / "benchmarks/figures.toml")
RECORDS = Records(ROOT / "benchmarks/records", FIGURES["records"])
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", PAGES)
def test_numbers_of_a_page(name: str) -> None:
    page = Page(name, (ROOT / name).read_text(encoding="utf8"))
    page.check(FIGURES, RECORDS.find)
    assert not page.problems, "\n".join(["", *page.problems])
