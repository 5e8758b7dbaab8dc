"""The gold projections in benchmarks/gold_projections: each file is read as it is written, and fits the English one."""

from collections import Counter

import pytest
from projection_data import NAMES, read_names

from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.formats.inline import CharSpan, parse_inline

from .conftest import BENCHMARKS

FOLDER = BENCHMARKS / "gold_projections"
LANGUAGES = ("en", *NAMES)
# Names that a translation drops, by language and line: the README says why.
DROPPED = {("zh", 67): Counter({"MISC": 1})}


def marked(lang: str) -> list[tuple[str, list[CharSpan]]]:
    """Texts and names of a language, as characters."""
    return [parse_inline(line) for line in (FOLDER / f"{lang}.txt").read_text(encoding="utf8").splitlines()]


def test_every_file_is_read() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_begin_and_end_at_tokens(lang: str) -> None:
    counts: Counter[str] = Counter()
    docs = list(convert_files([FOLDER / f"{lang}.txt"], lang, counts))
    assert counts["tokens split at an entity's boundary"] == 0
    found = [(doc.text, [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]) for doc in docs]
    assert found == marked(lang)
    spans = [[span.label for span in sentence.spans] for sentence in read_names(lang, None)]
    assert spans == [[label for *_, label in ents] for _, ents in found]


@pytest.mark.parametrize("lang", NAMES)
def test_lines_have_the_labels_of_english(lang: str) -> None:
    pairs = enumerate(zip(marked("en"), marked(lang), strict=True), start=1)
    for line, ((_, source), (_, target)) in pairs:
        expected, found = (Counter(span[2] for span in spans) for spans in (source, target))
        assert expected - found == DROPPED.get((lang, line), Counter()), (lang, line)
        assert not found - expected, (lang, line)


def test_the_readme_counts_the_names() -> None:
    lines = (FOLDER / "README.md").read_text(encoding="utf8").splitlines()
    rows = {row[1].strip(): [cell.strip() for cell in row[2:-1]] for line in lines if len(row := line.split("|")) > 2}
    assert dict(zip(rows[""], rows["names"], strict=True)) == {
        lang: str(sum(len(spans) for _, spans in marked(lang))) for lang in LANGUAGES
    }
