"""Column files with comments: what is written is read back, whatever the tokens are."""

from collections import Counter
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.corpus.formats.sentence import Sentence
from spacy_xner.corpus.formats.write import write_columns
from spacy_xner.languages.tokenizer import multilingual_tokenizer

WORDS = ["Ada", "#", "# x", "#1", "O", "B-PER", "1", "'s", ".", "東", "京", "\u200b", "ab cd", "<s>", "id", "-", "_"]
VOCAB = multilingual_tokenizer().vocab


def doc_of(words: list[str], spaces: list[bool], spans: list[tuple[int, int, str]], **meta: str) -> Doc:
    doc = Doc(VOCAB, words=words, spaces=spaces)
    doc.set_ents([Span(doc, start, end, label) for start, end, label in spans])
    doc._.xner_meta = meta
    return doc


def written(docs: list[Doc], counts: Counter[str]) -> str:
    write_columns(file := StringIO(), docs, counts, comments=True)
    return file.getvalue()


def read(text: str) -> list[Sentence]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.iob"
        path.write_text(text, encoding="utf8", newline="\n")
        return list(read_sentences(path))


@st.composite
def docs_of_words(draw: st.DrawFn) -> Doc:
    words = ["is", *draw(st.lists(st.sampled_from(WORDS), max_size=8))]  # a file of # alone has only comments
    words = draw(st.permutations(words))
    spaces = [*(draw(st.booleans()) for _ in words[1:]), False]
    spans, start = [], 0
    for length, gap in draw(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2)), max_size=3)):
        start += gap
        if start + length <= len(words):
            spans.append((start, start + length, draw(st.sampled_from(["PER", "B-X"]))))
        start += length
    return doc_of(words, spaces, spans, id=draw(st.sampled_from(["a:1", "#", "x=y"])), lang="pt-br")


@given(doc=docs_of_words())
def test_round_trip(doc: Doc) -> None:
    counts: Counter[str] = Counter()
    ((sentence,), tokens) = read(written([doc], counts)), [token.text for token in doc]
    assert sentence.text == doc.text
    assert list(sentence.words or ()) == tokens
    assert list(sentence.spans or ()) == [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
    assert sentence.meta == {"id": doc._.xner_meta["id"], "lang": "pt-br"}
    assert +counts == Counter()


def test_white_space_is_counted() -> None:
    """Tokens of white space are no lines; the space between their neighbours stays."""
    words = ["Ada", "\n", "Obi", " lives ", "New\tYork", "\ufeff", "\u00a0", "."]
    spans = [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]
    doc = doc_of(words, [False, False, True, False, False, False, False, False], spans, id="a b", lang="xx")
    counts: Counter[str] = Counter()
    found = written([doc, doc_of(["\n"], [False], []), doc_of([], [], [])], counts)
    assert found == (
        "# id = a_b\n# text = Ada Obi livesNew York .\nAda\tB-PER\nObi\tB-PER\nlives\tO\nNew York\tB-LOC\n.\tO\n\n"
    )
    (sentence,) = read(found)
    assert [sentence.text[start:end] for start, end, _ in sentence.spans or ()] == ["Ada", "Obi", "New York"]
    assert counts == {
        "tokens of white space left out": 3,
        "tokens with blanks at an edge, tabs or line breaks, written with single blanks": 3,
        "ids with blanks, written as _": 1,
        "empty sentences left out": 2,
    }


def test_an_entity_begins_with_its_first_written_token() -> None:
    counts: Counter[str] = Counter()
    doc = doc_of(["\n", "Ada", "Obi", "\n"], [False] * 4, [(0, 3, "PER"), (3, 4, "LOC")])
    assert written([doc], counts) == "# text = AdaObi\nAda\tB-PER\nObi\tI-PER\n\n"


@pytest.mark.parametrize(("line", "lang"), [("# lang = de", "de"), ("# lang = German", None), ("# lang = ", None)])
def test_a_language_in_a_comment(line: str, lang: str | None) -> None:
    (sentence,) = read(f"{line}\nAda\tB-PER\nlebt\tO\n")
    assert sentence.meta.get("lang") == lang
