"""DocBins with scores, ids, missing annotation, and entities in span groups; files that are called .spacy."""

import json
import pickle
from collections import Counter
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span

from spacy_xner.annotations.entities import set_scored_entities
from spacy_xner.corpus.convert import convert_files, doc_of_sentence
from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.corpus.formats.report import Report
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_tokenizer

from .util import TEXT, entities, read


def write(path: Path, *docs: Doc) -> Path:
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


def span_doc(*spans: tuple[int, int, str]) -> Doc:
    doc = spacy.blank("en")(TEXT)
    doc.spans["sc"] = [Span(doc, *span) for span in spans]
    return doc


def test_scores_and_ids_go_through(tmp_path: Path) -> None:
    doc = spacy.blank("en")(TEXT)
    set_scored_entities(doc, [Span(doc, 0, 2, "PER", kb_id="Q7", span_id="e1")], [0.25])
    (sentence,) = read_sentences(write(tmp_path / "a.spacy", doc))
    assert sentence.details == {(0, 7, "PER"): ("Q7", "e1", 0.25)}
    again, _ = doc_of_sentence(multilingual_tokenizer(), sentence)
    (ent,) = again.ents
    assert (ent.text, ent.kb_id_, ent.id_, ent._.confidence) == ("Ada Obi", "Q7", "e1", 0.25)
    assert again.spans["xner"].attrs["scores"] == [0.25]


def test_scores_do_not_fill_missing_annotation(tmp_path: Path) -> None:
    """A partly annotated text with a score stays partly annotated."""
    record = {"text": "Ada left Oslo", "_input_hash": 1, "_view_id": "ner", "answer": "accept"}
    record["spans"] = [{"start": 0, "end": 3, "label": "PER", "score": 0.5}]
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    (doc,) = convert_files([tmp_path / "a.jsonl"], "en", Counter())
    assert [token.ent_iob_ for token in doc] == ["B", "", ""]
    assert doc.ents[0]._.confidence == 0.5


def test_missing_annotation_stays_missing(tmp_path: Path) -> None:
    doc = spacy.blank("en")(TEXT)
    doc.set_ents([Span(doc, 0, 2, "PER")], default="missing")
    (sentence,) = read_sentences(write(tmp_path / "a.spacy", doc))
    again, _ = doc_of_sentence(multilingual_tokenizer(), sentence)
    assert [token.ent_iob for token in again] == [token.ent_iob for token in doc] == [3, 1, 0, 0, 0, 0]


def test_span_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "a.spacy", span_doc((0, 2, "PER"), (4, 5, "LOC")), spacy.blank("en")("x"))
    with pytest.raises(XnerError, match=r"a\.spacy: doc 1 has no entities in doc\.ents.*--spans-key sc"):
        list(read_sentences(path))
    report = Report()
    first, second = read_sentences(path, report=report, spans_key="sc")
    assert entities(first) == [("Ada Obi", "PER"), ("Lagos", "LOC")]
    assert second.spans is None
    assert report.recognised[path] == "DocBin: 2 docs, 1 of them labelled"
    with pytest.raises(XnerError, match="no doc has spans under 'x', expected one of: sc"):
        list(read_sentences(path, spans_key="x"))


def test_span_groups_with_overlaps(tmp_path: Path) -> None:
    path = write(tmp_path / "a.spacy", span_doc((0, 2, "PER"), (0, 1, "PER")))
    with pytest.raises(XnerError, match="doc 1: the spans under 'sc' overlap"):
        list(read_sentences(path, spans_key="sc"))
    (sentence,) = read_sentences(path, spans_key="sc", overlaps="longest")
    assert entities(sentence) == [("Ada Obi", "PER")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps([1]), "but a pickle"),
        (b' {"text": "a"}', "but JSON. Expected a DocBin; rename"),
        (b"version https://git-lfs.github.com/spec/v1\n", "but a pointer of Git LFS"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.spacy").write_bytes(content)
    with pytest.raises(XnerError, match=rf"a\.spacy: not a DocBin, {message}"):
        list(read_sentences(tmp_path / "a.spacy"))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.py", "a.pkl", "a.pdf", "a.xmi"])
def test_endings_that_are_not_read(tmp_path: Path, name: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(XnerError, match=rf"found the ending '{Path(name).suffix}', .* (Write|Save|Export) "):
        read(tmp_path / name, "")
