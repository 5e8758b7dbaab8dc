"""Column files: CoNLL/IOB and CoNLL-U."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.corpus.formats.sentence import Sentence
from spacy_xner.corpus.formats.tags import parse_tag, spans_of_tags
from spacy_xner.errors import XnerError

Spans = Sequence[tuple[int, int, str]]


def to_tags(n: int, spans: Spans, scheme: str) -> list[str]:
    """Write spans as tags. Each scheme has a prefix for a single token, the first, middle and last token."""
    single, first, middle, last = list({"IOB2": "BBII", "IOB1": "IIII", "BILUO": "UBIL", "BIOES": "SBIE"}[scheme])
    tags = ["O"] * n
    ends: dict[int, str] = {}
    for start, end, label in spans:
        prefixes = single if end - start == 1 else first + middle * (end - start - 2) + last
        if scheme == "IOB1" and ends.get(start) == label:  # adjacent to an entity with the same label
            prefixes = "B" + prefixes[1:]
        tags[start:end] = [f"{prefix}-{label}" for prefix in prefixes]
        ends[end] = label
    return tags


@st.composite
def span_lists(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, str]]]:
    n = draw(st.integers(1, 15))
    spans, start = [], 0
    for length, gap, label in draw(
        st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), st.sampled_from(["PER", "LOC", "B-X"])), max_size=6)
    ):
        start += gap
        if start + length <= n:
            spans.append((start, start + length, label))
        start += length
    return n, spans


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "BILUO", "BIOES"])
@given(case=span_lists())
def test_round_trip(scheme: str, case: tuple[int, list[tuple[int, int, str]]]) -> None:
    n, spans = case
    assert spans_of_tags([parse_tag(tag) for tag in to_tags(n, spans, scheme)]) == spans


def read(tmp_path: Path, name: str, text: str, **settings: object) -> list[Sentence]:
    path = tmp_path / name
    path.write_text(text, encoding="utf8")
    return list(read_sentences(path, **settings))  # type: ignore[arg-type]


def entities(sentence: Sentence) -> list[tuple[str, str]]:
    return [(sentence.text[start:end], label) for start, end, label in sentence.spans or ()]


def test_conll_2003(tmp_path: Path) -> None:
    text = (
        "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n"
        "# NN O O\nNew NNP I-NP I-LOC\nYork NNP I-NP I-LOC\nParis NNP I-NP B-LOC\n. . O O"
    )
    first, second = read(tmp_path, "a.conll", text)
    assert (first.text, entities(first), first.line) == ("EU rejects", [("EU", "ORG")], 3)
    assert second.words == ("#", "New", "York", "Paris", ".")
    assert entities(second) == [("New York", "LOC"), ("Paris", "LOC")]


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "a.tsv", "B-PER\tx\tAda L.\nO\tx\ts\n\n\n", token_column=-1, tag_column="1")
    assert sentence.words == ("Ada L.", "s")
    assert entities(sentence) == [("Ada L.", "PER")]


def test_no_break_space_is_no_separator(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "a.iob", "10\u00a0000 O\n\u00a0 O\n")
    assert sentence.words == ("10\u00a0000", "\u00a0")


CONLLU = """# sent_id = 1
# text = Du vin de l'Ain.
1-2\tDu\t_\t_\t_\t_\t_\t_\t_\t_
1\tDe\tde\tADP\t_\t_\t_\t_\t_\t_
2\tle\tle\tDET\t_\t_\t_\t_\t_\t_
3\tvin\tvin\tNOUN\t_\t_\t_\t_\t_\t_
4\tde\tde\tADP\t_\t_\t_\t_\t_\t_
5\tl'\tle\tDET\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=B-LOC
6\tAin\tAin\tPROPN\t_\t_\t_\t_\t_\tNER=I-LOC|SpaceAfter=No
6.1\tx\t_\t_\t_\t_\t_\t_\t_\t_
7\t.\t.\tPUNCT\t_\t_\t_\t_\t_\tNER=O
"""


def test_conllu(tmp_path: Path) -> None:
    (sentence,) = read(tmp_path, "a.conllu", CONLLU, contractions="keep")
    assert sentence.text == "Du vin de l'Ain."
    assert entities(sentence) == [("l'Ain", "LOC")]


@pytest.mark.parametrize(
    ("name", "text", "settings", "message"),
    [
        ("a.iob", "EU B-ORG\nrejects\n", {}, r"a\.iob:2: found 1 column.*expected 2"),
        ("a.iob", "EU\n", {}, r"a\.iob:1: found 1 column.*expected 2"),
        ("a.iob", "EU NNP B-ORG\nrejects O\n", {}, r"a\.iob:2: found 2 column.*\(rejects \| O\), expected 3"),
        ("a.iob", "EU ORG\n", {}, r"a\.iob:1: found the tag 'ORG', expected O, or B- I-"),
        ("a.iob", "EU B-\n", {}, r"a\.iob:1: found the tag 'B-'"),
        ("a.iob", "EU X-ORG\n", {}, r"a\.iob:1: found the tag 'X-ORG'"),
        ("a.iob", "EU O\n", {"tag_column": "5"}, r"a\.iob:1: found 2 column.*expected the tag in column 5"),
        ("a.iob", "EU O\n", {"token_column": 0}, "token column is 0"),
        ("a.iob", "EU O\n", {"tag_column": "NER"}, "tag column is 'NER', expected a number"),
        ("a.conllu", CONLLU, {"tag_column": "Entity"}, "no word has 'Entity='.*found NER, SpaceAfter"),
        (
            "a.conllu",
            "1\tEU\tO\n",
            {"tag_column": "NER"},
            r"a\.conllu:1: found 3 column.*expected the MISC field in column 10",
        ),
        ("a.conllu", "1\tEU\tO\n2\tx\tY\n", {"tag_column": "3"}, r"a\.conllu:2: found the tag 'Y'"),
    ],
)
def test_malformed(tmp_path: Path, name: str, text: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path, name, text, **settings)
