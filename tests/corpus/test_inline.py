"""The inline format."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.corpus.formats.inline import format_inline, parse_inline
from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.errors import XnerError


@st.composite
def labelled_texts(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    """A line of text, often with awkward characters, and spans that do not overlap."""
    alphabet = st.one_of(
        st.sampled_from("[]()\\# aPER"), st.characters(exclude_categories=["Cs"], exclude_characters="\n\r")
    )
    text = draw(st.text(alphabet, min_size=1, max_size=40)).strip() or "x"
    offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    labels = st.sampled_from(["PER", "ORG", "LOC", "MISC", "creative-work"])
    pairs = zip(offsets[::2], offsets[1::2], strict=False)
    return text, [(i, j, draw(labels)) for i, j in pairs if text[i:j] == text[i:j].strip()]


@given(labelled_texts())
def test_round_trip(labelled: tuple[str, list[tuple[int, int, str]]]) -> None:
    text, spans = labelled
    assert parse_inline(format_inline(text, spans)) == (text, spans)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(
        "\ufeff# comment\r\n\r\n[Ada Lovelace](PER) met [Babbage](PER).\r\n东京[《朝日新闻》](ORG)\r\n"
        "no names \\[sic\\] (here) \\\\ \u2028 x\r\n\\#1".encode()
    )
    sentences = list(read_sentences(path))
    assert [sentence.line for sentence in sentences] == [3, 4, 5, 6]
    assert sentences[0].text == "Ada Lovelace met Babbage."
    assert sentences[0].spans == ((0, 12, "PER"), (17, 24, "PER"))
    assert sentences[1].spans == ((2, 8, "ORG"),)
    assert sentences[2].text == "no names [sic] (here) \\ \u2028 x"
    assert sentences[3].text == "#1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("to [Paris](LOC", r"column 10: .*expected '\]\(LABEL\)'"),
        ("to [Paris] (LOC)", r"expected '\]\(LABEL\)' after the entity 'Paris'"),
        ("to [Paris]()", r"expected '\]\(LABEL\)'"),
        ("to [Paris](A B)", r"expected '\]\(LABEL\)'"),
        ("to [Paris", "column 4: found '\\[' that is never closed"),
        ("to Paris](LOC)", "column 9: found '\\]' without its"),
        ("[University of [Nairobi](LOC)](ORG)", "column 16: .*do not nest"),
        ("to [ Paris](LOC)", "without spaces at its ends"),
        ("to [](LOC)", "without spaces at its ends"),
        ("back\\slash", "column 5: .*after a backslash"),
        ("ends in \\", "after a backslash"),
    ],
)
def test_malformed(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"fine\n{line}\n", encoding="utf8")
    with pytest.raises(XnerError, match=rf"a\.txt:2: .*{message}"):
        list(read_sentences(path, "inline"))


@pytest.mark.parametrize("text", ["  # no comment", "#", "a\nb", "\r\n x [y]"])
def test_written_and_read(tmp_path: Path, text: str) -> None:
    """A # that would begin a comment is escaped, and a line break becomes a space."""
    (tmp_path / "a.txt").write_text(format_inline(text, []) + "\n", encoding="utf8")
    (sentence,) = read_sentences(tmp_path / "a.txt", "inline")
    assert sentence.text == text.replace("\r", " ").replace("\n", " ").strip()
