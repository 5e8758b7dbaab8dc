"""Conversion of files into docs, and DocBin files with meta."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from catalogue import Registry
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from srsly.msgpack import msgpack_decoders

from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.corpus.convert import convert_files, doc_of_sentence, name_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.formats.docbin import docbin_of, read_docs
from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.sentence import Sentence
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_tokenizer

TOKENIZER = multilingual_tokenizer()


@st.composite
def labelled(draw: st.DrawFn) -> Sentence:
    text = draw(st.text(min_size=1, max_size=60))
    offsets = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    spans = [(i, j, "X") for i, j in zip(offsets[::2], offsets[1::2], strict=False) if text[i:j] == text[i:j].strip()]
    return Sentence(text, tuple(spans), Path("a.txt"), 1)


@given(labelled())
def test_no_entity_and_no_character_is_lost(sentence: Sentence) -> None:
    doc, _ = doc_of_sentence(TOKENIZER, sentence)
    assert doc.text == sentence.text
    assert tuple((ent.start_char, ent.end_char, ent.label_) for ent in doc.ents) == sentence.spans


@pytest.mark.parametrize(
    ("text", "span", "words", "n_split"),
    [
        ("die Trumpfans", (4, 9), ["die", "Trump", "fans"], 1),
        ("שלום עולם", (0, 4), ["שלום", "עולם"], 0),
        ("😀Ada", (1, 4), ["😀", "Ada"], 0),
        ("在东京说", (1, 3), ["在", "东", "京", "说"], 0),
        ("x" * 9 + " Ada" * 9_999, (10, 13), ["x" * 9] + ["Ada"] * 9_999, 0),
    ],
)
def test_tokens_are_split_at_entities(text: str, span: tuple[int, int], words: list[str], n_split: int) -> None:
    doc, found = doc_of_sentence(TOKENIZER, Sentence(text, ((*span, "X"),), Path("a"), 1))
    assert [token.text for token in doc] == words
    assert [(ent.start_char, ent.end_char) for ent in doc.ents] == [span]
    assert found == n_split


def test_convert_and_load(tmp_path: Path) -> None:
    (tmp_path / "news.txt").write_text("# x\n[Ada](PER) sings.\nNo anti[Trump](PER)isch.\n", encoding="utf8")
    (tmp_path / "more.jsonl").write_text('{"text": "", "spans": []}\n{"text": "Salut", "lang": "fr", "id": "s"}\n')
    counts: Counter[str] = Counter()
    paths = [tmp_path / "news.txt", tmp_path / "more.jsonl"]
    assert write_docs(tmp_path / "new/a.spacy", convert_files(paths, "en", counts)) == 3
    first, second, third = load_docs(tmp_path / "new/a.spacy")
    assert json.loads(json.dumps(first._.xner_meta)) == {  # a list comes back from a DocBin as a tuple
        "id": "news:2",
        "lang": "en",
        "score": 1.0,
        "provenance": [{"step": "convert", "file": "news.txt", "line": 2}],
    }
    assert [(ent.text, ent.label_) for ent in second.ents] == [("Trump", "PER")]
    assert (third._.xner_meta["id"], third._.xner_meta["lang"]) == ("s", "fr")
    assert first.has_annotation("ENT_IOB")
    assert not third.has_annotation("ENT_IOB")
    assert counts == {
        "docs": 3,
        "entities": 2,
        "unlabelled docs": 1,
        "tokens split at an entity's boundary": 1,
        "empty texts left out": 1,
    }


def test_same_input_same_bytes_and_meta_survives_conversion(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("[Ada](PER) sings in [Rome](LOC).\nHi.\n", encoding="utf8")
    for name in ("one.spacy", "two.spacy"):
        write_docs(tmp_path / name, convert_files([tmp_path / "a.txt"], "en", Counter()))
    assert (tmp_path / "one.spacy").read_bytes() == (tmp_path / "two.spacy").read_bytes()
    (doc, _) = convert_files([tmp_path / "one.spacy"], None, Counter())
    assert doc._.xner_meta["id"] == "a:1"
    assert [step["file"] for step in doc._.xner_meta["provenance"]] == ["a.txt", "one.spacy"]
    json.dumps(doc._.xner_meta)


def test_docs_of_a_docbin_stay_as_they_are(tmp_path: Path) -> None:
    """Tokens without annotation are not taken for tokens outside; soft labels stay."""
    doc = TOKENIZER("Ada met Bob")
    doc.set_ents([Span(doc, 0, 1, "PER", kb_id="Q7259")], default="missing")
    set_soft_labels(doc, ["O", "U-PER"], [[0.1, 0.9], [1, 0], [0, 0]])
    docbin_of([doc]).to_disk(tmp_path / "a.spacy")
    write_docs(tmp_path / "b.spacy", convert_files([tmp_path / "a.spacy"], "en", Counter()))
    (new,) = load_docs(tmp_path / "b.spacy")
    assert [token.ent_iob_ for token in new] == ["B", "", ""]
    assert new.ents[0].kb_id_ == "Q7259"
    soft = get_soft_labels(new)
    assert soft is not None
    assert soft[1][0] == pytest.approx([0.1, 0.9])
    assert new._.xner_meta["id"] == "a:1"


def test_ids_of_several_files_are_made_distinct(tmp_path: Path) -> None:
    """Two annotators' files have the same ids: the second one's get its name, which the report says."""
    for name in ("admin", "ben"):
        (tmp_path / f"{name}.jsonl").write_text('{"text": "a", "id": 1}\n{"text": "b", "id": 2}\n')
    (tmp_path / "cy.jsonl").write_text('{"text": "a", "id": "ben/1"}\n')
    report = Report()
    paths = [tmp_path / "admin.jsonl", tmp_path / "ben.jsonl"]
    docs = convert_files(paths, "en", Counter(), report=report)
    assert [doc._.xner_meta["id"] for doc in docs] == ["1", "2", "ben/1", "ben/2"]
    assert any("2 ids of an earlier file too" in line and "ben.jsonl:1" in line for line in report.lines())
    docs = convert_files([*paths, tmp_path / "cy.jsonl"], "en", Counter())
    assert [doc._.xner_meta["id"] for doc in docs][-1] == "cy/ben/1"


def test_two_tokenisations_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.iob").write_text("Ada's\tO\n")
    (tmp_path / "b.txt").write_text("Ada's\n")
    report = Report()
    docs = list(convert_files([tmp_path / "a.iob", tmp_path / "b.txt"], "en", Counter(), report=report))
    assert [len(doc) for doc in docs] == [1, 2]
    assert any(line.startswith("2 sources of tokens") for line in report.lines())
    report = Report()
    list(convert_files([tmp_path / "a.iob"], "en", Counter(), report=report))
    assert not any("sources of tokens" in line for line in report.lines())


def test_missing_annotation_stays_missing(tmp_path: Path) -> None:
    (tmp_path / "a.iob").write_text("Ada\tB-PER\nmet\t-\nBob\tO\n\nno\t-\n", encoding="utf8")
    counts: Counter[str] = Counter()
    first, second = convert_files([tmp_path / "a.iob"], "en", counts)
    assert [token.ent_iob_ for token in first] == ["B", "", "O"]
    assert not second.has_annotation("ENT_IOB")
    assert counts["unlabelled docs"] == 1
    sentence = Sentence("Ada met Bob", ((0, 3, "PER"),), Path("a"), 1, unlabelled=((4, 9),))
    doc, _ = doc_of_sentence(TOKENIZER, sentence)
    assert [token.ent_iob_ for token in doc] == ["B", "", ""]


def test_natural_text_by_the_language_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "a.iob").write_text("We\tO\nsaw\tO\nAda\tB-PER\n's\tO\nhouse\tO\n.\tO\n", encoding="utf8")
    (doc,) = convert_files([tmp_path / "a.iob"], "en", Counter())
    assert (doc.text, [token.text for token in doc]) == (
        "We saw Ada's house.",
        ["We", "saw", "Ada", "'s", "house", "."],
    )
    assert [ent.text for ent in doc.ents] == ["Ada"]
    (doc,) = convert_files([tmp_path / "a.iob"], "en", Counter(), spaces="keep")
    assert doc.text == "We saw Ada 's house ."


def test_names_of_files() -> None:
    paths = [Path("corpus/de/test.txt"), Path("corpus/fr/test.iob.gz"), Path("corpus/fr/dev.iob")]
    assert name_files(paths[1:]) == ["test", "dev"]
    assert name_files(paths) == ["de/test", "fr/test", "fr/dev"]
    with pytest.raises(XnerError, match="Two of the files are called corpus/fr/dev"):
        name_files([paths[2], paths[2]])


def test_bad_input(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Hi.\n")
    (tmp_path / "b.jsonl").write_text('{"text": "a", "id": 1}\n{"text": "b", "id": 1}\n')
    with pytest.raises(XnerError, match=r"a\.txt:1: the language is unknown, expected --lang, for example --lang en"):
        list(convert_files([tmp_path / "a.txt"], None, Counter()))
    with pytest.raises(XnerError, match=r"b\.jsonl:2: the id '1' occurs twice"):
        list(convert_files([tmp_path / "b.jsonl"], "en", Counter()))
    with pytest.raises(XnerError, match="no doc is left"):
        write_docs(tmp_path / "c.spacy", [])
    with pytest.raises(XnerError, match="cannot be read"):
        list(read_docs(tmp_path / "c.spacy"))
    write_docs(tmp_path / "d.spacy", [TOKENIZER("no meta")])
    with pytest.raises(XnerError, match="doc 1 has no id and language"):
        load_docs(tmp_path / "d.spacy")


def test_codecs_are_searched_once_a_file_not_for_each_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = Counter[str]()
    search = Registry.get_all

    def counted(registry: Registry) -> dict[str, object]:
        searched[registry.entry_point_namespace] += 1
        return search(registry)

    monkeypatch.setattr(Registry, "get_all", counted)
    docs = [
        doc_of_sentence(TOKENIZER, Sentence(f"Ada sings {number}.", ((0, 3, "PER"),), Path("a"), 1))[0]
        for number in range(40)
    ]
    for doc in docs:
        doc.user_data["numbers"] = np.arange(3)
        doc.spans["xner"] = SpanGroup(doc, attrs={"scores": np.ones(1)}, spans=list(doc.ents))
    write_docs(tmp_path / "a.spacy", docs)
    reading, again = read_docs(tmp_path / "a.spacy"), read_docs(tmp_path / "a.spacy")
    for doc, other in zip(reading, again, strict=True):  # two files at once
        assert doc.text == other.text
        assert doc.user_data["numbers"].tolist() == [0, 1, 2]
        assert doc.spans["xner"].attrs["scores"].tolist() == [1.0]
    assert max(searched.values()) < 10
    assert "get_all" not in vars(msgpack_decoders)


def test_a_place_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    def work() -> Iterator[Doc]:
        raise AssertionError("the work was begun")
        yield

    with pytest.raises(XnerError, match=r"file/a\.spacy cannot be written: .* Expected a path in a writable folder"):
        write_docs(tmp_path / "file/a.spacy", work())


def test_too_many_docs_are_said_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the work that no file can keep; msgpack fails after it."""
    monkeypatch.setattr("spacy_xner.corpus.docs.MAX_TOKEN_BYTES", 7 * 8 * len(DocBin().attrs) + 1)
    made: list[int] = []

    def docs() -> Iterator[Doc]:
        for number in range(9):
            made.append(number)
            yield TOKENIZER("Ada met Bob")

    message = r"a\.spacy: not written, because doc 3 is too many: a DocBin has at most 7 tokens\. .* --shard-size 10000"
    with pytest.raises(XnerError, match=message):
        write_docs(tmp_path / "a.spacy", docs())
    assert made == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []
    assert write_docs(tmp_path / "a.spacy", [TOKENIZER("Ada met Bob"), TOKENIZER("Ada met Bob Roe")]) == 2
    doc_bin = docbin_of([TOKENIZER("Ada met Bob")])
    assert sum(array.nbytes for array in doc_bin.tokens) == 3 * 8 * len(doc_bin.attrs)  # what is counted
