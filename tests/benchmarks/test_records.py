"""The records of the benchmarks: those that their pages name exist, each is named, and a table of figures has one or
says that none is kept."""

import re

import pytest

from .conftest import BENCHMARKS

PAGES = [BENCHMARKS / "README.md", *sorted((BENCHMARKS / "results").glob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf8") for path in PAGES)
RECORDS = BENCHMARKS / "records"
NAME = re.compile(r"(?<![\w-])records/([\w./-]*\w)")
NONE_KEPT = re.compile(r"\b(?:no\s+record|without\s+a\s+kept\s+record|record\s+not\s+kept)\b", re.IGNORECASE)
SECTIONS = re.split(r"^##+ ", TEXT, flags=re.MULTILINE)[1:]
WITH_FIGURES = [text for text in SECTIONS if re.search(r"^\|(?:-+\|)*-+:\|", text, re.MULTILINE)]


def test_named_records_exist() -> None:
    names = set(NAME.findall(TEXT))
    assert len(names) > 10
    assert [name for name in sorted(names) if not (RECORDS / name).exists()] == []


def test_every_record_is_named() -> None:
    named = [RECORDS / name for name in NAME.findall(TEXT)]
    files = [path for path in sorted(RECORDS.rglob("*")) if path.is_file()]
    assert [str(path) for path in files if not any(path.is_relative_to(each) for each in named)] == []


@pytest.mark.parametrize("section", WITH_FIGURES, ids=lambda section: section.partition("\n")[0])
def test_tables_of_figures(section: str) -> None:
    assert NAME.search(section) or NONE_KEPT.search(section), "Name the record, or say that no record is kept."
