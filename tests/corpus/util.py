"""Reads a file with given content, for the tests of formats."""

import json
from pathlib import Path
from typing import Any

from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.sentence import Sentence

TEXT = "Ada Obi lives in Lagos."
ADA, LAGOS = ("Ada Obi", "PER"), ("Lagos", "LOC")


def read(path: Path, content: Any, report: Report | None = None, **options: Any) -> list[Sentence]:
    """The sentences of a file with this content: a string, or a value that is written as JSON."""
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), encoding="utf8")
    return list(read_sentences(path, report=report, **options))


def entities(sentence: Sentence) -> list[tuple[str, str]] | None:
    """The entities by text and label; None for an unlabelled sentence."""
    if sentence.spans is None:
        return None
    return [(sentence.text[start:end], label) for start, end, label in sentence.spans]
