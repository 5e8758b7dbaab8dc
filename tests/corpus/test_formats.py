"""JSON lines, plain text, DocBins, compression, and the choice of a format."""

import gzip
import json
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_xner.corpus.formats.reading import find_files, read_sentences
from spacy_xner.errors import XnerError

TEXT = "Ada 😀 Lovelace"


@pytest.mark.parametrize(
    "entities",
    [
        {"entities": [{"start": 6, "end": 14, "label": "PER"}, {"start": 0, "end": 3, "label": "PER", "x": 1}]},
        {"entities": [[0, 3, "PER"], [6, 14, "PER"]]},
        {"spans": [{"start": 0, "end": 3, "label": "PER", "token_start": 0}, {"start": 5, "end": 14, "label": "PER"}]},
        {"label": [[0, 4, "PER"], [6, 14, "PER"]]},
    ],
)
def test_jsonl(tmp_path: Path, entities: dict[str, object]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n" + json.dumps({"text": TEXT, "id": 7, "lang": "en", **entities}) + "\n", encoding="utf8")
    (sentence,) = read_sentences(path)
    assert sentence.spans == ((0, 3, "PER"), (6, 14, "PER"))  # without the space beside a name
    assert (sentence.line, sentence.meta) == (2, {"id": "7", "lang": "en"})


def test_jsonl_with_a_blank_language(tmp_path: Path) -> None:
    """It has the same effect as no language."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "lang": "", "id": ""}\n')
    assert [sentence.meta for sentence in read_sentences(path)] == [{}]


def test_jsonl_without_entities_is_unlabelled(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n{"text": "a", "entities": null}\n{"text": "a", "entities": []}\n')
    assert [sentence.spans for sentence in read_sentences(path)] == [None, None, ()]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "column 2: not JSON"),
        ("[]", 'no object with a string "text"'),
        ('{"text": 3}', 'no object with a string "text"'),
        ('{"text": "abc", "entities": {"a": 1}}', 'found {"a": 1} as "entities"'),
        ('{"text": "abc", "entities": [[0, 4, "X"]]}', "in a text of 3 characters"),
        ('{"text": "abc", "entities": [[1, 1, "X"]]}', "in a text of 3 characters"),
        ('{"text": "abc", "entities": [[-1, 1, "X"]]}', "in a text of 3 characters"),
        ('{"text": "a  c", "entities": [[1, 2, "X"]]}', "blank"),
        ('{"text": "abc", "entities": [[0, 1]]}', r"found the entity \[0, 1\]"),
        ('{"text": "abc", "entities": [{"start": 0, "label": "X"}]}', "found the entity"),
        ('{"text": "abc", "entities": [[0, 1, ""]]}', "found the entity"),
        ('{"text": "abc", "entities": [[false, true, "X"]]}', "found the entity"),
        ('{"text": "abc", "entities": [[0, 2, "X"], [1, 3, "X"]]}', "overlapping"),
        ('{"text": "abc", "entities": [null]}', "found the entity null"),
        ('{"text": "so \\ud83d sad"}', "a lone surrogate at 3"),
    ],
)
def test_jsonl_malformed(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "fine"}}\n{line}\n')
    with pytest.raises(XnerError, match=rf"a\.jsonl:2: .*{message}.* Expected"):
        list(read_sentences(path))


def test_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("# one [x]\n\n  two \\ \n")
    assert [(s.text, s.spans) for s in read_sentences(path, "plain")] == [("# one [x]", None), ("two \\", None)]
    with pytest.raises(XnerError, match=r"--format plain"):
        list(read_sentences(path, "inline"))


def test_docbin(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    labelled, unlabelled, empty = nlp("I'm in New York"), nlp("Hello"), nlp("")
    labelled.ents = [Span(labelled, 3, 5, "GPE")]
    unlabelled = nlp("Hello")
    DocBin(docs=[labelled, empty, unlabelled]).to_disk(tmp_path / "a.spacy")
    first, second = read_sentences(tmp_path / "a.spacy")
    assert first.words == ("I", "'m", "in", "New", "York")
    assert (first.text, first.spans) == ("I'm in New York", ((7, 15, "GPE"),))
    assert (second.spans, second.line) == (None, 3)


@pytest.mark.parametrize("content", [b"", b"not a DocBin", bytes(100), gzip.compress(b"x", mtime=0)])
def test_docbin_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.spacy").write_bytes(content)
    with pytest.raises(XnerError, match=r"a\.spacy: not a DocBin"):
        list(read_sentences(tmp_path / "a.spacy"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "[Ada](PER) x\n"),
        ("a.iob", "Ada B-PER\nx O\n"),
        ("a.conllu", "1\tAda" + "\t_" * 7 + "\tNER=S-PER\n2\tx" + "\t_" * 8 + "\n"),
        ("a.jsonl", '{"text": "Ada x", "spans": [[0, 3, "PER"]]}\n'),
    ],
)
def test_gzip(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(text.encode()))
    (sentence,) = read_sentences(path)
    assert (sentence.text, sentence.spans) == ("Ada x", ((0, 3, "PER"),))
    path.write_bytes(gzip.compress(text.encode())[:-9])
    with pytest.raises(XnerError, match="not a valid gzip file"):
        list(read_sentences(path))
    path.write_text(text)
    with pytest.raises(XnerError, match="not a valid gzip file"):
        list(read_sentences(path))


def test_docbin_gzip(tmp_path: Path) -> None:
    (tmp_path / "a.spacy.gz").write_bytes(gzip.compress(DocBin(docs=[spacy.blank("xx")("a b")]).to_bytes()))
    assert [sentence.text for sentence in read_sentences(tmp_path / "a.spacy.gz")] == ["a b"]


@pytest.mark.parametrize("name", ["a.txt", "a.iob", "a.conllu", "a.jsonl"])
def test_not_utf8(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("\ncafé O\n".encode("latin-1"))
    with pytest.raises(XnerError, match=r":2: found the byte 0xe9 at position 3, which is not UTF-8"):
        list(read_sentences(tmp_path / name))


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.spacy", "."])
def test_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(XnerError, match="cannot be read"):
        list(read_sentences(tmp_path / name, "docbin" if "spacy" in name else "inline"))


def test_format_unknown(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match=r"found the ending '\.odt', expected one of \.txt"):
        read_sentences(tmp_path / "a.odt")
    with pytest.raises(XnerError, match="The format is 'xml'"):
        read_sentences(tmp_path / "a.odt", "xml")  # type: ignore[arg-type]


def test_find_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".de.spacy.x1").mkdir()
    for name in ["b/z.txt", "a.iob.gz", "notes.md", ".de.spacy.12.part.jsonl", ".de.spacy.x1/de.spacy"]:
        (tmp_path / name).touch()  # an interrupted run leaves the hidden ones
    assert find_files([tmp_path]) == [tmp_path / "a.iob.gz", tmp_path / "b/z.txt"]
    with pytest.raises(XnerError, match="found no file"):
        find_files([tmp_path / "c.txt"])


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_jsonl_rejected_annotation_is_no_label(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "a.jsonl"
    line = {"text": "Rome", "spans": [{"start": 0, "end": 4, "label": "PER"}], "answer": answer}
    path.write_text(json.dumps(line) + "\n", encoding="utf8")
    assert [sentence.spans for sentence in read_sentences(path)] == [None]
